"""Turn lines into pen positions on the page: alignment, columns, right-to-left order, the boxes of runs and frames.

Knows positions; knows nothing about ink.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Box
from glyph_memory.style import PageStyle
from glyph_memory.typeset.bidi import visual_positions
from glyph_memory.typeset.characters import NEWLINE, RIGHT_TO_LEFT, SPACE
from glyph_memory.typeset.geometry import FIX, FIX_BITS, Geometry
from glyph_memory.typeset.layout import Cursor, Ints, LineBreaker, Lines
from glyph_memory.typeset.paginate import Column, Sheet


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that is drawn in a colour of its own."""

    start: int
    """Character offset in the whole text."""
    stop: int
    """Offset after its last character."""
    color: str
    """`#RRGGBB`, one of the style's."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A column's characters on the page."""

    start: int
    """Index in the block of the first character."""
    stop: int
    """Index after the last one."""
    x: Ints
    """Of each character: its pen position from the page's left edge, in 2**-20 px."""
    line: Ints
    """Of each character: number of its line in the column."""
    baselines: Ints
    """Of each line: the pixel row of its baseline."""
    table: Ints
    """Rows of a page's `line_table`."""
    right_to_left: bool
    """Whether any character runs right to left."""


class Placer:
    """Places columns of one block."""

    def __init__(
        self,
        text: str,
        cursor: Cursor,
        style: PageStyle,
        geometry: Geometry,
        breaker: LineBreaker,
        lines: Lines,
        runs: Sequence[Run],
    ) -> None:
        """Take a block that was broken into lines."""
        self._text, self._offset, self._style, self._geometry = text, cursor.offset, style, geometry
        self._breaker, self._measured, self._runs = breaker, breaker.text, runs
        self._starts = np.array(lines.start, np.int64)
        last = np.array(lines.last_of_paragraph, np.bool_)
        self._opens = np.concatenate([[cursor.opens_paragraph], last[:-1]])
        self._closes = last | np.array(lines.closed, np.bool_)
        self._spaces = np.zeros(len(text) + 1, np.int64)
        np.cumsum(self._measured.kind & SPACE, out=self._spaces[1:])  # `SPACE` is the lowest bit: this counts

    def place(self, column: Column, nth: int) -> Placed:
        """Turn a column's characters into pen positions.

        Args:
            column: The column.
            nth: Its number on the page, from the left.
        """
        geometry, breaker = self._geometry, self._breaker
        lines = slice(column.first, column.first + len(column.tops))
        bounds = self._starts[column.first : column.first + len(column.tops) + 1]
        starts, stops, lengths = bounds[:-1], bounds[1:], np.diff(bounds)
        a, b = int(bounds[0]), int(bounds[-1])
        indent = geometry.first_indent * self._opens[lines]
        left, room = (
            geometry.columns[nth] + geometry.indents[0] + geometry.frame[0] + indent,
            geometry.line - indent,
        )
        inked = np.maximum(breaker.inked.take(stops), starts)
        begin = breaker.cumulative.take(starts)
        natural = breaker.cumulative.take(inked) - begin
        gaps = self._spaces.take(inked) - self._spaces.take(starts)
        extra = self._stretch(self._closes[lines], room, natural, gaps)
        natural = natural + extra * gaps
        if self._style.alignment in ("center", "right"):
            left = left + np.maximum(room - natural, 0) // (2 if self._style.alignment == "center" else 1)
        x = breaker.cumulative[a:b] - np.repeat(begin - left, lengths)
        if extra.any():
            x += np.repeat(extra, lengths) * (
                self._spaces[a:b] - np.repeat(self._spaces.take(starts), lengths)
            )
        line = np.repeat(np.arange(len(lengths)), lengths)
        kind = self._measured.kind[a:b]
        right_to_left = bool(np.bitwise_or.reduce(kind) & RIGHT_TO_LEFT)
        if right_to_left:
            x = visual_positions(self._text[a:b], kind, x, self._measured.advance[a:b], line)
        tops = np.array(column.tops, np.int64) + geometry.top
        table = np.empty((len(lengths), 6), np.int64)
        table[:, 0], table[:, 1] = starts + self._offset, stops + self._offset
        table[:, 2], table[:, 3] = left >> FIX_BITS, tops >> FIX_BITS
        table[:, 4], table[:, 5] = (
            (left + natural + FIX - 1) >> FIX_BITS,
            (tops >> FIX_BITS) + geometry.pitch_px,
        )
        return Placed(a, b, x, line, (tops + geometry.baseline) >> FIX_BITS, table, right_to_left)

    def _stretch(self, closes: NDArray[np.bool_], room: Ints, natural: Ints, gaps: Ints) -> Ints:
        """Give what each line's spaces grow by, or shrink where one more word was let in."""
        stretches = natural > room
        if self._style.alignment == "justify":
            stretches |= ~closes  # not where a newline or the paragraph ended the line
        # A line of one unbreakable run has no spaces to give.
        return np.where(stretches & (gaps > 0), (room - natural) // np.maximum(gaps, 1), 0)

    def colored(self, placed: Placed, inked: NDArray[np.bool_]) -> Iterator[tuple[Box, str]]:
        """Give the boxes, line by line, whose ink has a colour of its own, and the colour.

        Args:
            placed: A column.
            inked: Of each slot, whether it has ink.
        """
        begin, end = self._offset + placed.start, self._offset + placed.stop
        if self._style.newline_mark:
            newline = self._measured.kind[placed.start : placed.stop] & NEWLINE != 0
            marks = np.flatnonzero(newline & inked.take(self._measured.slots[placed.start : placed.stop]))
            yield from ((box, self._style.newline_color) for box in self._spans(placed, marks, marks + 1))
        near = self._runs[bisect_right(self._runs, begin, key=lambda run: run.stop) :]
        near = near[: bisect_left(near, end, key=lambda run: run.start)]
        if near:
            edges = np.array([(run.start, run.stop) for run in near], np.int64) - begin
            colors = [run.color for run in near]
            starts, stops = np.maximum(edges[:, 0], 0), np.minimum(edges[:, 1], end - begin)
            starts, stops, owner = _by_line(placed.line, starts, stops)
            boxes = self._spans(placed, starts, stops)
            yield from ((box, colors[number]) for box, number in zip(boxes, owner.tolist(), strict=True))

    def _spans(self, placed: Placed, starts: Ints, stops: Ints) -> list[Box]:
        """Give the boxes of stretches of a column's characters, each on one line."""
        if not len(starts):
            return []
        right = placed.x + self._measured.advance[placed.start : placed.stop]
        if placed.right_to_left:
            ranges = [slice(start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
            lefts = np.array([placed.x[span].min() for span in ranges])
            rights = np.array([right[span].max() for span in ranges])
        else:
            lefts, rights = placed.x.take(starts), right.take(stops - 1)
        lines = placed.line.take(starts)
        tops, bottoms = placed.table[lines, 3], placed.table[lines, 5]
        edges = np.stack([lefts >> FIX_BITS, tops, (rights + FIX - 1) >> FIX_BITS, bottoms], axis=1)
        return [(left, top, right, bottom) for left, top, right, bottom in edges.tolist()]

    def boxes(self, sheet: Sheet) -> list[Box]:
        """Give the paragraphs' boxes, frames included; blank paragraphs have none."""
        geometry, boxes = self._geometry, []
        for left, column in zip(geometry.columns, sheet.columns, strict=False):
            for first, last, top, bottom in column.boxes:
                if (self._breaker.inked[self._starts[first + 1 : last + 1]] > self._starts[first:last]).any():
                    right = left + geometry.column - geometry.indents[1]
                    edges = (left + geometry.indents[0], geometry.top + top, right, geometry.top + bottom)
                    boxes.append((_px(edges[0]), _px(edges[1]), _px(edges[2]), _px(edges[3])))
        return boxes


def _px(length: int) -> int:
    return (length + FIX // 2) >> FIX_BITS


def _by_line(line: Ints, starts: Ints, stops: Ints) -> tuple[Ints, Ints, Ints]:
    """Cut stretches at the ends of lines; gives starts, stops, and the number of the stretch each comes from."""
    first, last = line.take(starts), line.take(stops - 1)
    pieces = last - first + 1
    owner = np.repeat(np.arange(len(starts)), pieces)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    number = first.take(owner) + nth
    begins, ends = np.searchsorted(line, number, "left"), np.searchsorted(line, number, "right")
    return np.maximum(starts.take(owner), begins), np.minimum(stops.take(owner), ends), owner
