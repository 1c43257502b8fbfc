"""Paint a laid-out page: gather ink from the atlas as whole arrays.

A line is a strip of pixel columns, one 64-bit word of 16 rows each; glyphs are runs of such words, so that a page of
ten thousand letters is a few dozen array operations. Letters are laid down in two turns, every other one, so that
neighbours that share a column are added and not overwritten. At the end columns are turned into rows. Knows positions
and ink; knows nothing about text.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typeset.atlas import BAND_ROWS, PHASES, Atlas, Ink
from glyph_memory.typeset.geometry import FIX

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_PAD = 32  # pixels left and right of the page, for ink that hangs over its edge
_QUARTER = FIX.bit_length() - 1 - 2
_HALF = 32
_STEP = (1 << _HALF) + 1
_FOUR = np.uint64(4)
_EVEN = np.uint64(0xF0F0F0F0F0F0F0F0)
_ODD = np.uint64(0x0F0F0F0F0F0F0F0F)


class Canvas:
    """A page's ink, 4 bits a pixel."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Begin with an empty page of that width and height."""
        self.width, self.height = size
        # Words that hold a strip's even columns, or its odd ones: so many that rows are whole 64-bit words, too.
        self._half = -(-((self.width + 1) // 2 + _PAD) // 8) * 8
        self._overhang = 0  # rows above and below the page, for ink that reaches over its edges
        self._ink = np.zeros((self.height, self._half), np.uint8)
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
        entries = slots * PHASES
        entries += quarters & (PHASES - 1)
        ink = atlas.ink(entries)
        place = (quarters >> 2) + ink.left.take(entries)
        place += _PAD
        right = place + ink.count.take(entries)
        inside = (place >= 0) & (right < 2 * self._half)
        if not inside.all():
            entries, place, right, line, loose = (part[inside] for part in (entries, place, right, line, loose))
        if not len(entries):
            return
        half = int(right.max()) // 2 + 1
        place += line * (2 * half)
        # Even columns of all lines first, then odd ones: pairs of them become bytes.
        strips = np.zeros((len(ink.columns), 2 * len(baselines) * half), np.uint64)
        tight = np.flatnonzero(~loose) if loose.any() else None
        for turn in (0, 1):
            chosen = slice(turn, None, 2) if tight is None else tight[turn::2]
            _add(strips, ink, entries[chosen], place[chosen], alone=turn == 0)
        if tight is not None:
            for glyph in np.flatnonzero(loose):
                _add(strips, ink, entries[glyph : glyph + 1], place[glyph : glyph + 1], alone=False)
        rows = range(int(ink.top.take(entries).min()), int(ink.bottom.take(entries).max()))
        self._lay(strips.reshape(len(ink.columns), 2, len(baselines), half), baselines - ink.above, rows)

    def _lay(self, strips: Words, tops: Ints, rows: range) -> None:
        """Lay the rows that hold ink of strips of shape (bands, even and odd columns, lines, words) onto the page."""
        self._reach(-int(tops[0]) - rows.start, int(tops[-1]) + rows.stop)
        tops = tops + self._overhang
        pitch = min(int(np.diff(tops).min()), len(rows)) if len(tops) > 1 else len(rows)
        first = rows.start + (len(rows) - pitch) // 2
        pairs = [_pairs(band) for band in strips]
        # The rows in the middle of a strip are its line's alone; those at its edges it may share.
        middle = range(first, first + pitch)
        page = self._ink[:, : strips.shape[3]]
        for row in (*middle, *range(rows.start, first), *range(first + pitch, rows.stop)):
            ink = pairs[row // BAND_ROWS][row % 2][:, :, row % BAND_ROWS // 2]
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
        across = np.bitwise_or.reduce(self._ink.view(np.uint64), axis=0).view(np.uint8)[_PAD // 2 :]
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
        left = _PAD // 2
        rows = self._ink[self._overhang : self._overhang + height, left : left + (width + 1) // 2]
        if width % 2:
            rows = rows.copy()
            rows[:, -1] &= 0xF0
        return rows


def _add(strips: Words, ink: Ink, entries: Ints, place: Ints, *, alone: bool) -> None:
    """Add glyphs to strips; no two of them share a column, and `alone` says that nothing was drawn there before."""
    count = ink.count.take(entries)
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    # Column of the strip and column of the atlas travel in one number, high and low half.
    both = (place << _HALF) + ink.first.take(entries) - (ends - count) * _STEP
    both = np.repeat(both, count)
    both += _steps(total)
    column = both >> _HALF
    target = column & 1
    target *= strips.shape[1] // 2
    column >>= 1
    target += column
    both &= (1 << _HALF) - 1
    for band, columns in zip(strips, ink.columns, strict=True):
        drawn = columns.take(both)
        if not alone:
            below = band.take(target)
            shared = np.flatnonzero(below)
            drawn[shared] = saturating_sum(below[shared], drawn[shared])
        band[target] = drawn


@lru_cache(maxsize=4)
def _staircase(size: int) -> Ints:
    return np.arange(size, dtype=np.int64) * _STEP


def _steps(count: int) -> Ints:
    """Give 0, 1, 2, … in both halves of a number."""
    return _staircase(1 << max(count - 1, 1).bit_length())[:count]


def _pairs(band: Words) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Turn words of columns into bytes of two pixels: even rows and odd rows, each of shape (lines, words, 8)."""
    left, right = band
    even = (right & _EVEN) >> _FOUR
    even |= left & _EVEN
    odd = (left & _ODD) << _FOUR
    odd |= right & _ODD
    return even.view(np.uint8).reshape(*left.shape, 8), odd.view(np.uint8).reshape(*left.shape, 8)


def saturating_sum(one: NDArray[np.unsignedinteger], other: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """Add two arrays of packed pixels; ink stops at 15."""
    kind = one.dtype.type
    low, high = kind(0x7777777777777777 & np.iinfo(kind).max), kind(0x8888888888888888 & np.iinfo(kind).max)
    total = ((one & low) + (other & low)) ^ ((one ^ other) & high)
    full = ((one & other) | ((one | other) & ~total)) & high
    return total | full | (full >> kind(1)) | (full >> kind(2)) | (full >> kind(3))
