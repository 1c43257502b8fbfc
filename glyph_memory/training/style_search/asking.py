"""Ask several questions about a style at a time. Knows threads; knows nothing about what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread

from glyph_memory.readers.waiting import wait_for
from glyph_memory.training.style_search.exam import ExamAnswer


def ask_several(
    ask: Callable[[int], ExamAnswer], numbers: Sequence[int], *, max_concurrent: int
) -> Iterator[tuple[int, ExamAnswer]]:
    """Yield questions' numbers and answers, as they come.

    Threads keep no process alive, so that Ctrl-C ends it at once. What one raises is raised here, once the answers
    that are under way have been yielded.
    """
    if max_concurrent == 1:
        for number in numbers:
            yield number, ask(number)
        return
    waiting, running = list(reversed(numbers)), 0
    ended = SimpleQueue[tuple[int, ExamAnswer | BaseException]]()
    failed: BaseException | None = None

    def work(number: int) -> None:
        try:
            ended.put((number, ask(number)))
        except BaseException as error:
            ended.put((number, error))

    while running or (waiting and failed is None):
        while waiting and running < max_concurrent and failed is None:
            Thread(target=copy_context().run, args=(work, waiting.pop()), daemon=True).start()
            running += 1
        number, answer = wait_for(ended)
        running -= 1
        if isinstance(answer, BaseException):
            failed = failed or answer
        else:
            yield number, answer
    if failed is not None:
        raise failed
