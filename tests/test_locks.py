"""A lock that a forked child finds free, and what was guarded by it whole or dropped."""

from __future__ import annotations

import ast
import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glyph_memory.locks import ForkSafeLock, cached_property
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


class Slow:
    """Has a property that takes as long as it is told to."""

    def __init__(self, *waited_for: threading.Event) -> None:
        self.begun, self._waited_for = threading.Event(), waited_for

    @cached_property
    def value(self) -> list[int]:
        """Return a list."""
        self.begun.set()
        for one in self._waited_for:
            one.wait(60)
        return [1]


@contextmanager
def computed_elsewhere() -> Iterator[None]:
    """Have another thread compute a property."""
    go = threading.Event()
    slow = Slow(go)
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    slow.begun.wait()
    try:
        yield
    finally:
        go.set()
        thread.join()


def test_a_property_is_computed_once() -> None:
    """And is its object's from then on."""
    slow = Slow()
    assert slow.value is slow.value


def test_a_property_does_not_wait_for_another_objects() -> None:
    """Threads that draw different pages draw them side by side."""
    with computed_elsewhere():
        other = Slow()
        thread = threading.Thread(target=lambda: other.value, daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()


def test_a_forked_child_computes_what_a_thread_of_the_parent_was_computing() -> None:
    """Before Python 3.12 a lock of the class would be held there for ever."""
    with computed_elsewhere():
        assert Child(lambda: Slow().value).result() == [1]


def test_every_cached_property_of_the_package_is_that_one() -> None:
    """The standard library's has a lock before Python 3.12."""
    package = Path(__file__).parents[1] / "glyph_memory"
    others = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module == "functools")
        and any(name.name == "cached_property" for name in node.names)
    ]
    assert others == ["locks.py"]
