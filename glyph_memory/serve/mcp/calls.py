"""`Calls`: what tools do, done in threads, a few at a time, so that the event loop goes on; and waited for at the end.

Knows functions; knows nothing about MCP.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE = 8


class Calls:
    """Runs calls in threads. A call that its client no longer waits for ends what it began."""

    def __init__(self) -> None:
        # Its own: the threads that read and write the streams must always find one free.
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def run(self, function: Callable[P, T], /, *arguments: P.args, **keywords: P.kwargs) -> T:
        """Return what a function returns."""
        return await anyio.to_thread.run_sync(
            partial(function, *arguments, **keywords), limiter=self._limiter
        )

    async def finish(self) -> None:
        """Wait until all calls that were made have ended, and let none begin."""
        for _ in range(_AT_ONCE):
            await self._limiter.acquire_on_behalf_of(object())
