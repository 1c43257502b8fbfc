"""Presets by name, and the changes that a style offers as methods."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from glyph_memory.errors import StyleError
from glyph_memory.style import PRESETS, PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset
from tests.typesetting.drawing import (
    WORDS,
    colored,
)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_draws_and_has_a_look_of_its_own(name: str) -> None:
    """By name or by its constructor; no two give the same page."""
    style = PageStyle.from_name(name)
    assert style == getattr(PageStyle, name)()
    page = typeset(WORDS, style=style)[0]
    others = [typeset(WORDS, style=PageStyle.from_name(other))[0] for other in PRESETS if other != name]
    assert page not in others


def test_an_unknown_preset_is_refused_with_those_known() -> None:
    """The message lists what there is."""
    with pytest.raises(
        StyleError, match="no page style named 'glpyh'; there are glyph, document, web, dark, code"
    ):
        PageStyle.from_name("glpyh")


def test_the_default_style_is_glyphs() -> None:
    """What a user gets who asks for nothing."""
    assert PageStyle() == PageStyle.glyph() == PageStyle.from_name("glyph")


def test_a_style_is_frozen_and_hashable() -> None:
    """Caches are keyed by it."""
    style = PageStyle()
    with pytest.raises(FrozenInstanceError):
        style.dpi = 96  # type: ignore[misc]  # that this fails is the claim
    assert hash(style) == hash(PageStyle())
    assert {style: 1}[PageStyle()] == 1


def test_dense_runs_lines_together_and_uses_the_page_up() -> None:
    r"""With the released model's own mark, a red ` \n `, unless another is given; letters stay as they are."""
    style = PageStyle.glyph()
    assert style.dense() == replace(
        style.fill(), newline_mark=" \\n ", count_runs=True, paragraph_lines=10_000
    )
    assert style.dense("⏎") == replace(style.dense(), newline_mark="⏎")
    assert replace(style, columns=3).dense().columns == 1


def test_a_page_that_is_used_up_keeps_a_narrow_margin() -> None:
    """The text box grows with the page that the model's multiple makes; a margin that is narrower stays."""
    style = PageStyle.glyph().fill()
    assert (style.page_px, style.text_box_px, style.lines_per_column) == ((588, 840), (580, 832), 83)
    assert style.with_snap_px(32).text_box_px == (600, 824)
    assert PageStyle(margin_x_pt=1).fill().margin_x_pt == 1


def test_snapped_changes_only_the_multiple() -> None:
    """For models whose patches have another size."""
    assert PageStyle().with_snap_px(32) == PageStyle(snap_px=32)
    assert PageStyle().with_snap_px(32).page_px == (608, 832)
    assert PageStyle().with_snap_px(1).page_px == (595, 842)


def test_web_draws_one_box_round_a_paragraph_and_none_round_a_blank_line() -> None:
    """Between two boxes the page's colour goes from edge to edge."""
    page = typeset("one\ntwo\nthree\n\nfour\n", style="web")[0]
    boxed = colored(page, "#FFFFFF").any(axis=1)
    assert [int(row) for row in np.flatnonzero(np.diff(boxed.astype(int), prepend=0) == 1)] == [
        page.lines[0].box[1] - 2,
        page.lines[4].box[1] - 2,
    ]


def test_web_pages_are_no_wider_than_their_lines_ask_for() -> None:
    """Boxes end where the widest line does."""
    narrow, wide = typeset("x\n", style="web")[0], typeset("x" * 200, style="web")[0]
    assert narrow.size[0] < 100 < wide.size[0] == PageStyle.web().page_px[0]


@pytest.mark.parametrize("name", ["web", "document"])
@pytest.mark.parametrize("text", [WORDS * 40, f"{WORDS}\n\n" * 30])
def test_a_preset_for_reading_costs_less_than_the_text(name: str, text: str) -> None:
    """Of prose at least."""
    profile = ModelProfile.from_name("glyph")
    pages = typeset(text, style=name)
    assert sum(profile.image_tokens(page.size) for page in pages) < profile.text_counter.count(text)


def test_document_stretches_full_lines_and_no_others() -> None:
    """A line before a long word keeps its spaces, as does one that a newline or the paragraph ends."""
    link = "https://example.org/" + "x" * 73
    text = f"{WORDS}\n\na b c {link} d\ne f g\n"
    full, _, last, _, short, torn, ended = typeset(text, style="document")[0].lines
    assert short.text == "a b c "
    assert torn.text.startswith(link)
    edge = PageStyle.document().text_box_px[0] + full.box[0]
    assert edge - 2 <= full.box[2] <= edge + 2
    plain = typeset(text, style=replace(PageStyle.document(), alignment="left"))[0].lines
    assert [line.box for line in (last, short, ended)] == [plain[nth].box for nth in (2, 4, 6)]
