"""Complex scripts: shape a span with HarfBuzz where it is installed, and place right-to-left words where they are read.

On each line, a stretch from one right-to-left word to another is laid out from right to left; words of other scripts
and numbers inside it keep their own direction. This is a small part of the Unicode bidirectional algorithm: the line
itself runs left to right, explicit direction controls are escaped and never act, and embeddings deeper than that, as
in quotations within quotations, are not resolved. Install HarfBuzz with `pip install 'glyph-memory[shaping]'`.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.characters import RIGHT_TO_LEFT
from glyph_memory.typesetting.fonts import Face, FontFile

available = importlib.util.find_spec("uharfbuzz") is not None
"""Whether HarfBuzz is installed."""


@dataclass(frozen=True, slots=True)
class ShapedGlyph:
    """One glyph of a shaped span."""

    glyph: int
    """Its index in the font."""
    x_px: float
    """From the span's start to the glyph's pen position, to the right."""
    y_px: float
    """Upwards from the baseline."""


def shape(face: Face, text: str) -> tuple[tuple[ShapedGlyph, ...], float] | None:
    """Shape a span of one script with one font.

    Args:
        face: The font at its size.
        text: The span, in logical order.

    Returns:
        The glyphs in visual order, left to right, and the span's advance in pixels; `None` where the font lacks a
        character.
    """
    import uharfbuzz  # noqa: PLC0415 - an optional extra, loaded when the first such span is met

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


Ints = NDArray[np.int64]


def visual_positions(text: str, kind: NDArray[np.uint8], x: Ints, advance: Ints, line: Ints) -> Ints:
    """Return the pen positions in visual order.

    Args:
        text: The characters.
        kind: Their kinds; the first character of a right-to-left span carries its whole advance.
        x: Their positions in logical order, in 2**-20 px.
        advance: Their advances.
        line: The line of each, not decreasing.
    """
    x = x.copy()
    for number in np.unique(line[kind & RIGHT_TO_LEFT != 0]).tolist():
        first, last = np.searchsorted(line, [number, number + 1]).tolist()
        for start, stop in _stretches(text[first:last], kind[first:last]):
            _reverse(text, kind, x, advance, first + start, first + stop)
    return x


def _stretches(text: str, kind: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Find the longest right-to-left stretches that hold no letter of a left-to-right script."""
    found: list[tuple[int, int]] = []
    start = end = -1
    for index, character in enumerate(text):
        if kind[index] & RIGHT_TO_LEFT:
            start, end = (index if start < 0 else start), index + 1
        elif start >= 0 and unicodedata.bidirectional(character) == "L":
            found.append((start, end))
            start = -1
        elif start >= 0 and end == index and unicodedata.bidirectional(character) in ("R", "AL", "NSM"):
            end = index + 1  # drawn as part of the span before it
    if start >= 0:
        found.append((start, end))
    return found


def _reverse(text: str, kind: NDArray[np.uint8], x: Ints, advance: Ints, start: int, stop: int) -> None:
    """Lay out the pieces of a stretch from its right edge; digits stay together."""
    right = int(x[stop - 1] + advance[stop - 1])
    index = start
    while index < stop:
        end = index + 1
        if unicodedata.bidirectional(text[index]) in ("EN", "AN"):
            while end < stop and unicodedata.bidirectional(text[end]) in ("EN", "AN", "CS", "ES"):
                end += 1
        step = int((x[end] if end < stop else x[end - 1] + advance[end - 1]) - x[index])
        x[index:end] += right - step - x[index]
        right -= step
        index = end
