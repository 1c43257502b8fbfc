"""`create_mcp_server`: tools and resources as a server of the official SDK, whatever it is served over.

Knows MCP's requests and errors; knows nothing about streams and ports.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
)

from glyph_memory import __version__
from glyph_memory.errors import DocumentError, GlyphMemoryError, GlyphMemoryWarning, show_value
from glyph_memory.memory import GlyphMemory
from glyph_memory.serve.mcp import wording
from glyph_memory.serve.mcp.arguments import read_arguments
from glyph_memory.serve.mcp.callers import find_caller
from glyph_memory.serve.mcp.calls import Calls
from glyph_memory.serve.mcp.documents import Folders
from glyph_memory.serve.mcp.resources import SessionResources, list_templates
from glyph_memory.serve.mcp.sessions import OpenSessions, open_session
from glyph_memory.serve.mcp.tools import MemoryTool, make_error, make_tools
from glyph_memory.serve.mcp.tracing import trace_calls
from glyph_memory.serve.spelling import spell_for_readers
from glyph_memory.store import Store

Context = ServerRequestContext[Any]
T = TypeVar("T")


def create_mcp_server(
    store: Store,
    *,
    session: str = "mcp",
    all_sessions: bool = False,
    folders: Sequence[str | Path] = (),
    open_session: Callable[[Store, str], GlyphMemory] = open_session,
    calls: Calls | None = None,
) -> Server[Any]:
    """Return an MCP server with the tools and resources of a memory.

    Args:
        store: Where turns are kept; whoever opened it closes it, after the server has ended. Of one that is open
            read-only, nothing can be remembered.
        session: The session that tools write and search.
        all_sessions: Whether tools may name another session, and resources show all.
        folders: Below which `read_document` may read files; none unless given.
        open_session: Opens a session of the store: for which model, in which look.
        calls: Runs what tools do; to wait for the last of them.

    Raises:
        DocumentError: A folder is none.

    Example:
        >>> with Store.open(":memory:") as store:
        ...     create_mcp_server(store).name
        'glyph-memory'
    """
    handlers = _Handlers(
        OpenSessions(store=store, bound=session, shows_all=all_sessions, open_session=open_session),
        make_tools(Folders.of(folders), session=session if all_sessions else None, read_only=store.read_only),
        calls or Calls(),
    )
    server = Server[Any](
        "glyph-memory",
        title="Glyph Memory",
        version=__version__,
        instructions=wording.INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_resource_templates,
        on_read_resource=handlers.read_resource,
    )
    trace_calls(server)
    return server


class _Handlers:
    """Answers a client's requests; what takes time is done in a thread."""

    def __init__(self, sessions: OpenSessions, tools: dict[str, MemoryTool], calls: Calls) -> None:
        self._sessions, self._tools, self._calls = {"": sessions}, tools, calls

    def _find_sessions(self, context: Context) -> OpenSessions:
        """Return the sessions that whoever asks may see: of each key its own."""
        owner = find_caller(context.request)
        found = self._sessions.get(owner)
        if found is None:
            found = self._sessions[owner] = replace(self._sessions[""], owner=owner)
        return found

    async def list_tools(self, _: Context, asked: PaginatedRequestParams | None) -> ListToolsResult:
        _read_cursor(asked)
        return ListToolsResult(tools=[tool.describe() for tool in self._tools.values()])

    async def call_tool(self, context: Context, asked: CallToolRequestParams) -> CallToolResult:
        tool = self._tools.get(asked.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {show_value(asked.name)}")
        try:
            return await self._calls.run(
                _call_tool, tool, self._find_sessions(context), asked.arguments or {}
            )
        except DocumentError as error:
            return make_error(spell_for_readers(str(error)))
        except (GlyphMemoryError, GlyphMemoryWarning) as error:
            return make_error(str(error))

    async def list_resources(
        self, context: Context, asked: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        start = _read_cursor(asked)
        found, rest = await self._run(SessionResources(self._find_sessions(context)).list_page, start)
        return ListResourcesResult(resources=found, next_cursor=None if rest is None else str(rest))

    async def list_resource_templates(
        self, _: Context, asked: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        _read_cursor(asked)
        return ListResourceTemplatesResult(resource_templates=list_templates())

    async def read_resource(self, context: Context, asked: ReadResourceRequestParams) -> ReadResourceResult:
        found = await self._run(SessionResources(self._find_sessions(context)).read, asked.uri)
        if found is None:
            raise MCPError(INVALID_PARAMS, f"Unknown resource: {show_value(asked.uri)}", {"uri": asked.uri})
        return ReadResourceResult(contents=[found])

    async def _run(self, function: Callable[..., T], argument: object) -> T:
        try:
            return await self._calls.run(function, argument)
        except (GlyphMemoryError, GlyphMemoryWarning) as error:
            raise MCPError(INTERNAL_ERROR, str(error)) from error


def _call_tool(tool: MemoryTool, sessions: OpenSessions, given: dict[str, Any]) -> CallToolResult:
    arguments = read_arguments(tool.arguments, given)
    name = getattr(arguments, "session", sessions.bound)
    memory = sessions.get(name) if tool.writes else sessions.find(name)
    return tool.call(memory, arguments)


def _read_cursor(asked: PaginatedRequestParams | None) -> int:
    """Return how many entries were listed before.

    Raises:
        MCPError: The cursor is none of ours.
    """
    cursor = asked.cursor if asked else None
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise MCPError(INVALID_PARAMS, f"Unknown cursor: {show_value(cursor)}")
    return int(cursor)
