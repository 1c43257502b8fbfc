"""Fill columns with a text's paragraphs by the reference pipeline's rules, and hand over the pages that are full.

The rules are reportlab 5.1's, as `benchmarks/lib/reference.py` lists them. Knows items and their lines; knows nothing
about what draws them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glyph_memory.style import PageStyle
from glyph_memory.typesetting.geometry import FIX, Geometry, to_fixed_point
from glyph_memory.typesetting.paginate import Column
from glyph_memory.typesetting.reference_lines import (
    AT,
    BLANK,
    BREAK,
    CODE,
    NO_BREAK,
    OWN,
    WIDTH,
    Items,
    break_cjk,
    break_latin,
    sums,
)


@dataclass(frozen=True, slots=True)
class FilledColumns:
    """Columns that no more text could change: those of whole pages, or all where the text ends."""

    columns: tuple[Column, ...]
    """In order, none of them empty."""
    items: Items
    """What was laid."""
    ends: list[int]
    """Of each line: the item after it."""
    closes: list[bool]
    """Of each line: whether a paragraph ends with it."""


class ReferencePages:
    """Fills columns, paragraph by paragraph."""

    def __init__(self, style: PageStyle, geometry: Geometry, *, space: int, cjk: bool) -> None:
        """Begin the first column.

        Args:
            style: For heights and how many columns a page has.
            geometry: The style's measures.
            space: How wide a space is.
            cjk: Whether the text holds an ideograph, which changes how all its lines are broken.
        """
        self._columns = [Column(0, [])]
        self._parts: list[Items] = []  # what was laid
        self._ends: list[int] = []  # of each line: the item after it
        self._closes: list[bool] = []  # of each line: whether a paragraph ends with it
        self._cjk, self._style, self._geometry, self._space = cjk, style, geometry, space
        self._inset_pt = style.margin_y_pt + style.padding_pt
        self._used_pt = 0.0  # of the column

    def add(self, items: Items, *, joins: bool) -> None:
        """Add a paragraph.

        Args:
            items: Its items.
            joins: Whether the rest of a CJK paragraph, after a page's end, is joined from its lines with spaces. It
                is where the paragraph has several fragments; the lines of a single one are joined without.
        """
        style, opens, blank, cut, done = self._style, True, 0, 0, 0
        lines = self._break(items, opens=True)
        while done < len(lines):
            if not blank and items.shape[1] == cut + 1 and items[CODE, cut] == BREAK:
                break  # alone it gives no line
            apart_pt = max(style.space_before_pt - style.space_after_pt, 0) if opens and self._used_pt else 0
            room_pt = style.page_height_pt - 2 * self._inset_pt - self._used_pt - apart_pt
            rows = int(room_pt / style.line_height_pt + 1e-6)
            if len(lines) - done + blank > rows and rows < 2 and self._used_pt:
                self._start_column()  # a paragraph is not begun in a page's last line
                continue
            laid = items
            if self._cjk and not joins:
                items, lines = _trim_lines(items, lines)
            stop = done + max(rows - blank, 1)
            self._used_pt += apart_pt
            here, last = lines[done:stop], stop >= len(lines)
            self.lay(items[:, cut : here[-1]], [end - cut for end in here], blank=blank, last=last)
            if last:
                break
            opens, cut, done = False, here[-1], stop
            # The rest begins with the line break before it; but that of a CJK paragraph is joined from lines.
            blank = int(not self._cjk and items[CODE, cut - 1] == BREAK)
            if self._cjk and joins:
                items = self._join_lines(items, lines[done:-1])
            if items is not laid:  # what it gained or lost moves its lines
                items, cut, done = items[:, cut:], 0, 0
                lines = self._break(items, opens=False)
            self._start_column()
        self._closes[-1:] = [True] if self._closes else []

    def lay(self, items: Items, lines: list[int], *, blank: int = 0, last: bool = True) -> None:
        """Add lines to the column, below a blank one if need be."""
        style, geometry, column = self._style, self._geometry, self._columns[-1]
        rows, first, before = blank + len(lines), len(self._ends), self._ends[-1] if self._ends else 0
        empty = lines[-1] - 1 in (0, *lines[-2:-1]) and items[CODE, lines[-1] - 1] == BREAK
        # An empty line whose break went with the rest is none.
        height_pt = (rows - (empty and not last and not self._cjk)) * style.line_height_pt
        # In poppler's order: where a baseline falls on a whole pixel, rounding decides about the pixel row.
        scale = style.dpi / 72
        lower_pt = style.page_height_pt - self._inset_pt - self._used_pt - height_pt
        edge = scale * style.page_height_pt - scale * lower_pt
        for row in range(blank, rows):
            baseline = edge - scale * (height_pt - style.font_size_pt - row * style.line_height_pt)
            column.tops.append(math.floor(baseline * FIX) - geometry.top - geometry.baseline)
        top, bottom = (to_fixed_point(scale * pt) for pt in (self._used_pt, self._used_pt + height_pt))
        column.boxes.append((first, first + len(lines), top - geometry.frame[1], bottom + geometry.frame[1]))
        self._used_pt += height_pt + style.space_after_pt
        self._ends += [before + line for line in lines]
        self._closes += [False] * (len(lines) - 1) + [last]
        self._parts.append(items[:, : lines[-1]])

    def take(self, *, final: bool) -> FilledColumns | None:
        """Return the columns of the pages that are full, and forget them; `None` where there are none yet.

        Args:
            final: Whether the text ends here, and all columns are to be taken.
        """
        columns = [column for column in self._columns if column.tops]
        whole = len(columns) if final else (len(columns) - 1) // self._style.columns * self._style.columns
        if whole <= 0:
            return None
        line = columns[whole - 1].first + len(columns[whole - 1].tops)
        items, item = np.concatenate(self._parts, axis=1), self._ends[line - 1]
        if not final and not items[OWN, item:].any():
            return None  # it is not known yet which character the next page begins with
        taken = FilledColumns(tuple(columns[:whole]), items[:, :item], self._ends[:line], self._closes[:line])
        rest = [*columns[whole:], *(() if self._columns[-1].tops else self._columns[-1:])]
        self._columns = [_move(column, -line) for column in rest]
        self._parts, self._ends = [items[:, item:]], [end - item for end in self._ends[line:]]
        self._closes = self._closes[line:]
        return taken

    @property
    def is_empty(self) -> bool:
        """Whether no line is held."""
        return not self._ends

    @property
    def next_character(self) -> int:
        """Index in the text of the first character that is laid and not yet taken."""
        items = self._parts[0]
        return int(items[AT, np.argmax(items[OWN] != 0)])

    def _break(self, items: Items, *, opens: bool) -> list[int]:
        room = self._geometry.line
        first_room = self._geometry.first_line if opens else room
        if self._cjk:
            return break_cjk(items, first_room, room)
        return break_latin(items, first_room, room, self._style.space_shrink)

    def _start_column(self) -> None:
        self._columns.append(Column(len(self._ends), []))
        self._used_pt = 0.0

    def _join_lines(self, items: Items, lines: Sequence[int]) -> Items:
        """Add a space after each of these lines that does not end with one."""
        after = np.array(lines, np.int64)
        end = items[CODE, after - 1]
        after = after[(end != BREAK) & (end != BLANK)]
        if not len(after):
            return items
        spaces = np.zeros((4, len(after)), np.int64)
        spaces[CODE], spaces[WIDTH], spaces[AT] = BLANK, self._space, items[AT, after - 1]
        return np.insert(items, after, spaces, axis=1)


def _trim_lines(items: Items, lines: list[int]) -> tuple[Items, list[int]]:
    """Remove the white space at both ends of all lines but the last."""
    inked = np.flatnonzero((items[CODE] != BLANK) & (items[CODE] != NO_BREAK))
    ends = np.array([0, *lines[:-1]], np.int64)
    place = np.searchsorted(inked, ends)
    first, last = place[:-1], place[1:]
    first, last = first[first < last], last[first < last]  # a line of white space keeps nothing
    edges = np.zeros(items.shape[1] + 1, np.int64)
    edges[inked[first]] += 1
    edges[inked[last - 1] + 1] -= 1
    edges[ends[-1]] += 1
    keep = np.cumsum(edges[:-1]) > 0
    if keep.all():
        return items, lines
    moved: list[int] = sums(keep).take(lines).tolist()
    return items[:, keep], moved


def _move(column: Column, lines: int) -> Column:
    boxes = [(first + lines, last + lines, top, bottom) for first, last, top, bottom in column.boxes]
    return Column(column.first + lines, column.tops, boxes)
