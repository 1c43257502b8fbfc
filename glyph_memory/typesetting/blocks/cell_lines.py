"""The lines of a table's cells: all cells of equal room are measured and broken in one go, as there may be very many.

Knows widths and places in a text; knows nothing about rows, pages and drawing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.characters import NEWLINE
from glyph_memory.typesetting.layout import Cursor, Ints, LineBreaker, MeasuredText
from glyph_memory.typesetting.measure import measure
from glyph_memory.typesetting.prepared import PreparedStyle


@dataclass(frozen=True, slots=True)
class CellLines:
    """The lines of cells, in the order of the text: each cell has one at least."""

    cells: Ints
    """Of each line: its cell."""
    starts: Ints
    """Its first character."""
    stops: Ints
    """Where its last ink ends."""
    after: Ints
    """Where what comes after it begins."""
    numbers: Ints
    """Its number in its cell."""


def measure_cells(
    text: str, inside: NDArray[np.bool_], prepared: PreparedStyle
) -> tuple[MeasuredText, NDArray[np.bool_]]:
    """Return the measures of rows, and which of their newlines, all in cells, are drawn as marks.

    Args:
        text: The rows.
        inside: Of each character: whether it is in a cell.
        prepared: The style.
    """
    table = prepared.table
    measured = measure(text, Cursor(), table, counts=False)
    newlines = (measured.kind & NEWLINE != 0) & inside
    if not prepared.style.newline_mark:
        return replace(measured, breaks=newlines), np.zeros(len(text), np.bool_)
    slots = np.where(newlines, table.get_mark_slot(prepared.style.newline_mark), measured.slots)
    unbroken = np.zeros(len(text), np.bool_)
    return replace(measured, slots=slots, advance=table.advance.take(slots), breaks=unbroken), newlines


def break_cells(
    measured: MeasuredText, bounds: Ints, after: Ints, rooms: Ints, prepared: PreparedStyle
) -> CellLines:
    """Return the lines of all cells.

    Args:
        measured: The rows, as `measure_cells` returns them.
        bounds: Start and stop of each cell in them: shape (2, cells).
        after: Where what comes after each cell begins.
        rooms: The width of each cell's lines.
        prepared: The style.
    """
    starts, stops = bounds
    sums, newlines = (np.concatenate([[0], np.cumsum(part)]) for part in (measured.advance, measured.breaks))
    is_broken = sums.take(stops) - sums.take(starts) > rooms
    is_broken |= newlines.take(stops) > newlines.take(starts)
    single = np.flatnonzero(~is_broken)
    found = [(single, starts.take(single), stops.take(single))]
    for room in np.unique(rooms[is_broken]).tolist():
        cells = np.flatnonzero(is_broken & (rooms == room))
        begins, ends = starts.take(cells), stops.take(cells) + 1  # what parts two cells ends a line
        of_lines, first, last = _break_joined(
            measured, list_places(begins, ends), np.cumsum(ends - begins) - 1, room, prepared
        )
        found.append((cells.take(of_lines), first, last))
    numbers, begins, ends = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(begins + numbers, kind="stable")  # empty cells may begin where the one after them does
    return _number_lines(numbers.take(order), begins.take(order), ends.take(order), after)


def list_places(starts: Ints, stops: Ints) -> Ints:
    """Return all places from each start to its stop, one after the other."""
    lengths = stops - starts
    return np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(int(lengths.sum()))


def _break_joined(
    measured: MeasuredText, places: Ints, parts: Ints, room: int, prepared: PreparedStyle
) -> tuple[Ints, Ints, Ints]:
    """Return for each line of some cells: which of them it is in, its first character, where its last ink ends.

    Args:
        measured: The rows.
        places: Of the cells' characters, and of what parts them: where they are in the rows.
        parts: Which of them part two cells.
        room: The width of the lines.
        prepared: The style.
    """
    inside = places.clip(max=len(measured.kind) - 1)
    kind, advance, breaks = measured.kind[inside], measured.advance[inside], measured.breaks[inside]
    kind[parts], advance[parts], breaks[parts] = NEWLINE, 0, True
    joined = MeasuredText(measured.slots[inside], kind, advance, breaks, breaks, measured.marked[inside])
    geometry = replace(prepared.geometry, column=room, indents=(0, 0), frame=(0, 0), first_indent=0)
    breaker = LineBreaker(joined, geometry, shrink=prepared.style.space_shrink)
    # A glyph wider than the room takes the newline after it along, which then ends nothing.
    bounds = np.unique(np.array(breaker.lines(Cursor(), final=True).start, np.int64))
    first = bounds[:-1]
    inked = np.maximum(breaker.inked.take(bounds[1:]), first) - first
    starts = places.take(first)
    return np.searchsorted(parts, first), starts, starts + inked


def _number_lines(cells: Ints, starts: Ints, stops: Ints, after: Ints) -> CellLines:
    opens = np.append([True], cells[1:] != cells[:-1])
    numbers = np.arange(len(cells))
    numbers -= np.maximum.accumulate(np.where(opens, numbers, 0))
    closes = np.append(opens[1:], [True])
    return CellLines(
        cells, starts, stops, np.where(closes, after.take(cells), np.append(starts[1:], 0)), numbers
    )
