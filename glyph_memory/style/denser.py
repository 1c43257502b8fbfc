"""Compare a style with the densest one that is read. Knows styles; knows nothing about who reads them."""

from __future__ import annotations

from collections.abc import Callable

from glyph_memory.style.page_style import PageStyle

_COLORS = ("font_color", "page_color", "paragraph_color")


def measure_letters(style: PageStyle) -> float:
    """Return the em of a style's letters in pixels, as they are drawn: of narrowed ones the width."""
    return style.to_vertical_px(style.font_size_pt) * min(1.0, style.horizontal_scale)


def find_denser(
    given: PageStyle, limit: PageStyle, *, measure: Callable[[PageStyle], float] = measure_letters
) -> str:
    """Return in what a style is denser than another, in words; empty where it is nowhere.

    A look that was not measured, such as another font or other colours, counts as denser.

    Args:
        given: Any style.
        limit: The densest that is known to be read.
        measure: Returns the em of a style's letters in pixels, where the model sees them.

    Example:
        >>> find_denser(PageStyle(font_size_pt=7), PageStyle.glyph())
        'letters of 7 px are smaller than 9 px'
    """
    size_px, least_px = map(measure, (given, limit))
    pitch, least = (style.line_height_pt / style.font_size_pt for style in (given, limit))
    spacing, closest = (style.letter_spacing_pt / style.font_size_pt for style in (given, limit))
    if size_px < least_px - 0.01:
        return f"letters of {size_px:.3g} px are smaller than {least_px:.3g} px"
    if pitch < least - 0.01:
        return f"lines {pitch:.3g} ems apart are closer than {least:.3g} ems"
    if spacing < closest - 0.001:
        return (
            f"letter_spacing_pt={given.letter_spacing_pt:.3g} puts letters closer together than was measured"
        )
    return _find_denser_layout(given, limit) or _find_other_look(given, limit)


def _find_denser_layout(given: PageStyle, limit: PageStyle) -> str:
    """Return in what the lines of a style are laid out denser, in words."""
    if given.columns > limit.columns and not limit.newline_mark:
        return f"{given.columns} columns are more than {limit.columns}"
    if given.newline_mark and not limit.newline_mark:
        return "line breaks drawn as marks are denser than real ones"
    if given.count_runs and not limit.count_runs:
        return "runs of spaces drawn as numbers are denser than real ones"
    return ""


def _find_other_look(given: PageStyle, limit: PageStyle) -> str:
    """Return what was not measured, in words."""
    if given.font != limit.font:
        return f"the font {given.font!r} is another than {limit.font!r}"
    if limit.antialias and not given.antialias:
        return "letters without grey edges are drawn otherwise than those that were measured"
    for name in _COLORS:
        if getattr(given, name).lower() != getattr(limit, name).lower():
            return f"{name}={getattr(given, name)!r} is another than {getattr(limit, name)!r}"
    return ""
