"""Take a text as the reference pipeline takes it, and break its paragraphs into lines by the reference's rules.

A text is taken as *items*: its characters, and the spaces and letters that the reference puts beside them. The rules
are reportlab 5.1's, as `benchmarks/reference.py` lists them. Knows measured text; knows nothing about pages.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.glyphs import GlyphTable
from glyph_memory.typesetting.layout import Ints, MeasuredText

Flags = NDArray[np.bool_]
Items = Ints
"""Shape (4, items); the rows are named below."""

# Code point, with all white space a space; advance; index in the text of the character that the item is or stands
# beside; and whether it is that character.
CODE, WIDTH, AT, OWN = range(4)

END, BREAK, BLANK, NO_BREAK = -1, 10, 32, 0xA0  # `END` ends a paragraph, `BREAK` a line within one
_DROPPED = (0xAD, 0x200B)
WHITE = [
    *map(ord, "\t\v\f\r\x1c\x1d\x1e\x1f\x20\x85\u1680\u2028\u2029\u202f\u205f\u3000"),
    *range(0x2000, 0x200B),
]
_WIDE = 0x3000  # what comes before is Latin to the reference
_MAY_HANG = frozenset(
    map(ord, "!\"'),.:;?]°‐―‰′″℃、。々」』】〕ぁぃぅぇぉっゃゅょゎ゛゜ゝゞァィゥェォッャュョヮヵヶ・ーヽヾ％）］￠")
)  # fmt: skip


# From characters to items.


def make_items(codes: Ints, measured: MeasuredText, table: GlyphTable) -> Items:
    """Return the text's items: dropped characters left out, rows of spaces unbreakable, newlines as marks."""
    at = np.flatnonzero(~np.isin(codes, _DROPPED))
    code, width = codes[at], table.advance.take(measured.slots[at])
    space = code == BLANK
    code[space & (_take_previous(space) | take_next(space))] = NO_BREAK
    code[np.isin(code, WHITE)] = BLANK
    for blank in (BLANK, NO_BREAK):
        width[code == blank] = get_advance(table, blank)
    code[measured.ends_paragraph[at]] = END
    items = np.stack([code, width, at, np.ones_like(at)])
    mark = [ord(character) for character in table.style.newline_mark]
    if mark:
        items = items.repeat(np.where(code == BREAK, len(mark), 1), axis=1)
        place = np.flatnonzero(items[CODE] == BREAK).reshape(-1, len(mark))
        items[CODE, place], items[WIDTH, place] = mark, [get_advance(table, letter) for letter in mark]
        items[OWN, place] = np.arange(len(mark)) == len(mark) - len(table.style.newline_mark.lstrip(" "))
    return items


def drop_white_space(items: Items, *, cjk: bool) -> Items:
    """Remove the white space that the reference does not draw: repeated, or at paragraphs' ends."""
    # In Latin paragraphs also beside line breaks and marks; CJK ones keep a mark's spaces beside the text's.
    theirs = (items[OWN] != 0) | (not cjk)
    white = (items[CODE] == BLANK) & theirs
    items = items[:, ~(white & _take_previous(white))]
    edge = np.isin(items[CODE], (END, END if cjk else BREAK))
    white = (items[CODE] == BLANK) & ((items[OWN] != 0) | (not cjk))
    return items[:, ~(white & (_take_previous(edge, first=True) | take_next(edge, last=True)))]


def _take_previous(flags: Flags, *, first: bool = False) -> Flags:
    return np.concatenate([[first], flags[:-1]])


def take_next(flags: Flags, *, last: bool = False) -> Flags:
    """Return for each item the flag of the one after it."""
    return np.concatenate([flags[1:], [last]])


def find_slot(table: GlyphTable, code: int) -> int:
    """Return a code point's slot in the table."""
    return int(table.slots(np.array([code], np.uint32))[0])


def get_advance(table: GlyphTable, code: int) -> int:
    """Return a code point's advance."""
    return int(table.advance[find_slot(table, code)])


# From items to lines.


def break_latin(items: Items, first_room: int, room: int, shrink: float) -> list[int]:
    """Break a paragraph at its spaces; return the item after each line, whose space is its last."""
    code, width, size = items[CODE], items[WIDTH], items.shape[1]
    word = (code != BLANK) & (code != BREAK)
    narrow = sums(np.where(code == BLANK, np.rint(width * (1 - shrink)).astype(np.int64), width))
    after = np.flatnonzero(word & ~take_next(word)) + 1
    begins: list[int] = np.flatnonzero(word & ~_take_previous(word)).tolist()
    ends: list[int] = after.tolist()
    fit, pen, reach = narrow.data, sums(width).data, narrow.take(after).data
    lines, start, taken = list[int](), 0, 0
    for hard in [*np.flatnonzero(code == BREAK).tolist(), size]:
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


def break_cjk(items: Items, first_room: int, room: int) -> list[int]:
    """Break a paragraph by characters; return the item after each line."""
    code, size, pen = items[CODE], items.shape[1], sums(items[WIDTH]).data
    loose = (code == BLANK) | (code == NO_BREAK) | (code >= _WIDE)
    last_loose = np.maximum.accumulate(np.where(loose, np.arange(size), -1)).data
    codes = np.ascontiguousarray(code).data
    hards = [*np.flatnonzero(code == BREAK).tolist(), size]
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


def sums(widths: Ints | Flags) -> Ints:
    """Return the running sums of widths, or of how many flags are set, from 0."""
    total = np.zeros(len(widths) + 1, np.int64)
    np.cumsum(widths, out=total[1:])
    return total
