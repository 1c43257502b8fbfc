"""What tools do is done in threads, and ends where nobody waits for it any more."""

from __future__ import annotations

import threading
import time

import anyio
import anyio.from_thread
import pytest

from glyph_memory.serve.mcp.calls import Calls, Unwanted, check_wanted


async def test_work_that_asks_ends_when_its_call_is_taken_back() -> None:
    """And the next one has its thread."""
    begun, ended = anyio.Event(), list[type[BaseException]]()

    def work() -> None:
        anyio.from_thread.run_sync(begun.set)
        try:
            for _ in range(2_000):
                check_wanted()
                time.sleep(0.005)
        except Unwanted as error:
            ended.append(type(error))
            raise

    async with anyio.create_task_group() as group:
        group.start_soon(Calls().run, work)
        await begun.wait()
        group.cancel_scope.cancel()
    assert ended == [Unwanted]


async def test_work_that_does_not_ask_is_waited_for() -> None:
    """What it began to store is stored whole."""
    begun, gate, done = anyio.Event(), threading.Event(), threading.Event()

    def work() -> None:
        anyio.from_thread.run_sync(begun.set)
        gate.wait(20)
        done.set()

    async with anyio.create_task_group() as group:
        group.start_soon(Calls().run, work)
        await begun.wait()
        group.cancel_scope.cancel()
        threading.Timer(0.05, gate.set).start()
    assert done.is_set()


async def test_what_work_returns_or_raises_comes_back() -> None:
    """As from any call; and nothing of this is asked outside of one."""
    check_wanted()
    calls = Calls()
    assert await calls.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await calls.run(divmod, 7, 0)
