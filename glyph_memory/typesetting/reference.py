"""Set a text by the rules of the reference pipeline: its white space, its lines, its pages. For comparison only.

The rules are reportlab 5.1's, as `benchmarks/lib/reference.py` lists them; layout proper has none of them. One
ideograph anywhere changes all lines, so the text must be there as a whole. It is set some paragraphs at a time, so that
a page of a long text costs what one of a short text does. Knows nothing about ink.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.characters import SPACE
from glyph_memory.typesetting.geometry import FIX, Geometry
from glyph_memory.typesetting.glyphs import EMPTY, GlyphTable
from glyph_memory.typesetting.layout import Cursor, Ints, LineBreaker, Lines, MeasuredText
from glyph_memory.typesetting.measure import measure
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
    drop_white_space,
    find_slot,
    get_advance,
    make_items,
    sums,
    take_next,
)
from glyph_memory.typesetting.reference_pages import FilledColumns, ReferencePages

_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_BLOCK = 1 << 15  # characters that are set at once, and what is missing to a paragraph's end
# Where one stands, reportlab sets a paragraph from several fragments.
_FRAGMENT_ENDS = (BREAK, *map(ord, "&<>"))


@dataclass(frozen=True, slots=True)
class ReferenceBlock:
    """Some pages of a text, laid out by the reference's rules."""

    text: str
    """What stands on them."""
    cursor: Cursor
    """Where they begin."""
    breaker: LineBreaker
    """Their text as the reference measures it, with its running sums."""
    lines: Lines
    """Its lines."""
    layouts: tuple[PageLayout, ...]
    """The pages."""
    final: bool
    """Whether the text ends with them."""


def lay_out_reference(
    text: str, table: GlyphTable, *, reserved: Sequence[int] = (), at_once: bool = False
) -> Iterator[ReferenceBlock]:
    """Lay out a text by the reference's rules, some pages at a time.

    Args:
        text: From its beginning to its end.
        table: The style's glyphs.
        reserved: Offsets of the characters that are escaped whatever they are.
        at_once: Whether all pages come in one block.
    """
    style, geometry = table.style, Geometry.of(table.style)
    cjk = _IDEOGRAPH.search(text) is not None
    pages = ReferencePages(style, geometry, space=get_advance(table, BLANK), cjk=cjk)
    cursor, slots, ends_paragraph = Cursor(), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    for start, stop in _cut_at_paragraphs(text, style.paragraph_lines, len(text) if at_once else _BLOCK):
        places = [
            offset - start for offset in reserved[bisect_left(reserved, start) : bisect_left(reserved, stop)]
        ]
        measured = measure(text[start:stop], Cursor(start), table, reserved=places)
        _add_paragraphs(pages, text[start:stop], start, measured, table, cjk=cjk)
        slots = np.concatenate([slots, measured.slots])
        ends_paragraph = np.concatenate([ends_paragraph, measured.ends_paragraph])
        final = stop == len(text)
        if final and pages.is_empty:
            pages.lay(np.zeros((4, 0), np.int64), [0])  # nothing but newlines: a page all the same
        if (filled := pages.take(final=final)) is None:
            continue
        begin, end = cursor.offset, len(text) if final else pages.next_character
        filled.items[AT] -= begin
        here, size = text[begin:end], end - begin
        result, starts = _measure_result(here, slots[:size], ends_paragraph[:size], filled, table, cjk=cjk)
        closed = result.breaks[np.array([*starts[1:], size]) - 1].tolist()
        lines = Lines([*starts, size], closed, filled.closes)
        layouts = tuple(_group_columns(lines, filled.columns, style.columns, begin))
        yield ReferenceBlock(here, cursor, LineBreaker(result, geometry), lines, layouts, final)
        slots, ends_paragraph = slots[size:], ends_paragraph[size:]
        cursor = Cursor(end, opens_paragraph=filled.closes[-1])


def _cut_at_paragraphs(text: str, paragraph_lines: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of parts of a text that end with a paragraph, each of `size` characters or more."""
    start = 0
    for number, newline in enumerate(re.finditer("\n", text), 1):
        if paragraph_lines and number % paragraph_lines == 0 and newline.end() - start >= size:
            yield start, newline.end()
            start = newline.end()
    if start < len(text):
        yield start, len(text)


def _add_paragraphs(
    pages: ReferencePages, text: str, start: int, measured: MeasuredText, table: GlyphTable, *, cjk: bool
) -> None:
    """Add a part of the text, which begins at `start`, paragraph by paragraph."""
    codes = _encode(text)
    items = drop_white_space(make_items(codes, measured, table), cjk=cjk)
    joins = np.isin(codes, _FRAGMENT_ENDS).take(items[AT])
    items[AT] += start
    ends = np.flatnonzero(items[CODE] == END).tolist()
    for first, last in zip([0, *(end + 1 for end in ends)], [*ends, items.shape[1]], strict=True):
        pages.add(items[:, first:last], joins=bool(joins[first:last].any()))


def _encode(text: str) -> Ints:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)


def _group_columns(
    lines: Lines, columns: Sequence[Column], per_sheet: int, begin: int
) -> Iterator[PageLayout]:
    for first in range(0, len(columns), per_sheet):
        group = columns[first : first + per_sheet]
        yield PageLayout(tuple(group), Cursor(begin + lines.start[group[-1].first + len(group[-1].tops)]))


# From items back to characters.


def _measure_result(
    text: str,
    slots: Ints,
    ends_paragraph: NDArray[np.bool_],
    filled: FilledColumns,
    table: GlyphTable,
    *,
    cjk: bool,
) -> tuple[MeasuredText, list[int]]:
    """Return the measures of a block's text as it was laid out, and the index of each line's first character.

    Args:
        text: The block's.
        slots: What draws its characters by our own rules.
        ends_paragraph: Of each of them: whether it is a newline at which a paragraph ends.
        filled: What was laid; its items count characters from the block's first.
        table: The style's glyphs.
        cjk: Whether the whole text holds an ideograph.
    """
    codes, items, ends = _encode(text), filled.items, np.array(filled.ends, np.int64)
    slots = _find_slots(codes, slots, items, table)
    if not cjk and items.size:  # at a line's end a newline mark's space vanishes, as the text's do
        final = ends - 1
        items[WIDTH, final] *= (items[OWN, final] != 0) | (items[CODE, final] != BLANK)
    pen = sums(items[WIDTH])
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
    if cjk:
        kind &= ~np.uint8(SPACE)  # they neither vanish at a line's end nor stretch
    kind[items[AT, items[CODE] == NO_BREAK]] |= SPACE
    newline, inked = codes == BREAK, table.inked.take(slots)
    starts: list[int] = np.append(at, len(codes))[np.searchsorted(own, begins)].tolist()
    measured = MeasuredText(slots, kind, advance, ends_paragraph, newline & ~inked, newline & inked)
    return measured, [0, *starts[1:]]


def _find_slots(codes: Ints, slots: Ints, items: Items, table: GlyphTable) -> Ints:
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
