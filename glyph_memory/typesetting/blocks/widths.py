"""How wide the columns of a table are: as wide as their cells where there is room, else by their longest words.

Knows widths of characters; knows nothing about drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.document import Table
from glyph_memory.typesetting.characters import NEWLINE, SPACE
from glyph_memory.typesetting.layout import Cursor, Ints, MeasuredText, find_break_opportunities
from glyph_memory.typesetting.measure import measure
from glyph_memory.typesetting.prepared import PreparedStyle

_SAMPLE = 100_000
"""Characters that widths are chosen by; rows further down are broken to fit."""
_LONG_WORDS_EM = (14, 7)
"""Words longer than this may be cut in cells, where the table cannot be wide enough for them: first the longer ones."""


@dataclass(frozen=True, slots=True)
class ColumnWidths:
    """What the cells of each column ask for."""

    natural: Ints
    """The longest line."""
    word: Ints
    """The longest word."""
    glyph: Ints
    """The widest glyph: no line can be narrower."""


def measure_columns(
    text: str, table: Table, spans: Sequence[tuple[int, int]], prepared: PreparedStyle
) -> ColumnWidths:
    """Return what the cells of a table ask for.

    Args:
        text: The document's.
        table: The table; cells that span columns are left out.
        spans: Start and stop of each cell.
        prepared: The style of the cells.
    """
    columns = table.columns
    rows = max(1, sum(1 for start, _ in spans[::columns] if start - spans[0][0] < _SAMPLE))
    count = rows * columns
    base, end = spans[0][0], spans[count - 1][1]
    widths = _measure_stretch(text[base:end], _make_bounds(spans[:count], base), columns, table, prepared)
    for carried in table.carried:
        row = [*carried[:columns], *[""] * (columns - len(carried))]
        joined = "\t".join(cell.replace("\t", " ") for cell in row)
        starts = np.cumsum([0, *(len(cell) + 1 for cell in row)])[:-1]
        bounds = np.stack([starts, starts + [len(cell) for cell in row]])
        other = _measure_stretch(joined, bounds, columns, None, prepared)
        widths = ColumnWidths(
            np.maximum(widths.natural, other.natural),
            np.maximum(widths.word, other.word),
            np.maximum(widths.glyph, other.glyph),
        )
    return widths


def choose_widths(wanted: ColumnWidths, room: int, em: int) -> Ints | None:
    """Return the width of each column; None where the table is too wide for the page.

    Args:
        wanted: What the cells ask for.
        room: For all columns, without the space between them.
        em: The size of the text.
    """
    natural = np.maximum(wanted.natural, em // 2)
    if natural.sum() <= room:
        return natural
    for limit in _LONG_WORDS_EM:
        least = np.maximum(np.minimum(wanted.word, limit * em), np.maximum(wanted.glyph, em // 2))
        spare = room - int(least.sum())
        if spare >= 0:
            return _fill_up(least, natural, room)
    return None


def _fill_up(least: Ints, natural: Ints, room: int) -> Ints:
    """Return widths between two others that fill the room: narrow columns have all they ask for, wide ones share."""
    low, high = 0, int(natural.max())
    while low < high:  # the widest that no column has to exceed
        level = (low + high + 1) // 2
        if int(np.maximum(np.minimum(natural, level), least).sum()) <= room:
            low = level
        else:
            high = level - 1
    return np.maximum(np.minimum(natural, low), least)


def _make_bounds(spans: Sequence[tuple[int, int]], base: int) -> Ints:
    return np.array(spans, np.int64).T - base


def _measure_stretch(
    text: str, bounds: Ints, columns: int, table: Table | None, prepared: PreparedStyle
) -> ColumnWidths:
    natural, word, glyph = np.zeros((3, columns), np.int64)
    if not text:
        return ColumnWidths(natural, word, glyph)
    measured = measure(text, Cursor(), prepared.table)
    starts, stops = bounds
    merges = [merge for merge in (table.merges if table is not None else ()) if merge.columns > 1]
    merged = {merge.row * columns + merge.column: merge for merge in merges}
    owner = np.repeat(np.arange(len(starts)), stops - starts)
    inside = np.concatenate([np.arange(a, b) for a, b in zip(starts.tolist(), stops.tolist(), strict=True)])
    if not len(inside):
        return ColumnWidths(natural, word, glyph)
    inside = inside.astype(np.int64)
    advance, kind = measured.advance.take(inside), measured.kind.take(inside)
    changes = np.concatenate([[True], owner[1:] != owner[:-1]])
    lines = changes | np.concatenate([[False], kind[:-1] & NEWLINE != 0])
    words = lines | _find_words(measured).take(inside)
    # Cells of one column first; those that span several add what is missing to each of them.
    of_cells = np.zeros((3, len(starts)), np.int64)
    np.maximum.at(of_cells[0], owner[lines], np.add.reduceat(advance, np.flatnonzero(lines)))
    bare = np.where(kind & SPACE != 0, 0, advance)
    np.maximum.at(of_cells[1], owner[words], np.add.reduceat(bare, np.flatnonzero(words)))
    np.maximum.at(of_cells[2], owner, advance)
    single = of_cells.copy()
    single[:, [cell for cell in merged if cell < len(starts)]] = 0
    wanted = single.reshape(3, -1, columns).max(axis=1)
    for cell, merge in merged.items():
        if cell < len(starts):
            span = slice(merge.column, merge.column + merge.columns)
            missing = of_cells[:2, cell] - wanted[:2, span].sum(axis=1)
            wanted[:2, span] += np.maximum(-(-missing // merge.columns), 0)[:, None]
    return ColumnWidths(wanted[0], wanted[1], wanted[2])


def _find_words(measured: MeasuredText) -> NDArray[np.bool_]:
    return find_break_opportunities(measured.kind, measured.kind & NEWLINE != 0)
