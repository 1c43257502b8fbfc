"""Pages come as they fill: from any pieces, in any amount, without holding the text."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from glyph_memory.document import Document
from glyph_memory.errors import DocumentError
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, typeset

SMALL = PageStyle(page_width_pt=300, page_height_pt=200, snap_px=1, system_fonts=False)
STYLES = {
    "plain": SMALL,
    "justified paragraphs": replace(
        SMALL, alignment="justify", paragraph_lines=2, space_before_pt=3, space_after_pt=4, first_line_indent_pt=9,
        left_indent_pt=3, right_indent_pt=5, border_width_pt=1, border_padding_pt=2,
    ),
    "columns with marks": replace(SMALL, columns=2, newline_mark="⏎", alignment="right"),
    "counted runs": SMALL.dense(),
    "paragraphs between blank lines": replace(SMALL, paragraph_lines=0, border_width_pt=1, newline_mark=" ¶ "),
    "pixel type": replace(SMALL, font="mono", antialias=False, letter_spacing_pt=-0.5, alignment="center"),
}  # fmt: skip


def pieces(text: str, length: int) -> Iterator[str]:
    """The text, a few characters at a time."""
    return (text[start : start + length] for start in range(0, len(text), length))


def told(page: Page) -> object:
    """All that a page says and shows."""
    return page.number, page.text, page.start, page.lines, page.escaped, page.size, page.digest


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("length", [1, 1000, 32_767, 32_769])
def test_where_pieces_are_cut_makes_no_difference(name: str, length: int) -> None:
    """The same pages as from the text in one piece, over several blocks of text."""
    draw = random.Random(11)
    parts = [
        "word ",
        "and, ",
        "(so) ",
        "x" * 50,
        "\n",
        "\n\n",
        "\n        ",
        "-" * 40,
        "e\u0301",
        "\r\n",
        " " * 30,
        "\0",
        "日本語。",
        "\t",
        "12.5 ",
    ]
    text = "".join(draw.choices(parts, k=14_000))
    assert len(text) > 70_000
    style = STYLES[name]
    whole = [told(page) for page in typeset(text, style=style)]
    assert [told(page) for page in iter_pages(pieces(text, length), style=style)] == whole


@pytest.mark.parametrize(
    "pair", ["e\u0301", "\r\n", "مر", "क्", "a ", " a", "。a", "a\n", "\n\n", "\u200d😀", "\0\0", "“a"]
)
@pytest.mark.parametrize("place", [1 << 15, 1 << 16])
def test_neighbours_that_fall_into_two_blocks_are_still_neighbours(pair: str, place: int) -> None:
    """Whatever stands at the border of what is read at once: no page shows where it was."""
    for lead in (-1, 0, 1):
        text = ("some words " * 10_000)[: place - 1 + lead] + pair * 40 + " and so on" * 900
        whole = [told(page) for page in iter_pages([text], style=SMALL)]
        shifted = [told(page) for page in iter_pages([text[:12_345], text[12_345:]], style=SMALL)]
        assert shifted == whole


@pytest.mark.parametrize("character", [" ", "\n", "a", "\t", "\u0301", "好", "\0"])
def test_endless_runs_of_one_character_are_cut_the_same_everywhere(character: str) -> None:
    """Spaces that hang at a line's end, marks without a letter, words without an end."""
    text = "start " + character * 70_000 + " end"
    whole = [told(page) for page in iter_pages([text], style=SMALL)]
    assert [told(page) for page in iter_pages(pieces(text, 9_999), style=SMALL)] == whole
    assert sum(len(line.text) for page in typeset(text, style=SMALL) for line in page.lines) == len(text)


def test_a_page_may_hold_more_than_is_read_at_once() -> None:
    """A third of a million spaces fit four columns: then more is read, not the same again for ever."""
    style = replace(PageStyle(), columns=4)
    pages = list(iter_pages(" " * 800_000, style=style))
    assert len(pages[0].text) > 1 << 18
    assert sum(len(page.text) for page in pages) == 800_000


def test_pages_come_before_the_text_ends() -> None:
    """An endless text gives its first pages; no more of it is read than a block."""
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        for word in itertools.repeat("word "):
            taken += len(word)
            yield word

    pages = list(itertools.islice(iter_pages(endless()), 3))
    assert [page.number for page in pages] == [1, 2, 3]
    assert taken < 100_000


def test_nothing_is_read_before_the_first_page_is_asked_for() -> None:
    """Making the iterator is free."""
    unread = iter(["some words"])
    iter_pages(unread)
    assert next(unread) == "some words"


def test_memory_does_not_grow_with_the_text() -> None:
    """Ten times the text, the same peak, give or take."""

    def peak(lines: int) -> int:
        text = ("a line of some thirty characters\n" for _ in range(lines))
        tracemalloc.start()
        for page in iter_pages(text):
            assert page.size[0] > 0
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    peak(3_000)
    assert peak(45_000) < 2 * peak(4_500) + 10_000_000


def test_what_a_source_raises_comes_through() -> None:
    """A file that breaks off is the caller's to handle, not ours to hide."""

    def breaks() -> Iterator[str]:
        yield "some words " * 10_000
        raise OSError("gone")

    pages = iter_pages(breaks(), style=SMALL)
    assert next(pages).number == 1
    with pytest.raises(OSError, match="gone"):
        list(pages)


def test_two_streams_of_one_style_do_not_disturb_each_other() -> None:
    """Page by page in turns, with letters that the other one has not met."""
    texts = ["first " * 9_000, "Ωжé∑ " * 9_000]
    one, other = (iter_pages(text, style=SMALL) for text in texts)
    pairs = list(zip(one, other, strict=False))
    assert [told(page) for page, _ in pairs] == [told(page) for page in typeset(texts[0], style=SMALL)][
        : len(pairs)
    ]
    assert [told(page) for _, page in pairs] == [told(page) for page in typeset(texts[1], style=SMALL)][
        : len(pairs)
    ]


def test_all_sources_of_a_text_give_its_pages() -> None:
    """A string, a document, a list, a generator; first_page numbers all of them."""
    text = "some words " * 5_000
    expected = [told(page) for page in typeset(text, style=SMALL, first_page=5)]
    for source in (text, Document(text=text), [text], pieces(text, 100), ["", text, ""]):
        assert [told(page) for page in iter_pages(source, style=SMALL, first_page=5)] == expected


@pytest.mark.parametrize("source", ["", [], ["", ""], Document(text="")])
def test_no_text_is_refused(source: str | list[str] | Document) -> None:
    """There is no page of nothing."""
    with pytest.raises(DocumentError, match="there is no text to typeset; give at least one character"):
        list(iter_pages(source))
