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
from glyph_memory.typeset.characters import NEWLINE, SPACE
from glyph_memory.typeset.geometry import FIX, Geometry, fixed
from glyph_memory.typeset.glyphs import EMPTY, GlyphTable
from glyph_memory.typeset.layout import Cursor, Ints, LineBreaker, Lines, Measured
from glyph_memory.typeset.paginate import Column, Sheet

Flags = NDArray[np.bool_]

_END, _BREAK, _SPACE, _NO_BREAK = -1, 10, 32, 0xA0  # `_END` ends a paragraph, `_BREAK` a line within one
_DROPPED = (0xAD, 0x200B)
_WHITE = [ord(blank) for blank in "\t\v\f\r\x1c\x1d\x1e\x1f\x20\x85\u1680\u2028\u2029\u202f\u205f\u3000"]
_WHITE += range(0x2000, 0x200B)
_MAY_HANG = frozenset(
    map(ord, "!\"'),.:;?]°‐―‰′″℃、。々」』】〕ぁぃぅぇぉっゃゅょゎ゛゜ゝゞァィゥェォッャュョヮヵヶ・ーヽヾ％）］￠")
)
_WIDE = 0x3000  # what comes before is Latin to the reference


@dataclass(frozen=True, slots=True)
class Setting:
    """A text, set."""

    breaker: LineBreaker
    """The text as the reference measures it, with its running sums."""
    lines: Lines
    """Its lines."""
    sheets: tuple[Sheet, ...]
    """Its pages."""


@dataclass(frozen=True, slots=True)
class _Items:
    """What stands in a row; arrays of one length."""

    code: Ints
    """Code point; all white space is `_SPACE`."""
    width: Ints
    """How far it moves the pen."""
    at: Ints
    """Index in the text of the character that it is, or stands beside."""
    own: Flags
    """Whether it is that character, not put beside it."""

    def __len__(self) -> int:
        return len(self.code)

    def __getitem__(self, index: slice | Flags | Ints) -> _Items:
        return _Items(self.code[index], self.width[index], self.at[index], self.own[index])


def set_as_reference(
    text: str, measured: Measured, style: PageStyle, geometry: Geometry, table: GlyphTable
) -> Setting:
    """Set a whole text.

    Args:
        text: From its beginning to its end.
        measured: The same, measured.
        style: For paragraphs, columns and the newline mark.
        geometry: The style's measures.
        table: The style's glyphs.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    cjk = bool(((codes >= 0x4E00) & (codes <= 0x9FFF)).any())
    items = _stripped(_items(codes, measured, style, table), cjk=cjk)
    pages = _Pages(style, geometry, space=_width(table, _SPACE), cjk=cjk)
    ends = np.flatnonzero(items.code == _END).tolist()
    for start, stop in zip([0, *(end + 1 for end in ends)], [*ends, len(items)], strict=True):
        pages.add(items[start:stop], several=bool((codes[items.at[start:stop]] == _BREAK).any()))
    if not pages.ends:
        pages.lay(items[:0], [0], last=True)  # nothing but newlines: a page all the same
    return _setting(codes, measured, pages, style, geometry, table)


# From characters to items.


def _items(codes: Ints, measured: Measured, style: PageStyle, table: GlyphTable) -> _Items:
    """Give the text's items: what is dropped left out, runs of spaces unbreakable, newlines as marks."""
    at = np.flatnonzero(~np.isin(codes, _DROPPED))
    code, width = codes[at], table.advance.take(measured.slots[at])
    space = code == _SPACE
    code[space & (_previous(space) | _next(space))] = _NO_BREAK
    code[np.isin(code, _WHITE)] = _SPACE
    for blank in (_SPACE, _NO_BREAK):
        width[code == blank] = _width(table, blank)
    ends = measured.ends_paragraph[at]
    code[ends] = _END
    items = _Items(code, width, at, np.ones(len(at), np.bool_))
    if not style.newline_mark:
        return items
    mark = np.array([ord(character) for character in style.newline_mark], np.int64)
    inked = int(np.argmax(mark != _SPACE))
    marked = code == _BREAK
    items = items[np.repeat(np.arange(len(at)), np.where(marked, len(mark), 1))]
    place = np.flatnonzero(items.code == _BREAK).reshape(-1, len(mark))
    items.code[place] = mark
    items.width[place] = [_width(table, letter) for letter in mark.tolist()]
    items.own[place] = np.arange(len(mark)) == inked
    return items


def _stripped(items: _Items, *, cjk: bool) -> _Items:
    """Take out the white space that the reference does not draw: more than one in a row, and at paragraphs' ends."""
    white = items.code == _SPACE
    again = white & _previous(white)
    if cjk:
        again &= items.own & _previous(items.own)  # a mark's spaces stand beside the text's
    items = items[~again]
    # Latin paragraphs have none beside a line break either.
    edge = (items.code == _END) | ((items.code == _BREAK) & (not cjk))
    white = (items.code == _SPACE) & (items.own | (not cjk))
    return items[~(white & (_previous(edge, first=True) | _next(edge, last=True)))]


def _previous(flags: Flags, *, first: bool = False) -> Flags:
    return np.concatenate([[first], flags[:-1]])


def _next(flags: Flags, *, last: bool = False) -> Flags:
    return np.concatenate([flags[1:], [last]])


def _slot(table: GlyphTable, code: int) -> int:
    return int(table.slots(np.array([code], np.uint32))[0])


def _width(table: GlyphTable, code: int) -> int:
    return int(table.advance[_slot(table, code)])


# From items to lines.


def _latin_lines(items: _Items, first_room: int, room: int, shrink: float) -> list[int]:
    """Break a paragraph at its spaces; gives the item after each line, whose space is its last."""
    space = items.code == _SPACE
    word = ~space & (items.code != _BREAK)
    shrunk = np.rint(items.width * (1 - shrink)).astype(np.int64)
    fit, pen = _sums(np.where(space, shrunk, items.width)), _sums(items.width)
    begins = np.flatnonzero(word & ~_previous(word)).tolist()
    ends = (np.flatnonzero(word & ~_next(word)) + 1).tolist()
    reach = [fit[end] for end in ends]
    lines, start, taken, here = list[int](), 0, 0, first_room
    for hard in [*np.flatnonzero(items.code == _BREAK).tolist(), len(items)]:
        beyond = bisect_left(begins, hard, taken)
        while (fits := bisect_right(reach, fit[start] + here, taken, beyond)) < beyond:
            word_start = max(begins[fits], start)
            if pen[ends[fits]] - pen[word_start] > room or word_start == start:
                # Wider than any line: its letters fill up this one, with spaces as wide as they are.
                full = bisect_right(pen, pen[start] + here, word_start) - 1
                start = full if full > word_start else max(word_start, start + 1 - (word_start > start))
            else:
                start = word_start
            lines.append(start)
            taken, here = fits, room
        if hard < len(items) or start < hard:
            start = min(hard + 1, len(items))
            lines.append(start)
        taken, here = beyond, room
    return lines


def _cjk_lines(items: _Items, first_room: int, room: int) -> list[int]:
    """Break a paragraph by characters; gives the item after each line."""
    loose = np.isin(items.code, (_SPACE, _NO_BREAK)) | (items.code >= _WIDE)
    last_loose = np.maximum.accumulate(np.where(loose, np.arange(len(items)), -1)).tolist()
    codes, pen = items.code.tolist(), _sums(items.width)
    hards = [*np.flatnonzero(items.code == _BREAK).tolist(), len(items)]
    lines, start, here = list[int](), 0, first_room
    while start < len(items):
        hard = hards[bisect_left(hards, start)]
        over = bisect_right(pen, pen[start] + here, start + 1) - 1
        if hard < over:
            start = hard + 1
        elif over < len(items):
            if codes[over] < _WIDE and (back := last_loose[max(over - 1, 0)]) > (start + over + 1) >> 1:
                over = back + 1  # the whole word goes down
            start = over + (codes[over] in _MAY_HANG or over == start)
        elif pen[start] < pen[-1]:
            start = len(items)
        else:
            break
        lines.append(start)
        here = room
    return lines


def _sums(widths: Ints) -> list[int]:
    return [0, *np.cumsum(widths).tolist()]


# From lines to pages.


class _Pages:
    """Fills columns, paragraph by paragraph."""

    def __init__(self, style: PageStyle, geometry: Geometry, *, space: int, cjk: bool) -> None:
        self.columns = [Column(0, [])]
        self.ends: list[int] = []  # of each line: the item after it
        self.closes: list[bool] = []  # of each line: whether a paragraph ends with it
        self._parts: list[_Items] = []
        self.cjk, self._style, self._geometry, self._space = cjk, style, geometry, space
        self._inset_pt = style.margin_y_pt + style.padding_pt
        self._frame_pt = style.border_width_pt + style.border_padding_pt
        self._used_pt = 0.0  # of the column

    @property
    def items(self) -> _Items:
        """All that was laid, line after line."""
        parts = self._parts
        return _Items(
            np.concatenate([part.code for part in parts]),
            np.concatenate([part.width for part in parts]),
            np.concatenate([part.at for part in parts]),
            np.concatenate([part.own for part in parts]),
        )

    def add(self, items: _Items, *, several: bool) -> None:
        """Lay a paragraph, of one piece or several."""
        if len(items) == 1 and items.code[0] == _BREAK:
            return  # two empty pieces alone give no line
        style, opens, blank = self._style, True, 0
        while lines := self._lines(items, opens=opens):
            apart_pt = max(style.space_before_pt - style.space_after_pt, 0) if opens and self._used_pt else 0
            top_pt = self._used_pt + apart_pt
            room_pt = style.page_height_pt - 2 * self._inset_pt - top_pt - 2 * self._frame_pt
            rows = int(room_pt / style.line_height_pt + 1e-6)
            if len(lines) + blank > rows and rows < 2 and self._used_pt:
                self._turn()  # a paragraph is not begun in a page's last line
                continue
            if self.cjk and not several:
                items, lines = _trimmed(items, lines)
            rows = max(rows - blank, 1)
            last = len(lines) <= rows
            self.lay(items, lines[:rows], top_pt=top_pt, blank=blank, last=last)
            if last:
                return
            cut = lines[rows - 1]
            # Its rest begins with the line break before it, but for CJK: there lines are joined with spaces.
            blank = int(items.code[cut - 1] == _BREAK and not self.cjk)
            if self.cjk and several:
                items = self._joined(items, lines[rows:-1])
            items, opens = items[cut:], False
            self._turn()

    def lay(self, items: _Items, lines: list[int], *, top_pt: float = 0, blank: int = 0, last: bool) -> None:
        """Put lines into the column, below a blank one if need be."""
        style, geometry, column = self._style, self._geometry, self.columns[-1]
        first, before = len(self.ends), self.ends[-1] if self.ends else 0
        rows = blank + len(lines)
        if not last and not self.cjk and items.code[lines[-1] - 1] == _BREAK and lines[-1] - 1 in (0, *lines[-2:-1]):
            rows -= 1  # its break went with the rest, and without it an empty line is none
        height_pt = rows * style.line_height_pt
        # Worked out in poppler's order: a baseline that falls on a whole pixel may come out a hair above it, and is
        # then drawn a pixel higher. Scale, then the paragraph's lower edge, then the baseline above that.
        scale = style.dpi / 72
        bottom_pt = style.page_height_pt - self._inset_pt - top_pt - self._frame_pt - height_pt
        edge = -scale * bottom_pt + scale * style.page_height_pt
        for row in range(blank, blank + len(lines)):
            baseline = edge - scale * (height_pt - style.font_size_pt - row * style.line_height_pt)
            column.tops.append(math.floor(baseline * FIX) - geometry.top - geometry.baseline)
        self._used_pt = top_pt + height_pt + 2 * self._frame_pt
        box = (fixed(style.down_px(top_pt)), fixed(style.down_px(self._used_pt)))
        column.boxes.append((first, first + len(lines), *box))
        self._used_pt += style.space_after_pt
        self.ends += [before + line for line in lines]
        self.closes += [False] * (len(lines) - 1) + [last]
        self._parts.append(items[: lines[-1]])

    def _turn(self) -> None:
        self.columns.append(Column(len(self.ends), []))
        self._used_pt = 0.0

    def _lines(self, items: _Items, *, opens: bool) -> list[int]:
        room = self._geometry.line
        first_room = self._geometry.first_line if opens else room
        if self.cjk:
            return _cjk_lines(items, first_room, room)
        return _latin_lines(items, first_room, room, self._style.space_shrink)

    def _joined(self, items: _Items, lines: list[int]) -> _Items:
        """Put a space after each of these lines that ends without."""
        after = np.array(lines, np.int64)
        after = after[~np.isin(items.code[after - 1], (_BREAK, _SPACE))]
        return _Items(
            np.insert(items.code, after, _SPACE),
            np.insert(items.width, after, self._space),
            np.insert(items.at, after, items.at[after - 1]),
            np.insert(items.own, after, np.False_),
        )


def _trimmed(items: _Items, lines: list[int]) -> tuple[_Items, list[int]]:
    """Take out the white space at the ends of all lines but the last."""
    blank, keep = np.isin(items.code, (_SPACE, _NO_BREAK)), np.ones(len(items), np.bool_)
    for start, stop in pairwise([0, *lines[:-1]]):
        inked = np.flatnonzero(~blank[start:stop])
        first, last = (int(inked[0]), int(inked[-1]) + 1) if len(inked) else (stop - start, stop - start)
        keep[start : start + first] = keep[start + last : stop] = False
    place = _sums(keep)
    return items[keep], [place[line] for line in lines]


# From items back to characters.


def _setting(
    codes: Ints, measured: Measured, pages: _Pages, style: PageStyle, geometry: Geometry, table: GlyphTable
) -> Setting:
    items, ends, size = pages.items, np.array(pages.ends, np.int64), len(codes)
    begins = np.concatenate([[0], ends[:-1]])
    own = np.flatnonzero(items.own)
    line = np.searchsorted(ends, own, "right")
    opens = np.diff(line, prepend=-1) != 0
    slots = _slots(codes, measured, items, style, table)
    # A character's advance reaches to the next one on its line, over what is put between them.
    width = items.width.copy()
    if not pages.cjk:  # a newline mark's space vanishes at a line's end; so do the text's, which are spaces themselves
        width[ends[ends > 0] - 1] *= (items.own | (items.code != _SPACE))[ends[ends > 0] - 1]
    pen = np.array(_sums(width), np.int64)
    advance = np.zeros(size, np.int64)
    following = np.where(_next(opens, last=True), pen[ends[line]], np.append(pen[own[1:]], 0)[: len(own)])
    advance[items.at[own]] = following - pen[own]
    # What is put before a line's first character is drawn as part of it.
    lead = pen[own] - pen[begins[line]]
    for index in np.flatnonzero(opens & (lead > 0)).tolist():
        at = int(items.at[own[index]])
        slots[at] = table.shifted(int(slots[at]), _x64(int(lead[index])))
        advance[at] += lead[index]
    kind = table.kind.take(slots)
    if pages.cjk:
        kind &= ~np.uint8(SPACE)  # they neither vanish at a line's end nor stretch
    kind[items.at[items.code == _NO_BREAK]] |= SPACE
    breaks = (codes == _BREAK) & ~table.inked.take(slots)
    starts = np.append(items.at[own], size)[np.searchsorted(own, begins)].tolist()
    starts[0] = 0
    lines = Lines([*starts, size], breaks[np.array([*starts[1:], size]) - 1].tolist(), pages.closes)
    final = replace(measured, slots=slots, kind=kind, advance=advance, breaks=breaks)
    return Setting(LineBreaker(final, geometry), lines, tuple(_sheets(lines, pages.columns, style.columns)))


def _slots(codes: Ints, measured: Measured, items: _Items, style: PageStyle, table: GlyphTable) -> Ints:
    """Give what each character is drawn as, white space as the reference has it."""
    slots = measured.slots.copy()
    slots[np.isin(codes, _WHITE)] = EMPTY
    for blank in (_SPACE, _NO_BREAK):
        slots[items.at[(items.code == blank) & items.own]] = _slot(table, blank)
    mark = style.newline_mark.lstrip(" ")
    if mark:
        first = table.parts[table.newline_mark()][len(style.newline_mark) - len(mark)]
        slots[slots == table.newline_mark()] = table.shifted(table.newline_mark(), -first.x64)
    return slots


def _x64(length: int) -> int:
    """Give a length in 64ths of a pixel, whole quarters of one, as glyphs are drawn."""
    return (length * 4 // FIX) * 16


def _sheets(lines: Lines, columns: list[Column], per_sheet: int) -> Iterator[Sheet]:
    for first in range(0, len(columns), per_sheet):
        group = columns[first : first + per_sheet]
        after = group[-1].first + len(group[-1].tops)
        yield Sheet(tuple(group), Cursor(lines.start[after]))
