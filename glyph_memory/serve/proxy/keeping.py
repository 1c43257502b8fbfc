"""`Keeping`: what a client said is stored while the upstream is already asked, and no answer goes on before it is.

Storing waits for a disk, and for other writers. Knows nothing about what is stored.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

_RUNNING: set[asyncio.Task[None]] = set()
"""The event loop itself holds tasks weakly; one whose client has gone goes on to its end."""


class Keeping:
    """Begins to store as a context is entered; leaving it waits for that, whatever came of the answer.

    Args:
        store: Stores, in a thread; none where nothing is to be stored.
    """

    def __init__(self, store: Callable[[], Awaitable[None]] | None) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to store."""
        if self._store is not None:
            self._task = asyncio.create_task(_run(self._store))
            _RUNNING.add(self._task)
            self._task.add_done_callback(_finish)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Wait until it is done; what it raised is not raised again where something else was."""
        with suppress(Exception):
            await self.wait()

    async def wait(self) -> float:
        """Return when it is stored: how long that was waited for, in seconds.

        Raises:
            StoreError: It cannot be stored.
        """
        began = time.perf_counter()
        if self._task is not None:
            await asyncio.shield(self._task)
        return time.perf_counter() - began


async def _run(store: Callable[[], Awaitable[None]]) -> None:
    await store()


def _finish(task: asyncio.Task[None]) -> None:
    _RUNNING.discard(task)
    if not task.cancelled():
        task.exception()  # one that nobody waits for any more is no news
