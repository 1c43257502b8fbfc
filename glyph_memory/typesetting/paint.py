"""Paint a laid-out page: gather ink from the atlas as whole arrays.

A line is a row of bricks, two pixels wide and 16 rows high, and letters are groups of bricks, so that a page of ten
thousand letters is a few dozen array operations. Letters are laid in two turns, every other one, so that neighbours
that share a brick do not overwrite each other. Where ink meets ink its bits are joined: letters barely touch, and a
join costs one operation where a sum that cannot overflow costs twelve. Knows positions and ink; knows nothing about
text.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.atlas import BAND_ROWS, BRICK, PLACES, Atlas, Ink
from glyph_memory.typesetting.geometry import FIX

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
        """Create an empty page of that width and height."""
        self.width, self.height = size
        bytes_across = (self.width + 1) // 2 + 2 * _PAD
        self._across = -(-bytes_across // 8) * 8  # whole 64-bit words
        self._overhang = 0  # rows above and below the page, for ink that reaches over its edges
        self._ink = np.zeros((self.height, self._across), np.uint8)
        self._empty = True

    def draw(self, atlas: Atlas, slots: Ints, x: Ints, line: Ints, baselines: Ints) -> None:
        """Draw a column of lines.

        Args:
            atlas: Where the ink is.
            slots: Of each glyph, in reading order.
            x: Of each glyph: its pen position from the page's left edge, in 2**-20 px.
            line: Of each glyph: number of its line.
            baselines: Of each line: its baseline's pixel row, increasing.
        """
        if not len(slots):
            return
        quarters = x >> _QUARTER
        entries = slots * PLACES
        entries += quarters & (PLACES - 1)
        ink = atlas.ink(entries)
        place, first, count = ink.left.take(entries), ink.first.take(entries), ink.count.take(entries)
        quarters >>= _PLACE_BITS
        place += quarters
        place += _PAD
        across = int(place.max()) + int(count.max())
        if place.min() < 0 or across > self._across:  # far outside the page
            inside = (place >= 0) & (place + count <= self._across)
            place, first, count, line = (part[inside] for part in (place, first, count, line))
            across = self._across
        place += line * across
        line_ink = np.zeros((len(ink.bricks), len(baselines) * across), BRICK)
        for turn in (0, 1):
            _lay_half(line_ink, ink, first[turn::2], place[turn::2], count[turn::2], joins=turn == 1)
        self._lay(line_ink, baselines - ink.above)

    def _lay(self, line_ink: Bricks, tops: Ints) -> None:
        """Copy lines of ink, shape (bands, lines times bricks across), onto the page, row by row."""
        words = line_ink.view(np.uint64)
        held = [np.bitwise_or.reduce(band[half::2]) for band in words for half in (0, 1)]
        inked = np.flatnonzero(np.array(held).view(np.uint8))
        if not len(inked):
            return
        bands = line_ink.view(np.uint8).reshape(len(line_ink), len(tops), -1, BAND_ROWS)
        rows = range(int(inked[0]), int(inked[-1]) + 1)
        self._extend_overhang(-int(tops[0]) - rows.start, int(tops[-1]) + rows.stop)
        tops = tops + self._overhang
        pitch = min(int(np.diff(tops).min()), len(rows)) if len(tops) > 1 else len(rows)
        # As many rows as lines are apart are their line's alone; those at a line's edges it may share.
        first = rows.start + (len(rows) - pitch) // 2
        middle = range(first, first + pitch)
        page = self._ink[:, : bands.shape[2]]
        for row in (*middle, *range(rows.start, first), *range(first + pitch, rows.stop)):
            ink = bands[row // BAND_ROWS, :, :, row % BAND_ROWS]
            if row in middle and self._empty:
                page[tops + row] = ink
            else:
                page[tops + row] |= ink
        self._empty = False

    def _extend_overhang(self, above: int, below: int) -> None:
        """Add spare rows above and below the page for ink that reaches over its edges."""
        need = max(above, below - self.height)
        if need > self._overhang:
            self._ink = np.pad(self._ink, ((need - self._overhang,) * 2, (0, 0)))
            self._overhang = need

    def ink_width(self) -> int:
        """Return the width, from the page's left edge, that holds all its ink."""
        across = np.bitwise_or.reduce(self._ink.view(np.uint64), axis=0).view(np.uint8)[_PAD:]
        inked = np.flatnonzero(across)
        if not len(inked):
            return 0
        last = int(inked[-1])
        return min(self.width, 2 * last + 1 + bool(across[last] & 15))

    def ink_height(self) -> int:
        """Return the height, from the page's top edge, that holds all its ink."""
        page = self._ink[self._overhang : self._overhang + self.height]
        inked = np.flatnonzero(np.bitwise_or.reduce(page.view(np.uint64), axis=1))
        return int(inked[-1]) + 1 if len(inked) else 0

    def crop(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Return the page's top left part: shape (height, (width + 1) // 2), two pixels a byte."""
        width, height = size
        rows = self._ink[self._overhang : self._overhang + height, _PAD : _PAD + (width + 1) // 2]
        if width % 2:
            rows = rows.copy()
            rows[:, -1] &= 0xF0
        return rows


def _lay_half(line_ink: Bricks, ink: Ink, first: Ints, place: Ints, count: Ints, *, joins: bool) -> None:
    """Lay every other glyph; those that overlap one before them (marks, right to left) come last."""
    clear = np.ones(len(place), np.bool_)
    np.greater_equal(place[1:], np.maximum.accumulate(place + count)[:-1], out=clear[1:])
    if clear.all():
        _add(line_ink, ink, first, place, count, joins=joins)
    else:
        _add(line_ink, ink, first[clear], place[clear], count[clear], joins=joins)
        _overlay(line_ink, ink, first[~clear], place[~clear], count[~clear])


def _add(line_ink: Bricks, ink: Ink, first: Ints, place: Ints, count: Ints, *, joins: bool) -> None:
    """Copy glyphs' bricks into lines of ink; no two bricks may have the same place.

    Args:
        line_ink: Shape (bands, places).
        ink: Where the bricks are.
        first: Of each group: its first brick.
        place: Of each group: the place of its first brick.
        count: Of each group: how many bricks it has.
        joins: Whether other ink may lie there already.
    """
    ends = np.cumsum(count)
    # Brick of the line and brick of the atlas travel in one number, high and low half.
    both = place << _HALF
    both += first
    both -= (ends - count) * _STEP
    both = np.repeat(both, count)
    both += _steps(len(both))
    target = both >> _HALF
    both &= (1 << _HALF) - 1
    for band, bricks in zip(line_ink, ink.bricks, strict=True):
        drawn = bricks.take(both)
        if joins:
            words = drawn.view(np.uint64)
            words |= band.take(target).view(np.uint64)
        band[target] = drawn


def _overlay(line_ink: Bricks, ink: Ink, first: Ints, place: Ints, count: Ints) -> None:
    """Combine glyphs' bricks with lines of ink; they may overlap in any way."""
    nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    target = 2 * (np.repeat(place, count) + nth)
    for band, bricks in zip(line_ink.view(np.uint64), ink.bricks, strict=True):
        words = bricks.take(np.repeat(first, count) + nth).view(np.uint64).reshape(-1, 2)
        np.bitwise_or.at(band, target, words[:, 0])
        np.bitwise_or.at(band, target + 1, words[:, 1])


@lru_cache(maxsize=4)
def _staircase(size: int) -> Ints:
    return np.arange(size, dtype=np.int64) * _STEP


def _steps(count: int) -> Ints:
    """Return 0, 1, 2, … as 64-bit numbers, each in both the high and the low half."""
    return _staircase(1 << max(count - 1, 1).bit_length())[:count]
