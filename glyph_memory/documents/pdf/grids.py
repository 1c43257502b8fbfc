"""Rows of a table without rules: lines of one row, where cells wrap, are joined. Knows places; nothing about pages.

Between two rows is more paper than between two lines of one. Where there is not, a line that goes on with a cell has
nothing in the first column, and little in the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from glyph_memory.documents.pdf.lines import Piece, make_lines

_LINE_EM = 1.6
"""Lines of one cell are no farther from each other."""
_MORE = 1.15
"""Rows are so much farther from each other than lines."""
_FULL = 0.6
"""A line that wraps fills so much of its column."""


@dataclass(slots=True)
class Strip:
    """Pieces beside each other, with free paper above and below."""

    pieces: list[Piece]
    """From left to right or not."""
    top: float
    """Where they begin."""
    bottom: float
    """Where they end."""

    @property
    def baseline(self) -> float:
        """Of most of them."""
        return max((piece.baseline for piece in self.pieces), default=self.bottom)

    @property
    def size(self) -> float:
        """Of the largest letters."""
        return max((piece.size for piece in self.pieces), default=10.0)


@dataclass(slots=True)
class Row:
    """A row of a table."""

    strips: list[Strip]
    """Its lines."""
    cells: list[list[Piece]]
    """What stands in each column."""

    @property
    def pieces(self) -> list[Piece]:
        """All of it."""
        return [piece for strip in self.strips for piece in strip.pieces]

    def write(self) -> list[str]:
        """Return what the cells say, lines of one joined."""
        return [" ".join(line.text for line in make_lines(cell)) for cell in self.cells]


def join_rows(rows: Sequence[Row]) -> list[Row]:
    """Return rows whose cells may have several lines.

    Args:
        rows: One for each line, from top to bottom.
    """
    groups = _group_by_gaps(rows)
    if any(len(group) > 1 and not _is_one_row(group) for group in groups) or len(groups) == 1:
        groups = _group_by_columns(rows)
    return [_join(group) for group in groups]


def _group_by_gaps(rows: Sequence[Row]) -> list[list[Row]]:
    """Return lines that are nearer to each other than most rows."""
    gaps = [below.strips[0].baseline - above.strips[0].baseline for above, below in pairwise(rows)]
    line = min(gaps, default=0.0)
    groups = [[row] for row in rows[:1]]
    for gap, row in zip(gaps, rows[1:], strict=True):
        if gap <= _MORE * line and gap <= _LINE_EM * row.strips[0].size:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _is_one_row(lines: Sequence[Row]) -> bool:
    """Return whether lines are one row: half of the columns have something in one of them alone."""
    counts = [sum(bool(line.cells[column]) for line in lines) for column in range(len(lines[0].cells))]
    filled = [count for count in counts if count]
    return len(filled) > 1 and 2 * sum(count == 1 for count in filled) >= len(filled)


def _group_by_columns(rows: Sequence[Row]) -> list[list[Row]]:
    """Return lines that go on with the one above them: few cells, the first one empty, below cells that are full."""
    widths = [
        max((_measure(row.cells[column]) for row in rows), default=0.0)
        for column in range(len(rows[0].cells))
    ]
    groups = list[list[Row]]()
    for row in rows:
        above = groups[-1][-1] if groups else None
        filled = [column for column, cell in enumerate(row.cells) if cell]
        goes_on = (
            above is not None
            and 0 not in filled
            and 2 * len(filled) <= len(row.cells) - 1
            and row.strips[0].baseline - above.strips[0].baseline <= _LINE_EM * row.strips[0].size
            and all(_measure(above.cells[column]) >= _FULL * widths[column] > 0 for column in filled)
        )
        if goes_on:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _measure(cell: Sequence[Piece]) -> float:
    if not cell:
        return 0.0
    return max(piece.box[2] for piece in cell) - min(piece.box[0] for piece in cell)


def _join(rows: Sequence[Row]) -> Row:
    if len(rows) == 1:
        return rows[0]
    cells = [[piece for row in rows for piece in row.cells[column]] for column in range(len(rows[0].cells))]
    return Row([strip for row in rows for strip in row.strips], cells)
