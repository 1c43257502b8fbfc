"""What a model is told about the signs that are layout: the truth about their colour and their numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.context import Context
from glyph_memory.context.page_wording import explain_marks
from glyph_memory.style import PageStyle, name_color
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset

AUTO = PageStyle.auto()


@pytest.mark.parametrize(
    ("color", "told"),
    [
        ("#FF0000", "red"),
        ("#FF6B6B", "red"),
        ("#0000FF", "blue"),
        ("#00AA00", "green"),
        ("#999999", "coloured"),
    ],
)
def test_marks_are_called_by_their_colour(color: str, told: str) -> None:
    """A plain name where it has one."""
    assert explain_marks(replace(AUTO, newline_color=color)).startswith(f"On pages {told} signs are layout")


def test_every_colour_has_a_name_or_none() -> None:
    """No hue falls through; grey, pale and dark colours have no name."""
    names = {name_color(f"#{red:02X}{green:02X}{blue:02X}") for red in range(0, 256, 15)
             for green in range(0, 256, 15) for blue in range(0, 256, 15)}  # fmt: skip
    assert names == {"", "red", "orange", "yellow", "green", "blue", "purple"}


def test_what_numbers_stand_for_is_told_in_few_words() -> None:
    """Spaces, tabs and times differ; where nothing is counted, nothing is said of it."""
    told = explain_marks(AUTO)
    assert "n→ stands for n tabs (→: one)" in told
    for name in ("glyph", "qwen3-vl"):
        profile = ModelProfile.from_name(name)
        assert profile.text_tokens(explain_marks(PageStyle.auto(profile))) <= 70
    assert (
        explain_marks(PageStyle(newline_mark="⏎"))
        == "On pages red signs are layout, not text: ⏎ ends a line."
    )
    assert explain_marks(PageStyle()) == explain_marks(None) == ""


@pytest.mark.parametrize(("text", "is_told"), [("a\n" * 3000, True), ("many words " * 900, False)])
def test_marks_are_explained_where_a_page_has_them(text: str, is_told: bool) -> None:
    """A style that could have had them is not enough."""
    note = Context.of("?", pages=typeset(text, style=AUTO)).messages[0].parts[0]
    assert ("signs are layout" in getattr(note, "text", "")) == is_told
