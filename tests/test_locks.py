"""A lock that a forked child finds free, and what was guarded by it whole or dropped."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from glyph_memory.locks import ForkSafeLock
from lib.forks import Child


@contextmanager
def held_elsewhere(lock: ForkSafeLock, *, seconds: float = 60) -> Iterator[None]:
    """Have another thread hold a lock, for so long at most."""
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            go.wait(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        yield
    finally:
        go.set()
        thread.join()


class Guarded:
    """Something under a lock."""

    def __init__(self, *, is_brief: bool = False) -> None:
        self.seen: list[bool] = []
        self.lock = ForkSafeLock(in_child=self.seen_in_child, is_brief=is_brief)

    def seen_in_child(self, was_held: bool) -> None:
        """Remember what it was told."""
        self.seen.append(was_held)

    def take(self) -> list[bool]:
        """Take the lock, twice."""
        assert self.lock.acquire(timeout=0)
        with self.lock:
            return self.seen


def test_a_child_finds_free_what_a_thread_of_its_parent_held() -> None:
    """And is told that it was held; the parent's is as it was."""
    guarded = Guarded()
    with held_elsewhere(guarded.lock):
        assert Child(guarded.take).result() == [True]
        assert not guarded.lock.acquire(blocking=False)
    assert Child(guarded.take).result() == [False]
    assert guarded.take() == []


def test_a_fork_waits_for_a_lock_that_is_held_briefly() -> None:
    """So that its child finds whole what the lock guards, in whichever thread."""
    guarded = Guarded(is_brief=True)
    with held_elsewhere(guarded.lock, seconds=0.1):
        assert Child(guarded.take).result() == [False]
    with held_elsewhere(guarded.lock):  # for longer than a fork waits
        assert Child(guarded.take).result() == [True]
    assert guarded.take() == []


def test_who_forks_under_a_lock_holds_it_in_both() -> None:
    """Parent and child leave it once each."""
    guarded = Guarded(is_brief=True)

    def leave() -> list[bool]:
        guarded.lock.release()
        return guarded.take()

    with guarded.lock:
        child = Child(leave)
    assert child.result() == [False]


def test_a_lock_keeps_nothing_alive() -> None:
    """Objects that were thrown away are not told of forks."""
    guarded = Guarded()
    seen = weakref.ref(guarded)
    del guarded
    gc.collect()
    assert seen() is None
    assert Child(lambda: True).result() is True
