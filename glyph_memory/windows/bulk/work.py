"""Do several things at a time, in threads that keep no process alive, and take what comes of them as it comes.

Knows threads; what is done, it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from glyph_memory.readers.waiting import wait_for

A = TypeVar("A")
T = TypeVar("T")


def do_at_once(function: Callable[[A], T], arguments: Iterable[A], *, at_most: int) -> Iterator[T]:
    """Yield what a function returns for each argument, in the order in which it comes.

    Arguments are taken as there is room, so that few of them are held. After an error nothing more is begun, and what
    runs is waited for.

    Raises:
        Exception: What the function or the arguments raise, the first of it.
    """
    ended = SimpleQueue[T | BaseException]()

    def work(argument: A) -> None:
        try:
            ended.put(function(argument))
        except BaseException as error:  # raised below, in the thread that asked
            ended.put(error)

    coming, running = iter(arguments), 0
    failure: BaseException | None = None
    while True:
        while failure is None and running < at_most:
            try:
                argument = next(coming)
            except StopIteration:
                break
            except Exception as error:
                failure = error
                break
            Thread(target=copy_context().run, args=(work, argument), daemon=True).start()
            running += 1
        if not running:
            break
        outcome = wait_for(ended)
        running -= 1
        if isinstance(outcome, BaseException):
            failure = failure or outcome
        elif failure is None:
            yield outcome
    if failure is not None:
        raise failure
