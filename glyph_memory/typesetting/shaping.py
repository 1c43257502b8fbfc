"""Shape a run of a complex script with HarfBuzz, where it is installed.

Knows HarfBuzz; knows nothing about lines. Install it with `pip install 'glyph-memory[shaping]'`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from glyph_memory.typesetting.fonts import Face, FontFile

available = importlib.util.find_spec("uharfbuzz") is not None
"""Whether HarfBuzz is installed."""


@dataclass(frozen=True, slots=True)
class ShapedGlyph:
    """One glyph of a shaped run."""

    glyph: int
    """Its index in the font."""
    x_px: float
    """From the run's start to the glyph's pen position, to the right."""
    y_px: float
    """Upwards from the baseline."""


def shape(face: Face, text: str) -> tuple[tuple[ShapedGlyph, ...], float] | None:
    """Shape a run of one script with one font.

    Args:
        face: The font at its size.
        text: The run, in logical order.

    Returns:
        The glyphs in visual order, left to right, and the run's advance in pixels; `None` where the font lacks a
        character.
    """
    import uharfbuzz  # noqa: PLC0415 - an optional extra, loaded when the first such run is met

    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(_font(face.file), buffer)
    if any(info.codepoint == 0 for info in buffer.glyph_infos):
        return None
    across, down = face.width_px / face.units_per_em, face.height_px / face.units_per_em
    pen, glyphs = 0, []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        x, y = (pen + position.x_offset) * across, position.y_offset * down
        glyphs.append(ShapedGlyph(int(info.codepoint), x, y))
        pen += position.x_advance
    return tuple(glyphs), pen * across


@lru_cache(maxsize=32)
def _font(file: FontFile) -> Any:  # noqa: ANN401 - of a package without stubs
    import uharfbuzz  # noqa: PLC0415 - as above

    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(file.path), file.index))
