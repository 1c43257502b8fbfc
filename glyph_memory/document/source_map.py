"""The source map: which stretch of a document's text comes from which page, sheet, cell, file and line.

Knows offsets and names; knows nothing about file formats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_CELL = re.compile(r"([A-Z]+)([0-9]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSpan:
    """Where a stretch of text comes from.

    Example:
        >>> print(SourceSpan(start=0, stop=9, sheet="Costs", cell="B7"))
        sheet 'Costs', cell B7
    """

    start: int
    """Offset of the stretch in the document's text."""
    stop: int
    """Offset after it."""
    file: str = ""
    """The file inside an archive, a book or a mail."""
    page: int | None = None
    """Page or slide of the original, counted from 1."""
    sheet: str = ""
    """The sheet's name."""
    cell: str = ""
    """The cell, as `B7`; of a stretch of several cells the first."""
    line: int | None = None
    """The line of the file, counted from 1; of several the first."""
    counts_lines: bool = False
    """Whether each newline of the stretch is one of the file."""

    def __str__(self) -> str:
        parts = [f"file {self.file!r}"] if self.file else []
        parts += [f"page {self.page}"] if self.page is not None else []
        parts += [f"sheet {self.sheet!r}"] if self.sheet else []
        parts += [f"cell {self.cell}"] if self.cell else []
        parts += [f"line {self.line}"] if self.line is not None else []
        return ", ".join(parts)


def name_cell(row: int, column: int) -> str:
    """Return a cell's name in a sheet.

    Args:
        row: Counted from 0.
        column: Counted from 0.

    Example:
        >>> name_cell(6, 1), name_cell(0, 26)
        ('B7', 'AA1')
    """
    return f"{name_column(column)}{row + 1}"


def name_column(column: int) -> str:
    """Return a column's letters in a sheet.

    Args:
        column: Counted from 0.
    """
    letters, number = "", column + 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def parse_cell(name: str) -> tuple[int, int] | None:
    """Return row and column of a cell, counted from 0; None for what is no cell's name.

    Example:
        >>> parse_cell("AA1")
        (0, 26)
    """
    found = _CELL.fullmatch(name.upper())
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


def narrow_lines(place: SourceSpan, text: str, start: int, stop: int) -> SourceSpan:
    """Return a place narrowed to a stretch of it; its line is that of the stretch's first character."""
    start, stop = max(place.start, start), min(place.stop, stop)
    line = place.line
    if line is not None and place.counts_lines:
        line += text.count("\n", place.start, start)
    return replace(place, start=start, stop=stop, line=line)
