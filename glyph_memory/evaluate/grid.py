"""The same style in several sizes.

Knows styles; knows nothing about what is measured on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from glyph_memory.style import PageStyle

SIZES_PT = (7.0, 8.0, 9.0, 10.0, 11.0, 12.0)
"""Small print to large; the released Glyph model's style has 9."""


def style_grid(
    base: PageStyle, *, name: str = "glyph", sizes: Sequence[float] = SIZES_PT, dpi: float | None = None
) -> dict[str, PageStyle]:
    """Return a style in several sizes, by name: `glyph 9 pt`.

    Args:
        base: The style; the height of its lines keeps its proportion to the letters.
        name: What to call it.
        sizes: Of the letters, in points.
        dpi: Instead of the style's own.

    Raises:
        StyleError: One of them cannot be drawn.
    """
    pitch = base.line_height_pt / base.font_size_pt
    return {
        f"{name} {size:g} pt": replace(
            base, font_size_pt=size, line_height_pt=size * pitch, dpi=base.dpi if dpi is None else dpi
        )
        for size in sizes
    }
