"""What holds for every text: nothing is lost, nothing leaves the page, and pieces make no difference."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glyph_memory.document import Block, Document
from glyph_memory.page import EscapeReason, Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import iter_pages, typeset

SMALL = PageStyle(page_width_pt=160, page_height_pt=90, snap_px=1, system_fonts=False)
STYLES = [
    SMALL,
    replace(
        SMALL, alignment="justify", paragraph_lines=2, space_before_pt=3, space_after_pt=4, first_line_indent_pt=9,
        left_indent_pt=3, right_indent_pt=5, border_width_pt=1, border_padding_pt=2, page_width_pt=180,
    ),
    replace(SMALL, columns=2, page_width_pt=280, newline_mark="⏎", alignment="right"),
    replace(
        SMALL, font="mono", antialias=False, dpi=96, horizontal_scale=0.8, letter_spacing_pt=-0.5, alignment="center",
        crop_width=False, crop_last_page=False, paragraph_color="#EEEEEE",
    ),
    replace(
        SMALL, paragraph_lines=0, alignment="justify", paragraph_color="#EEEEEE", border_padding_pt=2, columns=2,
        page_width_pt=240,
    ),
    replace(SMALL, snap_px=28, letter_spacing_pt=1, newline_mark=" \\n ", paragraph_lines=3, dpi=100),
    SMALL.dense("⏎"),
]  # fmt: skip

characters = st.one_of(
    st.integers(0, 0x10FFFF).map(chr),  # surrogates too
    st.sampled_from(
        '   \n\n\t\rab.,("lI中文，。「」مرحباשלום123\u0301\u0300\u200b\u200c\u200d\u00ad\ufe0f\ud800é한ก็क्षि§\\⏎\u00a0'
    ),
)
words = st.sampled_from(
    [
        "hello ",
        "world, ",
        "中文字。",
        " مرحبا ",
        "123 ",
        "\r\n",
        "e\u0301",
        " \n",
        "x" * 60,
        "क्षि",
        "12.5% ",
        "(שלום) ",
        " " * 9,
        "\n    ",
        "\n\n\n\n\t\t",
        "=" * 30,
    ]
)
texts = st.one_of(
    st.lists(characters, min_size=1, max_size=80), st.lists(words | characters, min_size=1, max_size=60)
).map("".join)
styles = st.sampled_from(STYLES)
thorough = settings(deadline=None, max_examples=300)


def inked(page: Page, style: PageStyle) -> NDArray[np.bool_]:
    """Where the page shows a letter: neither page nor paragraph, nor the paragraph's frame."""
    pixels = np.asarray(page.image.convert("RGB")).astype(int)
    papers = [tuple(bytes.fromhex(color[1:])) for color in (style.page_color, style.paragraph_color)]
    inside, outside = ((pixels != paper).any(axis=2) for paper in papers)
    both: NDArray[np.bool_] = inside & outside
    return both


@thorough
@given(texts, styles)
def test_every_character_stands_on_exactly_one_page_and_one_line_in_order(
    text: str, style: PageStyle
) -> None:
    """Pages' texts joined are the text, lines' texts joined their page's; numbers and offsets chain."""
    pages = typeset(text, style=style)
    assert "".join(page.text for page in pages) == text
    assert [page.number for page in pages] == [*range(1, len(pages) + 1)]
    assert [page.start for page in pages] == [0, *(page.stop for page in pages[:-1])]
    for page in pages:
        assert "".join(line.text for line in page.lines) == page.text
        offsets = [page.start, *(line.stop for line in page.lines)]
        assert [line.start for line in page.lines] == offsets[:-1]
        assert offsets[-1] == page.stop
        assert all(line.text for line in page.lines)


@thorough
@given(texts, styles)
def test_every_escape_is_of_a_character_on_the_page_and_counted_exactly(text: str, style: PageStyle) -> None:
    """What was escaped stands in the page's text at least as often, each with one of the seven reasons."""
    for page in typeset(text, style=style):
        held, counted = Counter(page.text), Counter[str]()
        for escape in page.escaped:
            assert escape.reason in get_args(EscapeReason)
            counted[escape.character] += escape.count
        assert counted <= held
        assert page.escapes == counted.total()
        for character in page.text:
            if "\ud800" <= character <= "\udfff" or character in "\0\u200b\u202e":
                assert counted[character] == held[character]


@thorough
@given(texts, styles)
def test_pages_have_the_styles_size_or_less_in_snapped_sides(text: str, style: PageStyle) -> None:
    """Only the last one may be shorter; the image is as large as it says."""
    width, height = style.page_px
    pages = typeset(text, style=style)
    for page in pages:
        assert page.size == page.image.size == page.array().shape[1::-1]
        assert page.size[0] <= width
        assert page.size[1] == height or page is pages[-1]
        if style.snap_px > 1:
            assert [side % style.snap_px for side in page.size] == [0, 0]
        if not style.crop_width:
            assert page.size == style.page_px


@thorough
@given(texts, styles)
def test_no_ink_leaves_the_text_box_or_its_column(text: str, style: PageStyle) -> None:
    """Return or take what a letter hangs over its own width; lines' boxes keep to their column exactly."""
    hang = style.to_horizontal_px(style.font_size_pt) / 2
    left = (style.page_px[0] - style.text_box_px[0]) / 2
    gap = style.to_horizontal_px(style.column_gap_pt)
    columns = [left + nth * (style.column_px + gap) for nth in range(style.columns)]
    for page in typeset(text, style=style):
        for line in (line for line in page.lines if line.box[0] < line.box[2]):
            column = max(edge for edge in columns if edge <= line.box[0] + 1)
            assert line.box[2] <= column + style.column_px + 1
        across = np.flatnonzero(inked(page, style).any(axis=0))
        for edge in columns:
            across = across[(across < edge - hang) | (across >= edge + style.column_px + hang)]
        assert across.tolist() == []


@thorough
@given(texts, styles, st.lists(st.integers(0, 400), max_size=8))
def test_cutting_the_text_into_pieces_anywhere_changes_nothing(
    text: str, style: PageStyle, cuts: list[int]
) -> None:
    """Even inside a letter and its mark; pages are equal, and so is all they say."""
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = (text[start:stop] for start, stop in pairwise(places))
    whole, streamed = typeset(text, style=style), list(iter_pages(pieces, style=style))
    assert streamed == whole
    assert [(p.text, p.lines, p.escaped) for p in streamed] == [(p.text, p.lines, p.escaped) for p in whole]


@thorough
@given(texts, styles, st.sampled_from(["", "\n", "\n\n", "\n" * 7, " \n\n \n\n"]), st.booleans())
def test_boxes_of_lines_lie_on_the_page(text: str, style: PageStyle, end: str, reference: bool) -> None:
    """Also those of the blank lines that a text ends with, which lie below the last ink; a document's, too."""
    style = replace(style, reference=reference)
    pages = typeset(text + end, style=style)
    if not reference and (text + end).strip():  # a document of blank lines alone has nothing to draw
        pages += typeset(Document(text=text + end, blocks=(_heading(text + end),)), style=style)
    for page in pages:
        for line in page.lines:
            left, top, right, bottom = line.box
            assert 0 <= left <= right <= page.size[0]
            assert 0 <= top <= bottom <= page.size[1]


def _heading(text: str) -> Block:
    return Block(start=0, stop=len(text), kind="heading", level=2)


@thorough
@given(texts, st.integers(-5, 10_000))
def test_first_page_moves_all_numbers_and_nothing_else(text: str, first_page: int) -> None:
    """Pages of a second volume."""
    pages = typeset(text, style=SMALL, first_page=first_page)
    assert [page.number for page in pages] == [*range(first_page, first_page + len(pages))]
    assert pages == typeset(text, style=SMALL)


@thorough
@given(texts)
def test_no_line_breaks_where_it_must_not(text: str) -> None:
    """A letter and its marks, a carriage return and its newline stay together."""
    lines = [line.text for page in typeset(text, style=SMALL) for line in page.lines]
    for before, after in pairwise(lines):
        assert not (before.endswith("\r") and after.startswith("\n"))
        assert not (before[-1] in "éx" and after[0] == "\u0301")
