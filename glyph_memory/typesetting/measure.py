"""Measure a block of text: which slot draws each character, how wide it is, and where lines must end.

Here characters meet their neighbours: marks join letters, complex scripts are shaped, reserved signs are escaped.
Knows the glyph table; knows nothing about lines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import EscapeReason
from glyph_memory.typesetting import shaping
from glyph_memory.typesetting.characters import (
    CONTEXT,
    ESCAPED,
    IDEOGRAPH,
    NEWLINE,
    NO_START,
    SPACE,
    escape_reason,
    get_script,
    is_mark,
    needs_shaping,
)
from glyph_memory.typesetting.emoji import KEYCAP, begins_keycap, belongs_to_sign
from glyph_memory.typesetting.glyphs import EMPTY, GlyphTable
from glyph_memory.typesetting.layout import Cursor, MeasuredText
from glyph_memory.typesetting.marks import TIMES_SIGN, list_runs
from glyph_memory.typesetting.paragraphs import find_paragraph_ends
from glyph_memory.typesetting.thai import AM, is_thai

_MARKS_AT_MOST = 8
_RUN = 64  # characters of a word that are shaped at once
_JOINERS = "\u200c\u200d"
_BREAKS_AFTER = np.array([ord(sign) for sign in ",;/|&>)]}"], np.uint32)
"""Behind these a line of a dense page may end without a space: compact JSON, markup and addresses have few spaces."""
_LONG_RUN = 1024  # one space in so many of an endless run counts as a word, so that a line always ends


def measure(
    text: str,
    cursor: Cursor,
    table: GlyphTable,
    *,
    reserved: Sequence[int] = (),
    counts: bool = True,
) -> MeasuredText:
    """Measure a block of text.

    Args:
        text: The block.
        cursor: Where it begins.
        table: The style's glyphs.
        reserved: Places, in the block, of characters that are escaped since a label of ours could be read there.
        counts: Whether runs are counted, where the style does that.
    """
    style = table.style
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    slots = table.slots(codes)
    if reserved:  # first of all: no mark joins them
        slots = slots.copy()
        slots[[*reserved]] = [table.get_escape_slot(text[place], "reserved") for place in reserved]
    kind = table.kind.take(slots)
    if np.bitwise_or.reduce(kind) & CONTEXT:
        slots = slots.copy()
        _Neighbours(text, cursor.offset, table, slots, kind).resolve()
        kind = table.kind.take(slots)
    newline = kind & NEWLINE != 0
    advance = table.advance.take(slots)
    ends_paragraph = find_paragraph_ends(newline, advance, cursor, style.paragraph_lines)
    breaks = newline
    marked = np.zeros(len(kind), np.bool_)
    if counts and style.count_runs and not style.reference:
        slots, kind = slots.copy(), kind.copy()
        ends_paragraph[:] = False
        breaks = ends_paragraph
        kind[_find_late_breaks(codes)] |= IDEOGRAPH | NO_START
        _draw_counts(text, table, slots, kind, marked)
    elif style.newline_mark:
        breaks = ends_paragraph
        marked = newline & ~breaks
        if not style.reference:
            _hold_returns(codes, kind, marked)
        slots = np.where(marked, table.get_mark_slot(style.newline_mark), slots)
    kind = _break_long_spaces(kind, cursor)
    return MeasuredText(slots, kind, table.advance.take(slots), ends_paragraph, breaks, marked)


def _hold_returns(codes: NDArray[np.uint32], kind: NDArray[np.uint8], marked: NDArray[np.bool_]) -> None:
    r"""Let lines break before a `\r\n` that is drawn as a mark, not within it; changes `kind` in place."""
    ends = np.flatnonzero(marked[1:] & (codes[:-1] == ord("\r"))) + 1
    kind[ends] |= NO_START
    kind[ends - 1] |= IDEOGRAPH


def _find_late_breaks(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which signs a line may end behind without a space: none within a number, `1,000`, or a date."""
    digit = (codes >= ord("0")) & (codes <= ord("9"))
    found = np.isin(codes, _BREAKS_AFTER)
    found[1:-1] &= ~(digit[:-2] & digit[2:])
    return found


def _draw_counts(
    text: str,
    table: GlyphTable,
    slots: NDArray[np.int64],
    kind: NDArray[np.uint8],
    marked: NDArray[np.bool_],
) -> None:
    """Draw each run that is counted as one mark; changes the arrays in place."""
    spans, numbers, marks = list_runs(text, table.style.newline_mark)
    if not spans:
        return
    # A line may break before a mark and after it, but not before a number that counts a sign.
    joins = np.array([mark[0] == TIMES_SIGN for mark in marks]).take(numbers)
    at, stops = np.array(spans).T
    at = at + joins
    lengths = stops - at
    inside = np.repeat(at - np.append(0, np.cumsum(lengths)[:-1]), lengths) + np.arange(int(lengths.sum()))
    slots[inside] = EMPTY
    slots[at] = np.array([table.get_mark_slot(mark) for mark in marks]).take(numbers)
    kind[inside] = kind[inside] & NEWLINE | NO_START | np.where(np.repeat(joins, lengths), 0, IDEOGRAPH)
    kind[at[~joins]] &= ~np.uint8(NO_START)
    marked[at] = True


class _Neighbours:
    """Resolves the characters whose look depends on those beside them; changes `slots` in place."""

    def __init__(
        self, text: str, offset: int, table: GlyphTable, slots: NDArray[np.int64], kind: NDArray[np.uint8]
    ) -> None:
        self._text, self._offset, self._table, self._slots, self._kind = text, offset, table, slots, kind

    def resolve(self) -> None:
        text, done = self._text, 0
        for index in np.flatnonzero(self._kind & CONTEXT).tolist():
            if index < done:
                continue
            character = text[index]
            if character == "\r":
                done = index + 1
                if text[index + 1 : index + 2] == "\n":
                    self._slots[index] = EMPTY
            elif needs_shaping(character):
                done = self._shape(index)
            elif belongs_to_sign(text, index, self._is_drawn):
                self._slots[index] = EMPTY
            elif index and begins_keycap(text, index - 1):
                done = self._box_key(index - 1)
            elif is_mark(character):
                done = self._join(index)

    def _shape(self, start: int) -> int:
        """Draw the word that begins here with one slot, or as much of it as one script, font and line can hold."""
        text, script, size = self._text, get_script(self._text[start]), _RUN
        while True:
            end = start + 1
            while end < len(text) and end < start + size and _can_continue(text[end], script):
                end += 1
            if end > start + 1 and text[end - 1] in _JOINERS:
                end -= 1
            slot = self._table.get_shaped_slot(text[start:end])
            if slot is not None and (self._table.advance[slot] <= self._table.line or size == 1):
                self._slots[start:end] = EMPTY
                self._slots[start] = slot
                return end
            if size == 1:
                self._escape(start, "no font" if shaping.available else "needs shaping")
                return end
            size //= 2

    def _join(self, mark: int) -> int:
        """Draw the marks that begin here onto the letter before them; escape those too many or without a letter."""
        text, base, end = self._text, mark - 1, mark
        while end < len(text) and _can_join(text[end]):
            end += 1
        if end == mark:
            return mark + 1  # a mark that cannot be seen: escaped already
        joined = mark
        if base >= 0 and not self._kind[base] & (SPACE | NEWLINE | ESCAPED | CONTEXT):
            joined = min(end, mark + _MARKS_AT_MOST)
            if joined == end < len(text) and text[end] in AM and is_thai(text[base]) and self._is_drawn(end):
                joined += 1
            slot = self._table.get_cluster_slot(text[base:joined])
            if slot is None:
                joined = mark
            else:
                self._slots[base:joined] = EMPTY
                self._slots[base] = slot
        for index in range(joined, end):
            self._escape(index, "invisible")
        return max(joined, end)

    def _box_key(self, key: int) -> int:
        """Draw a key with a box around it; escape its selector and the box where no font has them."""
        slot = self._table.get_cluster_slot(self._text[key] + KEYCAP) if self._is_drawn(key) else None
        if slot is None:
            self._escape(key + 2, "invisible")
        else:
            self._slots[key : key + 3] = slot, EMPTY, EMPTY
        return key + 3

    def _is_drawn(self, index: int) -> bool:
        return not self._kind[index] & ESCAPED

    def _escape(self, index: int, reason: EscapeReason) -> None:
        if not self._kind[index] & ESCAPED:
            self._slots[index] = self._table.get_escape_slot(self._text[index], reason)


def _can_join(character: str) -> bool:
    return is_mark(character) and not needs_shaping(character) and escape_reason(character) is None


def _can_continue(character: str, script: str) -> bool:
    return character in _JOINERS or (needs_shaping(character) and get_script(character) == script)


def _break_long_spaces(kind: NDArray[np.uint8], cursor: Cursor) -> NDArray[np.uint8]:
    """Make one space in 1024 of an endless row count as a word, so that every line ends."""
    if len(kind) <= _RUN and not cursor.after_space:
        return kind
    at = np.arange(-cursor.offset % _LONG_RUN, len(kind), _LONG_RUN)
    begins = at[:1] if cursor.after_space else at[:0]  # a line begins with a space only where a run was cut
    at = at[at >= _RUN]
    at = at[kind.take(at) & kind.take(at - _RUN) & SPACE != 0]
    if len(at):
        at = at[(kind.take(at[:, None] - np.arange(_RUN)) & SPACE != 0).all(axis=1)]
    at = np.concatenate([begins[begins == 0], at])
    if len(at):
        kind = kind.copy()
        kind[at] &= ~np.uint8(SPACE)
    return kind
