"""The atlas: each slot's ink, drawn once per quarter-pixel phase, in the form that painting gathers.

Ink has 16 steps, 4 bits each; 16 pixels of a row are one 64-bit word, the left-most pixel in its highest bits. A slot
is one *tile* (a column of words, one per row of a line's strip), or several side by side where it is wider than 16 px.
Knows glyph slots; knows nothing about lines or pages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typeset.glyphs import GlyphTable

PHASES = 4
WORD_PX = 16

_SHIFTS = np.arange(60, -1, -4, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Tiles:
    """A snapshot of the atlas. Arrays are indexed by entry, `slot * PHASES + phase`, or by tile."""

    above: int
    """Rows of a strip above the baseline."""
    rows: int
    """Rows of a strip."""
    first: NDArray[np.int32]
    """Of each entry: its first tile; -1 where it is not drawn yet."""
    count: NDArray[np.int32]
    """Of each entry: how many tiles it takes."""
    left: NDArray[np.int64]
    """Of each entry: columns from the pen's pixel to the first tile."""
    ink: NDArray[np.uint64]
    """Shape (tiles, rows)."""
    width: NDArray[np.int64]
    """Of each tile: columns that hold ink."""


class Atlas:
    """Draws entries when they are first asked for."""

    def __init__(self, table: GlyphTable) -> None:
        """Begin with nothing drawn."""
        self._table = table
        self._above = math.ceil(table.base_face.height_px)
        self._below = math.ceil(table.base_face.height_px * 0.3)
        self._first = np.full(1024 * PHASES, -1, np.int32)
        self._count = np.zeros(1024 * PHASES, np.int32)
        self._left = np.zeros(1024 * PHASES, np.int64)
        self._ink = np.zeros((1024, self._above + self._below), np.uint64)
        self._width = np.zeros(1024, np.int64)
        self._tiles = 0

    def tiles(self, entries: NDArray[np.int64]) -> Tiles:
        """Give a snapshot in which all these entries are drawn.

        Raises:
            FontError: A glyph's outline is broken.
        """
        with self._table.lock:
            while len(self._first) < len(self._table.advance) * PHASES:
                self._first = np.concatenate([self._first, np.full_like(self._first, -1)])
                self._count = np.concatenate([self._count, np.zeros_like(self._count)])
                self._left = np.concatenate([self._left, np.zeros_like(self._left)])
            if entries.size and self._first[entries].min() < 0:
                for entry in np.unique(entries[self._first[entries] < 0]).tolist():
                    self._draw(entry)
            rows = self._above + self._below
            return Tiles(self._above, rows, self._first, self._count, self._left, self._ink, self._width)

    def _draw(self, entry: int) -> None:
        slot, phase = divmod(entry, PHASES)
        rasters = [
            part.face.raster(part.glyph, part.x64 + phase * 64 // PHASES, part.y64) for part in self._table.parts[slot]
        ]
        rasters = [raster for raster in rasters if raster.coverage.size]
        left = min((raster.left for raster in rasters), default=0)
        right = max((raster.left + raster.coverage.shape[1] for raster in rasters), default=0)
        self._make_room(
            max((raster.top for raster in rasters), default=0),
            max((raster.coverage.shape[0] - raster.top for raster in rasters), default=0),
        )
        tiles = max(1, math.ceil((right - left) / WORD_PX))
        coverage = np.zeros((self._above + self._below, tiles * WORD_PX), np.uint16)
        for raster in rasters:
            y, x = self._above - raster.top, raster.left - left
            coverage[y : y + raster.coverage.shape[0], x : x + raster.coverage.shape[1]] += raster.coverage
        self._store(entry, left, tiles, coverage)

    def _store(self, entry: int, left: int, tiles: int, coverage: NDArray[np.uint16]) -> None:
        steps = ((np.minimum(coverage, 255).astype(np.uint32) * 15 + 127) // 255).astype(np.uint64)
        words = (steps.reshape(len(steps), tiles, WORD_PX) << _SHIFTS).sum(axis=2, dtype=np.uint64)
        while self._tiles + tiles > len(self._ink):
            self._ink = np.concatenate([self._ink, np.zeros_like(self._ink)])
            self._width = np.concatenate([self._width, np.zeros_like(self._width)])
        taken = slice(self._tiles, self._tiles + tiles)
        self._ink[taken] = words.T
        inked = steps.any(axis=0).reshape(tiles, WORD_PX)
        self._width[taken] = np.where(inked.any(axis=1), WORD_PX - inked[:, ::-1].argmax(axis=1), 0)
        self._left[entry], self._count[entry], self._first[entry] = left, tiles, self._tiles
        self._tiles += tiles

    def _make_room(self, above: int, below: int) -> None:
        """Let strips reach further up or down; what is drawn already is moved into the new frame."""
        if above <= self._above and below <= self._below:
            return
        grown_above, grown_below = max(above, self._above), max(below, self._below)
        ink = np.zeros((len(self._ink), grown_above + grown_below), np.uint64)
        offset = grown_above - self._above
        ink[:, offset : offset + self._above + self._below] = self._ink
        self._ink, self._above, self._below = ink, grown_above, grown_below
