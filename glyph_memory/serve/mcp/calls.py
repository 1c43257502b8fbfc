"""`Calls`: what tools do, done in threads, a few at a time, so that the event loop goes on; and waited for at the end.

Knows functions; knows nothing about MCP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE = 8
_unwanted: ContextVar[threading.Event | None] = ContextVar("glyph_memory_mcp_unwanted", default=None)


class Unwanted(Exception):
    """Nobody waits for the call any more."""


def check_wanted() -> None:
    """Raise `Unwanted` where the client took this call back; for work that takes long and stores nothing."""
    event = _unwanted.get()
    if event is not None and event.is_set():
        raise Unwanted


class Calls:
    """Runs calls in threads. A call that its client no longer waits for ends what it began, unless it asks."""

    def __init__(self) -> None:
        # Its own: the threads that read and write the streams must always find one free.
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def run(self, function: Callable[P, T], /, *arguments: P.args, **keywords: P.kwargs) -> T:
        """Return what a function returns."""
        outcome, failed = list[T](), list[Exception]()
        unwanted = threading.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(_set_in_the_end, unwanted)
            _unwanted.set(unwanted)  # threads have a copy of this task's context
            try:
                called = partial(function, *arguments, **keywords)
                outcome.append(await anyio.to_thread.run_sync(called, limiter=self._limiter))
            except Exception as error:  # carried out of the group, which would wrap it
                failed.append(error)
            group.cancel_scope.cancel()
        await anyio.lowlevel.checkpoint_if_cancelled()
        if failed:
            raise failed[0]
        return outcome[0]

    async def finish(self) -> None:
        """Wait until all calls that were made have ended, and let none begin."""
        for _ in range(_AT_ONCE):
            await self._limiter.acquire_on_behalf_of(object())


async def _set_in_the_end(event: threading.Event) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        event.set()
