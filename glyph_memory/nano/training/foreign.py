"""Draw pages as other programs do: any font, hinted or not, on whole pixels or fractions, with ligatures.

Stands in for browsers, PDF viewers and imaging libraries. Knows FreeType; knows nothing about the typesetter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import freetype
import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.training.drawn import Drawn, Float, list_characters
from glyph_memory.nano.training.faces import (
    choose_face,
    list_asian_faces,
    list_picture_faces,
    measure_height,
)

_HEIGHT = 840
_LIGATURES = {"fi": "\ufb01", "fl": "\ufb02"}
_UNTURNED = freetype.Matrix(0x10000, 0, 0, 0x10000)
_QUARTER = 16
"""Of FreeType's units of a 64th."""


@dataclass(frozen=True, slots=True)
class Rasteriser:
    """How glyphs become pixels."""

    flags: int
    """Of FreeType."""
    fractions: bool
    """Whether pens stand at quarters of a pixel, and advances are not rounded."""
    upright: bool = False
    """Whether baselines stand at quarters of a pixel, too."""


RASTERISERS = {
    "pdf": Rasteriser(freetype.FT_LOAD_NO_HINTING, fractions=True, upright=True),
    "unhinted": Rasteriser(freetype.FT_LOAD_NO_HINTING, fractions=True),
    "unhinted on whole pixels": Rasteriser(freetype.FT_LOAD_NO_HINTING, fractions=False),
    "browser": Rasteriser(freetype.FT_LOAD_TARGET_LIGHT, fractions=True),
    "light": Rasteriser(freetype.FT_LOAD_TARGET_LIGHT, fractions=False),
    "hinted": Rasteriser(freetype.FT_LOAD_DEFAULT, fractions=False),
    "hinted automatically": Rasteriser(freetype.FT_LOAD_FORCE_AUTOHINT, fractions=False),
    "bilevel": Rasteriser(freetype.FT_LOAD_TARGET_MONO | freetype.FT_LOAD_RENDER, fractions=False),
}
_SHARES = (22, 12, 10, 16, 8, 18, 8, 3)


@dataclass(frozen=True, slots=True)
class _Glyph:
    coverage: NDArray[np.float32]
    left: int
    top: int


class Pen:
    """Draws the glyphs of one font, and of those that stand in for it, at one size.

    Args:
        paths: Font files; the first that has a character draws it.
        size_px: Size of their em squares.
        raster: How glyphs become pixels.
    """

    def __init__(self, paths: Sequence[str], size_px: float, raster: Rasteriser) -> None:
        self._faces = [freetype.Face(path) for path in paths]
        for face in self._faces:
            face.set_char_size(round(size_px * 64), 0, 72, 72)
        self._raster = raster
        self._where: dict[str, tuple[freetype.Face, int] | None] = {}
        self._advances: dict[str, float] = {}
        self._glyphs: dict[tuple[str, int, int], _Glyph] = {}

    def can_draw(self, character: str) -> bool:
        """Return whether one of the fonts has a character."""
        return self._find(character) is not None

    def advance(self, character: str) -> float:
        """Return how far a character moves the pen, in pixels."""
        if character not in self._advances:
            face, glyph = self._find(character) or (self._faces[0], 0)
            face.load_glyph(glyph, self._raster.flags | freetype.FT_LOAD_NO_BITMAP)
            hinted, linear = face.glyph.advance.x / 64, face.glyph.linearHoriAdvance / 65536
            self._advances[character] = linear if self._raster.fractions else round(hinted)
        return self._advances[character]

    def draw(self, canvas: Float, character: str, x: float, y: float) -> None:
        """Draw a character on a canvas, 0 paper to 1; `y` is its baseline."""
        column, row = int(np.floor(x)), int(np.floor(y))
        part = int((x - column) * 4), int((y - row) * 4)
        key = (character, *part)
        if key not in self._glyphs:
            self._glyphs[key] = self._rasterise(*key)
        glyph = self._glyphs[key]
        rows, columns = glyph.coverage.shape
        top, left = row - glyph.top, column + glyph.left
        cut = max(0, -top), max(0, -left)
        target = canvas[max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)]
        seen = glyph.coverage[cut[0] : cut[0] + target.shape[0], cut[1] : cut[1] + target.shape[1]]
        target[: seen.shape[0], : seen.shape[1]] += seen

    def _find(self, character: str) -> tuple[freetype.Face, int] | None:
        if character not in self._where:
            found = ((face, face.get_char_index(character)) for face in self._faces)
            self._where[character] = next(((face, glyph) for face, glyph in found if glyph), None)
        return self._where[character]

    def _rasterise(self, character: str, right: int, down: int) -> _Glyph:
        face, glyph = self._find(character) or (self._faces[0], 0)
        face.set_transform(_UNTURNED, freetype.Vector(right * _QUARTER, -down * _QUARTER))
        face.load_glyph(glyph, self._raster.flags & ~freetype.FT_LOAD_RENDER | freetype.FT_LOAD_NO_BITMAP)
        slot = face.glyph
        mono = self._raster is RASTERISERS["bilevel"]
        slot.render(freetype.FT_RENDER_MODE_MONO if mono else freetype.FT_RENDER_MODE_NORMAL)
        bitmap = slot.bitmap
        pixels = np.array(bitmap.buffer, np.uint8).reshape(bitmap.rows, abs(bitmap.pitch))
        if mono:
            coverage = np.unpackbits(pixels, axis=1)[:, : bitmap.width].astype(np.float32)
        else:
            coverage = pixels[:, : bitmap.width].astype(np.float32) / np.float32(255)
        return _Glyph(coverage, slot.bitmap_left, slot.bitmap_top)


def draw_foreign_page(random: Random, text: str, folder: str, *, asian: bool = False) -> Drawn:
    """Draw a page of text in a font of a folder, and say where its characters stand.

    Args:
        random: Decides on everything.
        text: What to write; what no font has is left out.
        folder: Of fonts.
        asian: Whether the font is one with ideographs.
    """
    name = random.choices(list(RASTERISERS), _SHARES)[0]
    raster = RASTERISERS[name]
    path = random.choice(list_asian_faces(folder)) if asian else choose_face(random, folder)
    size = random.choice((9, 10, 11, 12, 12, 13, 13, 14, 15, 16, random.uniform(8.5, 17)))
    size = float(round(size)) if not raster.fractions else size
    spare = (*list_picture_faces(folder), *([] if asian else list_asian_faces(folder)[:1]))
    pen = Pen((path, *spare), size, raster)
    pitch = size * random.choice((1.15, 1.2, 1.2, 1.3, 1.4, random.uniform(1.05, 1.7)))
    width = int(size * random.uniform(34, 75))
    lines = list(_wrap_lines(pen, text, width, int(_HEIGHT / pitch))) or ["nothing"]
    spacing = random.choice((0, 0, 0, 0, random.uniform(-0.02, 0.06))) * size * raster.fractions
    kerning = random.choice((0, 0, 0.015)) * size * raster.fractions
    stretch = random.choice((0, 0, 0, random.uniform(0, 0.25))) * size * raster.fractions
    joined = raster.fractions and random.random() < 0.35 and all(map(pen.can_draw, _LIGATURES.values()))
    margin = random.choice((4, 8, 16))
    canvas = np.zeros(
        (int(len(lines) * pitch + 2 * size + 8), int(1.35 * width) + 2 * margin + 80), np.float32
    )
    codes, x, stop, line = list[int](), list[float](), list[float](), list[int]()
    baselines = np.zeros(len(lines))
    for nth, content in enumerate(lines):
        y = 4 + size + nth * pitch + random.choice((0, 0, size * 0.3))
        y = np.floor(y * 4) / 4 if raster.upright else round(y)
        baselines[nth], at, skip = y, float(margin), False
        for place, character in enumerate(content):
            pair = content[place : place + 2] if joined else ""
            step = (
                pen.advance(character) + spacing + (stretch if character == " " else random.gauss(0, kerning))
            )
            if pair in _LIGATURES:
                shape = _LIGATURES[pair]
                step = pen.advance(shape) - pen.advance(pair[1])
                pen.draw(canvas, shape, at, y)
            elif character != " " and not skip:
                pen.draw(canvas, character, at, y)
            skip = pair in _LIGATURES
            codes.append(ord(character))
            x.append(at)
            at += step
            stop.append(at)
            line.append(nth)
    if random.random() < 0.06:  # rules under lines, as tables have
        for y in baselines[:: random.choice((1, 2, 5))]:
            canvas[int(y + 0.36 * size + 1)] = random.uniform(0.3, 1)
    placed = list_characters(
        np.array(codes, np.uint32),
        np.array(x, np.float32),
        np.array(stop, np.float32),
        np.array(line, np.int64),
        np.zeros(len(codes), np.bool_),
    )
    ink = np.minimum(canvas, 1) ** np.float32(random.choice((1, 1, random.uniform(0.65, 1.4))))
    return Drawn(
        ink=ink.astype(np.float32),
        x=placed[0],
        number=placed[1],
        line=placed[2],
        baselines=baselines,
        unlearned=np.zeros((0, 3)),
        size_px=size * measure_height(path),
    )


def _wrap_lines(pen: Pen, text: str, width: float, at_most: int) -> Iterator[str]:
    """Yield lines that fit, without what cannot be drawn; empty ones are left out."""
    told = 0
    for whole in text.split("\n"):
        line, used, fits = "", 0.0, 0
        for character in whole.replace("\t", "    "):
            if character != " " and not pen.can_draw(character):
                continue
            step = pen.advance(character)
            if used + step > width and line.strip():
                cut = fits if fits > len(line) // 2 else len(line)
                yield line[:cut].rstrip()
                told += 1
                if told >= at_most:
                    return
                line = line[cut:]
                used, fits = sum(map(pen.advance, line)), 0
            line, used = line + character, used + step
            if character == " ":
                fits = len(line)
        if line.strip():
            yield line.rstrip()
            told += 1
            if told >= at_most:
                return
