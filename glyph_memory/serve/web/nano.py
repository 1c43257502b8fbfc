"""Ask the nano reader so that it tells how far it is, and stops when nobody waits any more.

Knows contexts and the nano reader; knows nothing about documents and chats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest

from glyph_memory.context import Context
from glyph_memory.nano import NanoReader, NanoReading, Quote
from glyph_memory.nano.sight.image import Source
from glyph_memory.readers import ReadingDelta
from glyph_memory.serve.web.work import Stop
from glyph_memory.transcription import Transcription


def ask_nano(
    nano: NanoReader, context: Context, stop: Stop, *, progress: Callable[[int, int], None]
) -> Iterator[tuple[str, Quote | None]]:
    """Yield an answer piece by piece, each with the quote that it is.

    Args:
        nano: Remembers what it read, for whoever asks next.
        context: The pages and the question.
        stop: Asked before each page.
        progress: Told how many pages are read, and of how many.

    Raises:
        ReaderError: Nothing is asked, or a page cannot be read.
        Stopped: Nobody waits any more.
    """

    def transcribe(page: Source) -> Transcription:
        stop.check()
        return nano.transcribe(page)

    deltas: list[ReadingDelta] = [*NanoReader(transcriber=transcribe, progress=progress).stream(context)]
    reading = deltas[-1].reading
    quotes = reading.quotes if isinstance(reading, NanoReading) else ()
    for delta, quote in zip_longest(deltas, quotes[: len(deltas)]):
        if delta.text or quote is not None:
            yield delta.text, quote
