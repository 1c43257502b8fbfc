"""The atlas: each slot's ink, drawn once for every place it can take, in the form that painting gathers.

Ink has 16 steps, 4 bits each, two pixels to a byte as on the page. A *brick* is two pixels wide and 16 rows high, 16
bytes that numpy moves as one number; taller lines take several *bands* of bricks. A slot's ink is a group of bricks for
each of its eight places: four quarters of a pixel, on an even or an odd column. It is found by its *entry*,
`slot * PLACES + place`. Knows glyph slots; knows nothing about lines or pages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.fonts import Raster
from glyph_memory.typesetting.glyphs import GlyphTable

PLACES = 8
"""Quarter pixels from one even column to the next."""

BAND_ROWS = 16
BRICK = np.complex128
"""A type of 16 bytes, never computed with."""


@dataclass(frozen=True, slots=True)
class Ink:
    """A snapshot of the atlas."""

    above: int
    """Rows of a line above the baseline."""
    first: NDArray[np.int64]
    """Of each entry: its first brick; -1 where it is not drawn yet."""
    count: NDArray[np.int64]
    """Of each entry: how many bricks it takes."""
    left: NDArray[np.int64]
    """Of each entry: bricks from the pen's to the first of its own."""
    bricks: NDArray[BRICK]
    """Shape (bands, bricks)."""


class Atlas:
    """Draws entries when they are first asked for."""

    def __init__(self, table: GlyphTable) -> None:
        """Create an atlas in which nothing is drawn yet."""
        self._table = table
        self._above = math.ceil(table.base_face.height_px)
        self._below = math.ceil(table.base_face.height_px * 0.3)
        self._first = np.full(1024 * PLACES, -1, np.int64)
        self._count, self._left = np.zeros((2, 1024 * PLACES), np.int64)
        self._bricks = np.zeros((self._bands, 4096), BRICK)
        self._used = 0

    def ink(self, entries: NDArray[np.int64]) -> Ink:
        """Return a snapshot in which all these entries are drawn.

        Raises:
            FontError: A glyph's outline is broken.
        """
        with self._table.lock:
            while len(self._first) < len(self._table.advance) * PLACES:
                self._first = np.concatenate([self._first, np.full_like(self._first, -1)])
                self._count = np.concatenate([self._count, np.zeros_like(self._count)])
                self._left = np.concatenate([self._left, np.zeros_like(self._left)])
            # Again where a tall glyph made room: then what was drawn before it is gone.
            while entries.size and (first := self._first.take(entries)).min() < 0:
                for entry in np.unique(entries[first < 0]).tolist():
                    self._draw(entry)
            return Ink(self._above, self._first, self._count, self._left, self._bricks)

    @property
    def _bands(self) -> int:
        return -(-(self._above + self._below) // BAND_ROWS)

    def _draw(self, entry: int) -> None:
        slot, place = divmod(entry, PLACES)
        rasters = [
            part.face.raster(part.glyph, part.x64 + place * 128 // PLACES, part.y64)
            for part in self._table.parts[slot]
        ]
        rasters = [raster for raster in rasters if raster.coverage.size]
        left = min((raster.left for raster in rasters), default=0) // 2
        self._extend_rows(
            max((raster.top for raster in rasters), default=0),
            max((len(raster.coverage) - raster.top for raster in rasters), default=0),
        )
        bricks = _bricks(rasters, 2 * left, self._above, self._bands)
        count = bricks.shape[1]
        while self._used + count > self._bricks.shape[1]:
            self._bricks = np.concatenate([self._bricks, np.zeros_like(self._bricks)], axis=1)
        self._bricks[:, self._used : self._used + count] = bricks
        self._left[entry], self._count[entry], self._first[entry] = left, count, self._used
        self._used += count

    def _extend_rows(self, above: int, below: int) -> None:
        """Add rows above and below the baseline; entries drawn before are drawn again when they are needed."""
        if above <= self._above and below <= self._below:
            return
        self._above, self._below = max(above, self._above), max(below, self._below)
        # New arrays, not the old ones emptied: snapshots given out before stay true.
        self._first = np.full_like(self._first, -1)
        self._bricks = np.zeros((self._bands, self._bricks.shape[1]), BRICK)
        self._used = 0


def _bricks(rasters: list[Raster], left: int, above: int, bands: int) -> NDArray[BRICK]:
    """Sum up rasters from an even column on, and pack them: shape (bands, bricks)."""
    width = max((raster.left + raster.coverage.shape[1] - left for raster in rasters), default=0)
    coverage = np.zeros((bands * BAND_ROWS, width + width % 2), np.uint32)
    for raster in rasters:
        y, x = above - raster.top, raster.left - left
        coverage[y : y + len(raster.coverage), x : x + raster.coverage.shape[1]] += raster.coverage
    steps = ((np.minimum(coverage, 255) * 15 + 127) // 255).astype(np.uint8)
    pairs = (steps[:, 0::2] << 4 | steps[:, 1::2]).reshape(bands, BAND_ROWS, -1)
    return np.ascontiguousarray(pairs.transpose(0, 2, 1)).view(BRICK)[:, :, 0]
