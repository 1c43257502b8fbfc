"""Tell that a model is waited for, where its reply takes long. Knows readers and clocks; knows no questions."""

from __future__ import annotations

from collections.abc import Callable
from threading import Timer

from glyph_memory.context import Context
from glyph_memory.readers import Reader, Reading

SLOW_S = 10.0
"""A reply that takes longer is told of."""


class SlowReplyNote(Reader):
    """A reader that tells once for each slow reply that it is still waited for.

    Args:
        reader: Who is asked.
        tell: Takes the line; called by another thread.
        line: What is told.
        after_s: How long a reply takes before it is told of.
    """

    def __init__(self, reader: Reader, tell: Callable[[str], None], line: str, *, after_s: float) -> None:
        self._reader, self._tell, self._line, self._after_s = reader, tell, line, after_s

    def read(self, context: Context) -> Reading:
        """Ask the reader, and tell where that takes long."""
        timer = Timer(self._after_s, self._tell, (self._line,))
        timer.daemon = True  # Ctrl-C ends the process at once
        timer.start()
        try:
            return self._reader.read(context)
        finally:
            timer.cancel()
