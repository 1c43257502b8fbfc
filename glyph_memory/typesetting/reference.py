"""Set a whole text by the rules of the reference pipeline: its white space, its lines, its pages. For comparison only.

The rules are reportlab 5.1's, as `benchmarks/reference.py` lists them; layout proper has none of them. A text is taken
as *items*: its characters, and the spaces and letters that the reference puts beside them. Knows measured text; knows
nothing about ink.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glyph_memory.style import PageStyle
from glyph_memory.typesetting.characters import SPACE
from glyph_memory.typesetting.geometry import FIX, Geometry, to_fixed_point
from glyph_memory.typesetting.glyphs import EMPTY, GlyphTable
from glyph_memory.typesetting.layout import Cursor, Ints, LineBreaker, Lines, MeasuredText
from glyph_memory.typesetting.paginate import Column, PageLayout

Flags = NDArray[np.bool_]
Items = Ints
"""Shape (4, items); the rows are named below."""

# Code point, with all white space a space; advance; index in the text of the character that the item is or stands
# beside; and whether it is that character.
_CODE, _WIDTH, _AT, _OWN = range(4)

_END, _BREAK, _SPACE, _NO_BREAK = -1, 10, 32, 0xA0  # `_END` ends a paragraph, `_BREAK` a line within one
_DROPPED = (0xAD, 0x200B)
_WHITE = [
    *map(ord, "\t\v\f\r\x1c\x1d\x1e\x1f\x20\x85\u1680\u2028\u2029\u202f\u205f\u3000"),
    *range(0x2000, 0x200B),
]
_WIDE = 0x3000  # what comes before is Latin to the reference
_MAY_HANG = frozenset(
    map(ord, "!\"'),.:;?]°‐―‰′″℃、。々」』】〕ぁぃぅぇぉっゃゅょゎ゛゜ゝゞァィゥェォッャュョヮヵヶ・ーヽヾ％）］￠")
)  # fmt: skip


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
    items = _drop_white_space(_items(codes, measured, table), cjk=cjk)
    pages = _Pages(style, geometry, space=_width(table, _SPACE), cjk=cjk)
    ends = np.flatnonzero(items[_CODE] == _END).tolist()
    for start, stop in zip([0, *(end + 1 for end in ends)], [*ends, items.shape[1]], strict=True):
        paragraph = items[:, start:stop]
        pages.add(paragraph, several=bool((codes[paragraph[_AT]] == _BREAK).any()))
    if not pages.ends:
        pages.lay(items[:, :0], [0])  # nothing but newlines: a page all the same
    final, starts = _measure_result(codes, measured, pages, table)
    closed = final.breaks[np.array([*starts[1:], len(text)]) - 1].tolist()
    lines = Lines([*starts, len(text)], closed, pages.closes)
    return ReferenceLayout(
        LineBreaker(final, geometry), lines, tuple(_group_columns(lines, pages.columns, style.columns))
    )


# From characters to items.


def _items(codes: Ints, measured: MeasuredText, table: GlyphTable) -> Items:
    """Return the text's items: dropped characters left out, rows of spaces unbreakable, newlines as marks."""
    at = np.flatnonzero(~np.isin(codes, _DROPPED))
    code, width = codes[at], table.advance.take(measured.slots[at])
    space = code == _SPACE
    code[space & (_take_previous(space) | _take_next(space))] = _NO_BREAK
    code[np.isin(code, _WHITE)] = _SPACE
    for blank in (_SPACE, _NO_BREAK):
        width[code == blank] = _width(table, blank)
    code[measured.ends_paragraph[at]] = _END
    items = np.stack([code, width, at, np.ones_like(at)])
    mark = [ord(character) for character in table.style.newline_mark]
    if mark:
        items = items.repeat(np.where(code == _BREAK, len(mark), 1), axis=1)
        place = np.flatnonzero(items[_CODE] == _BREAK).reshape(-1, len(mark))
        items[_CODE, place], items[_WIDTH, place] = mark, [_width(table, letter) for letter in mark]
        items[_OWN, place] = np.arange(len(mark)) == len(mark) - len(table.style.newline_mark.lstrip(" "))
    return items


def _drop_white_space(items: Items, *, cjk: bool) -> Items:
    """Remove the white space that the reference does not draw: repeated, or at paragraphs' ends."""
    # In Latin paragraphs also beside line breaks and marks; CJK ones keep a mark's spaces beside the text's.
    theirs = (items[_OWN] != 0) | (not cjk)
    white = (items[_CODE] == _SPACE) & theirs
    items = items[:, ~(white & _take_previous(white))]
    edge = np.isin(items[_CODE], (_END, _END if cjk else _BREAK))
    white = (items[_CODE] == _SPACE) & ((items[_OWN] != 0) | (not cjk))
    return items[:, ~(white & (_take_previous(edge, first=True) | _take_next(edge, last=True)))]


def _take_previous(flags: Flags, *, first: bool = False) -> Flags:
    return np.concatenate([[first], flags[:-1]])


def _take_next(flags: Flags, *, last: bool = False) -> Flags:
    return np.concatenate([flags[1:], [last]])


def _slot(table: GlyphTable, code: int) -> int:
    return int(table.slots(np.array([code], np.uint32))[0])


def _width(table: GlyphTable, code: int) -> int:
    return int(table.advance[_slot(table, code)])


# From items to lines.


def _latin_lines(items: Items, first_room: int, room: int, shrink: float) -> list[int]:
    """Break a paragraph at its spaces; return the item after each line, whose space is its last."""
    code, width, size = items[_CODE], items[_WIDTH], items.shape[1]
    word = (code != _SPACE) & (code != _BREAK)
    fit = _sums(np.where(code == _SPACE, np.rint(width * (1 - shrink)).astype(np.int64), width))
    pen = _sums(width)
    begins: list[int] = np.flatnonzero(word & ~_take_previous(word)).tolist()
    ends: list[int] = (np.flatnonzero(word & ~_take_next(word)) + 1).tolist()
    reach = [fit[end] for end in ends]
    lines, start, taken = list[int](), 0, 0
    for hard in [*np.flatnonzero(code == _BREAK).tolist(), size]:
        beyond = bisect_left(begins, hard, taken)
        while (
            fits := bisect_right(reach, fit[start] + (room if lines else first_room), taken, beyond)
        ) < beyond:
            full = bisect_right(pen, pen[start] + (room if lines else first_room), start + 1) - 1
            begin, taken = max(begins[fits], start), fits
            # A word wider than any line fills this one up with its letters, between spaces as wide as they are.
            too_long = begin == start or pen[ends[fits]] - pen[begin] > room
            start = max(full, begin, start + 1) if too_long else begin
            lines.append(start)
        taken = beyond
        if start < hard or hard < size:
            start = min(hard + 1, size)
            lines.append(start)
    return lines


def _cjk_lines(items: Items, first_room: int, room: int) -> list[int]:
    """Break a paragraph by characters; return the item after each line."""
    size, pen, codes = items.shape[1], _sums(items[_WIDTH]), items[_CODE].tolist()
    loose = np.isin(items[_CODE], (_SPACE, _NO_BREAK)) | (items[_CODE] >= _WIDE)
    last_loose = np.maximum.accumulate(np.where(loose, np.arange(size), -1)).tolist()
    hards = [*np.flatnonzero(items[_CODE] == _BREAK).tolist(), size]
    lines, start = list[int](), 0
    while start < size:
        hard = hards[bisect_left(hards, start)]
        over = bisect_right(pen, pen[start] + (room if lines else first_room), start + 1) - 1
        if hard < over:
            start = hard + 1
        elif over < size:
            if codes[over] < _WIDE and (back := last_loose[max(over - 1, 0)]) > (start + over + 1) // 2:
                over = back + 1  # the whole word goes down
            start = over + (codes[over] in _MAY_HANG or over == start)
        elif pen[start] < pen[size]:
            start = size
        else:
            break
        lines.append(start)
    return lines


def _sums(widths: Ints) -> list[int]:
    return [0, *np.cumsum(widths).tolist()]


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
            if not blank and items[_CODE].tolist() == [_BREAK]:
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
            blank = int(items[_CODE, cut - 1] == _BREAK and not self.cjk)
            items = (self._join_lines(items, lines[rows:-1]) if self.cjk and several else items)[:, cut:]
            opens = False
            self._start_column()
        self.closes[-1:] = [True] if self.closes else []

    def lay(self, items: Items, lines: list[int], *, blank: int = 0, last: bool = True) -> None:
        """Add lines to the column, below a blank one if need be."""
        style, geometry, column = self._style, self._geometry, self.columns[-1]
        rows, first, before = blank + len(lines), len(self.ends), self.ends[-1] if self.ends else 0
        empty = lines[-1] - 1 in (0, *lines[-2:-1]) and items[_CODE, lines[-1] - 1] == _BREAK
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
            return _cjk_lines(items, first_room, room)
        return _latin_lines(items, first_room, room, self._style.space_shrink)

    def _start_column(self) -> None:
        self.columns.append(Column(len(self.ends), []))
        self._used_pt = 0.0

    @property
    def _inset_pt(self) -> float:
        return self._style.margin_y_pt + self._style.padding_pt

    def _join_lines(self, items: Items, lines: list[int]) -> Items:
        """Add a space after each of these lines that does not end with one."""
        after = np.array(lines, np.int64)
        after = after[~np.isin(items[_CODE, after - 1], (_BREAK, _SPACE))]
        spaces = np.zeros((4, len(after)), np.int64)
        spaces[_CODE], spaces[_WIDTH], spaces[_AT] = _SPACE, self._space, items[_AT, after - 1]
        return np.insert(items, after, spaces, axis=1)


def _trim_lines(items: Items, lines: list[int]) -> tuple[Items, list[int]]:
    """Remove the white space at both ends of all lines but the last."""
    inked = ~np.isin(items[_CODE], (_SPACE, _NO_BREAK))
    keep = np.ones(len(inked), np.bool_)
    for start, stop in pairwise([0, *lines[:-1]]):
        line = inked[start:stop]
        keep[start:stop] = np.maximum.accumulate(line) & np.maximum.accumulate(line[::-1])[::-1]
    place = _sums(keep.astype(np.int64))
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
        items[_WIDTH, final] *= (items[_OWN, final] != 0) | (items[_CODE, final] != _SPACE)
    pen = np.array(_sums(items[_WIDTH]), np.int64)
    own = np.flatnonzero(items[_OWN])
    at, line = items[_AT, own], np.searchsorted(ends, own, "right")
    opens = np.diff(line, prepend=-1) != 0
    # A character reaches to the next one on its line, over what stands between them; a line's first also reaches back.
    begins = np.concatenate([[0], ends[:-1]])
    reach_from = np.where(opens, pen[begins[line]], pen[own])
    reach_to = np.where(_take_next(opens, last=True), pen[ends[line]], np.append(pen[own[1:]], 0)[: len(own)])
    advance = np.zeros(len(codes), np.int64)
    advance[at] = reach_to - reach_from
    for index in np.flatnonzero(pen[own] > reach_from).tolist():
        quarters = int(pen[own[index]] - reach_from[index]) * 4 // FIX  # of a pixel, as glyphs are drawn
        slots[at[index]] = table.get_shifted_slot(int(slots[at[index]]), quarters * 16)
    kind = table.kind.take(slots)
    if pages.cjk:
        kind &= ~np.uint8(SPACE)  # they neither vanish at a line's end nor stretch
    kind[items[_AT, items[_CODE] == _NO_BREAK]] |= SPACE
    breaks = (codes == _BREAK) & ~table.inked.take(slots)
    starts: list[int] = np.append(at, len(codes))[np.searchsorted(own, begins)].tolist()
    return replace(measured, slots=slots, kind=kind, advance=advance, breaks=breaks), [0, *starts[1:]]


def _slots(codes: Ints, slots: Ints, items: Items, table: GlyphTable) -> Ints:
    """Return each character's slot, with the reference's white space, and marks without their first space."""
    slots = np.where(np.isin(codes, _WHITE), EMPTY, slots)
    for blank in (_SPACE, _NO_BREAK):
        slots[items[_AT, (items[_CODE] == blank) & (items[_OWN] != 0)]] = _slot(table, blank)
    mark = table.style.newline_mark
    if mark.lstrip(" "):
        first = table.parts[table.get_mark_slot()][len(mark) - len(mark.lstrip(" "))]
        slots[slots == table.get_mark_slot()] = table.get_shifted_slot(table.get_mark_slot(), -first.x64)
    return slots
