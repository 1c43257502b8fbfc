"""`TimedCalls`: calls that may hang, each in a thread of its own, given up after a time; and pauses after failures.

Knows threads and time; knows nothing about what is called.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import BoundedSemaphore, Event, Thread
from typing import TypeVar

T = TypeVar("T")

_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 600.0
"""How long what failed is left alone; twice as long with each failure that follows."""
_WAITING = 8
"""So many calls that were given up may still wait for their answers."""


class CallFault(Exception):
    """A call failed, took too long, or is not made after such a failure; the message says why, without keys."""


class TimedCalls:
    """Makes calls within time limits. Safe to share among threads; in a forked child it begins anew."""

    def __init__(self) -> None:
        self._pid = 0
        self._renew()

    def _renew(self) -> None:
        if self._pid != os.getpid():
            self._places, self._pauses = BoundedSemaphore(_WAITING), dict[str, _Pause]()
            self._pid = os.getpid()

    def call(self, kind: str, work: Callable[[], T], *, wait_s: float) -> T:
        """Return what a call returns; one that is given up goes on in its thread.

        Args:
            kind: What is left alone for a while after a failure.
            work: The call.
            wait_s: How long to wait for it.

        Raises:
            CallFault: It failed, took too long, or failed a moment ago.
        """
        self._renew()
        if (pause := self.find_pause(kind)) is not None:
            raise CallFault(pause.why)
        places = self._places
        if not places.acquire(blocking=False):
            raise CallFault("earlier calls have no answer yet")
        answers, faults, is_done = list[T](), list[BaseException](), Event()

        def run() -> None:
            try:
                answers.append(work())
            except BaseException as error:  # told to the one who waits, whatever it is
                faults.append(error)
            finally:
                places.release()
                is_done.set()

        try:
            Thread(target=run, name="glyph-memory-bucket", daemon=True).start()
        except RuntimeError:  # the process ends, or can have no more threads
            places.release()
            raise CallFault("this process can start no thread") from None
        if not is_done.wait(wait_s):
            raise self.note_fault(kind, CallFault(f"no answer within {wait_s:g} s"))
        if faults:
            raise self.note_fault(kind, faults[0]) from None
        self._pauses.pop(kind, None)
        return answers[0]

    def find_pause(self, kind: str) -> _Pause | None:
        """Return the pause after a failure that has not ended yet."""
        pause = self._pauses.get(kind)
        return pause if pause is not None and time.monotonic() < pause.ends_at else None

    def note_fault(self, kind: str, error: BaseException) -> CallFault:
        """Begin a pause; return what to raise, which tells the error's kind alone: messages may quote keys."""
        self._renew()
        why = str(error) if isinstance(error, CallFault) else type(error).__name__
        before = self._pauses.get(kind)
        length_s = _PAUSE_S if before is None else min(2 * before.length_s, _LONGEST_PAUSE_S)
        self._pauses[kind] = _Pause(length_s=length_s, why=why)
        return CallFault(why)

    def end_pause(self, kind: str) -> None:
        """Note that it works again."""
        self._pauses.pop(kind, None)


class _Pause:
    """A while in which something is left alone."""

    def __init__(self, *, length_s: float, why: str) -> None:
        self.length_s, self.why = length_s, why
        self.ends_at = time.monotonic() + length_s
