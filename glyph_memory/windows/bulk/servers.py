"""The servers of a worker: each request goes to the next one, and to another one where that fails.

Knows readers and their errors; what is asked, it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.context import Context
from glyph_memory.errors import GlyphMemoryError, ReaderError, ReaderRefused, ReaderUnavailable
from glyph_memory.locks import ForkSafeLock
from glyph_memory.readers import Reader, Reading, refuses_images

_PROBE = "Answer with one word: ready."
"""What is asked where the first request is refused: is it that request alone?"""


class EndOfServers(GlyphMemoryError):
    """No request would be answered: the model is not there, the key is wrong, no server answers any more."""


class Servers:
    """Asks several servers that serve the same model. Safe to share among threads.

    Args:
        readers: One for each server.
        patience: So many requests that fail in a row, since no server answers, are the end of it.
    """

    def __init__(self, readers: Sequence[Reader], *, patience: int) -> None:
        self._readers, self._patience = tuple(readers), patience
        self._lock = ForkSafeLock()
        self._failed_in_a_row, self._has_answered = 0, False
        self._end = ""

    def ask(self, context: Context, *, turn: int) -> Reading:
        """Return the answer of the server whose turn it is, or of the next one that gives any.

        Args:
            context: What is sent.
            turn: Requests with the same number go to the same server, whose cache has their pages.

        Raises:
            EndOfServers: None would answer any request.
            ReaderError: This request was not answered.
        """
        for step in range(len(self._readers)):
            self._check_end()
            reader = self._readers[(turn + step) % len(self._readers)]
            try:
                reading = reader.read(context)
            except ReaderUnavailable as error:
                if step + 1 == len(self._readers):
                    self._count_failure(error)
                    self._check_end(error)
                    raise
            except ReaderRefused as error:
                self._check_refusal(reader, error)
                self._check_end(error)
                raise
            else:
                with self._lock:
                    self._failed_in_a_row, self._has_answered = 0, True
                return reading
        raise AssertionError("there is a server")  # pragma: no cover

    def _check_end(self, error: ReaderError | None = None) -> None:
        if self._end:
            raise EndOfServers(self._end) from error

    def _count_failure(self, error: ReaderError) -> None:
        with self._lock:
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= self._patience:
                self._end = (
                    f"{self._failed_in_a_row} requests in a row got no answer, the last since: {error}. What was "
                    "answered is kept; the same call goes on once the servers answer"
                )

    def _check_refusal(self, reader: Reader, error: ReaderRefused) -> None:
        """Find out whether all requests are refused, or this one alone."""
        with self._lock:
            if self._has_answered or self._end:
                return
            if not refuses_images(str(error)):
                try:
                    reader.read(Context.of(_PROBE, pages=[]))
                except ReaderRefused:
                    pass
                except ReaderError:
                    return  # nothing is known yet
                else:
                    self._has_answered = True
                    return
            self._end = str(error)
