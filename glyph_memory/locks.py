"""`ForkSafeLock`: a lock that works in a forked child, whoever held it in the parent. `cached_property`: needs none.

A fork copies a process with one of its threads. What other threads hold at that moment stays held in the child for
ever, and what they were changing stays half changed. Knows threads and forks; knows nothing about what is locked.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from _thread import RLock  # the class; `threading.RLock` is a function
from collections.abc import Callable
from contextlib import nullcontext
from threading import get_ident
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakMethod, WeakSet

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property as cached_property  # noqa: PLC0414 - part of this module
else:

    class cached_property(functools.cached_property):
        """`functools.cached_property` as it is from Python 3.12 on: without a lock.

        Before, each property has one lock for all objects: threads wait for each other's pages, and a child that is
        forked while one computes waits for ever. Two threads may compute a value twice, and one of them is kept.
        """

        def __init__(self, func: Callable[[Any], Any]) -> None:
            super().__init__(func)
            self.lock = nullcontext()


_QUIET_S = 1.0
"""How long a fork waits for locks that are held for moments only."""


class ForkSafeLock(RLock):  # type: ignore[misc]  # stubs say that it is final; it is not
    """A reentrant lock that a forked child finds free.

    Args:
        in_child: A method that is called in every forked child, with whether another thread held the lock: then what
            that thread was changing may be half changed, and has to be dropped. Its object is not kept alive.
        is_brief: Whether it is held for moments only, with no other such lock taken meanwhile. Then a fork waits, a
            second at most, until it is free.

    Example:
        >>> lock = ForkSafeLock()
        >>> with lock, lock:
        ...     pass
    """

    def __new__(cls, **_: object) -> Self:
        """Make a lock; its base takes no arguments."""
        return super().__new__(cls)

    def __init__(self, *, in_child: Callable[[bool], object] | None = None, is_brief: bool = False) -> None:
        super().__init__()
        self.is_brief = is_brief
        self._in_child = None if in_child is None else WeakMethod(in_child)
        _locks.add(self)

    def _renew(self) -> None:
        """Become free, in a child, and have dropped what may be half changed."""
        was_held = not self.acquire(blocking=False)  # the thread that forked may hold it, and still does
        if was_held:
            self._at_fork_reinit()  # type: ignore[attr-defined]  # as the standard library does
        else:
            self.release()
        in_child = None if self._in_child is None else self._in_child()
        if in_child is not None:
            in_child(was_held)


_locks: WeakSet[ForkSafeLock] = WeakSet()
_held: dict[int, list[ForkSafeLock]] = {}
"""The brief locks that threads hold, each for a fork of its own."""


def _before_fork() -> None:
    deadline = time.monotonic() + _QUIET_S
    # All threads take them in one order: two that fork at once do not wait for each other.
    brief = sorted((lock for lock in list(_locks) if lock.is_brief), key=id)
    _held[get_ident()] = [
        lock for lock in brief if lock.acquire(timeout=max(0.0, deadline - time.monotonic()))
    ]


def _after_fork_in_parent() -> None:
    for lock in _held.pop(get_ident(), ()):
        lock.release()


def _after_fork_in_child() -> None:
    _after_fork_in_parent()
    _held.clear()  # of threads that are not here
    for lock in list(_locks):
        lock._renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
