"""Spans of texts: all characters in order, nothing twice, cut where a text may be cut."""

from __future__ import annotations

from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory import PageStyle, typeset
from glyph_memory.training.pages.sources import SourceFaults, TextPiece, read_strings
from glyph_memory.training.pages.spans import SpanCutter, SpanRoom, TextSpan


def cut_all(texts: list[str], room: SpanRoom) -> list[TextSpan]:
    """Return all spans of some texts."""
    cutter = SpanCutter(read_strings(texts, SourceFaults()))
    most = sum(map(len, texts)) + len(texts) + 1  # spans that overlap would never end
    spans = list(islice(iter(lambda: cutter.cut(room), None), most))
    assert len(spans) < most or not most, "more spans than characters"
    return spans


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text("ab .\n漢é", max_size=200), max_size=5),
    rows=st.integers(1, 9),
    columns=st.integers(1, 30),
)
def test_every_character_is_used_once_and_in_order(texts: list[str], rows: int, columns: int) -> None:
    """But for blank lines at the ends of spans: all texts joined are all spans joined."""
    spans = cut_all(texts, SpanRoom(rows=rows, columns=columns))
    given_out = "".join(span.text for span in spans).replace("\n", "").strip()
    put_in = "".join(texts).replace("\n", "").strip()
    if not any(not text.strip() for text in texts):  # blank ones may be left out between
        assert given_out.replace(" ", "") == put_in.replace(" ", "")


def test_a_span_ends_with_a_paragraph_where_there_is_a_late_one() -> None:
    """Else with a line, a sentence, a word; a word that is longer than the room is cut anywhere."""
    room = SpanRoom(rows=10, columns=10)
    assert room.find_end("x" * 80 + "\n\n" + "y " * 50, final=True) == 82
    assert room.find_end("x " * 38 + "\n" + "y " * 50, final=True) == 77
    assert room.find_end("It is so. " * 30, final=True) % 10 == 0
    assert room.find_end("word " * 60, final=True) % 5 == 0
    assert 90 <= room.find_end("z" * 500, final=True) <= 100


def test_wide_characters_take_two_columns() -> None:
    """Half as many ideographs fit as letters."""
    room = SpanRoom(rows=4, columns=20)
    assert room.find_end("漢" * 500, final=True) == 40
    assert room.find_end("x" * 500, final=True) == 80


def test_short_texts_share_a_span_and_each_is_named() -> None:
    """A blank line stands between them."""
    (span,) = cut_all(["one", "two", "three"], SpanRoom(rows=20, columns=20))
    assert span.text == "one\n\ntwo\n\nthree"
    assert span.sources == ("text 0", "text 1", "text 2")


def test_a_span_names_the_texts_that_it_is_of_and_no_others() -> None:
    """The first is long enough for two spans, and the second for one."""
    texts = ["a " * 150, "b " * 80]
    spans = cut_all(texts, SpanRoom(rows=10, columns=20))
    for span in spans:
        named = {f"text {'ab'.index(letter)}" for letter in "ab" if letter in span.text}
        assert set(span.sources) == named


def test_texts_are_read_only_as_far_as_they_are_needed() -> None:
    """An endless text gives its first span."""

    def read_endlessly() -> object:
        while True:
            yield TextPiece("endless", "more and more of it ")

    span = SpanCutter(read_endlessly()).cut(SpanRoom(rows=3, columns=30))  # type: ignore[arg-type]  # a generator
    assert span is not None and len(span.text) < 100


def test_a_span_fills_the_pages_that_it_is_for() -> None:
    """What is estimated is what is drawn: prose, short lines and ideographs fill two or three pages."""
    styles = (PageStyle.glyph(), PageStyle.document(), PageStyle.code(), PageStyle(newline_mark="⏎"))
    prose = "The reader of a page sees what stands on it, and nothing else can be asked. " * 2_000
    for style in styles:
        room = SpanRoom.of_style(style, 3)
        for text in (prose, "a short line\n" * 8_000, "漢字仮名交じり文です。" * 4_000):
            span = cut_all([text], room)[0]
            assert 2 <= len(typeset(span.text, style=style)) <= 3


def test_a_text_as_long_as_a_book_is_held_in_pieces() -> None:
    """However long a string is, no more of it is held than a few samples need: else each would copy the rest."""
    pieces = list(read_strings(["word " * 200_000, ""], SourceFaults()))
    assert max(len(piece.text) for piece in pieces) <= 1 << 16
    assert [piece.ends for piece in pieces].count(True) == 2 and pieces[-2].ends
    assert "".join(piece.text for piece in pieces) == "word " * 200_000
