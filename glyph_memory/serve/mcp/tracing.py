"""`CallTracing`: each of a client's requests as a span, in the place of the SDK's own.

The SDK's tells what a client wrote as a tool's name, and what errors say, which quotes arguments. Knows methods and
tools by name; never looks into arguments and answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.server import Server, ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp_types import CallToolResult

from glyph_memory.telemetry import find_word, open_span, read_parent

_CALL = "tools/call"
_TOOL_ERROR = "tool_error"
"""What is told of a call whose answer is an error, by the conventions."""


def trace_calls(server: Server[Any]) -> None:
    """Have a server's requests be spans of ours, and not the SDK's."""
    own = "mcp.server._otel"
    server.middleware[:] = [
        CallTracing(),
        *(one for one in server.middleware if type(one).__module__ != own),
    ]


class CallTracing:
    """Middleware of the SDK's server."""

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Answer a request, in a span that takes part in its client's trace."""
        method = find_word("call", ctx.method)
        tool = find_word("tool", (ctx.params or {}).get("name")) if method == _CALL else None
        with open_span(
            "mcp.request",
            title=f"{method} {tool}" if tool else method,
            parent=read_parent(_list_headers(ctx.meta or {})),
            call=method,
            tool=tool,
        ) as span:
            result = await call_next(ctx)
            if _is_error(result):
                span.fail(_TOOL_ERROR)
            return result


def _is_error(result: object) -> bool:
    """Return whether an answer is a tool's error: as an object, or spelled for the wire."""
    if isinstance(result, Mapping):
        return result.get("isError") is True
    return isinstance(result, CallToolResult) and result.is_error is True


def _list_headers(meta: Mapping[str, object]) -> list[tuple[bytes, bytes]]:
    """Return what a request says of itself, as headers."""
    said = ((name, value) for name, value in meta.items() if isinstance(value, str))
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in said]
