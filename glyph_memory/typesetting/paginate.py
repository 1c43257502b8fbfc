"""Stack lines into columns and pages. Pure arithmetic.

Knows heights and paragraphs; knows nothing about what stands on a line. Lengths are in 2**-20 px, tops count from the
top of the text box.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from glyph_memory.style import PageStyle
from glyph_memory.typesetting.characters import NEWLINE, SPACE
from glyph_memory.typesetting.geometry import Geometry
from glyph_memory.typesetting.layout import Cursor, Lines, MeasuredText


@dataclass(frozen=True, slots=True)
class Column:
    """The lines of one column."""

    first: int
    """Number of its first line in the block."""
    tops: list[int]
    """Top of each line."""
    boxes: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    """Of each paragraph's part of the column: first line, line after its last, top and bottom, frame included."""


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The layout of one page."""

    columns: tuple[Column, ...]
    """From left to right."""
    next: Cursor
    """Where the page after it begins."""


def fill_pages(
    lines: Lines, cursor: Cursor, text: MeasuredText, style: PageStyle, geometry: Geometry, *, final: bool
) -> Iterator[PageLayout]:
    """Yield the pages that more lines could not change, or all pages where the text ends.

    Args:
        lines: The block, broken.
        cursor: Where the block begins.
        text: The block, measured.
        style: For columns and paragraphs.
        geometry: For heights.
        final: Whether the text ends with the block.
    """
    apart = any((*geometry.spaces, *geometry.frame)) or style.paragraph_color != style.page_color
    fill = (
        _fill_spaced_columns(lines, cursor, geometry)
        if apart
        else _fill_plain_columns(len(lines.closed), style, geometry)
    )
    walk, columns, count = _CursorFinder(lines, cursor, text), list[Column](), len(lines.closed)
    for column in fill:
        after = column.first + len(column.tops)
        if after == count and not final:
            return
        columns.append(column)
        if len(columns) == style.columns or after == count:
            yield PageLayout(tuple(columns), walk.find_cursor(after))
            columns = []


def _fill_plain_columns(count: int, style: PageStyle, geometry: Geometry) -> Iterator[Column]:
    """Yield columns that all hold the same number of lines."""
    tops = [row * geometry.pitch for row in range(style.lines_per_column)]
    for line in range(0, count, len(tops)):
        yield Column(line, tops[: count - line])


def _fill_spaced_columns(lines: Lines, cursor: Cursor, geometry: Geometry) -> Iterator[Column]:
    """Yield columns of paragraphs that have spaces between them, backgrounds or frames."""
    (before, after), frame, pitch = geometry.spaces, geometry.frame[1], geometry.pitch
    room = geometry.room + pitch // 1024
    line, opens = 0, cursor.opens_paragraph
    while line < len(lines.closed):
        column, y, begun, top = Column(line, []), 0, line, 0
        while line < len(lines.closed):
            at_top = line == column.first
            if opens or at_top:
                begun, top = line, y + (before if opens and not at_top else 0)
                y = top + frame
            # Room for the frame's lower edge is kept under every line that may turn out to be a part's last.
            if y + pitch + frame > room and not at_top:
                break
            column.tops.append(y)
            y += pitch
            opens = lines.last_of_paragraph[line]
            line += 1
            if opens:
                column.boxes.append((begun, line, top, y + frame))
                y += frame + after
        if not opens:
            column.boxes.append((begun, line, top, column.tops[-1] + pitch + frame))
        yield column


class _CursorFinder:
    """Follows the newlines of a block to find the cursor of a page that begins at a given line."""

    def __init__(self, lines: Lines, cursor: Cursor, text: MeasuredText) -> None:
        self._lines, self._cursor, self._kind = lines, cursor, text.kind
        self._newlines: list[int] = np.flatnonzero(text.kind & NEWLINE).tolist()
        self._ends: list[int] = np.flatnonzero(text.ends_paragraph).tolist()

    def find_cursor(self, line: int) -> Cursor:
        index = self._lines.start[line]
        opens = bool(self._lines.last_of_paragraph[line - 1])
        ends = bisect_left(self._ends, index)
        since = bisect_left(self._newlines, index)
        if ends:
            since -= bisect_right(self._newlines, self._ends[ends - 1])
        else:
            since += self._cursor.newlines
        after_space, within_line = bool(self._kind[index - 1] & SPACE), not self._lines.closed[line - 1]
        return Cursor(self._cursor.offset + index, since, opens, after_space, within_line)
