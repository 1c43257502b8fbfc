"""Check a style's marks for line breaks and runs: that they can be drawn, and told from text.

Knows a style's marks and colours; knows nothing about fonts or pages.
"""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING

from glyph_memory.errors import StyleError, show_value
from glyph_memory.style.colors import rgb

if TYPE_CHECKING:
    from glyph_memory.style.page_style import PageStyle

_MARK_AT_MOST = 64
_TEXT_APART, _LABELS_APART = 96, 48
"""How far marks' colour is from that of text and of labels, at least, as a distance of RGB values. Labels are words,
and may be nearer: the dark preset's nearest is 55 away."""


def check_marks(style: PageStyle) -> None:
    """Raise an error for marks that a reader could not tell from text.

    Raises:
        StyleError: The mark or its colour is to blame; the message says what to take.
    """
    if any(not mark.isprintable() for mark in style.newline_mark):
        raise StyleError(
            f"newline_mark={show_value(style.newline_mark)} cannot be drawn; use printable characters"
        )
    if style.count_runs and not style.newline_mark.strip():
        raise StyleError(
            f"count_runs counts at newline marks, and newline_mark={style.newline_mark!r} draws none; give one, "
            "or take PageStyle.dense()"
        )
    if style.layout == "auto" and (style.reference or not style.count_runs):
        raise StyleError(
            "layout='auto' chooses between lines and counted marks, which this style does not draw; take "
            "PageStyle.auto()"
        )
    if len(style.newline_mark) > _MARK_AT_MOST:
        raise StyleError(
            f"newline_mark={show_value(style.newline_mark)} has {len(style.newline_mark):,} characters; "
            f"{_MARK_AT_MOST} at most"
        )
    _check_sign(style.newline_mark.strip())
    if style.newline_mark.strip() and not style.reference:
        _check_colors(style)


def _check_sign(mark: str) -> None:
    if mark and _is_accent(mark[0]):
        raise StyleError(
            f"newline_mark={show_value(mark)} begins with an accent that has no letter; put a sign before it, or take "
            "'⏎'"
        )
    if mark and all(sign.isalnum() or _is_accent(sign) for sign in mark):
        raise StyleError(
            f"newline_mark={show_value(mark)} is letters or digits and would be read as text; take a sign, as '⏎'"
        )


def _is_accent(sign: str) -> bool:
    return unicodedata.category(sign).startswith("M")


def _check_colors(style: PageStyle) -> None:
    others = {"font_color": (style.font_color, _TEXT_APART if style.count_runs else 1)}
    if style.count_runs:
        others |= {f"role_colors' {role!r}": (color, _LABELS_APART) for role, color in style.role_colors}
    for name, (color, apart) in others.items():
        if math.dist(rgb(style.newline_color), rgb(color)) < apart:
            raise StyleError(
                f"newline_color={style.newline_color!r} can hardly be told from {name}={color!r}: marks would pass for "
                "text; pick another for one of them"
            )
