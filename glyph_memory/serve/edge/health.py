"""`/healthz`: whether the server can answer: is its store reachable, and what did upstreams say last.

Needs no key, so it names no address. Knows nothing about what a store is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import anyio.to_thread
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from glyph_memory.errors import GlyphMemoryError


class Health:
    """Answers `/healthz`: 200, or 503 where the store cannot be reached.

    Args:
        check_store: Raises where the store cannot be reached; called in a thread.
        list_upstreams: Returns each upstream's name and its last word: "ok", what was wrong, or "not asked yet".
        tell_reading: Returns whether models read their pages, in a word; None where that is not checked.
    """

    def __init__(
        self,
        check_store: Callable[[], object],
        list_upstreams: Callable[[], Mapping[str, str]],
        tell_reading: Callable[[], str] | None = None,
    ) -> None:
        self._check_store, self._list_upstreams = check_store, list_upstreams
        self._tell_reading = tell_reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer how it is."""
        store = "ok"
        try:
            await anyio.to_thread.run_sync(self._check_store)
        except GlyphMemoryError as error:
            store = type(error).__name__
        status = "ok" if store == "ok" else "store"
        said: dict[str, object] = {
            "status": status,
            "store": store,
            "upstreams": dict(self._list_upstreams()),
        }
        if self._tell_reading is not None:
            said["reading"] = self._tell_reading()
        await JSONResponse(said, 200 if store == "ok" else 503)(scope, receive, send)
