"""Work in threads that ends when nobody waits for it any more: `Stop`, `run_in_thread`, and two ways to wait.

Drawing and loading take a processor for themselves, so only a few run at a time; others wait their turn. Knows threads
and clients that go away; knows nothing about what is done.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from starlette.requests import Request

from glyph_memory.serve.web.faults import WebFault

T = TypeVar("T")
_THREADS = 4
"""Drawings, loads and nano readings at a time in a process."""
_CLOSING_S = 2.0
_limiter = RunVar[anyio.CapacityLimiter]("glyph_memory_web_threads")


class Stopped(Exception):
    """Nobody waits for the work any more."""


class Stop(threading.Event):
    """Set once nobody waits for the work any more; the work asks it now and then."""

    def check(self) -> None:
        """Raise `Stopped` where it is set."""
        if self.is_set():
            raise Stopped


async def run_in_thread(work: Callable[[Stop], T]) -> T:
    """Run work in a thread; where the caller is cancelled, it is told by its `Stop`, and waited for.

    Args:
        work: What is to be done.
    """
    stop, outcome = Stop(), list[T]()
    failed: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(_set_in_the_end, stop)
        try:
            outcome.append(await anyio.to_thread.run_sync(work, stop, limiter=_find_limiter()))
        except Exception as error:  # carried out of the group, which would wrap it
            failed = error
        group.cancel_scope.cancel()
    if failed is not None:
        raise failed
    return outcome[0]


Tell = Callable[[str, Mapping[str, object]], None]
"""Tells of an event from a thread; it does not wait until that is sent."""


async def run_telling(
    work: Callable[[Stop, Tell], T], emit: Callable[[str, Mapping[str, object]], Awaitable[None]]
) -> T:
    """Run work in a thread as `run_in_thread` does, and send the events that it tells of as they come.

    The thread never waits for the client: it would wait for ever for one that is gone.

    Args:
        work: What is to be done.
        emit: Sends an event.
    """
    loop, events = asyncio.get_running_loop(), asyncio.Queue[tuple[str, Mapping[str, object]] | None]()
    outcome, failed = list[T](), list[Exception]()

    def tell(event: str, data: Mapping[str, object]) -> None:
        loop.call_soon_threadsafe(events.put_nowait, (event, data))

    async with anyio.create_task_group() as group:

        async def send() -> None:
            try:
                while (told := await events.get()) is not None:
                    await emit(*told)
            except Exception as error:  # as above
                failed.append(error)
                group.cancel_scope.cancel()

        group.start_soon(send)
        try:
            outcome.append(await run_in_thread(lambda stop: work(stop, tell)))
        except Exception as error:
            failed.append(error)
        events.put_nowait(None)
    if failed:
        raise failed[0]
    return outcome[0]


async def run_until_gone(request: Request, work: Callable[[Stop], T]) -> T:
    """Run work in a thread as `run_in_thread` does, until the client is gone.

    Args:
        request: The client's, whose body was read.
        work: What is to be done.

    Raises:
        WebFault: The client is gone.
    """
    outcome = list[T]()
    failed: Exception | None = None
    async with anyio.create_task_group() as group:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(watch)
        try:
            outcome.append(await run_in_thread(work))
        except Exception as error:  # as above
            failed = error
        group.cancel_scope.cancel()
    if outcome:
        return outcome[0]
    if failed is not None and not isinstance(failed, Stopped):
        raise failed
    raise WebFault("the client is gone", status=499)


@asynccontextmanager
async def close_stream(stream: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Close a stream in the end, also where whoever reads it is cancelled."""
    try:
        yield stream
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            with anyio.move_on_after(_CLOSING_S, shield=True):
                await close()


async def _set_in_the_end(stop: Stop) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        stop.set()


def _find_limiter() -> anyio.CapacityLimiter:
    """Return this event loop's limiter; loops cannot share one."""
    try:
        return _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_THREADS)
        _limiter.set(limiter)
        return limiter
