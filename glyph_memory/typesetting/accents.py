"""Place accents on a letter where a font has no sign for both, and the `SlotGlyph`: one glyph of what is drawn as one.

Knows glyphs and their extents; knows nothing about slots or lines.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from glyph_memory.typesetting.fonts import Face
from glyph_memory.typesetting.thai import stands_above


@dataclass(frozen=True, slots=True)
class SlotGlyph:
    """One glyph of a slot."""

    face: Face
    """Its font."""
    glyph: int
    """Its index there."""
    x64: int = 0
    """From the slot's pen position, to the right, in 64ths of a pixel."""
    y64: int = 0
    """Upwards from the baseline, in 64ths of a pixel."""


def shift(glyph: SlotGlyph, x64: int) -> SlotGlyph:
    """Return a glyph that stands further right, by 64ths of a pixel."""
    return replace(glyph, x64=glyph.x64 + x64)


def stack_accents(face: Face, base: SlotGlyph, marks: str) -> list[SlotGlyph]:
    """Place marks on a letter, each further out than the one before: by their own bearing, or centred."""
    advance = face.advance_px(base.glyph)
    middle = sum(face.extent_px(base.glyph)) / 2
    parts, stacked = [], Counter[bool]()
    for mark in marks:
        glyph, above = face.glyph(mark), stands_above(mark)
        x = middle - sum(face.extent_px(glyph)) / 2 if face.advance_px(glyph) else advance
        y = face.height_px / 5 * stacked[above] * (1 if above else -1)
        stacked[above] += 1
        parts.append(SlotGlyph(face, glyph, round(x * 64), round(y * 64)))
    return parts
