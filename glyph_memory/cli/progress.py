"""A bar for what tells how far it is, and of how much: it appears when it is told first, and goes away at the end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from glyph_memory.cli import terminal


class Progress:
    """A bar that is called with how many pages are done, and how many there are.

    Args:
        doing: What is being done.
    """

    def __init__(self, doing: str) -> None:
        self._doing, self._done = doing, 0
        self._stack = ExitStack()
        self._step: Callable[..., None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def __call__(self, done: int, total: int) -> None:
        """Update the bar; it disappears once all is done, since answers are printed then."""
        if self._step is None:
            self._step = self._stack.enter_context(terminal.progress(self._doing, total=total))
        self._step(done - self._done, done - self._done)
        self._done = done
        if done >= total:
            self._end()

    def _end(self) -> None:
        self._stack.close()
        self._step, self._done = None, 0
