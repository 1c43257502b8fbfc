"""Other sampling for one call: a reader's own where it has some, and stop texts for any reader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory import (
    Context,
    Reader,
    ReaderRefused,
    Reading,
    ReadingDelta,
    SamplingFields,
    Usage,
    with_sampling,
)
from glyph_memory.testing import ScriptedReader

ASKED = Context.of("When?", pages=[])


class Pieces(Reader):
    """Streams the pieces that it is given, and notes how far it was listened to."""

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.given = 0
        self.is_closed = False

    def read(self, context: Context) -> Reading:
        """Answer at once."""
        return Reading(text="".join(self.pieces), finish_reason="length", usage=Usage(completion_tokens=9))

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Answer in pieces."""
        try:
            for piece in self.pieces:
                self.given += 1
                yield ReadingDelta(text=piece)
            yield ReadingDelta(reading=self.read(context))
        finally:
            self.is_closed = True

    async def astream(self, context: Context) -> AsyncIterator[ReadingDelta]:
        """Answer in pieces."""
        try:
            for piece in self.pieces:
                self.given += 1
                yield ReadingDelta(text=piece)
            yield ReadingDelta(reading=self.read(context))
        finally:
            self.is_closed = True


class Own(ScriptedReader):
    """Knows sampling."""

    def with_sampling(self, **sampling: Unpack[SamplingFields]) -> Reader:
        """Return a reader that says what was asked for."""
        return ScriptedReader([str(sampling)])


def test_a_reader_with_sampling_of_its_own_is_asked_for_it() -> None:
    """All of it, stop texts included."""
    asked = with_sampling(Own([]), temperature=0.5, stop=["x"])
    assert asked.read(ASKED).text == "{'temperature': 0.5, 'stop': ['x']}"


def test_nothing_asked_for_changes_nothing() -> None:
    """The reader itself comes back."""
    reader = ScriptedReader([])
    assert with_sampling(reader) is with_sampling(reader, stop=[]) is reader


def test_another_reader_keeps_stop_texts_alone() -> None:
    """Anything else is refused in one line, as are texts that are none."""
    with pytest.raises(ReaderRefused, match="ScriptedReader takes max_tokens when it is made") as refused:
        with_sampling(ScriptedReader([]), max_tokens=3)
    assert "\n" not in str(refused.value)
    for wrong in ("ab", [""]):
        with pytest.raises(ReaderRefused, match="Give a list of texts"):
            with_sampling(ScriptedReader([]), stop=wrong)


async def test_an_answer_ends_before_the_first_stop_text() -> None:
    """However its pieces are cut; nothing more is asked for, and the stream is closed."""
    for pieces in (("At 14:05", ", Ga", "te 3", " or 4"), ("At 14:0", "5, G", "at", "e 3 or", " 4")):
        readers = [Pieces(*pieces) for _ in range(4)]
        one, two, three, four = (with_sampling(reader, stop=["te 3", ", Gate"]) for reader in readers)
        told = [one.read(ASKED), await two.aread(ASKED)]
        streams = [[*three.stream(ASKED)], [delta async for delta in four.astream(ASKED)]]
        assert [reading.text for reading in told] == ["At 14:05"] * 2
        assert ["".join(delta.text for delta in stream) for stream in streams] == ["At 14:05"] * 2
        assert {stream[-1].reading for stream in streams} == {*told}
        assert told[0].finish_reason == "stop"
        assert all(reader.is_closed and reader.given < len(pieces) for reader in readers)


def test_an_answer_without_a_stop_text_is_the_readers_own() -> None:
    """Counts, finish reason and all; what looked like the beginning of one is given out in the end."""
    reading = with_sampling(Pieces("At 14", ":05,"), stop=[", Gate"]).read(ASKED)
    assert reading == Pieces("At 14:05,").read(ASKED)


def test_an_answer_in_one_piece_keeps_its_counts() -> None:
    """Where a reader does not stream, all of it had come."""

    class Whole(Reader):
        def read(self, context: Context) -> Reading:
            return Reading(text="At 14:05, Gate 3", usage=Usage(completion_tokens=9))

    reading = with_sampling(Whole(), stop=[","]).read(ASKED)
    assert (reading.text, reading.usage.completion_tokens) == ("At 14:05", 9)


@given(st.lists(st.text("ab", min_size=1, max_size=4), max_size=8), st.text("ab", min_size=1, max_size=3))
def test_pieces_make_no_difference(pieces: list[str], stop: str) -> None:
    """The answer is what stands before the stop text in the whole of it."""
    stream = [*with_sampling(Pieces(*pieces), stop=[stop]).stream(ASKED)]
    assert "".join(delta.text for delta in stream) == "".join(pieces).partition(stop)[0]
