"""Turn lines into pen positions on the page: alignment, columns, right-to-left order, boxes of paragraphs and frames.

Knows positions; knows nothing about ink.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Box
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.characters import RIGHT_TO_LEFT, SPACE
from glyph_memory.typesetting.geometry import FIX, FIX_BITS, Geometry
from glyph_memory.typesetting.layout import Cursor, Ints, LineBreaker, Lines
from glyph_memory.typesetting.paginate import Column, PageLayout
from glyph_memory.typesetting.shaping import visual_positions


@dataclass(frozen=True, slots=True)
class ColorSpan:
    """A stretch of text that is drawn in a colour of its own."""

    start: int
    """Character offset in the whole text."""
    stop: int
    """Offset after its last character."""
    color: str
    """`#RRGGBB`, one of the style's."""


@dataclass(frozen=True, slots=True)
class PlacedColumn:
    """The positions of a column's characters on the page."""

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


def clip_boxes(table: Ints, size: tuple[int, int]) -> Ints:
    """Return a page's `line_table` with all boxes on a page of that size; blank lines may lie below its last ink."""
    clipped = table.copy()
    clipped[:, 2:] = np.clip(table[:, 2:], 0, [*size, *size])
    return clipped


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
        spans: Sequence[ColorSpan],
    ) -> None:
        """Prepare to place a block that is broken into lines."""
        self._text, self._offset, self._style, self._geometry = text, cursor.offset, style, geometry
        self._breaker, self._measured, self._spans = breaker, breaker.text, spans
        self._starts = np.array(lines.start, np.int64)
        last = np.array(lines.last_of_paragraph, np.bool_)
        self._opens = np.concatenate([[cursor.opens_paragraph], last[:-1]])
        self._closes = last | np.array(lines.closed, np.bool_)
        self._spaces = np.zeros(len(text) + 1, np.int64)
        np.cumsum(self._measured.kind & SPACE, out=self._spaces[1:])  # `SPACE` is the lowest bit: this counts

    def place(self, column: Column, nth: int) -> PlacedColumn:
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
        if np.bitwise_or.reduce(kind) & RIGHT_TO_LEFT:
            x = visual_positions(self._text[a:b], kind, x, self._measured.advance[a:b], line)
        tops = np.array(column.tops, np.int64) + geometry.top
        table = np.empty((len(lengths), 6), np.int64)
        table[:, 0], table[:, 1] = starts + self._offset, stops + self._offset
        table[:, 2], table[:, 3] = left >> FIX_BITS, tops >> FIX_BITS
        table[:, 4], table[:, 5] = (
            (left + natural + FIX - 1) >> FIX_BITS,
            (tops >> FIX_BITS) + geometry.pitch_px,
        )
        return PlacedColumn(a, b, x, line, (tops + geometry.baseline) >> FIX_BITS, table)

    def _stretch(self, closes: NDArray[np.bool_], room: Ints, natural: Ints, gaps: Ints) -> Ints:
        """Return how much the spaces of each line grow, or shrink where one more word was let in."""
        stretches = natural > room
        if self._style.alignment == "justify":
            fullest = room * (0 if self._style.reference else 3) // 4  # a shorter line would be torn apart
            stretches |= ~closes & (natural >= fullest)  # not where a newline or the paragraph ended the line
        # A line of one unbreakable word has no spaces to give.
        return np.where(stretches & (gaps > 0), (room - natural) // np.maximum(gaps, 1), 0)

    def tones(self, placed: PlacedColumn, numbers: Mapping[str, int]) -> NDArray[np.uint8] | None:
        """Return each character's colour number from `numbers`, 0 for the text's own; `None` where all are 0.

        Args:
            placed: A column.
            numbers: A number for each colour.
        """
        begin, end = self._offset + placed.start, self._offset + placed.stop
        tones = np.zeros(placed.stop - placed.start, np.uint8)
        if self._style.newline_mark:
            tones[self._measured.marked[placed.start : placed.stop]] = numbers[self._style.newline_color]
        near = self._spans[bisect_right(self._spans, begin, key=lambda span: span.stop) :]
        for span in near[: bisect_left(near, end, key=lambda span: span.start)]:
            tones[max(span.start - begin, 0) : span.stop - begin] = numbers[span.color]
        return tones if tones.any() else None

    def boxes(self, layout: PageLayout, placed: Sequence[PlacedColumn]) -> list[Box]:
        """Return the paragraphs' boxes, frames included; blank paragraphs have none.

        Where pages are cropped, boxes are no wider than the widest line of their column asks for: else no page with
        boxes would ever be narrower. The reference's are as wide as the column.
        """
        style, geometry, boxes = self._style, self._geometry, []
        for left, column, drawn in zip(geometry.columns, layout.columns, placed, strict=False):
            right = _px(left + geometry.column - geometry.indents[1])
            if style.crop_width and not style.reference:
                right = min(right, int(drawn.table[:, 4].max()) + _px(geometry.frame[0]))
            for first, last, top, bottom in column.boxes:
                if (self._breaker.inked[self._starts[first + 1 : last + 1]] > self._starts[first:last]).any():
                    edges = (left + geometry.indents[0], geometry.top + top, geometry.top + bottom)
                    boxes.append((_px(edges[0]), _px(edges[1]), right, _px(edges[2])))
        return boxes


def _px(length: int) -> int:
    return (length + FIX // 2) >> FIX_BITS
