"""The atlas: each slot's ink, drawn once per quarter-pixel phase, in the form that painting gathers.

Ink has 16 steps, 4 bits each. A pixel column of a line's strip is one 64-bit word of 16 rows (taller strips take several
*bands* of words): row `r` is the high half of byte `r // 2` where `r` is even, else the low half. A slot's ink is a run
of columns, found by its *entry*, `slot * PHASES + phase`. Knows glyph slots; knows nothing about lines or pages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typeset.fonts import Raster
from glyph_memory.typeset.glyphs import GlyphTable

PHASES = 4
BAND_ROWS = 16

_SHIFTS = np.array([8 * (row // 2) + 4 * (row % 2 == 0) for row in range(BAND_ROWS)], np.uint64)


@dataclass(frozen=True, slots=True)
class Ink:
    """A snapshot of the atlas."""

    above: int
    """Rows of a strip above the baseline."""
    first: NDArray[np.int64]
    """Of each entry: its first column; -1 where it is not drawn yet."""
    count: NDArray[np.int64]
    """Of each entry: how many columns it takes."""
    left: NDArray[np.int64]
    """Of each entry: columns from the pen's pixel to the first of its own."""
    top: NDArray[np.int64]
    """Of each entry: its first row with ink."""
    bottom: NDArray[np.int64]
    """Of each entry: the row after its last with ink."""
    columns: NDArray[np.uint64]
    """Shape (bands, columns)."""


class Atlas:
    """Draws entries when they are first asked for."""

    def __init__(self, table: GlyphTable) -> None:
        """Begin with nothing drawn."""
        self._table = table
        self._above = math.ceil(table.base_face.height_px)
        self._below = math.ceil(table.base_face.height_px * 0.3)
        self._first = np.full(1024 * PHASES, -1, np.int64)
        self._count, self._left, self._top, self._bottom = np.zeros((4, 1024 * PHASES), np.int64)
        self._columns = np.zeros((self._bands, 4096), np.uint64)
        self._used = 0

    def ink(self, entries: NDArray[np.int64]) -> Ink:
        """Give a snapshot in which all these entries are drawn.

        Raises:
            FontError: A glyph's outline is broken.
        """
        with self._table.lock:
            while len(self._first) < len(self._table.advance) * PHASES:
                self._first = np.concatenate([self._first, np.full_like(self._first, -1)])
                self._count, self._left, self._top, self._bottom = (
                    np.concatenate([array, np.zeros_like(array)])
                    for array in (self._count, self._left, self._top, self._bottom)
                )
            # Again where a tall glyph made room: then what was drawn before it is gone.
            while len(missing := entries[self._first.take(entries) < 0]):
                for entry in np.unique(missing).tolist():
                    self._draw(entry)
            arrays = (self._first, self._count, self._left, self._top, self._bottom, self._columns)
            return Ink(self._above, *arrays)

    @property
    def _bands(self) -> int:
        return -(-(self._above + self._below) // BAND_ROWS)

    def _draw(self, entry: int) -> None:
        slot, phase = divmod(entry, PHASES)
        rasters = [
            part.face.raster(part.glyph, part.x64 + phase * 64 // PHASES, part.y64) for part in self._table.parts[slot]
        ]
        rasters = [raster for raster in rasters if raster.coverage.size]
        left = min((raster.left for raster in rasters), default=0)
        self._make_room(
            max((raster.top for raster in rasters), default=0),
            max((len(raster.coverage) - raster.top for raster in rasters), default=0),
        )
        top = min((self._above - raster.top for raster in rasters), default=0)
        bottom = max((self._above - raster.top + len(raster.coverage) for raster in rasters), default=0)
        columns = _columns(rasters, left, self._above, self._bands)
        count = columns.shape[1]
        while self._used + count > self._columns.shape[1]:
            self._columns = np.concatenate([self._columns, np.zeros_like(self._columns)], axis=1)
        self._columns[:, self._used : self._used + count] = columns
        self._top[entry], self._bottom[entry], self._left[entry] = top, bottom, left
        self._count[entry], self._first[entry] = count, self._used
        self._used += count

    def _make_room(self, above: int, below: int) -> None:
        """Let strips reach further up or down; what is drawn already is drawn again in the new frame when needed."""
        if above <= self._above and below <= self._below:
            return
        self._above, self._below = max(above, self._above), max(below, self._below)
        # New arrays, not the old ones emptied: snapshots given out before stay true.
        self._first = np.full_like(self._first, -1)
        self._columns = np.zeros((self._bands, self._columns.shape[1]), np.uint64)
        self._used = 0


def _columns(rasters: list[Raster], left: int, above: int, bands: int) -> NDArray[np.uint64]:
    """Add up rasters and pack them: shape (bands, columns)."""
    width = max((raster.left + raster.coverage.shape[1] - left for raster in rasters), default=0)
    coverage = np.zeros((bands * BAND_ROWS, width), np.uint32)
    for raster in rasters:
        y, x = above - raster.top, raster.left - left
        coverage[y : y + len(raster.coverage), x : x + raster.coverage.shape[1]] += raster.coverage
    steps = ((np.minimum(coverage, 255) * 15 + 127) // 255).astype(np.uint64)
    packed = steps.reshape(bands, BAND_ROWS, width) << _SHIFTS[:, None]
    return np.asarray(packed.sum(axis=1, dtype=np.uint64))
