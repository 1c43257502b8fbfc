"""Tables whose cells take the room of several, as rows of equal cells. Knows cells; knows nothing about formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from glyph_memory.document import Merge
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Run

_ROWS_AT_ONCE = 5_000
"""A longer table comes in several, so that the cells of the longest row do not fill up all others."""
_WIDEST = 1_000
_FILLED = 20
"""How many times more cells there may be than the table names; beyond, nobody meant its merged cells."""


@dataclass(kw_only=True, slots=True)
class Cell:
    """A cell as a format names it."""

    runs: list[Run] = field(default_factory=list)
    """Its text."""
    rows: int = 1
    """How many rows it takes; 0 for all that follow."""
    columns: int = 1
    """How many columns it takes."""
    is_header: bool = False
    """Whether it heads its row or column."""
    alignment: str = ""
    """`l`, `r` or `c`, where it is named."""


def add_grid(builder: Builder, rows: Sequence[Sequence[Cell]], *, header_rows: int = 0) -> None:
    """Add a table; a very long one as several, each with its header.

    Args:
        builder: Gets the table.
        rows: The cells that each row names.
        header_rows: Rows at the top that head it; where there are none, rows of nothing but header cells do.
    """
    if not header_rows:
        while header_rows < len(rows) - 1 and rows[header_rows] and _is_header(rows[header_rows]):
            header_rows += 1
    carried = list[list[str]]()
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[first : first + _ROWS_AT_ONCE]
        texts, merges = lay_out(part)
        builder.add_table(
            texts,
            header_rows=0 if first else header_rows,
            alignments=_align(part[0 if first else header_rows :]),
            merges=merges,
            carried=carried if first else (),
        )
        if not first:
            carried = [["".join(run.text for run in cell) for cell in row] for row in texts[:header_rows]]


def lay_out(rows: Sequence[Sequence[Cell]]) -> tuple[list[list[list[Run]]], list[Merge]]:
    """Return the text of each place of a table, row by row, and its merged cells."""
    named = sum(map(len, rows))
    area = sum(
        min(cell.columns, _WIDEST) * min(cell.rows or len(rows), len(rows) - number)
        for number, row in enumerate(rows)
        for cell in row
    )
    if area > 1_000 + _FILLED * named:
        rows = [[Cell(runs=cell.runs) for cell in row] for row in rows]
    texts, merges = list[list[list[Run]]](), list[Merge]()
    covered = dict[int, int]()  # columns taken by cells above, and for how many rows yet
    for number, row in enumerate(rows):
        line, column = list[list[Run]](), 0
        for cell in row:
            while covered.get(column, 0) > 0:
                line.append([])
                column += 1
            columns = min(max(cell.columns, 1), _WIDEST)
            height = min(cell.rows or len(rows), len(rows) - number)
            line += [cell.runs, *([] for _ in range(columns - 1))]
            if height > 1 or columns > 1:
                merges.append(Merge(row=number, column=column, rows=height, columns=columns))
            for place in range(column, column + columns):
                if height > 1:
                    covered[place] = max(covered.get(place, 0), height)
            column += columns
        texts.append(line)
        covered = {place: left - 1 for place, left in covered.items() if left > 1}
    return texts, merges


def _is_header(row: Sequence[Cell]) -> bool:
    return all(cell.is_header for cell in row)


def _align(rows: Sequence[Sequence[Cell]]) -> str:
    """Return one letter a column: what its first cell that says so says."""
    letters = dict[int, str]()
    for row in rows[:50]:
        column = 0
        for cell in row:
            if cell.alignment:
                letters.setdefault(column, cell.alignment)
            column += min(max(cell.columns, 1), _WIDEST)
    return "".join(letters.get(place, "l") for place in range(max(letters) + 1)) if letters else ""
