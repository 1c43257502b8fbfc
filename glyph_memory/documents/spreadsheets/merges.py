"""Merged cells of a sheet, for the rows of a table. Knows ranges of cells; knows nothing about files."""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.document import Merge

Corner = tuple[int, int]
"""Row and column of a cell, counted from 0."""
_MOST_CELLS = 2_000_000
"""Cells that are looked at for one table: merged ones that overlap could make it any number."""


def find_merges(
    ranges: Sequence[tuple[Corner, Corner]], rows: Sequence[Sequence[str]], row: int, column: int
) -> tuple[Merge, ...]:
    """Return the merged cells of a table, cut to it; ranges that overlap, or that cover text, are left out.

    Args:
        ranges: First and last cell of each, in the sheet.
        rows: The table's cells.
        row: Of its first cell.
        column: Of its first cell.
    """
    columns, looked_at = max(map(len, rows), default=0), 0
    taken, merges = set[Corner](), list[Merge]()
    for (top, left), (bottom, right) in ranges:
        first_row, first_column = max(top - row, 0), max(left - column, 0)
        high = min(bottom - row, len(rows) - 1) - first_row + 1
        wide = min(right - column, columns - 1) - first_column + 1
        if high < 1 or wide < 1 or high * wide < 2:
            continue
        looked_at += high * wide
        if looked_at > _MOST_CELLS:
            break
        cells = [
            (at_row, at_column)
            for at_row in range(first_row, first_row + high)
            for at_column in range(first_column, first_column + wide)
        ]
        if taken.isdisjoint(cells) and not any(_has_text(rows, *cell) for cell in cells[1:]):
            taken.update(cells)
            merges.append(Merge(row=first_row, column=first_column, rows=high, columns=wide))
    return tuple(merges)


def _has_text(rows: Sequence[Sequence[str]], row: int, column: int) -> bool:
    return column < len(rows[row]) and rows[row][column] != ""
