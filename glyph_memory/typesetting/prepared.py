"""The `PreparedStyle`: a style's measures, glyphs, ink and colours, worked out once for all texts.

Knows styles; knows nothing about texts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from glyph_memory.errors import StyleError
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.atlas import Atlas
from glyph_memory.typesetting.color import Palette
from glyph_memory.typesetting.geometry import Geometry
from glyph_memory.typesetting.glyphs import GlyphTable


@dataclass(frozen=True, slots=True)
class PreparedStyle:
    """A style ready for typesetting: its measures, glyphs, ink and colours, shared by all texts of that style."""

    style: PageStyle
    """The style."""
    geometry: Geometry
    """Its measures in pixels."""
    table: GlyphTable
    """Its glyphs."""
    atlas: Atlas
    """Their ink."""
    palette: Palette
    """Its colours."""


@lru_cache(maxsize=24)
def _build_prepared_style(style: PageStyle, generation: int) -> PreparedStyle:
    del generation  # a new one makes a new prepared
    table, geometry = GlyphTable(style), Geometry.of(style)
    if table.widest_escape > table.line:
        raise StyleError(
            f"a line of {style.column_px:.0f} px is too narrow for one escaped character at font_size_pt="
            f"{style.font_size_pt!r}; make the page wider or the font smaller"
        )
    return PreparedStyle(style, geometry, table, Atlas(table), Palette.of(style))


_generation: Counter[PageStyle] = Counter()


def prepare_style(style: PageStyle) -> PreparedStyle:
    """Return the prepared style, a fresh one where the old one holds too many different characters."""
    prepared = _build_prepared_style(style, _generation[style])
    if prepared.table.full:
        _generation[style] += 1
        prepared = _build_prepared_style(style, _generation[style])
    return prepared
