"""Break measured text into lines. Pure arithmetic on arrays.

Knows advances and kinds of characters; knows nothing about fonts or pixels' colours. Lengths are whole numbers of
2**-20 px (`FIX`), positions in a block of text are character indices.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typeset.characters import IDEOGRAPH, NEWLINE, NO_END, NO_START, SPACE
from glyph_memory.typeset.geometry import Geometry

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A block of text, measured."""

    slots: Ints
    """What each character is drawn as."""
    kind: NDArray[np.uint8]
    """Its kind."""
    advance: Ints
    """How far it moves the pen."""
    fit: Ints
    """The same with spaces shrunk as far as they may be, to see what fits on a line."""
    ends_paragraph: NDArray[np.bool_]
    """Of each character: whether it is a newline at which a paragraph ends."""
    breaks: NDArray[np.bool_]
    """Of each character: whether it is a newline at which a line ends, not one drawn as a mark."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins, and what its first line inherits."""

    offset: int = 0
    """Character offset in the whole text."""
    newlines: int = 0
    """Newlines since the paragraph began."""
    opens_paragraph: bool = True
    """Whether the first line is a paragraph's first."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines of a block; line `i` is `start[i]` to `start[i + 1]`."""

    start: list[int]
    """Index of each line's first character, and after the last line its end."""
    closed: list[bool]
    """Whether a newline ended the line."""
    last_of_paragraph: list[bool]
    """Whether a paragraph ends with it."""


def opportunities(kind: NDArray[np.uint8], breaks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each character whether a line may break before it.

    Between words at spaces, before and after ideographs except where punctuation forbids it, and after newlines.
    """
    before, after = kind[:-1], kind[1:]
    word = (before & SPACE != 0) & (after & (SPACE | NEWLINE) == 0)
    # A newline drawn as a mark stands like an ideograph: lines may break on both sides of it.
    loose = IDEOGRAPH | NEWLINE
    ideograph = ((before | after) & loose != 0) & (after & (NO_START | SPACE) == 0) & (before & NO_END == 0)
    ideograph &= ~breaks[1:]
    return np.concatenate([[False], (word | ideograph) & ~breaks[1:] | breaks[:-1]])


class LineBreaker:
    """Greedy line breaking over one block."""

    def __init__(self, text: Measured, geometry: Geometry) -> None:
        """Sum widths and list the places where lines may break."""
        self.text = text
        self.cumulative = _running_sum(text.advance)
        self.fit = _running_sum(text.fit)
        trims = (text.kind & SPACE).view(np.bool_) | text.breaks
        inked = np.arange(1, len(trims) + 1)
        inked[trims] = 0
        # Of each index: where the text before it ends, trailing spaces left out.
        self.inked = np.zeros(len(trims) + 1, np.int64)
        np.maximum.accumulate(inked, out=self.inked[1:])
        self.width, self.first_width = geometry.line, geometry.first_line

    def lines(self, cursor: Cursor, *, final: bool) -> Lines:
        """Break the block, which begins where the cursor is.

        Args:
            cursor: What the first line inherits.
            final: Whether the text ends with the block. Otherwise only lines that more text could not change come.
        """
        size, text = len(self.text.advance), self.text
        at = np.flatnonzero(opportunities(text.kind, text.breaks)) if size else np.zeros(0, np.int64)
        if final:
            at = np.append(at, size)
        where, starts = memoryview(at), memoryview(self.fit.take(at))  # looked at once a line; bisected are the ends
        ends: list[int] = self.fit.take(self.inked.take(at)).tolist()
        hard = np.flatnonzero(text.breaks[at - 1]) if len(at) else at
        hards: list[int] = hard.tolist()
        if final and (not hards or hards[-1] != len(where) - 1):
            hards.append(len(where) - 1)
        return self._greedy(cursor, where, ends, starts, hards)

    def _greedy(
        self, cursor: Cursor, where: memoryview[int], ends: list[int], starts: memoryview[int], hards: list[int]
    ) -> Lines:
        size, tail, width = len(self.text.advance), int(self.fit[-1]), self.width
        indented, last, stops = self.first_width != width, len(where) - 1, list[int]()
        position, base, taken, next_hard = 0, 0, -1, 0
        room = self.first_width if cursor.opens_paragraph else width
        while position < size:
            stop = hards[next_hard] if next_hard < len(hards) else last
            fits = bisect_right(ends, base + room, taken + 1, stop + 1) - 1  # the last place the text fits up to
            if fits == stop and next_hard < len(hards):
                taken, next_hard = fits, next_hard + 1
                position, base = where[fits], starts[fits]
            else:
                word = starts[fits] if fits > taken else base
                too_long = (ends[fits + 1] if fits < last else tail) - word > width
                if fits == last and not too_long:
                    break  # more text could still fit
                if fits > taken and not too_long:
                    taken, position, base = fits, where[fits], starts[fits]
                else:
                    # A word wider than any line; or, on an indented line, one that fits on the next.
                    position = self._split(position, room, where[fits] if fits > taken else position)
                    base, taken = int(self.fit[position]), bisect_right(where, position, max(taken, 0)) - 1
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


def _running_sum(values: Ints) -> Ints:
    """Sum up to each index: one longer than the values, beginning with 0."""
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums
