"""Break measured text into lines. Pure arithmetic on arrays.

Knows advances and kinds of characters; knows nothing about fonts or pixels' colours. Lengths are whole numbers of
2**-20 px (`FIX`), positions in a block of text are character indices.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.characters import IDEOGRAPH, NEWLINE, NO_END, NO_START, SPACE
from glyph_memory.typesetting.geometry import Geometry

Ints = NDArray[np.int64]

_NEARBY = 128  # more places than lines have, mostly


@dataclass(frozen=True, slots=True)
class MeasuredText:
    """A block of text with the measures of its characters."""

    slots: Ints
    """What each character is drawn as."""
    kind: NDArray[np.uint8]
    """Its kind."""
    advance: Ints
    """How far it moves the pen."""
    ends_paragraph: NDArray[np.bool_]
    """Of each character: whether it is a newline at which a paragraph ends."""
    breaks: NDArray[np.bool_]
    """Of each character: whether it is a newline at which a line ends, not one drawn as a mark."""
    marked: NDArray[np.bool_]
    """Of each character: whether a mark is drawn there, for a newline or for a run that is counted."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins, and the state that its first line inherits."""

    offset: int = 0
    """Character offset in the whole text."""
    newlines: int = 0
    """Newlines since the paragraph began."""
    opens_paragraph: bool = True
    """Whether the first line is a paragraph's first."""
    after_space: bool = False
    """Whether the character before is a space: an endless run of them was cut here."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines of a block; line `i` is `start[i]` to `start[i + 1]`."""

    start: list[int]
    """Index of each line's first character, and after the last line its end."""
    closed: list[bool]
    """Whether a newline ended the line."""
    last_of_paragraph: list[bool]
    """Whether a paragraph ends with it."""


def find_break_opportunities(kind: NDArray[np.uint8], breaks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each character whether a line may break before it.

    Between words at spaces, before and after ideographs except where punctuation forbids it, and after newlines.
    """
    before, after = kind[:-1], kind[1:]
    word = (before & SPACE != 0) & (after & (SPACE | NEWLINE) == 0)
    marked = (kind & NEWLINE != 0) & ~breaks
    if np.bitwise_or.reduce(kind, initial=0) & IDEOGRAPH or marked.any():
        # A newline drawn as a mark stands like an ideograph: lines may break on both sides of it.
        loose = (before | after) & (IDEOGRAPH | NEWLINE) != 0
        word |= loose & (after & (NO_START | SPACE) == 0) & (before & NO_END == 0)
    return np.concatenate([[False], word & ~breaks[1:] | breaks[:-1]])


class LineBreaker:
    """Greedy line breaking over one block."""

    def __init__(self, text: MeasuredText, geometry: Geometry, *, shrink: float = 0) -> None:
        """Compute the running sums of the widths.

        Args:
            text: The block.
            geometry: For the widths of lines.
            shrink: How much narrower spaces may get, as a share, to let one more word onto a line.
        """
        self.text, self._shrink = text, shrink
        self.width, self.first_width = geometry.line, geometry.first_line
        size = len(text.advance)
        self.cumulative = np.zeros(size + 1, np.int64)
        np.cumsum(text.advance, out=self.cumulative[1:])
        # Of each index: where the text before it ends, trailing spaces left out.
        self.inked = np.arange(size + 1)
        self.inked[1:] *= ~((text.kind & SPACE).view(np.bool_) | text.breaks)
        np.maximum.accumulate(self.inked, out=self.inked)

    def lines(self, cursor: Cursor, *, final: bool) -> Lines:
        """Break the block, which begins where the cursor is.

        Args:
            cursor: What the first line inherits.
            final: Whether the text ends with the block. Otherwise only lines that more text could not change come.
        """
        size, text = len(self.text.advance), self.text
        at = (
            np.flatnonzero(find_break_opportunities(text.kind, text.breaks))
            if size
            else np.zeros(0, np.int64)
        )
        if final:
            at = np.append(at, size)
        starts, ends = self.cumulative.take(at), self.cumulative.take(self.inked.take(at))
        # Spaces between words count less, as they may shrink: so do all positions after them.
        spaces = starts - np.maximum(ends, np.concatenate([[0], starts[:-1]]))
        saved = np.cumsum((spaces * self._shrink).astype(np.int64))
        ends[1:] -= saved[:-1]
        starts -= saved
        hards: list[int] = np.flatnonzero(text.breaks.take(at - 1)).tolist() if len(at) else []
        if final and (not hards or hards[-1] != len(at) - 1):
            hards.append(len(at) - 1)
        return self._fill_lines(cursor, at.data, ends.data, starts.data, hards)

    def _fill_lines(
        self,
        cursor: Cursor,
        where: memoryview[int],
        ends: memoryview[int],
        starts: memoryview[int],
        hards: list[int],
    ) -> Lines:
        """Fill line after line.

        Args:
            cursor: What the first line inherits.
            where: Places where a line may break.
            ends: Of each: how far the text before it reaches, with shrunk spaces.
            starts: Of each: where the text after it begins.
            hards: Which of them must be taken.
        """
        size, width, last = len(self.text.advance), self.width, len(where) - 1
        indented, stops = self.first_width != width, list[int]()
        room = self.first_width if cursor.opens_paragraph else width
        tail = int(self.cumulative[self.inked[-1]])
        position, base, taken, hard = 0, 0, -1, iter([*hards, last + 1])
        stop = next(hard)
        while position < size:
            fits = _find_last_fit(ends, base + room, taken, min(stop, last))
            if fits == stop:
                taken, stop = fits, next(hard)
                position, base = where[fits], starts[fits]
            else:
                start, word = (where[fits], starts[fits]) if fits > taken else (position, base)
                end = ends[fits + 1] if fits < last else word + tail - int(self.cumulative[start])
                if end - word <= width and fits == last:
                    break  # more text could still fit
                if end - word <= width and fits > taken:
                    taken, position, base = fits, start, word
                else:
                    # A word wider than any line; or, on an indented line, one that fits on the next.
                    position = self._split(position, room, start)
                    base = word + int(self.cumulative[position] - self.cumulative[start])
                    taken = max(fits, taken)
            stops.append(position)
            if indented:
                room = self.first_width if self.text.ends_paragraph[position - 1] else width
        before = np.array(stops, np.int64) - 1
        last_of_paragraph = self.text.ends_paragraph[before]
        if stops and stops[-1] == size:
            last_of_paragraph[-1] = True
        return Lines([0, *stops], self.text.breaks[before].tolist(), last_of_paragraph.tolist())

    def _split(self, start: int, room: int, word: int) -> int:
        """Cut an over-long word that begins at `word` so that the line from `start` is full."""
        position = int(np.searchsorted(self.cumulative, self.cumulative[start] + room, "right")) - 1
        if position > word:
            return position
        if word > start:
            return word
        # Not one character fits: it gets a line of its own, with all that is drawn as part of it.
        return int(np.searchsorted(self.cumulative, self.cumulative[start + 1], "right")) - 1


def _find_last_fit(ends: memoryview[int], limit: int, low: int, high: int) -> int:
    """Return the last index up to `high` whose end is within the limit, or `low`; nearby ones are tried first."""
    near = min(high, low + _NEARBY)
    last = bisect_right(ends, limit, low + 1, near + 1) - 1
    return last if last < near or near == high else bisect_right(ends, limit, near + 1, high + 1) - 1
