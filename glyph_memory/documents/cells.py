"""The text of a table: its cells, parted by tabs and newlines, and where each one starts.

Knows cells; knows nothing about blocks, nor about file formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain

from glyph_memory.document import Span
from glyph_memory.documents.inline import Inline, Line, join_runs

Cells = tuple[str, tuple[int, ...], tuple[Span, ...], list[Line]]
"""A table's text, the offset of each cell, what is marked in them, and where lines of the file begin."""


def join_cells(rows: Sequence[Sequence[Inline]], columns: int, offset: int) -> Cells:
    """Return the text of a table, without the newline at its end.

    Args:
        rows: The cells; short rows are filled up with empty ones.
        columns: How many cells each row gets.
        offset: Of the first cell.
    """
    return _join_plain(rows, columns, offset) or _join_marked(rows, columns, offset)


def _join_plain(rows: Sequence[Sequence[Inline]], columns: int, offset: int) -> Cells | None:
    """Return the cells of a table without marks, joined several times faster; None where a cell has marks."""
    full = [row if len(row) == columns else [*row, *[""] * (columns - len(row))] for row in rows]
    try:
        text = "\n".join(map("\t".join, full))  # type: ignore[arg-type]  # what is no text is found here
    except TypeError:  # a cell of several runs
        return None
    lengths = map(len, chain.from_iterable(full))
    starts = [*accumulate([length + 1 for length in lengths], initial=offset)]
    return text, tuple(starts[:-1]), (), []


def _join_marked(rows: Sequence[Sequence[Inline]], columns: int, offset: int) -> Cells:
    texts, spans, starts, lines = list[str](), list[Span](), list[int](), list[Line]()
    at = offset
    for row in rows:
        for column in range(columns):
            starts.append(at)
            cell = row[column] if column < len(row) else ""
            text, marked, begun = (cell, (), []) if isinstance(cell, str) else join_runs(cell, at)
            texts.append(text)
            spans += marked
            lines += begun
            at += len(text) + 1
            texts.append("\n" if column == columns - 1 else "\t")
    return "".join(texts)[:-1], tuple(starts), tuple(spans), lines
