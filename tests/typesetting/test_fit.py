"""The layout that an "auto" style chooses for a text."""

from __future__ import annotations

import json
import random
from dataclasses import replace

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
from glyph_memory.typesetting.fit import SAMPLE

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
    assert name_layout(fit_style(style, wide)).startswith("lines on ")


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


def test_a_layout_is_found_again_by_its_name() -> None:
    """What a page's metadata keep of it: the page is drawn as it was, whatever would be chosen for it alone."""
    styles = [
        AUTO.dense(),
        *(
            fit_style(PageStyle.auto(line_price=1), text)
            for text in (LONG_LINES, "short\n" * 3000, "x" * 60 + "\n")
        ),
    ]
    for style in styles:
        assert name_layout(restore_layout(AUTO, name_layout(style))) == name_layout(style)
    assert restore_layout(AUTO, "nonsense") == restore_layout(AUTO, "lines")
    assert restore_layout(PageStyle.dark(), "marks") == PageStyle.dark()


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
