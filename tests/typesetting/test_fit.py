"""The layout that an "auto" style chooses for a text."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.document import Block, Document
from glyph_memory.errors import StyleError
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import fit_style, iter_pages, name_layout, restore_layout, typeset
from glyph_memory.typesetting.fit import SAMPLE, list_line_layouts, unmark

AUTO = PageStyle.auto()
GLYPH = ModelProfile.from_name("glyph")
LONG_LINES = "\n".join(" ".join(["word"] * 300) for _ in range(30))
SHORT_LINES = json.dumps({f"key {number}": [number, number / 7] for number in range(400)}, indent=2)


def price(pages: list[Page]) -> int:
    """Return what pages cost Glyph, with 25 tokens for each one's caption."""
    return sum(GLYPH.image_tokens(page.size) + 25 for page in pages)


def test_short_lines_run_together_and_long_ones_stay() -> None:
    """Marks where lines would leave most of the page empty; real lines where they cost little more."""
    assert name_layout(fit_style(AUTO, SHORT_LINES)) == "marks"
    assert name_layout(fit_style(AUTO, LONG_LINES)) == "lines"
    assert typeset(SHORT_LINES, style=AUTO)[0].style == fit_style(AUTO, SHORT_LINES)


def test_a_style_with_a_fixed_layout_stays_as_it_is() -> None:
    """It is what somebody asked for."""
    for style in (PageStyle.glyph(), PageStyle.glyph().dense(), PageStyle.dark()):
        assert fit_style(style, SHORT_LINES) is style


def test_a_text_without_a_character_gets_lines() -> None:
    """It is refused by who sets it, in words."""
    assert name_layout(fit_style(AUTO, "")) == "lines"


def test_the_dial_says_what_real_lines_may_cost() -> None:
    """None more, then ten times as much."""
    assert name_layout(fit_style(PageStyle.auto(line_price=0), LONG_LINES + SHORT_LINES)) == "marks"
    assert name_layout(fit_style(PageStyle.auto(line_price=100), SHORT_LINES)) != "marks"


def test_columns_and_narrow_pages_are_chosen_where_they_pay() -> None:
    """Where marks are dear: the dial puts their price up."""
    style = PageStyle.auto(line_price=1)
    third = "\n".join(f"{number:04} a line of this width" for number in range(83 * 3 * 4))
    assert name_layout(fit_style(style, third)) == "4 columns"
    wide = "\n".join("x" * (60 + 30 * (number % 50 == 7)) for number in range(900))
    assert name_layout(fit_style(style, wide), style).startswith("lines on ")


@pytest.mark.parametrize("text", [SHORT_LINES, LONG_LINES, "Hello, page.", "a\n" * 5000, "中文\n" * 900])
def test_what_is_chosen_costs_no_more_than_the_dial_allows(text: str) -> None:
    """Compared with pages that are really drawn, of marks and of plain lines."""
    chosen = typeset(text, style=AUTO)
    marks, lines = (
        price(typeset(text, style=AUTO.dense())),
        price(typeset(text, style=PageStyle.glyph().fill())),
    )
    assert price(chosen) <= min(marks, lines) * 1.12 + 30


def test_only_the_beginning_decides() -> None:
    """So a stream need not be read to its end, and a text that grows keeps its layout."""
    begun = SHORT_LINES * 4
    assert len(begun) > SAMPLE
    assert fit_style(AUTO, begun + LONG_LINES) == fit_style(AUTO, begun)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40_000), st.integers(0, 999))
def test_where_a_stream_is_cut_makes_no_difference(length: int, seed: int) -> None:
    """The layout is chosen from as much of the text whatever its pieces."""
    draw = random.Random(seed)
    text = "".join(draw.choice(["word ", "\n", "\n    x = 1\n", "long " * 40]) for _ in range(3000))
    pieces = (text[start : start + length] for start in range(0, len(text), length))
    assert [page.digest for page in iter_pages(pieces, style=AUTO)] == [
        page.digest for page in typeset(text, style=AUTO)
    ]


def test_what_an_image_costs_the_model_decides() -> None:
    """Where every image costs the same, narrow pages save nothing, and fewer pages do."""
    text = "\n".join(f"line {number} of a list" for number in range(700))
    by_area = fit_style(PageStyle.auto(line_price=0.3), text)
    flat = fit_style(PageStyle.auto(line_price=0.3), text, image_tokens=lambda _: 256)
    assert (name_layout(by_area), name_layout(flat)) != ("lines", "lines")
    assert name_layout(flat) == "marks"


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "dpi": st.sampled_from([50, 72, 96, 120, 300]),
            "page_width_pt": st.sampled_from([60, 300, 595, 1000, 842.5]),
            "horizontal_scale": st.sampled_from([0.9, 1, 1.15]),
            "fill_page": st.booleans(),
            "snap_px": st.sampled_from([1, 28, 32, 64]),
            "columns": st.sampled_from([1, 2, 3]),
            "left_indent_pt": st.sampled_from([0, 20, 140]),
            "border_padding_pt": st.sampled_from([0, 30]),
        },
    ),
    st.integers(1, 900),
)
def test_a_layout_is_found_again_by_its_name(values: dict[str, Any], needed_px: int) -> None:
    """Each layout that a style may get, in whatever style: pages are drawn as they were, whatever fits them alone."""
    try:
        auto = replace(AUTO, **values)
    except StyleError:
        return
    for fixed in (replace(auto, layout="fixed"), *list_line_layouts(unmark(auto), needed_px)):
        assert restore_layout(auto, name_layout(fixed, auto)) == fixed


def test_a_name_that_fits_no_layout_is_lines() -> None:
    """Nor one that this style cannot draw: what a page's metadata say may come from anybody."""
    for name in ("nonsense", "", "lines on 0 px", "lines on 2 px", "lines on 99999999 px"):
        assert restore_layout(AUTO, name) == unmark(AUTO)
    indented = replace(AUTO, left_indent_pt=140)
    assert restore_layout(indented, "9 columns") == unmark(indented)
    assert restore_layout(PageStyle.dark(), "marks") == PageStyle.dark()


@pytest.mark.parametrize(
    "values",
    [
        {"left_indent_pt": 140},
        {"left_indent_pt": 100, "right_indent_pt": 50},
        {"first_line_indent_pt": 130},
        {"border_padding_pt": 70},
        {"left_indent_pt": 60, "page_width_pt": 300},
    ],
)
def test_columns_have_room_for_indents_and_frames(values: dict[str, Any]) -> None:
    """A layout that cannot be drawn, or that would wrap the lines, is not chosen."""
    auto = replace(PageStyle.auto(line_price=100), **values)
    for text in ("ab\n" * 300, "x = 1; y = some(words)\n" * 300):
        lines = max(len(page.lines) for page in typeset(text, style=auto))
        chosen = fit_style(auto, text)
        assert lines <= chosen.columns * chosen.lines_per_column
        assert sum(len(page.lines) for page in typeset(text, style=chosen)) == 300


def test_a_caption_costs_the_same_on_a_narrower_page() -> None:
    """So one that saves nothing does not win: pages of equal lines are cropped to the same size."""
    auto = PageStyle.auto(line_price=100)
    text = ("x" * 75 + "\n") * 300
    assert len(list_line_layouts(unmark(auto), 350)) == 2
    assert name_layout(fit_style(auto, text), auto) == "lines"


def test_every_number_of_columns_is_tried() -> None:
    """Two may cost less than four, which have room, too: where a model takes pages of one width for less."""
    text = "\n".join(f"{number:03}" for number in range(150))
    two = fit_style(PageStyle.auto(line_price=100), text, image_tokens=lambda size: abs(size[0] - 336) + 100)
    assert {style.columns for style in list_line_layouts(unmark(AUTO), 20)} == {1, 2, 3, 4}
    assert two.columns == 2


def test_conversations_and_documents_are_fitted_as_a_whole() -> None:
    """All turns that are drawn together get one layout; so do all blocks of a document."""
    talk = Transcript((Turn(role="user", text=SHORT_LINES), Turn(role="assistant", text="Thanks.")))
    assert {name_layout(page.style or AUTO) for page in typeset(talk, style=AUTO)} == {"marks"}
    text = "Title\n\n" + SHORT_LINES
    blocks = (Block(start=0, stop=7, kind="heading", level=1), Block(start=7, stop=len(text), kind="code"))
    document = Document(text=text, blocks=blocks)
    assert {name_layout(page.style or AUTO) for page in typeset(document, style=AUTO)} == {"marks"}
    prose = Document(
        text="Title\n\n" + LONG_LINES,
        blocks=(replace(blocks[0]), replace(blocks[1], kind="paragraph", stop=7 + len(LONG_LINES))),
    )
    assert {name_layout(page.style or AUTO) for page in typeset(prose, style=AUTO)} == {"lines"}


def test_a_profile_gives_its_sides_and_its_mark() -> None:
    r"""Glyph knows a red ` \n `; others get a short one."""
    assert PageStyle.auto(ModelProfile.from_name("glyph")) == AUTO
    other = PageStyle.auto(ModelProfile.from_name("qwen3-vl"))
    assert (other.newline_mark, other.snap_px) == ("⏎", 32)


@pytest.mark.parametrize("share", [-0.1, 101, "much"])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    """With its name."""
    with pytest.raises(StyleError, match="line_price"):
        PageStyle.auto(line_price=share)


def test_a_style_that_cannot_choose_is_refused() -> None:
    """It has no mark, or does as the reference does."""
    with pytest.raises(StyleError, match="layout='auto'"):
        PageStyle(layout="auto")


def test_a_short_document_is_as_small_as_its_lines() -> None:
    """Its pages are cropped: what would run on costs more than a few short lines."""
    text = "Prices\n\noak 12 EUR\nfir 9 EUR\n"
    blocks = (Block(start=0, stop=8, kind="heading", level=1), Block(start=8, stop=len(text), kind="code"))
    (page,) = typeset(Document(text=text, blocks=blocks), style=AUTO)
    assert name_layout(page.style or AUTO) == "lines"
    assert GLYPH.image_tokens(page.size) <= 17
