"""Refuse page styles that cannot be drawn, with the reason. Knows sizes and colours, not fonts."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from glyph_memory.errors import StyleError

if TYPE_CHECKING:
    from glyph_memory.style.page_style import PageStyle

ALIGNMENTS = ("left", "center", "right", "justify")

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_COLOR_FIELDS = ("font_color", "page_color", "paragraph_color", "border_color", "newline_color")
_ROLES_AT_MOST = 10
_PIXELS_AT_MOST = 50_000_000


def check(style: PageStyle) -> None:
    """Refuse what cannot be drawn.

    Raises:
        StyleError: Two parameters contradict each other, or one is out of range; the message names them.
    """
    for name in (
        "page_width_pt",
        "page_height_pt",
        "dpi",
        "font_size_pt",
        "line_height_pt",
        "horizontal_scale",
    ):
        if not 0 < getattr(style, name) < 1e5:
            raise StyleError(f"{name}={getattr(style, name)!r} must be above 0 and below 100000")
    for name in ("margin_x_pt", "margin_y_pt", "padding_pt", "column_gap_pt", "space_before_pt", "space_after_pt",
                 "border_width_pt", "border_padding_pt", "left_indent_pt", "right_indent_pt"):  # fmt: skip
        if not 0 <= getattr(style, name) < 1e5:
            raise StyleError(f"{name}={getattr(style, name)!r} must not be negative, nor 100000 or more")
    for name in ("snap_px", "columns", "paragraph_lines", "tab_spaces"):
        if not 1 <= getattr(style, name) <= 10_000:
            raise StyleError(f"{name}={getattr(style, name)!r} must be at least 1 (and at most 10000)")
    _check_room(style)
    _check_looks(style)


def _check_room(style: PageStyle) -> None:
    if style.line_height_pt < style.font_size_pt:
        raise StyleError(
            f"line_height_pt={style.line_height_pt!r} is below font_size_pt={style.font_size_pt!r}: lines would "
            f"overlap; raise line_height_pt to {style.font_size_pt!r} or more"
        )
    if style.letter_spacing_pt < -style.font_size_pt / 4:
        raise StyleError(
            f"letter_spacing_pt={style.letter_spacing_pt!r} would pile up letters of font_size_pt="
            f"{style.font_size_pt!r}; keep it above {-style.font_size_pt / 4!r}"
        )
    frame_pt = 2 * (style.border_width_pt + style.border_padding_pt)
    width, height = style.text_box_px
    if width <= 0 or height <= 0:
        side, margin = ("width", "x") if width <= 0 else ("height", "y")
        raise StyleError(
            f"margin_{margin}_pt={getattr(style, f'margin_{margin}_pt')!r} and padding_pt={style.padding_pt!r} leave "
            f"no room on a page_{side}_pt={getattr(style, f'page_{side}_pt')!r}; make the page larger or them smaller"
        )
    indents = style.left_indent_pt + style.right_indent_pt + max(style.first_line_indent_pt, 0) + frame_pt
    if style.column_px - style.across_px(indents) < style.across_px(style.font_size_pt):
        raise StyleError(
            f"columns={style.columns!r}, column_gap_pt={style.column_gap_pt!r}, the indents and border_padding_pt="
            f"{style.border_padding_pt!r} leave a line no wider than one letter; use fewer columns or smaller indents"
        )
    if style.left_indent_pt + style.first_line_indent_pt < 0:
        raise StyleError(
            f"first_line_indent_pt={style.first_line_indent_pt!r} reaches left of the margin; "
            f"raise left_indent_pt to {-style.first_line_indent_pt!r}"
        )
    room_pt = style.line_height_pt + style.space_before_pt + frame_pt
    if height < style.down_px(room_pt) - 1e-6:
        raise StyleError(
            f"page_height_pt={style.page_height_pt!r} holds no line of line_height_pt={style.line_height_pt!r} with "
            "its margins, spaces and frame; make the page taller"
        )
    if math.prod(style.page_px) > _PIXELS_AT_MOST:
        raise StyleError(
            f"a page of {style.page_px[0]} x {style.page_px[1]} px is larger than any model takes; "
            f"lower dpi={style.dpi!r} or the page's size"
        )


def _check_looks(style: PageStyle) -> None:
    if style.alignment not in ALIGNMENTS:
        raise StyleError(f"alignment={style.alignment!r} is none of {', '.join(ALIGNMENTS)}")
    colors = {name: getattr(style, name) for name in _COLOR_FIELDS} | dict(style.role_colors)
    for name, color in colors.items():
        if not _COLOR.fullmatch(color):
            raise StyleError(f"{name}={color!r} is no colour; write it as '#RRGGBB'")
    for paper in ("page_color", "paragraph_color"):
        if style.font_color.lower() == getattr(style, paper).lower():
            raise StyleError(
                f"font_color={style.font_color!r} on {paper}={getattr(style, paper)!r} cannot be read"
            )
    for role, color in style.role_colors:
        if color.lower() == style.font_color.lower():
            raise StyleError(
                f"the label of role {role!r} has font_color={color!r}: content could pass for a label; pick another"
            )
    if len(style.role_colors) > _ROLES_AT_MOST:
        raise StyleError(
            f"role_colors has {len(style.role_colors)} entries; at most {_ROLES_AT_MOST} fit a palette"
        )
    if any(not mark.isprintable() for mark in style.newline_mark):
        raise StyleError(f"newline_mark={style.newline_mark!r} cannot be drawn; use printable characters")
