"""Break measured text into lines and lines into pages. Pure arithmetic on arrays.

Knows advances and kinds of characters; knows nothing about fonts or pixels' colours. Lengths are whole numbers of
2**-20 px (`FIX`), positions in a block of text are character indices.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.style import PageStyle
from glyph_memory.typeset.characters import IDEOGRAPH, NEWLINE, NO_END, NO_START, SPACE
from glyph_memory.typeset.glyphs import FIX

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
    blank_first: bool = False
    """Reference only: whether the page begins with an empty line."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Consecutive lines of a block; line `i` is `start[i]` to `start[i + 1]`."""

    start: list[int]
    """Index of each line's first character, and after the last line its end."""
    closed: list[bool]
    """Whether a newline ended the line."""
    last_of_paragraph: list[bool]
    """Whether a paragraph ends with it."""


@dataclass(frozen=True, slots=True)
class Column:
    """Lines below each other."""

    first: int
    """Number of its first line in the block."""
    tops: list[int]
    """Top of each line."""
    boxes: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])
    """Of each paragraph's part of the column: first line, line after its last, top and bottom, frame included."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page's layout."""

    columns: tuple[Column, ...]
    """From left to right."""
    next: Cursor
    """Where the page after it begins."""


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

    def __init__(self, text: Measured, style: PageStyle) -> None:
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
        indents = (
            style.left_indent_pt
            + style.right_indent_pt
            + 2 * (style.border_width_pt + style.border_padding_pt)
        )
        self.width = round((style.column_px - style.across_px(indents)) * FIX)
        self.first_width = self.width - round(style.across_px(style.first_line_indent_pt) * FIX)

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
        where: list[int] = at.tolist()
        ends: list[int] = self.fit[self.inked[at]].tolist()
        starts: list[int] = self.fit[at].tolist()
        hard = np.flatnonzero(text.breaks[at - 1]) if len(at) else at
        hards: list[int] = hard.tolist()
        if final and (not hards or hards[-1] != len(where) - 1):
            hards.append(len(where) - 1)
        return self._greedy(cursor, where, ends, starts, hards)

    def _greedy(
        self, cursor: Cursor, where: list[int], ends: list[int], starts: list[int], hards: list[int]
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


def sheets(lines: Lines, cursor: Cursor, text: Measured, style: PageStyle, *, final: bool) -> Iterator[Sheet]:
    """Stack lines into columns and pages; only pages that more lines could not change, or all where it is final.

    Args:
        lines: From `LineBreaker.lines`.
        cursor: Where the block begins.
        text: The block.
        style: For heights and spaces.
        final: Whether the text ends with the block.
    """
    if not (style.space_before_pt or style.space_after_pt or style.border_width_pt or style.border_padding_pt
            or style.reference or style.paragraph_color != style.page_color):  # fmt: skip
        yield from _plain_sheets(lines, cursor, text, style, final=final)
    else:
        yield from _framed_sheets(lines, cursor, text, style, final=final)


def _plain_sheets(
    lines: Lines, cursor: Cursor, text: Measured, style: PageStyle, *, final: bool
) -> Iterator[Sheet]:
    """Pages on which every column holds the same number of lines."""
    pitch, room = style.down_px(style.line_height_pt) * FIX, style.lines_per_column
    tops = [round(row * pitch) for row in range(room)]
    per_page, count, first = room * style.columns, len(lines.closed), 0
    walk = _Walk(lines, cursor, text)
    while first + per_page < count or (final and first < count):
        last = min(first + per_page, count)
        starts = range(first, last, room)
        columns = tuple(Column(line, tops[: min(room, last - line)]) for line in starts)
        first = last
        yield Sheet(columns, walk.cursor_at(first))


def _framed_sheets(
    lines: Lines, cursor: Cursor, text: Measured, style: PageStyle, *, final: bool
) -> Iterator[Sheet]:
    """Pages whose paragraphs stand apart, or have backgrounds and frames; also the reference's quirks."""
    walk, count = _Walk(lines, cursor, text), len(lines.closed)
    stack = _Stack(style)
    line, opens, columns = 0, cursor.opens_paragraph, []
    blank = cursor.blank_first
    while line < count:
        column, after = stack.column(lines, line, opens=opens, blank=blank)
        if after == count and not final:
            return
        if style.reference and after + 1 >= count and not final:
            return
        line, blank = after, False
        columns.append(column)
        opens = lines.last_of_paragraph[line - 1] if line else opens
        if len(columns) == style.columns or line == count:
            following = walk.cursor_at(line)
            blank = (
                style.reference and line < count and lines.closed[line - 1] and not opens and not stack.cjk
            )
            yield Sheet(tuple(columns), replace(following, blank_first=blank))
            columns = []


class _Stack:
    """Stacks lines into one column."""

    def __init__(self, style: PageStyle) -> None:
        def down(points: float) -> int:
            return round(style.down_px(points) * FIX)

        self.pitch, self.before, self.after = (
            down(points) for points in (style.line_height_pt, style.space_before_pt, style.space_after_pt)
        )
        self.frame = down(style.border_width_pt + style.border_padding_pt)
        self.room = round(style.text_box_px[1] * FIX) + FIX // 1024
        self.reference = style.reference
        self.cjk = False

    def column(self, lines: Lines, line: int, *, opens: bool, blank: bool) -> tuple[Column, int]:
        """Fill a column from a line on; gives it and the number of the first line that is left over."""
        first, y, count = line, self.pitch if blank else 0, len(lines.closed)
        column = Column(first, [])
        begun, top = line, y
        while line < count:
            at_top = line == first
            if opens or at_top:
                begun = line
                top = y + (self.before if opens and not at_top else 0)
                y = top + self.frame
            # The frame's lower edge belongs to the line that it closes.
            if y + self.pitch + self.frame > self.room and not at_top:
                break
            if (
                self.reference
                and opens
                and not at_top
                and y + 2 * self.pitch > self.room
                and not (lines.last_of_paragraph[line])
            ):
                break
            column.tops.append(y)
            y += self.pitch
            opens = lines.last_of_paragraph[line]
            line += 1
            if opens:
                column.boxes.append((begun, line, top, y + self.frame))
                y += self.frame + self.after
        if line > first and not lines.last_of_paragraph[line - 1]:
            column.boxes.append((begun, line, top, column.tops[-1] + self.pitch + self.frame))
        return column, line


class _Walk:
    """Follows the newlines of a block, to say what a page that begins at some line inherits."""

    def __init__(self, lines: Lines, cursor: Cursor, text: Measured) -> None:
        self._lines, self._cursor = lines, cursor
        self._newlines: list[int] = np.flatnonzero(text.kind & NEWLINE != 0).tolist()
        self._ends: list[int] = np.flatnonzero(text.ends_paragraph).tolist()

    def cursor_at(self, line: int) -> Cursor:
        index = self._lines.start[line]
        opens = bool(self._lines.last_of_paragraph[line - 1])
        ends = bisect_left(self._ends, index)
        if ends:
            since = bisect_left(self._newlines, index) - bisect_right(self._newlines, self._ends[ends - 1])
        else:
            since = self._cursor.newlines + bisect_left(self._newlines, index)
        return Cursor(self._cursor.offset + index, since, opens)
