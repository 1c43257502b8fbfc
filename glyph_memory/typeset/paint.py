"""Paint a laid-out page: gather ink from the atlas as whole arrays.

A line is a strip of bricks, two pixels wide and 16 rows high; glyphs are runs of bricks, so that a page of ten thousand
letters is a few dozen array operations. Letters are laid down in two turns, every other one, so that neighbours that
share a brick are added and not overwritten. Knows positions and ink; knows nothing about text.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typeset.atlas import BAND_ROWS, BRICK, PLACES, Atlas, Ink
from glyph_memory.typeset.geometry import FIX

Ints = NDArray[np.int64]
Bricks = NDArray[BRICK]

_PAD = 16  # bricks left and right of the page, for ink that hangs over its edge
_QUARTER = FIX.bit_length() - 1 - 2
_PLACE_BITS = PLACES.bit_length() - 1
_HALF = 32
_STEP = (1 << _HALF) + 1


class Canvas:
    """A page's ink, 4 bits a pixel."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Begin with an empty page of that width and height."""
        self.width, self.height = size
        self._across = -(-((self.width + 1) // 2 + 2 * _PAD) // 8) * 8  # bytes of a row, in whole 64-bit words
        self._overhang = 0  # rows above and below the page, for ink that reaches over its edges
        self._ink = np.zeros((self.height, self._across), np.uint8)
        self._empty = True

    def draw(
        self, atlas: Atlas, slots: Ints, loose: NDArray[np.bool_], x: Ints, line: Ints, baselines: Ints
    ) -> None:
        """Draw a column of lines.

        Args:
            atlas: Where the ink is.
            slots: Of each glyph, in reading order.
            loose: Of each glyph: whether it may reach past its next neighbour, or is no letter at all.
            x: Of each glyph: its pen position from the page's left edge, in 2**-20 px.
            line: Of each glyph: number of its line.
            baselines: Of each line: its baseline's pixel row, increasing.
        """
        quarters = x >> _QUARTER
        entries = slots * PLACES
        entries += quarters & (PLACES - 1)
        ink = atlas.ink(entries)
        place = (quarters >> _PLACE_BITS) + ink.left.take(entries)
        place += _PAD
        right = place + ink.count.take(entries)
        if not len(entries):
            return
        if place.min() < 0 or right.max() > self._across:  # far outside the page
            inside = (place >= 0) & (right <= self._across)
            entries, place, right, line, loose = (part[inside] for part in (entries, place, right, line, loose))
        across = int(right.max())
        place += line * across
        strips = np.zeros((len(ink.bricks), len(baselines) * across), BRICK)
        tight = np.flatnonzero(~loose) if loose.any() else None
        for turn in (0, 1):
            chosen = slice(turn, None, 2) if tight is None else tight[turn::2]
            _add(strips, ink, entries[chosen], place[chosen], alone=turn == 0)
        if tight is not None:
            for glyph in np.flatnonzero(loose):
                _add(strips, ink, entries[glyph : glyph + 1], place[glyph : glyph + 1], alone=False)
        bands = strips.view(np.uint8).reshape(len(strips), len(baselines), across, BAND_ROWS)
        self._lay(bands, baselines - ink.above, ink.rows)

    def _lay(self, bands: NDArray[np.uint8], tops: Ints, rows: range) -> None:
        """Lay the rows that hold ink of strips of shape (bands, lines, bytes across, 16 rows) onto the page."""
        self._reach(-int(tops[0]) - rows.start, int(tops[-1]) + rows.stop)
        tops = tops + self._overhang
        pitch = min(int(np.diff(tops).min()), len(rows)) if len(tops) > 1 else len(rows)
        first = rows.start + (len(rows) - pitch) // 2
        # The rows in the middle of a strip are its line's alone; those at its edges it may share.
        middle = range(first, first + pitch)
        page = self._ink[:, : bands.shape[2]]
        for row in (*middle, *range(rows.start, first), *range(first + pitch, rows.stop)):
            ink = bands[row // BAND_ROWS, :, :, row % BAND_ROWS]
            if row in middle and self._empty:
                page[tops + row] = ink
            elif ink.any():
                page[tops + row] = saturating_sum(page[tops + row], ink)
        self._empty = False

    def _reach(self, above: int, below: int) -> None:
        """Have rows to spare above and below the page for strips that reach over its edges."""
        need = max(above, below - self.height)
        if need > self._overhang:
            self._ink = np.pad(self._ink, ((need - self._overhang,) * 2, (0, 0)))
            self._overhang = need

    def ink_width(self) -> int:
        """Give the width, from the page's left edge, that holds all its ink."""
        across = np.bitwise_or.reduce(self._ink.view(np.uint64), axis=0).view(np.uint8)[_PAD:]
        inked = np.flatnonzero(across)
        if not len(inked):
            return 0
        last = int(inked[-1])
        return min(self.width, 2 * last + 1 + bool(across[last] & 15))

    def ink_height(self) -> int:
        """Give the height, from the page's top edge, that holds all its ink."""
        page = self._ink[self._overhang : self._overhang + self.height]
        inked = np.flatnonzero(np.bitwise_or.reduce(page.view(np.uint64), axis=1))
        return int(inked[-1]) + 1 if len(inked) else 0

    def packed(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the page's top left part: shape (height, (width + 1) // 2), two pixels a byte."""
        width, height = size
        rows = self._ink[self._overhang : self._overhang + height, _PAD : _PAD + (width + 1) // 2]
        if width % 2:
            rows = rows.copy()
            rows[:, -1] &= 0xF0
        return rows


def _add(strips: Bricks, ink: Ink, entries: Ints, place: Ints, *, alone: bool) -> None:
    """Add glyphs to strips; no two of them share a brick, and `alone` says that nothing was drawn there before."""
    count = ink.count.take(entries)
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    # Brick of the strip and brick of the atlas travel in one number, high and low half.
    both = (place << _HALF) + ink.first.take(entries) - (ends - count) * _STEP
    both = np.repeat(both, count)
    both += _steps(total)
    target = both >> _HALF
    both &= (1 << _HALF) - 1
    for band, bricks in zip(strips, ink.bricks, strict=True):
        drawn = bricks.take(both)
        if not alone:
            below = band.take(target).view(np.uint64)
            shared = np.flatnonzero(below)
            words = drawn.view(np.uint64)
            words[shared] = saturating_sum(below[shared], words[shared])
        band[target] = drawn


@lru_cache(maxsize=4)
def _staircase(size: int) -> Ints:
    return np.arange(size, dtype=np.int64) * _STEP


def _steps(count: int) -> Ints:
    """Give 0, 1, 2, … in both halves of a number."""
    return _staircase(1 << max(count - 1, 1).bit_length())[:count]


def saturating_sum(one: NDArray[np.unsignedinteger], other: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """Add two arrays of packed pixels; ink stops at 15."""
    kind = one.dtype.type
    low, high = kind(0x7777777777777777 & np.iinfo(kind).max), kind(0x8888888888888888 & np.iinfo(kind).max)
    total = ((one & low) + (other & low)) ^ ((one ^ other) & high)
    full = ((one & other) | ((one | other) & ~total)) & high
    return total | full | (full >> kind(1)) | (full >> kind(2)) | (full >> kind(3))
