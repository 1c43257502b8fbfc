"""Check a style's values once, and the two measures that the checks and the style share.

Raises a `StyleError` that names the value; knows nothing about fonts or text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from glyph_memory.errors import StyleError, show_value
from glyph_memory.style.mark_checks import check_marks

if TYPE_CHECKING:
    from glyph_memory.style.page_style import PageStyle


def snap(length_px: float, *, at_least: float, multiple: int) -> int:
    """Return the multiple nearest to a length, not below `at_least`; for multiple 1, the length rounded up."""
    if multiple == 1:
        return math.ceil(length_px - 1e-6)
    nearest = math.floor(length_px / multiple + 0.5) * multiple
    return max(nearest, math.ceil((at_least - 1e-6) / multiple) * multiple)


ALIGNMENTS = ("left", "center", "right", "justify")
ROLES = ("system", "user", "assistant", "tool")

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_COLOR_FIELDS = ("font_color", "page_color", "paragraph_color", "border_color", "newline_color")
_ROLES_AT_MOST = 10
_PIXELS_AT_MOST = 50_000_000
_MOST_LINES = 100_000
_POSITIVE = ("page_width_pt", "page_height_pt", "dpi", "font_size_pt", "line_height_pt", "horizontal_scale")
_SIGNED = ("letter_spacing_pt", "first_line_indent_pt")
_COUNTS = {"snap_px": 1, "columns": 1, "paragraph_lines": 0, "tab_spaces": 1}


def check(style: PageStyle) -> None:
    """Raise an error for a style that cannot be drawn.

    Raises:
        StyleError: A parameter is of the wrong kind or out of range, or two contradict each other; the message names
            them.
    """
    _check_kinds(style)
    _check_ranges(style)
    _check_room(style)
    _check_looks(style)
    check_marks(style)


def _is_number(value: object) -> bool:
    # Compared, not converted: integers may be too large to become a float.
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf


def _is_names(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(name, str) for name in value)


def _is_pairs(value: object) -> bool:
    return isinstance(value, tuple) and all(_is_names(pair) and len(pair) == 2 for pair in value)


# By the field's annotation: what it must be, and how that is said.
_KINDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "float": (_is_number, "a finite number"),
    "int": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "bool": (lambda value: isinstance(value, bool), "True or False"),
    "str": (lambda value: isinstance(value, str), "a string"),
    "Layout": (lambda value: value in ("fixed", "auto"), "'fixed' or 'auto'"),
    "Alignment": (lambda value: value in ALIGNMENTS, "one of " + ", ".join(ALIGNMENTS)),
    "tuple[str, ...]": (_is_names, "a tuple of strings"),
    "tuple[tuple[str, str], ...]": (_is_pairs, "a tuple of pairs of strings"),
}


def _check_kinds(style: PageStyle) -> None:
    for field in fields(style):
        fits, kind = _KINDS[str(field.type)]
        if not fits(getattr(style, field.name)):
            raise StyleError(f"{field.name}={show_value(getattr(style, field.name))} must be {kind}")


def _check_ranges(style: PageStyle) -> None:
    for name in _POSITIVE:
        if not 0 < getattr(style, name) < 1e5:
            raise StyleError(f"{name}={show_value(getattr(style, name))} must be above 0 and below 100000")
    for name in _SIGNED:
        if not -1e5 < getattr(style, name) < 1e5:
            raise StyleError(f"{name}={show_value(getattr(style, name))} must be between -100000 and 100000")
    for field in fields(style):
        name, value = field.name, getattr(style, field.name)
        if name.endswith("_pt") and name not in (*_POSITIVE, *_SIGNED) and not 0 <= value < 1e5:
            raise StyleError(f"{name}={show_value(value)} must not be negative, nor 100000 or more")
    for name, least in _COUNTS.items():
        if not least <= getattr(style, name) <= 10_000:
            raise StyleError(
                f"{name}={show_value(getattr(style, name))} must be at least {least} and at most 10000"
            )
    for name, most in (("line_price", 100), ("wrap_share", 1)):
        if not 0 <= getattr(style, name) <= most:
            raise StyleError(
                f"{name}={show_value(getattr(style, name))} must be at least 0 and at most {most}"
            )
    if not 0 <= style.space_shrink < 1:
        raise StyleError(
            f"space_shrink={show_value(style.space_shrink)} must be at least 0 and below 1; 0.05 is the default"
        )


def _check_room(style: PageStyle) -> None:
    if style.line_height_pt < style.font_size_pt:
        raise StyleError(
            f"line_height_pt={style.line_height_pt!r} is below font_size_pt={style.font_size_pt!r}: lines would "
            f"overlap; raise line_height_pt to {style.font_size_pt!r} or more"
        )
    if style.lines_per_column > _MOST_LINES:
        raise StyleError(
            f"line_height_pt={style.line_height_pt!r} at dpi={style.dpi!r} would put {style.lines_per_column:,} lines "
            f"into a column, which nobody can read; raise dpi, so that they are {_MOST_LINES:,} at most"
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
    if style.column_px - style.to_horizontal_px(indents) < style.to_horizontal_px(style.font_size_pt):
        raise StyleError(
            f"columns={style.columns!r}, column_gap_pt={style.column_gap_pt!r}, left_indent_pt="
            f"{style.left_indent_pt!r}, right_indent_pt={style.right_indent_pt!r}, first_line_indent_pt="
            f"{style.first_line_indent_pt!r}, border_width_pt={style.border_width_pt!r} and border_padding_pt="
            f"{style.border_padding_pt!r} leave a line no wider than one letter; use fewer or smaller ones"
        )
    if style.left_indent_pt + style.first_line_indent_pt < 0:
        raise StyleError(
            f"first_line_indent_pt={style.first_line_indent_pt!r} reaches left of the margin; "
            f"raise left_indent_pt={style.left_indent_pt!r} to {-style.first_line_indent_pt!r}"
        )
    room_pt = style.line_height_pt + style.space_before_pt + frame_pt
    if height < style.to_vertical_px(room_pt) - 1e-6:
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
    colors = {name: getattr(style, name) for name in _COLOR_FIELDS} | dict(style.role_colors)
    for name, color in colors.items():
        if not _COLOR.fullmatch(color):
            raise StyleError(f"{name}={show_value(color)} is no colour; write it as '#RRGGBB'")
    inks = {"font_color": style.font_color, "newline_color": style.newline_color} | {
        f"role_colors' {role!r}": color for role, color in style.role_colors
    }
    for name, ink in inks.items():
        for paper in ("page_color", "paragraph_color"):
            if ink.lower() == getattr(style, paper).lower():
                raise StyleError(
                    f"{name}={ink!r} on {paper}={getattr(style, paper)!r} cannot be read; pick another"
                )
    for role, color in style.role_colors:
        if color.lower() == style.font_color.lower():
            raise StyleError(
                f"the label of role {role!r} has font_color={color!r}: content could pass for a label; pick another"
            )
    missing = [role for role in ROLES if role not in dict(style.role_colors)]
    if missing:
        raise StyleError(
            f"role_colors={show_value(style.role_colors)} lacks {missing[0]!r}; give each role a colour"
        )
    if len(style.role_colors) > _ROLES_AT_MOST:
        raise StyleError(
            f"role_colors has {len(style.role_colors)} entries; at most {_ROLES_AT_MOST} fit a palette"
        )
