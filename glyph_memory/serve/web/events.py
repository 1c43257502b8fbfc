"""Streams of server-sent events: what is done writes them as it goes, and ends when the client is gone.

Knows the format and clients that go away; knows nothing about what is told.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.serve.web.faults import describe_unforeseen
from glyph_memory.serve.web.headers import security_headers
from glyph_memory.serve.web.work import Stopped

_PAUSE_S = 15.0
"""After so long a comment is sent, so that nothing between takes the connection for dead."""


class Emit(Protocol):
    """Sends one event; waits while the client is slow."""

    async def __call__(self, event: str, data: Mapping[str, object], /) -> None:
        """Send an event with its data."""
        ...


class EventResponse(Response):
    """An answer that is a stream of events.

    It ends with `done`; where something goes wrong on the way, with `error` and `done`.

    Args:
        produce: Writes the events; cancelled when the client is gone.
    """

    media_type = "text/event-stream"

    def __init__(self, produce: Callable[[Emit], Awaitable[None]]) -> None:
        headers = security_headers() | {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(headers=headers, media_type=self.media_type)
        del self.headers["content-length"]
        self._produce = produce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        lock = anyio.Lock()

        async def write(text: str) -> None:
            async with lock:
                body = text.encode("utf-8", "replace")  # half a character has no bytes
                await send({"type": "http.response.body", "body": body, "more_body": True})

        async def emit(event: str, data: Mapping[str, object], /) -> None:
            await write(spell_event(event, data))

        async def keep_alive() -> None:
            while True:
                await anyio.sleep(_PAUSE_S)
                await write(": still here\n\n")

        async with anyio.create_task_group() as group:

            async def watch() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            group.start_soon(watch)
            group.start_soon(keep_alive)
            await self._tell(emit)
            group.cancel_scope.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, emit: Emit) -> None:
        try:
            await self._produce(emit)
        except Stopped:
            return
        except GlyphMemoryError as error:
            await emit("error", {"message": str(error)})
        except OSError:  # the connection broke
            return
        except Exception as error:
            await emit("error", {"message": describe_unforeseen(error)})
        await emit("done", {})


def spell_event(event: str, data: Mapping[str, object]) -> str:
    r"""Return an event as it is sent.

    Example:
        >>> spell_event("delta", {"text": "One.\nTwo."})
        'event: delta\ndata: {"text": "One.\\nTwo."}\n\n'
    """
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
