"""Say which styles teach nothing: those whose parts do not go together, though each could be drawn.

Knows styles; knows nothing about where they come from. `PageStyle` itself refuses what cannot be drawn at all.
"""

from __future__ import annotations

from functools import lru_cache

from glyph_memory.style import PageStyle, rgb

LEAST_CONTRAST = 4.5
"""Between text and what is behind it: WCAG 2.2's level AA for text of usual size (success criterion 1.4.3)."""
LEAST_MARK_CONTRAST = 2.5
"""Of labels and marks. Coloured, they are told from text by their hue; pure red on white has 4.0, and is published."""
LEGIBLE_PX = (5.0, 24.0)
"""Of the em square. The published range ends at 5 × 8 px cells, which one model in three reads; above 24 px a page
costs more than its text."""
_LARGEST_LEADING = 2.0
_LARGEST_INDENT = 0.25
_SHORTEST_LINE_EM = 12


def measure_contrast(one: str, other: str) -> float:
    """Return the contrast of two colours `#RRGGBB`, 1 to 21, as WCAG 2.2 defines it.

    Example:
        >>> round(measure_contrast("#000000", "#FFFFFF"), 1), round(measure_contrast("#FF0000", "#FFFFFF"), 1)
        (21.0, 4.0)
    """
    darker, lighter = sorted((_measure_luminance(one), _measure_luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=1_024)
def _measure_luminance(color: str) -> float:
    parts = (part / 255 for part in rgb(color))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def find_clash(style: PageStyle) -> str:
    """Return why a style teaches nothing, in a few words that are the same for all such styles; empty if it does.

    The rules: letters of 5 to 24 px; a contrast of 4.5 between text and paper, and of 2.5 for labels and marks; lines
    at most two font sizes apart; no justified monospaced text, whose columns would not stand below each other; a
    frame only with padding; indents of at most a quarter of the line; lines of twelve letters' widths or more.

    Example:
        >>> find_clash(PageStyle.glyph()), find_clash(PageStyle(font="mono", alignment="justify"))
        ('', 'justified monospaced text')
    """
    return next((clash for clash, is_found in _list_rules(style) if is_found), "")


def _list_rules(style: PageStyle) -> list[tuple[str, bool]]:
    em_px = style.to_vertical_px(style.font_size_pt)
    papers = (style.page_color, style.paragraph_color)
    inks = (style.newline_color, *(color for _, color in style.role_colors))
    indents = style.left_indent_pt + style.right_indent_pt + max(style.first_line_indent_pt, 0)
    return [
        ("letters too small or too large", not LEGIBLE_PX[0] <= em_px <= LEGIBLE_PX[1]),
        ("too little contrast", _is_faint((style.font_color,), papers, LEAST_CONTRAST)),
        ("labels or marks with too little contrast", _is_faint(inks, papers, LEAST_MARK_CONTRAST)),
        ("lines too far apart", style.line_height_pt > _LARGEST_LEADING * style.font_size_pt),
        ("justified monospaced text", style.alignment == "justify" and style.font == "mono"),
        ("a frame without padding", style.border_width_pt > 0 and style.border_padding_pt < 1),
        ("indents too large", style.to_horizontal_px(indents) > _LARGEST_INDENT * style.column_px),
        (
            "lines too short",
            style.column_px < style.to_horizontal_px(_SHORTEST_LINE_EM * style.font_size_pt),
        ),
    ]


def _is_faint(inks: tuple[str, ...], papers: tuple[str, ...], least: float) -> bool:
    return any(measure_contrast(ink, paper) < least for ink in inks for paper in papers)
