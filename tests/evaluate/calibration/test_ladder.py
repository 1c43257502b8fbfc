"""A ladder leads from sharp to dense, and its rungs are styles."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from glyph_memory.errors import StyleError
from glyph_memory.evaluate.calibration import Ladder, Rung
from glyph_memory.style import PageStyle, find_denser

LADDER = Ladder()


def test_a_rung_is_the_style_that_it_says() -> None:
    """Sizes in pixels whatever the resolution; marks on the whole page."""
    style = Ladder(base=PageStyle(dpi=96)).build_style(Rung(size=5, pitch=1, columns=1))
    assert style.to_vertical_px(style.font_size_pt) == pytest.approx(9)
    assert style.line_height_pt == style.font_size_pt
    assert style.columns == 2
    marked = Ladder.for_profile("qwen3-vl").build_style(Rung(marks=1))
    assert (marked.newline_mark, marked.snap_px, marked.fill_page) == ("⏎", 32, True)


@pytest.mark.parametrize(
    ("letters", "words", "field"),
    [
        (1, "9 px, pitch 1.25", "line_height_pt"),
        (2, "9 px, pitch 1.11, mono", "font"),
        (3, "9 px, pitch 1.11, dark", "page_color"),
    ],
)
def test_what_helps_comes_with_letters_a_size_smaller(letters: int, words: str, field: str) -> None:
    """Lines further apart, one width, or light on dark."""
    plain, helped = LADDER.build_style(Rung(size=5)), LADDER.build_style(Rung(size=4, letters=letters))
    assert LADDER.describe(Rung(size=4, letters=letters)) == words
    assert getattr(helped, field) != getattr(plain, field)
    assert helped.font_size_pt == plain.font_size_pt
    assert not LADDER.has(Rung(size=8, letters=letters))


def test_a_style_for_all_kinds_is_nowhere_denser_than_that_of_any() -> None:
    """What helps to read one of them alone is left out."""
    rungs = [Rung(size=5, pitch=1, pages=2), Rung(size=3, pitch=1, marks=1, pages=1)]
    assert LADDER.join(rungs) == Rung(size=3, pitch=1, pages=1)
    assert LADDER.join([Rung(size=3, letters=2), Rung(size=3)]) == Rung(size=3)
    assert LADDER.join([Rung(size=3, letters=2)]) == Rung(size=3, letters=2)


def test_a_ladder_and_its_rungs_survive_json() -> None:
    """Colours of roles are pairs again."""
    ladder = Ladder(base=PageStyle.dark(), sizes_px=(12, 9.5), newline_mark="⏎")
    assert Ladder.from_json(json.loads(json.dumps(ladder.to_json()))) == ladder
    rung = Rung(size=3, marks=1, pages=2)
    assert Rung.from_key(rung.key) == rung
    with pytest.raises(ValueError, match="is no rung"):
        Rung.from_key("1.2")


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"sizes_px": (8, 9)}, "sort them falling"),
        ({"pages": (4, 1)}, "sort them rising"),
        ({"sizes_px": ()}, "no tuple of different values"),
        ({"sizes_px": (9, 9)}, "no tuple of different values"),
        ({"pitches": (0,)}, "pitches=0 is not above 0"),
        ({"pages": (0,)}, "pages=0 is below 1"),
        ({"letters": ("mono",)}, "begin with 'plain'"),
        ({"letters": ("plain", "red")}, "letters='red' is none of"),
    ],
)
def test_a_ladder_that_leads_nowhere_is_refused(axes: dict[str, Any], message: str) -> None:
    """With the axis and the value."""
    with pytest.raises(StyleError, match=message):
        Ladder(**axes)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, ""),
        ({"font_size_pt": 12, "line_height_pt": 14}, ""),
        ({"font_size_pt": 8}, "letters of 8 px are smaller than 9 px"),
        ({"dpi": 60}, "letters of 7.5 px are smaller than 9 px"),
        ({"line_height_pt": 9}, "lines 1 ems apart are closer than 1.11 ems"),
        ({"columns": 2}, "2 columns are more than 1"),
        ({"newline_mark": "⏎"}, "line breaks drawn as marks are denser than real ones"),
        ({"font": "mono"}, "the font 'mono' is another than 'sans'"),
    ],
)
def test_a_denser_style_is_told_from_a_sharper_one(given: dict[str, Any], fault: str) -> None:
    """By what is denser in it."""
    assert find_denser(replace(PageStyle.glyph(), **given), PageStyle.glyph()) == fault
