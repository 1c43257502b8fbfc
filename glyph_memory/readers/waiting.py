"""Wait for what another thread sends, so that Ctrl-C ends the wait. Knows queues; knows nothing about what is sent."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN_S = 0.2
"""How often a wait looks up: a Ctrl-C in the moment before it begins would not end it, and on Windows none would."""


def wait_for(mailbox: SimpleQueue[T], check: Callable[[], None] = lambda: None) -> T:
    """Return what comes next.

    Args:
        mailbox: Where it comes.
        check: Called whenever the wait looks up and nothing is there; raises what the wait is to end with.
    """
    while True:
        try:
            return mailbox.get(timeout=_LOOK_AGAIN_S)
        except Empty:
            if mailbox.empty():  # else it came just now, perhaps from a thread that has ended since
                check()
