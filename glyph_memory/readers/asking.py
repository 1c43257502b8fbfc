"""Ask many questions at once, in threads or in an event loop's tasks, in the order of a `Schedule`.

Knows threads and tasks; which question comes next is the schedule's business.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

from glyph_memory.checks import check_whole
from glyph_memory.context import Context
from glyph_memory.errors import ReaderError, ReaderRefused
from glyph_memory.readers.many import Schedule
from glyph_memory.readers.taking import take_contexts
from glyph_memory.readers.waiting import wait_for

if TYPE_CHECKING:
    import asyncio

A = TypeVar("A")
T = TypeVar("T")
Progress = Callable[[int, int], None]


def ask_in_threads(
    ask: Callable[[Context], T],
    contexts: Iterable[Context],
    *,
    progress: Progress | None,
    max_concurrent: int,
) -> list[T | ReaderError]:
    """Return the answer to each context, or its error; see `Reader.read_many`.

    A thread for each question, which ends with its answer: none waits for another. They do not keep a process alive,
    so that Ctrl-C ends it at once.
    """
    _check(max_concurrent)
    schedule = Schedule[T | ReaderError](take_contexts(contexts))
    ended = SimpleQueue[tuple[int, T | BaseException]]()
    running = 0

    def work(place: int, context: Context) -> None:
        ended.put((place, _try_asking(ask, context)))

    try:
        while schedule.done < schedule.total:
            while running < max_concurrent and (begun := schedule.begin()) is not None:
                if max_concurrent == 1:
                    work(*begun)
                else:
                    Thread(target=copy_context().run, args=(work, *begun), daemon=True).start()
                running += 1
            place, answer = wait_for(ended)
            running -= 1
            _end(schedule, place, answer, progress)
    except Exception:
        for _ in range(running):
            wait_for(ended)
        raise
    return schedule.answers


async def ask_in_tasks(
    ask: Callable[[Context], Awaitable[T]],
    contexts: Iterable[Context],
    *,
    progress: Progress | None,
    max_concurrent: int,
) -> list[T | ReaderError]:
    """Return the answer to each context, or its error; see `Reader.aread_many`."""
    import asyncio  # noqa: PLC0415 - only who awaits loads it

    _check(max_concurrent)
    running, stop = dict[asyncio.Task[T | BaseException], int](), Event()
    try:  # a generator may draw pages: that takes its time, and may be cancelled
        schedule = await run_in_daemon(Schedule[T | ReaderError], take_contexts(contexts, stop))
    finally:
        stop.set()

    async def work(context: Context) -> T | BaseException:
        try:
            return await ask(context)
        except Exception as error:
            return error

    try:
        while schedule.done < schedule.total:
            while len(running) < max_concurrent and (begun := schedule.begin()) is not None:
                running[asyncio.create_task(work(begun[1]))] = begun[0]
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                _end(schedule, running.pop(task), task.result(), progress)
    except Exception:
        if running:
            await asyncio.wait(running)
        raise
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return schedule.answers


async def run_in_daemon(function: Callable[[A], T], argument: A) -> T:
    """Run a call in a thread of its own; where this is cancelled, nobody waits for it, not even at a loop's end."""
    import asyncio  # noqa: PLC0415 - as above

    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(outcome: T | BaseException) -> None:
        if answer.done():  # cancelled
            return
        if isinstance(outcome, BaseException):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    def work() -> None:
        outcome = _try_asking(function, argument)
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, outcome)

    Thread(target=copy_context().run, args=(work,), daemon=True).start()
    return await answer


def _try_asking(ask: Callable[[A], T], argument: A) -> T | BaseException:
    try:
        return ask(argument)
    except BaseException as error:
        return error


def _end(
    schedule: Schedule[T | ReaderError], place: int, answer: T | BaseException, progress: Progress | None
) -> None:
    """Take in an answer; raise what is no reader's error."""
    if isinstance(answer, BaseException) and not isinstance(answer, ReaderError):
        raise answer
    schedule.end(place, answer)
    if progress is not None:
        progress(schedule.done, schedule.total)


def _check(max_concurrent: int) -> None:
    check_whole("max_concurrent", max_concurrent, ReaderRefused, at_least=1)
