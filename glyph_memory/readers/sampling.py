"""`with_sampling`: a reader with other sampling, and stop words for readers that know none.

Knows readers and their deltas; knows nothing about models and servers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypedDict, Unpack

from glyph_memory.context import Context
from glyph_memory.errors import BadReading, ReaderRefused, show_value
from glyph_memory.readers.reader import Reader, Reading, ReadingDelta, Usage
from glyph_memory.readers.stops import StopTexts


class SamplingFields(TypedDict, total=False):
    """How an answer is chosen; what is left out stays as it is."""

    max_tokens: int
    """Most tokens to write, reasoning included."""
    temperature: float
    """0 takes the likeliest token each time."""
    top_p: float
    """Chooses among the likeliest tokens that together have this probability."""
    top_k: int
    """Chooses among so many of the likeliest tokens."""
    seed: int
    """The same seed gives the same answer to the same context."""
    stop: Sequence[str]
    """Texts at which the answer ends; they are not part of it."""


def with_sampling(reader: Reader, **sampling: Unpack[SamplingFields]) -> Reader:
    """Return a reader that answers with other sampling; the given one is not changed.

    A reader with a method `with_sampling` is asked for it, and shares its model. For any other, stop texts alone can
    be kept: its answer is cut before the first of them, and nothing more of it is asked for.

    Args:
        reader: Any reader.
        **sampling: What is to be different.

    Raises:
        ReaderRefused: This reader takes its sampling when it is made; or it is none.

    Example:
        >>> from glyph_memory.testing import ScriptedReader
        >>> with_sampling(ScriptedReader(["14:05, Gate 3"]), stop=[","]).read(Context.of("When?", pages=[])).text
        '14:05'
    """
    if isinstance(reader, type) or not callable(getattr(reader, "read", None)):
        raise ReaderRefused(f"{show_value(reader)} is no reader; give an object with a method read(context)")
    if not sampling:
        return reader
    own: Any = getattr(reader, "with_sampling", None)  # no part of the protocol
    if own is not None:
        changed: Reader = own(**sampling)
        return changed
    given = [name for name in sampling if name != "stop"]
    if given:
        raise ReaderRefused(
            f"{type(reader).__name__} takes {given[0]} when it is made: give it there, and not for one call"
        )
    stop = tuple(sampling["stop"])
    if not all(stop) or isinstance(sampling["stop"], str):
        raise ReaderRefused(f"stop={show_value(sampling['stop'])} cannot be used. Give a list of texts")
    return _StoppingReader(reader, stop) if stop else reader


class _StoppingReader(Reader):
    """Ends an answer before the first of some texts."""

    def __init__(self, reader: Reader, stop: tuple[str, ...]) -> None:
        self._reader, self._stop = reader, stop

    def read(self, context: Context) -> Reading:
        return _take_reading([*self.stream(context)])

    async def aread(self, context: Context) -> Reading:
        return _take_reading([delta async for delta in self.astream(context)])

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        cutter, stream = _Cutter(self._stop), self._reader.stream(context)
        try:
            for delta in stream:
                yield from cutter.cut(delta)
                if cutter.is_done:
                    return
        finally:
            if isinstance(stream, Generator):  # else there is nothing that goes on
                stream.close()

    def warm(self, context: Context) -> Usage:
        return self._reader.warm(context)

    async def awarm(self, context: Context) -> Usage:
        return await self._reader.awarm(context)

    async def astream(self, context: Context) -> AsyncIterator[ReadingDelta]:
        cutter, stream = _Cutter(self._stop), self._reader.astream(context)
        try:
            async for delta in stream:
                for piece in cutter.cut(delta):
                    yield piece
                if cutter.is_done:
                    return
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()


class _Cutter:
    """Cuts deltas before the first stop text."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stops = StopTexts(stop)
        self._text, self._reasoning = "", ""

    @property
    def is_done(self) -> bool:
        """Whether a stop text has come."""
        return self._stops.is_stopped

    def cut(self, delta: ReadingDelta) -> Iterator[ReadingDelta]:
        """Yield what a delta adds to the answer, and the reading at its end."""
        text, reading = self._stops.feed(delta.text), delta.reading
        if reading is not None and not self.is_done:
            text += self._stops.close()
        self._text += text
        self._reasoning += delta.reasoning
        if self.is_done:
            reading = self._make_reading(reading)
        if text or delta.reasoning or reading:
            yield ReadingDelta(text=text, reasoning=delta.reasoning, reading=reading)

    def _make_reading(self, whole: Reading | None) -> Reading:
        """Return the reading that ends at a stop text; counts are known only where all of it had come."""
        if whole is not None:
            return replace(whole, text=self._text, finish_reason="stop")
        return Reading(text=self._text, reasoning=self._reasoning, finish_reason="stop")


def _take_reading(deltas: Sequence[ReadingDelta]) -> Reading:
    if not deltas:
        raise BadReading("a reader's stream ended without a word; yield one ReadingDelta at the least")
    reading = deltas[-1].reading
    return reading if reading is not None else Reading(text="".join(delta.text for delta in deltas))
