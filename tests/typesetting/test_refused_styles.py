"""A style that cannot be drawn is refused, by the names of its parameters."""

from __future__ import annotations

from typing import Any

import pytest

from glyph_memory.errors import StyleError
from glyph_memory.style import PageStyle

NAN, INF = float("nan"), float("inf")
POSITIVE = ("page_width_pt", "page_height_pt", "dpi", "font_size_pt", "line_height_pt", "horizontal_scale")
NOT_NEGATIVE = (
    "margin_x_pt", "margin_y_pt", "padding_pt", "column_gap_pt", "space_before_pt", "space_after_pt",
    "border_width_pt", "border_padding_pt", "left_indent_pt", "right_indent_pt", "space_shrink",
)  # fmt: skip
COLORS = PageStyle().role_colors
COUNTED = {"newline_mark": "⏎", "count_runs": True}
COUNTS = ("snap_px", "columns", "paragraph_lines", "tab_spaces")


def refused(**parameters: Any) -> str:
    """Return the message with which these parameters are refused."""
    with pytest.raises(StyleError) as caught:
        PageStyle(**parameters)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("value", [-1, NAN, INF, -INF, 1e9])
@pytest.mark.parametrize("name", [*POSITIVE, *NOT_NEGATIVE])
def test_lengths_out_of_range_are_refused_by_name(name: str, value: float) -> None:
    """Negative, endless or no number at all."""
    assert f"{name}={value!r}" in refused(**{name: value})


@pytest.mark.parametrize("name", POSITIVE)
def test_sizes_of_zero_are_refused_by_name(name: str) -> None:
    """Nothing can be drawn without one."""
    assert f"{name}=0" in refused(**{name: 0})


@pytest.mark.parametrize("value", [0, -1, NAN, 10_001, 1.5])
@pytest.mark.parametrize("name", COUNTS)
def test_counts_out_of_range_are_refused_by_name(name: str, value: float) -> None:
    """Whole numbers from one on; paragraphs of 0 lines are those between blank ones."""
    value = -2 if name == "paragraph_lines" and value == 0 else value
    assert f"{name}={value!r}" in refused(**{name: value})


@pytest.mark.parametrize("value", [NAN, INF, -INF, 1e9])
@pytest.mark.parametrize("name", ["letter_spacing_pt", "first_line_indent_pt"])
def test_signed_lengths_out_of_range_are_refused_by_name(name: str, value: float) -> None:
    """They may be negative, but not endless, nor so large that no letter fits a line."""
    assert f"{name}={value!r}" in refused(**{name: value})


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"line_height_pt": 8}, ["line_height_pt=8", "font_size_pt=9", "raise line_height_pt to 9"]),
        ({"letter_spacing_pt": -5}, ["letter_spacing_pt=-5", "font_size_pt=9", "-2.25"]),
        ({"margin_x_pt": 292}, ["margin_x_pt=292", "padding_pt=6", "page_width_pt=595"]),
        ({"margin_y_pt": 420}, ["margin_y_pt=420", "padding_pt=6", "page_height_pt=842"]),
        ({"padding_pt": 300}, ["margin_x_pt=10", "padding_pt=300", "page_width_pt=595"]),
        ({"columns": 60}, ["columns=60", "column_gap_pt=14"]),
        ({"columns": 2, "column_gap_pt": 550}, ["columns=2", "column_gap_pt=550"]),
        ({"border_padding_pt": 280}, ["border_padding_pt=280"]),
        ({"left_indent_pt": 560}, ["left_indent_pt=560", "no wider than one letter"]),
        ({"right_indent_pt": 560}, ["right_indent_pt=560", "no wider than one letter"]),
        ({"first_line_indent_pt": 560}, ["first_line_indent_pt=560", "no wider than one letter"]),
        ({"first_line_indent_pt": -9}, ["first_line_indent_pt=-9", "raise left_indent_pt=0 to 9"]),
        ({"page_height_pt": 35}, ["page_height_pt=35", "line_height_pt=10"]),
        ({"page_height_pt": 60, "space_before_pt": 30}, ["page_height_pt=60", "line_height_pt=10", "spaces"]),
        ({"dpi": 2000}, ["dpi=2000", "larger than any model takes"]),
        ({"alignment": "middle"}, ["alignment='middle'", "left, center, right, justify"]),
        ({"font_color": "black"}, ["font_color='black'", "#RRGGBB"]),
        ({"page_color": "#FFF"}, ["page_color='#FFF'", "#RRGGBB"]),
        ({"paragraph_color": "#FFFFFF\n"}, [r"paragraph_color='#FFFFFF\n'", "#RRGGBB"]),
        ({"border_color": "#GGGGGG"}, ["border_color='#GGGGGG'", "#RRGGBB"]),
        ({"newline_color": ""}, ["newline_color=''", "#RRGGBB"]),
        ({"role_colors": (*COLORS[1:], ("system", "blue"))}, ["system", "'blue'", "#RRGGBB"]),
        ({"page_color": "#000000"}, ["font_color='#000000'", "page_color='#000000'"]),
        ({"paragraph_color": "#000000"}, ["font_color='#000000'", "paragraph_color='#000000'"]),
        (
            {"font_color": "#aabbcc", "page_color": "#AABBCC"},
            ["font_color='#aabbcc'", "page_color='#AABBCC'"],
        ),
        ({"role_colors": (*COLORS[1:], ("system", "#000000"))}, ["'system'", "'#000000'", "pick another"]),
        ({"role_colors": (*COLORS, *((f"role {n}", "#FF0000") for n in range(7)))}, ["role_colors", "11"]),
        ({"newline_mark": "\n"}, [r"newline_mark='\n'", "printable"]),
        ({"newline_mark": " 8 "}, ["newline_mark='8'", "letters or digits", "'⏎'"]),
        ({"newline_mark": "NL"}, ["newline_mark='NL'", "letters or digits"]),
        ({"newline_mark": "\u0301"}, ["newline_mark=", "accent", "'⏎'"]),
        (
            {"newline_mark": "⏎", "newline_color": "#000000"},
            ["newline_color='#000000'", "font_color='#000000'"],
        ),
        ({**COUNTED, "newline_color": "#200000"}, ["newline_color='#200000'", "font_color", "pick another"]),
        ({**COUNTED, "font_color": "#DD1111"}, ["newline_color='#FF0000'", "font_color='#DD1111'"]),
        ({**COUNTED, "newline_color": "#1A4FD0"}, ["newline_color='#1A4FD0'", "'user'", "#1A4FD6"]),
    ],
)
def test_contradictions_are_refused_by_both_names(parameters: dict[str, Any], named: list[str]) -> None:
    """With the values, and what to change."""
    message = refused(**parameters)
    assert all(part in message for part in named), message


def test_a_label_that_cannot_be_seen_is_refused() -> None:
    """White on white would hide who speaks."""
    assert "'system'" in refused(role_colors=(*COLORS[1:], ("system", "#FFFFFF")))


def test_a_role_without_a_colour_is_refused() -> None:
    """Its labels could not be told from content."""
    assert "'system'" in refused(role_colors=COLORS[1:])


@pytest.mark.parametrize(
    "parameters",
    [
        {"dpi": "72"},
        {"columns": "2"},
        {"font_color": None},
        {"alignment": None},
        {"page_width_pt": None},
        {"newline_mark": None},
        {"role_colors": None},
        {"fallback_fonts": "mono"},
        {"font": 7},
    ],
)
def test_values_of_the_wrong_type_are_refused_by_name(parameters: dict[str, Any]) -> None:
    """A style read from a file or typed by hand fails where it is made, not where it is drawn."""
    assert next(iter(parameters)) in refused(**parameters)


def test_lines_too_low_to_be_seen_are_refused() -> None:
    """They would be two hundred thousand million in a column, and all of the memory."""
    assert "dpi=1e-09" in refused(dpi=1e-9, fill_page=True)
    assert PageStyle(dpi=20).lines_per_column
