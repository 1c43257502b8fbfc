"""Paint a laid-out page: gather ink from the atlas as whole arrays.

The ink of each line is summed into a strip of 64-bit words, 16 pixels each; glyphs that keep to themselves cannot
overlap, so plain sums of their 4-bit steps cannot carry. The rest, a tenth of Latin text, is added with saturation,
as are strips that reach into each other. Knows positions and ink; knows nothing about text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typeset.atlas import PHASES, WORD_PX, Atlas, Tiles
from glyph_memory.typeset.glyphs import FIX

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_PAD = 1  # words left and right of the page, for ink that hangs over its edge
_LOW = np.uint64(0x7777777777777777)
_HIGH = np.uint64(0x8888888888888888)
_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)


class Canvas:
    """A page's ink, 4 bits a pixel."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Begin with an empty page of that width and height."""
        self.width, self.height = size
        self._words_across = -(-self.width // WORD_PX) + 2 * _PAD
        self._overhang = 0  # rows above and below the page, for ink that reaches over its edges
        self._empty = True
        self._ink = np.zeros((self.height + 2 * self._overhang, self._words_across), np.uint64)

    def draw(self, atlas: Atlas, slots: NDArray[np.int32], loose: NDArray[np.bool_], x: Ints, line: Ints, baselines: Ints) -> None:
        """Draw a column of lines.

        Args:
            atlas: Where the ink is.
            slots: Of each glyph, in reading order.
            loose: Of each glyph: whether its ink may touch its neighbours'.
            x: Of each glyph: its pen position from the page's left edge, in 2**-20 px.
            line: Of each glyph: number of its line.
            baselines: Of each line: its baseline's pixel row, increasing.
        """
        quarters = x >> (FIX.bit_length() - 1 - 2)
        entries = slots.astype(np.int64) * PHASES + (quarters & (PHASES - 1))
        tiles = atlas.tiles(entries)
        columns = (quarters >> 2) + tiles.left[entries] + WORD_PX * _PAD
        strips = _Strips(tiles, len(baselines), self._words_across)
        tile = tiles.first[entries].astype(np.int64)
        count = tiles.count[entries]
        if len(count) and count.max() > 1:
            tile, columns, line, loose = _spread(count, tile, columns, line, loose)
        alone = np.flatnonzero(~loose)
        strips.add(tile[alone], columns[alone], line[alone])
        rest = np.flatnonzero(loose)
        if len(rest):
            strips.add_loose(tile[rest], columns[rest], line[rest])
        self._lay(strips.ink, baselines - tiles.above)

    def _lay(self, strips: Words, tops: Ints) -> None:
        """Lay strips of shape (lines, words, rows) onto the page, adding where they reach into each other."""
        rows = strips.shape[2]
        self._reach(-int(tops.min()), int(tops.max()) + rows)
        tops = tops + self._overhang
        pitch = min(int(np.diff(tops).min()), rows) if len(tops) > 1 else rows
        first = (rows - pitch) // 2
        for row in range(first, first + pitch):
            ink = strips[:, :, row]
            self._ink[tops + row] = ink if self._empty else saturating_sum(self._ink[tops + row], ink)
        for row in (*range(first), *range(first + pitch, rows)):
            if strips[:, :, row].any():
                self._ink[tops + row] = saturating_sum(self._ink[tops + row], strips[:, :, row])
        self._empty = False

    def _reach(self, above: int, below: int) -> None:
        """Have rows to spare above and below the page for strips that reach over its edges."""
        need = max(above, below - self.height)
        if need > self._overhang:
            self._ink = np.pad(self._ink, ((need - self._overhang,) * 2, (0, 0)))
            self._overhang = need

    def extent(self) -> tuple[int, int]:
        """Give the width and height that hold all ink, from the page's top left corner."""
        page = self._page()
        down = np.flatnonzero(page.any(axis=1))
        across = np.bitwise_or.reduce(page, axis=0)
        inked = np.flatnonzero(across)
        if not len(inked):
            return 0, 0
        word = int(across[inked[-1]])
        trailing = (word & -word).bit_length() - 1
        return min(self.width, int(inked[-1]) * WORD_PX + WORD_PX - trailing // 4), int(down[-1]) + 1

    def packed(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Give the page's top left part: shape (height, (width + 1) // 2), two pixels a byte."""
        width, height = size
        page = self._page()[:height].astype(">u8")
        rows = page.view(np.uint8).reshape(height, -1)[:, : (width + 1) // 2]
        if width % 2:
            rows = rows.copy()
            rows[:, -1] &= 0xF0
        return rows

    def _page(self) -> Words:
        return self._ink[self._overhang : self._overhang + self.height, _PAD:-_PAD]


class _Strips:
    """The lines of a column, summed."""

    def __init__(self, tiles: Tiles, lines: int, words: int) -> None:
        self._tiles, self._words = tiles, words
        self._flat = np.zeros((lines * words + 1, tiles.rows), np.uint64)

    @property
    def ink(self) -> Words:
        """Shape (lines, words, rows)."""
        return self._flat[:-1].reshape(-1, self._words, self._tiles.rows)

    def add(self, tile: Ints, column: Ints, line: Ints) -> None:
        """Add glyphs that do not touch each other, sorted by line and column."""
        for word, ink in self._pieces(tile, column, line):
            starts = np.flatnonzero(np.diff(word, prepend=-1))
            self._flat[word[starts]] += np.add.reduceat(ink, starts, axis=0)

    def add_loose(self, tile: Ints, column: Ints, line: Ints) -> None:
        """Add glyphs that may touch others, each as often as need be apart from those."""
        for word, ink in self._pieces(tile, column, line):
            order = np.argsort(word, kind="stable")
            word, ink = word[order], ink[order]
            begins = np.flatnonzero(np.diff(word, prepend=-1))
            rank = np.arange(len(word)) - np.repeat(begins, np.diff(begins, append=len(word)))
            for turn in range(int(rank.max(initial=-1)) + 1):
                now = rank == turn
                target = word[now]
                self._flat[target] = saturating_sum(self._flat[target], ink[now])

    def _pieces(self, tile: Ints, column: Ints, line: Ints) -> list[tuple[Ints, Words]]:
        """Split each glyph's ink at the word boundary it straddles."""
        if not len(tile):
            return []
        ink = self._tiles.ink[tile]
        within = column & (WORD_PX - 1)
        word = line * self._words + (column >> 4)
        shift = (within * 4).astype(np.uint64)[:, None]
        over = np.flatnonzero(within + self._tiles.width[tile] > WORD_PX)
        pieces = [(word, ink >> shift)]
        if len(over):
            pieces.append((word[over] + 1, ink[over] << (np.uint64(64) - shift[over])))
        return pieces


def _spread(count: NDArray[np.int32], tile: Ints, columns: Ints, line: Ints, loose: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, NDArray[np.bool_]]:
    """Turn glyphs of several tiles into several glyphs of one."""
    nth = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return (
        np.repeat(tile, count) + nth,
        np.repeat(columns, count) + nth * WORD_PX,
        np.repeat(line, count),
        np.repeat(loose | (count > 1), count),
    )


def saturating_sum(one: Words, other: Words) -> Words:
    """Add two arrays of words pixel by pixel; ink stops at 15."""
    low = (one & _LOW) + (other & _LOW)
    total = low ^ ((one ^ other) & _HIGH)
    full = ((one & other) | ((one | other) & ~total)) & _HIGH
    return total | full | (full >> _ONE) | (full >> _TWO) | (full >> _THREE)
