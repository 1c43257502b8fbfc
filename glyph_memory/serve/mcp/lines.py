"""`answer_all_lines`: between standard input and output and a server, so that every line has its answer.

The SDK passes over a line that it cannot read, and whoever sent it would wait for ever; and where standard input ends
it drops what is not answered yet. Knows JSON-RPC's messages; knows nothing about tools.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter
from pydantic import ValidationError

_LAST_S = 60.0
"""How long what was asked for before standard input ended may take."""
_NO_JSON = "Parse error: this line is no JSON"
_NO_MESSAGE = "Invalid request: this is no message of JSON-RPC 2.0"
Incoming = SessionMessage | Exception


@asynccontextmanager
async def answer_all_lines(
    read: Any,  # noqa: ANN401 - the SDK's own streams, whose class is private
    write: Any,  # noqa: ANN401
) -> AsyncIterator[tuple[MemoryObjectReceiveStream[Incoming], MemoryObjectSendStream[SessionMessage]]]:
    """Yield streams for a server, behind those of standard input and output.

    Args:
        read: What comes: messages, or why a line is none.
        write: What goes.
    """
    to_server, incoming = anyio.create_memory_object_stream[Incoming](0)
    outgoing, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    open_requests = _OpenRequests()

    async def pass_in() -> None:
        async with to_server:
            async for came in read:
                message = read_line(came) if isinstance(came, Exception) else came.message
                if isinstance(message, JSONRPCError) and isinstance(came, Exception):
                    await write.send(SessionMessage(message))
                elif message is not None:
                    open_requests.see(message)
                    await to_server.send(SessionMessage(message))
            with anyio.move_on_after(_LAST_S):
                await open_requests.wait()

    async def pass_out() -> None:
        async with from_server, write:
            async for going in from_server:
                await write.send(going)
                open_requests.see_answer(going.message)

    async with anyio.create_task_group() as group:
        group.start_soon(pass_in)
        group.start_soon(pass_out)
        yield incoming, outgoing
        await outgoing.aclose()


class _OpenRequests:
    """Which requests are not answered yet."""

    def __init__(self) -> None:
        self._ids = set[object]()
        self._changed = anyio.Event()

    def see(self, message: Any) -> None:  # noqa: ANN401 - one of the SDK's messages
        """Note a request; one that its client takes back has no answer."""
        method, id = getattr(message, "method", ""), getattr(message, "id", None)
        if method and id is not None:
            self._ids.add(id)
        elif method == "notifications/cancelled":
            self._drop((message.params or {}).get("requestId"))

    def see_answer(self, message: Any) -> None:  # noqa: ANN401 - as above
        """Note an answer."""
        if not getattr(message, "method", ""):
            self._drop(getattr(message, "id", None))

    async def wait(self) -> None:
        """Wait until all are answered."""
        while self._ids:
            self._changed = anyio.Event()
            await self._changed.wait()

    def _drop(self, id: object) -> None:
        if isinstance(id, str | int):
            self._ids.discard(id)
        self._changed.set()


def read_line(problem: Exception) -> Any:  # noqa: ANN401 - one of the SDK's messages
    """Return the message of a line that the SDK could not read; else the error to answer; None where it was blank.

    Half a character, which JavaScript's clients write as an escape, is JSON, though not to the SDK.
    """
    line = _find_line(problem)
    if not line.strip():
        return None
    try:
        found: object = json.loads(line)
    except (ValueError, RecursionError):
        return _make_error(None, PARSE_ERROR, _NO_JSON)
    try:
        whole = json.dumps(found, ensure_ascii=False).encode(errors="replace")
        return jsonrpc_message_adapter.validate_json(whole, by_name=False)
    except (ValueError, RecursionError):
        id = found.get("id") if isinstance(found, dict) else None
        is_id = isinstance(id, str | int) and not isinstance(id, bool)
        if isinstance(id, str):
            id = id.encode(errors="replace").decode()
        return _make_error(id if is_id else None, INVALID_REQUEST, _NO_MESSAGE)


def _find_line(problem: Exception) -> str:
    """Return the line, or the part of it that is wrong: the SDK tells no more."""
    faults = problem.errors(include_url=False) if isinstance(problem, ValidationError) else []
    part: object = faults[0]["input"] if faults else "?"
    return part if isinstance(part, str) else json.dumps(part, default=str)


def _make_error(id: str | int | None, code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=id, error=ErrorData(code=code, message=message))
