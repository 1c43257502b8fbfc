"""A block of text on its way to pages: measured, laid out, and painted sheet by sheet.

Here characters become positions in pixels: alignment, columns, right-to-left order, colours, cropping.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Escape, Page
from glyph_memory.style import PageStyle
from glyph_memory.typeset.atlas import Atlas
from glyph_memory.typeset.bidi import visual_positions
from glyph_memory.typeset.characters import ESCAPED, NEWLINE, RIGHT_TO_LEFT, SPACE
from glyph_memory.typeset.color import Palette
from glyph_memory.typeset.glyphs import FIX, GlyphTable
from glyph_memory.typeset.layout import Column, Cursor, Ints, LineBreaker, Sheet, sheets
from glyph_memory.typeset.measure import measure
from glyph_memory.typeset.paint import Canvas

Box = tuple[int, int, int, int]


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
class Case:
    """A style made ready: its glyphs and their ink, shared by all that is set in it."""

    style: PageStyle
    """The style."""
    table: GlyphTable
    """Its glyphs."""
    atlas: Atlas
    """Their ink."""
    palette: Palette
    """Its colours."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A column's characters in pixels (2**-20 px where not said otherwise)."""

    slots: Ints
    x: Ints
    line: Ints
    baselines: Ints  # pixel rows
    table: Ints  # the page's `line_table` rows


class Block:
    """Turns one block of text into pages."""

    def __init__(
        self,
        text: str,
        cursor: Cursor,
        case: Case,
        *,
        runs: Sequence[Run] = (),
        reserved: str = "",
        final: bool,
    ) -> None:
        """Measure and lay out; painting waits until a page is asked for.

        Args:
            text: The block; it begins at a page's beginning.
            cursor: Where that is.
            case: The style.
            runs: The coloured stretches that touch the block.
            reserved: Characters that only coloured stretches may show.
            final: Whether the text ends with the block.
        """
        self._text, self._cursor, self._case, self._runs, self._final = text, cursor, case, runs, final
        labels = [(max(run.start - cursor.offset, 0), max(run.stop - cursor.offset, 0)) for run in runs]
        self._measured = measure(text, cursor, case.table, reserved=reserved, labels=labels)
        self._breaker = LineBreaker(self._measured, case.style)
        self._lines = self._breaker.lines(cursor, final=final)
        self._starts = np.array(self._lines.start, np.int64)
        spaces = self._measured.kind & SPACE != 0
        self._spaces = np.concatenate([[0], np.cumsum(spaces)])

    def sheets(self) -> Iterator[Sheet]:
        """Give the layout of each page that the block fills."""
        return sheets(self._lines, self._cursor, self._measured, self._case.style, final=self._final)

    def page(self, sheet: Sheet, number: int) -> Page:
        """Paint one page.

        Raises:
            FontError: A glyph's outline is broken.
        """
        style, case = self._case.style, self._case
        canvas = Canvas(style.page_px)
        placed = [self._place(column, nth) for nth, column in enumerate(sheet.columns)]
        for column in placed:
            drawn = np.flatnonzero(case.table.inked.take(column.slots))
            slots = column.slots[drawn]
            loose = case.table.loose[slots] | (case.table.kind[slots] & RIGHT_TO_LEFT != 0)
            canvas.draw(case.atlas, slots, loose, column.x[drawn], column.line[drawn], column.baselines)
        start = int(self._starts[sheet.columns[0].first])
        stop = sheet.next.offset - self._cursor.offset
        last = self._final and stop == len(self._text)
        tints = self._tints(sheet, placed)
        boxes = self._boxes(sheet) if case.palette.framed else []
        size = self._crop(canvas, boxes, last=last)
        pixels, depth = _pixels(canvas, size, tints, boxes, style)
        return Page(
            number=number,
            size=size,
            text=self._text[start:stop],
            start=self._cursor.offset + start,
            line_table=np.concatenate([column.table for column in placed]),
            escaped=self._escaped(start, stop),
            pixels=pixels,
            depth=8 if depth == 8 else 4,
            palette=case.palette.full() if depth == 8 else case.palette.plain(),
        )

    def _place(self, column: Column, nth: int) -> _Placed:
        """Turn a column's characters into pen positions."""
        style, breaker, measured = self._case.style, self._breaker, self._measured
        bounds = self._starts[column.first : column.first + len(column.tops) + 1]
        lengths = np.diff(bounds)
        starts, stops = bounds[:-1], bounds[1:]
        a, b = int(bounds[0]), int(bounds[-1])
        left, room = self._margins(column, nth)
        inked = np.maximum(breaker.inked[stops], starts)
        begin = breaker.cumulative[starts]
        natural = breaker.cumulative[inked] - begin
        gaps = self._spaces[inked] - self._spaces[starts]
        extra = self._stretch(column, room, natural, gaps)
        natural = natural + extra * gaps
        if style.alignment in ("center", "right"):
            left = left + np.maximum(room - natural, 0) // (2 if style.alignment == "center" else 1)
        x = breaker.cumulative[a:b] - np.repeat(begin - left, lengths)
        if extra.any():
            x += np.repeat(extra, lengths) * (self._spaces[a:b] - np.repeat(self._spaces[starts], lengths))
        line = np.repeat(np.arange(len(lengths)), lengths)
        kind = measured.kind[a:b]
        if (kind & RIGHT_TO_LEFT).any():
            x = visual_positions(self._text[a:b], kind, x, measured.advance[a:b], line)
        origin = (style.page_px[1] - style.text_box_px[1]) / 2 * FIX
        tops = np.array(column.tops, np.int64) + round(origin)
        baselines = (tops + round(style.down_px(style.font_size_pt) * FIX)) >> _BITS
        pitch = math.ceil(style.down_px(style.line_height_pt))
        table = np.stack(
            [starts + self._cursor.offset, stops + self._cursor.offset, left >> _BITS, tops >> _BITS,
             (left + natural + FIX - 1) >> _BITS, (tops >> _BITS) + pitch], axis=1,
        )  # fmt: skip
        return _Placed(measured.slots[a:b], x, line, baselines, table)

    def _margins(self, column: Column, nth: int) -> tuple[Ints, Ints]:
        """Give each line's left edge on the page, and the room it has."""
        style, breaker = self._case.style, self._breaker
        inside = style.left_indent_pt + style.border_width_pt + style.border_padding_pt
        left = self._column_left(nth) + style.across_px(inside)
        last = self._lines.last_of_paragraph
        opens = np.array(
            [last[line - 1] if line else self._cursor.opens_paragraph for line in _numbers(column)], np.bool_
        )
        indent = breaker.width - breaker.first_width
        return round(left * FIX) + indent * opens, breaker.width - indent * opens

    def _column_left(self, nth: int) -> float:
        style = self._case.style
        step = style.column_px + style.across_px(style.column_gap_pt)
        return (style.page_px[0] - style.text_box_px[0]) / 2 + nth * step

    def _stretch(self, column: Column, room: Ints, natural: Ints, gaps: Ints) -> Ints:
        """Give what each line's spaces grow by, or shrink where one more word was let in."""
        last = np.array([self._lines.last_of_paragraph[line] for line in _numbers(column)], np.bool_)
        # An over-full line of one unbreakable run (ideographs, an over-long word) has no spaces to shrink.
        stretches = (natural > room) | (~last & (self._case.style.alignment == "justify"))
        return np.where(stretches & (gaps > 0), (room - natural) // np.maximum(gaps, 1), 0)

    def _tints(self, sheet: Sheet, placed: list[_Placed]) -> list[tuple[Box, int]]:
        """List the boxes in which ink has a colour of its own, and the palette's pair for each."""
        palette, style, tints = self._case.palette, self._case.style, []
        for column, where in zip(sheet.columns, placed, strict=True):
            a = int(self._starts[column.first])
            b = a + len(where.slots)
            kind = self._measured.kind[a:b]
            marks = np.flatnonzero((kind & NEWLINE != 0) & self._case.table.inked[where.slots])
            spans = [(int(mark), int(mark) + 1, style.newline_color) for mark in marks]
            nearby = bisect_right(self._runs, self._cursor.offset + a, key=lambda run: run.stop)
            for run in self._runs[nearby:]:
                if run.start >= self._cursor.offset + b:
                    break
                start, stop = run.start - self._cursor.offset - a, run.stop - self._cursor.offset - a
                spans.append((max(start, 0), min(stop, b - a), run.color))
            for start, stop, color in spans:
                pair = palette.pair(color)
                tints += [(box, pair) for box in self._span_boxes(where, a, start, stop)]
        return tints

    def _span_boxes(self, where: _Placed, first: int, start: int, stop: int) -> Iterator[Box]:
        """Give the box on each line that a stretch of characters takes."""
        for line in range(int(where.line[start]), int(where.line[stop - 1]) + 1):
            begin, _, _, top, _, bottom = where.table[line].tolist()
            here = max(start, begin - self._cursor.offset - first)
            after = min(stop, int(where.table[line, 1]) - self._cursor.offset - first)
            x = where.x[here:after]
            right = int((x + self._measured.advance[first + here : first + after]).max())
            yield int(x.min()) >> _BITS, top, (right + FIX - 1) >> _BITS, bottom

    def _boxes(self, sheet: Sheet) -> list[Box]:
        """Give the paragraphs' boxes, frames included."""
        style = self._case.style
        origin = (style.page_px[1] - style.text_box_px[1]) / 2
        boxes = []
        for nth, column in enumerate(sheet.columns):
            left = self._column_left(nth)
            for first, last, top, bottom in column.boxes:
                if (self._breaker.inked[self._starts[first + 1 : last + 1]] <= self._starts[first:last]).all():
                    continue  # nothing but spaces: no box
                boxes.append((
                    round(left + style.across_px(style.left_indent_pt)), round(origin + top / FIX),
                    round(left + style.column_px - style.across_px(style.right_indent_pt)),
                    round(origin + bottom / FIX),
                ))  # fmt: skip
        return boxes

    def _crop(self, canvas: Canvas, boxes: list[Box], *, last: bool) -> tuple[int, int]:
        style, (width, height) = self._case.style, self._case.style.page_px
        ink_width, ink_height = canvas.extent()
        if boxes:
            ink_width = max(ink_width, max(box[2] for box in boxes))
            ink_height = max(ink_height, max(box[3] for box in boxes))
        if style.crop_width:
            width = min(width, _up(ink_width + round(style.across_px(style.margin_x_pt)), style.snap_px))
        if style.crop_last_page and last:
            height = min(height, _up(ink_height + round(style.down_px(style.margin_y_pt)), style.snap_px))
        return max(width, 1), max(height, 1)

    def _escaped(self, start: int, stop: int) -> tuple[Escape, ...]:
        held = np.flatnonzero(self._measured.kind[start:stop] & ESCAPED)
        if not len(held):
            return ()
        slots, counts = np.unique(self._measured.slots[start:stop][held], return_counts=True)
        table = self._case.table
        found = [
            Escape(character=table.escapes[slot][0], count=count, reason=table.escapes[slot][1])
            for slot, count in zip(slots.tolist(), counts.tolist(), strict=True)
        ]
        return tuple(sorted(found, key=lambda escape: (escape.character, escape.reason)))


_BITS = FIX.bit_length() - 1


def _numbers(column: Column) -> range:
    return range(column.first, column.first + len(column.tops))


def _up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


def _pixels(
    canvas: Canvas, size: tuple[int, int], tints: list[tuple[Box, int]], boxes: list[Box], style: PageStyle
) -> tuple[bytes, int]:
    packed = canvas.packed(size)
    if not tints and not boxes:
        return packed.tobytes(), 4
    width, height = size
    plane = np.empty((height, packed.shape[1] * 2), np.uint8)
    plane[:, 0::2] = packed >> 4
    plane[:, 1::2] = packed & 15
    plane = plane[:, :width]
    across, down = (math.ceil(px(style.border_width_pt)) for px in (style.across_px, style.down_px))
    for left, top, right, bottom in boxes:
        plane[top:bottom, left:right] |= 1 << 4
        if style.border_width_pt:
            for edge in (np.s_[top : top + down, left:right], np.s_[bottom - down : bottom, left:right],
                         np.s_[top:bottom, left : left + across], np.s_[top:bottom, right - across : right]):  # fmt: skip
                plane[edge] = (2 << 4) + 15
    for (left, top, right, bottom), pair in tints:
        part = plane[top:bottom, max(left, 0) : right]
        part &= 15
        part |= pair << 4
    return plane.tobytes(), 8
