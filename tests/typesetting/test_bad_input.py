"""Hostile and absurd texts give pages or one typed line of error; never garbage, a hang or a crash."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from dataclasses import replace

import pytest

from glyph_memory.errors import DocumentError, GlyphMemoryError, StyleError
from glyph_memory.page import Escape
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript
from glyph_memory.typesetting import iter_pages, typeset

STYLE = PageStyle(system_fonts=False)


def count(text: str, style: PageStyle = STYLE) -> tuple[int, int, int]:
    """Return the pages, lines and characters of a text, without keeping any of them."""
    pages = lines = characters = 0
    for page in iter_pages(text, style=style):
        pages, lines, characters = pages + 1, lines + len(page.lines), characters + len(page.text)
    return pages, lines, characters


@pytest.mark.parametrize("source", ["", Transcript()])
def test_nothing_is_refused(source: str | Transcript) -> None:
    """With what to do about it."""
    with pytest.raises(DocumentError, match="no text to typeset; give at least one character") as caught:
        typeset(source)
    assert isinstance(caught.value, GlyphMemoryError)


@pytest.mark.parametrize("text", [" ", "   \t  ", "\n", "\n\n\n", "\u3000", "\u00a0"])
def test_text_without_ink_is_a_blank_page(text: str) -> None:
    """It is text; its page is as small as a page can be."""
    (page,) = typeset(text)
    assert (page.text, page.size, page.escapes) == (text, (28, 28), 0)
    assert (page.array() == 255).all()


def test_fifty_megabytes_on_one_line_give_their_first_pages_at_once() -> None:
    """Held once, by the caller; what is added is a block's worth."""
    text = "a" * 50_000_000
    tracemalloc.start()
    pages = list(itertools.islice(iter_pages(text), 3))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(page.lines) for page in pages] == [81] * 3
    assert peak < 100_000_000


def test_five_megabytes_on_one_line_are_cut_into_full_lines() -> None:
    """All of it, every line as long as the others."""
    pages, lines, characters = count("a" * 5_000_000)
    per_line = len(typeset("a" * 200)[0].lines[0].text)
    assert characters == 5_000_000
    assert lines == -(-characters // per_line)
    assert pages == -(-lines // 81)


def test_megabytes_of_spaces_are_blank_pages() -> None:
    """An endless run of spaces hangs at no line's end for ever."""
    pages, lines, characters = count(" " * 3_000_000)
    assert characters == 3_000_000
    assert pages <= lines <= 3_000_000 / 500


def test_a_megabyte_of_newlines_is_a_line_each() -> None:
    """81 to the page."""
    assert count("\n" * 1_000_000) == (-(-1_000_000 // 81), 1_000_000, 1_000_000)


def test_a_letter_with_ten_thousand_marks_keeps_eight() -> None:
    """The others are spelled; nothing is drawn over the lines around."""
    pages = typeset("e" + "\u0301" * 10_000 + "\nnext", style=STYLE)
    assert sum(page.escapes for page in pages) == 9_992
    assert pages[-1].lines[-1].text == "next"


@pytest.mark.parametrize(
    "character", ["\0", "\ud800", "\udfff", "\u202e", "\u0301", "\r", "\U000e0001", "\ufffe"]
)
def test_thousands_of_what_cannot_be_drawn_are_counted(character: str) -> None:
    """Page by page."""
    pages = typeset(character * 20_000, style=STYLE)
    assert sum(page.escapes for page in pages) == 20_000
    assert {escape.character for page in pages for escape in page.escaped} == {character}


def test_surrogate_pairs_are_two_surrogates() -> None:
    """Text decoded wrongly is shown as it is, not repaired."""
    (page,) = typeset("\ud83d\ude00", style=STYLE)
    assert page.escaped == (
        Escape(character="\ud83d", count=1, reason="surrogate"),
        Escape(character="\ude00", count=1, reason="surrogate"),
    )


@pytest.mark.parametrize("seed", range(4))
def test_random_code_points_give_all_their_pages(seed: int) -> None:
    """Two thousand of any kind, one after the other."""
    draw = random.Random(seed)
    text = "".join(chr(draw.randrange(0x110000)) for _ in range(2_000))
    assert "".join(page.text for page in iter_pages(text, style=STYLE)) == text


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"page_width_pt": 45}, "a line of 13 px is too narrow for one escaped character at font_size_pt=9; make the"),
        ({"page_width_pt": 40}, "leave a line no wider than one letter; use fewer or smaller ones"),
        ({"page_height_pt": 40}, "holds no line of line_height_pt=10 with its margins, spaces and frame; make"),
        ({"page_width_pt": 30}, "leave no room on a page_width_pt=30; make the page larger or them smaller"),
        ({"columns": 12}, "is too narrow for one escaped character at font_size_pt=9; make the page wider or"),
    ],
)  # fmt: skip
def test_a_page_too_small_for_its_letters_is_refused(parameters: dict[str, float], message: str) -> None:
    """Before anything is drawn, in one line that says which side and what to change."""
    with pytest.raises(StyleError) as caught:
        typeset("Hello", style=replace(PageStyle(), **parameters))  # type: ignore[arg-type]  # lengths, and one count
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", [7, None, b"bytes", [b"bytes"], [7]])
def test_what_is_no_text_is_refused_where_it_is_given(source: object) -> None:
    """Bytes have to be decoded first: by which encoding, only the caller knows."""
    with pytest.raises((TypeError, GlyphMemoryError)):
        list(iter_pages(source))  # type: ignore[arg-type]  # the point of the test
