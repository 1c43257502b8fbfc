"""A style's measures in pixels, worked out once: where the text box and its columns stand on the page.

Knows the style; knows nothing about text. Names without `_px` are in 2**-20 px (`FIX`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from glyph_memory.style import PageStyle

FIX = 1 << 20
"""Layout counts in 2**-20 px: whole numbers, so that sums do not depend on where they began."""

FIX_BITS = FIX.bit_length() - 1


@dataclass(frozen=True, slots=True)
class Geometry:
    """Measures of a page."""

    page_px: tuple[int, int]
    """Width and height of a full page."""
    margins_px: tuple[int, int]
    """What is left standing right of and below the ink of a cropped page."""
    top: int
    """Of the text box."""
    columns: tuple[int, ...]
    """Left edge of each column."""
    column: int
    """Width of a column."""
    room: int
    """Height of a column."""
    indents: tuple[int, int]
    """Left and right of a paragraph, outside its frame."""
    first_indent: int
    """More on a paragraph's first line."""
    frame: tuple[int, int]
    """Border and padding, on each side: across and down."""
    border_px: tuple[int, int]
    """Thickness of a border, across and down."""
    baseline: int
    """From a line's top to its baseline: the font's size, as in the reference."""
    pitch: int
    """From a line's top to the next."""
    pitch_px: int
    """The same, rounded up."""
    spaces: tuple[int, int]
    """Above and below a paragraph."""

    @classmethod
    def of(cls, style: PageStyle) -> Geometry:
        """Return the measures of a style."""
        across, down = style.to_horizontal_px, style.to_vertical_px
        (width, height), box = style.page_px, style.text_box_px
        left, top, step = (
            (width - box[0]) / 2,
            (height - box[1]) / 2,
            style.column_px + across(style.column_gap_pt),
        )
        if style.snap_px == 1:  # the page was only rounded up: margins stay as asked for
            left, top = (
                across(style.margin_x_pt + style.padding_pt),
                down(style.margin_y_pt + style.padding_pt),
            )
        frame_pt = style.border_width_pt + style.border_padding_pt
        return cls(
            page_px=(width, height),
            margins_px=(round(across(style.margin_x_pt)), round(down(style.margin_y_pt))),
            top=to_fixed_point(top),
            columns=tuple(to_fixed_point(left + number * step) for number in range(style.columns)),
            column=to_fixed_point(style.column_px),
            room=to_fixed_point(box[1]),
            indents=(
                to_fixed_point(across(style.left_indent_pt)),
                to_fixed_point(across(style.right_indent_pt)),
            ),
            first_indent=to_fixed_point(across(style.first_line_indent_pt)),
            frame=(to_fixed_point(across(frame_pt)), to_fixed_point(down(frame_pt))),
            border_px=(math.ceil(across(style.border_width_pt)), math.ceil(down(style.border_width_pt))),
            baseline=to_fixed_point(down(style.font_size_pt)),
            pitch=to_fixed_point(down(style.line_height_pt)),
            pitch_px=math.ceil(down(style.line_height_pt)),
            spaces=(to_fixed_point(down(style.space_before_pt)), to_fixed_point(down(style.space_after_pt))),
        )

    @property
    def line(self) -> int:
        """Room on a line of a paragraph."""
        return self.column - sum(self.indents) - 2 * self.frame[0]

    @property
    def first_line(self) -> int:
        """Room on a paragraph's first line."""
        return self.line - self.first_indent


def to_fixed_point(length_px: float) -> int:
    """Convert pixels to layout's whole numbers, in units of 2**-20 px."""
    return round(length_px * FIX)
