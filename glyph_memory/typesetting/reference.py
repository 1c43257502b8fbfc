"""Set a whole text by the rules of the reference pipeline: its white space, its lines, its pages. For comparison only.

The rules are reportlab 5.1's, as `benchmarks/reference.py` lists them; layout proper has none of them. Lines are broken
in `reference_lines`; here they fill columns and pages, and what came out is measured. Knows nothing about ink.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from glyph_memory.style import PageStyle
from glyph_memory.typesetting.characters import SPACE
from glyph_memory.typesetting.geometry import FIX, Geometry, to_fixed_point
from glyph_memory.typesetting.glyphs import EMPTY, GlyphTable
from glyph_memory.typesetting.layout import Cursor, Ints, LineBreaker, Lines, MeasuredText
from glyph_memory.typesetting.paginate import Column, PageLayout
from glyph_memory.typesetting.reference_lines import (
    AT,
    BLANK,
    BREAK,
    CODE,
    END,
    NO_BREAK,
    OWN,
    WHITE,
    WIDTH,
    Items,
    break_cjk,
    break_latin,
    drop_white_space,
    find_slot,
    make_items,
    measure,
    sums,
    take_next,
)


@dataclass(frozen=True, slots=True)
class ReferenceLayout:
    """The layout of a whole text by the reference's rules."""

    breaker: LineBreaker
    """The text as the reference measures it, with its running sums."""
    lines: Lines
    """Its lines."""
    layouts: tuple[PageLayout, ...]
    """Its pages."""


def lay_out_reference(
    text: str, measured: MeasuredText, style: PageStyle, geometry: Geometry, table: GlyphTable
) -> ReferenceLayout:
    """Lay out a whole text by the reference's rules.

    Args:
        text: From its beginning to its end.
        measured: The same, measured.
        style: For paragraphs, columns and the newline mark.
        geometry: The style's measures.
        table: The style's glyphs.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    cjk = bool(((codes >= 0x4E00) & (codes <= 0x9FFF)).any())
    items = drop_white_space(make_items(codes, measured, table), cjk=cjk)
    pages = _Pages(style, geometry, space=measure(table, BLANK), cjk=cjk)
    ends = np.flatnonzero(items[CODE] == END).tolist()
    for start, stop in zip([0, *(end + 1 for end in ends)], [*ends, items.shape[1]], strict=True):
        paragraph = items[:, start:stop]
        pages.add(paragraph, several=bool((codes[paragraph[AT]] == BREAK).any()))
    if not pages.ends:
        pages.lay(items[:, :0], [0])  # nothing but newlines: a page all the same
    final, starts = _measure_result(codes, measured, pages, table)
    closed = final.breaks[np.array([*starts[1:], len(text)]) - 1].tolist()
    lines = Lines([*starts, len(text)], closed, pages.closes)
    return ReferenceLayout(
        LineBreaker(final, geometry), lines, tuple(_group_columns(lines, pages.columns, style.columns))
    )


# From lines to pages.


class _Pages:
    """Fills columns, paragraph by paragraph."""

    def __init__(self, style: PageStyle, geometry: Geometry, *, space: int, cjk: bool) -> None:
        self.columns = [Column(0, [])]
        self.parts: list[Items] = []  # what was laid
        self.ends: list[int] = []  # of each line: the item after it
        self.closes: list[bool] = []  # of each line: whether a paragraph ends with it
        self.cjk, self._style, self._geometry, self._space = cjk, style, geometry, space
        self._used_pt = 0.0  # of the column

    def add(self, items: Items, *, several: bool) -> None:
        """Add a paragraph, which is one line of the source or several."""
        style, opens, blank = self._style, True, 0
        while lines := self._lines(items, opens=opens):
            if not blank and items[CODE].tolist() == [BREAK]:
                break  # alone it gives no line
            apart_pt = max(style.space_before_pt - style.space_after_pt, 0) if opens and self._used_pt else 0
            room_pt = style.page_height_pt - 2 * self._inset_pt - self._used_pt - apart_pt
            rows = int(room_pt / style.line_height_pt + 1e-6)
            if len(lines) + blank > rows and rows < 2 and self._used_pt:
                self._start_column()  # a paragraph is not begun in a page's last line
                continue
            if self.cjk and not several:
                items, lines = _trim_lines(items, lines)
            rows = max(rows - blank, 1)
            self._used_pt += apart_pt
            self.lay(items, lines[:rows], blank=blank, last=len(lines) <= rows)
            if len(lines) <= rows:
                break
            cut = lines[rows - 1]
            # The rest begins with the line break before it; but that of a CJK paragraph is joined from lines.
            blank = int(items[CODE, cut - 1] == BREAK and not self.cjk)
            items = (self._join_lines(items, lines[rows:-1]) if self.cjk and several else items)[:, cut:]
            opens = False
            self._start_column()
        self.closes[-1:] = [True] if self.closes else []

    def lay(self, items: Items, lines: list[int], *, blank: int = 0, last: bool = True) -> None:
        """Add lines to the column, below a blank one if need be."""
        style, geometry, column = self._style, self._geometry, self.columns[-1]
        rows, first, before = blank + len(lines), len(self.ends), self.ends[-1] if self.ends else 0
        empty = lines[-1] - 1 in (0, *lines[-2:-1]) and items[CODE, lines[-1] - 1] == BREAK
        # An empty line whose break went with the rest is none.
        height_pt = (rows - (empty and not last and not self.cjk)) * style.line_height_pt
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
        self.ends += [before + line for line in lines]
        self.closes += [False] * (len(lines) - 1) + [last]
        self.parts.append(items[:, : lines[-1]])

    def _lines(self, items: Items, *, opens: bool) -> list[int]:
        room = self._geometry.line
        first_room = self._geometry.first_line if opens else room
        if self.cjk:
            return break_cjk(items, first_room, room)
        return break_latin(items, first_room, room, self._style.space_shrink)

    def _start_column(self) -> None:
        self.columns.append(Column(len(self.ends), []))
        self._used_pt = 0.0

    @property
    def _inset_pt(self) -> float:
        return self._style.margin_y_pt + self._style.padding_pt

    def _join_lines(self, items: Items, lines: list[int]) -> Items:
        """Add a space after each of these lines that does not end with one."""
        after = np.array(lines, np.int64)
        after = after[~np.isin(items[CODE, after - 1], (BREAK, BLANK))]
        spaces = np.zeros((4, len(after)), np.int64)
        spaces[CODE], spaces[WIDTH], spaces[AT] = BLANK, self._space, items[AT, after - 1]
        return np.insert(items, after, spaces, axis=1)


def _trim_lines(items: Items, lines: list[int]) -> tuple[Items, list[int]]:
    """Remove the white space at both ends of all lines but the last."""
    inked = ~np.isin(items[CODE], (BLANK, NO_BREAK))
    keep = np.ones(len(inked), np.bool_)
    for start, stop in pairwise([0, *lines[:-1]]):
        line = inked[start:stop]
        keep[start:stop] = np.maximum.accumulate(line) & np.maximum.accumulate(line[::-1])[::-1]
    place = sums(keep.astype(np.int64))
    return items[:, keep], [place[line] for line in lines]


def _group_columns(lines: Lines, columns: list[Column], per_sheet: int) -> Iterator[PageLayout]:
    columns = [column for column in columns if column.tops]
    for first in range(0, len(columns), per_sheet):
        group = columns[first : first + per_sheet]
        yield PageLayout(tuple(group), Cursor(lines.start[group[-1].first + len(group[-1].tops)]))


# From items back to characters.


def _measure_result(
    codes: Ints, measured: MeasuredText, pages: _Pages, table: GlyphTable
) -> tuple[MeasuredText, list[int]]:
    """Return the measures of the text as it was laid out, and the index of each line's first character."""
    items, ends = np.concatenate(pages.parts, axis=1), np.array(pages.ends, np.int64)
    slots = _slots(codes, measured.slots, items, table)
    if not pages.cjk and items.size:  # at a line's end a newline mark's space vanishes, as the text's do
        final = ends - 1
        items[WIDTH, final] *= (items[OWN, final] != 0) | (items[CODE, final] != BLANK)
    pen = np.array(sums(items[WIDTH]), np.int64)
    own = np.flatnonzero(items[OWN])
    at, line = items[AT, own], np.searchsorted(ends, own, "right")
    opens = np.diff(line, prepend=-1) != 0
    # A character reaches to the next one on its line, over what stands between them; a line's first also reaches back.
    begins = np.concatenate([[0], ends[:-1]])
    reach_from = np.where(opens, pen[begins[line]], pen[own])
    reach_to = np.where(take_next(opens, last=True), pen[ends[line]], np.append(pen[own[1:]], 0)[: len(own)])
    advance = np.zeros(len(codes), np.int64)
    advance[at] = reach_to - reach_from
    for index in np.flatnonzero(pen[own] > reach_from).tolist():
        quarters = int(pen[own[index]] - reach_from[index]) * 4 // FIX  # of a pixel, as glyphs are drawn
        slots[at[index]] = table.get_shifted_slot(int(slots[at[index]]), quarters * 16)
    kind = table.kind.take(slots)
    if pages.cjk:
        kind &= ~np.uint8(SPACE)  # they neither vanish at a line's end nor stretch
    kind[items[AT, items[CODE] == NO_BREAK]] |= SPACE
    breaks = (codes == BREAK) & ~table.inked.take(slots)
    starts: list[int] = np.append(at, len(codes))[np.searchsorted(own, begins)].tolist()
    return replace(measured, slots=slots, kind=kind, advance=advance, breaks=breaks), [0, *starts[1:]]


def _slots(codes: Ints, slots: Ints, items: Items, table: GlyphTable) -> Ints:
    """Return each character's slot, with the reference's white space, and marks without their first space."""
    slots = np.where(np.isin(codes, WHITE), EMPTY, slots)
    for blank in (BLANK, NO_BREAK):
        slots[items[AT, (items[CODE] == blank) & (items[OWN] != 0)]] = find_slot(table, blank)
    mark = table.style.newline_mark
    if mark.lstrip(" "):
        first = table.parts[table.get_mark_slot(mark)][len(mark) - len(mark.lstrip(" "))]
        slots[slots == table.get_mark_slot(mark)] = table.get_shifted_slot(
            table.get_mark_slot(mark), -first.x64
        )
    return slots
