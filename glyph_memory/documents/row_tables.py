"""Rows, however many there are, become tables of a document and of its parts.

A part repeats what heads its columns. Rows of very different length are tables of their own, since a table of a million
narrow rows and a single wide one would be nothing but empty cells. Knows rows of text; knows nothing about files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from glyph_memory.document import Document, Merge
from glyph_memory.document.source_map import name_cell
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.tabular import align_columns, find_header

_MOST_EMPTY = 4
"""How many times more cells than there are in the file a table may have..."""
_ANY_EMPTY = 1_000
"""...beyond this many, which any may have."""

FindMerges = Callable[[Sequence[Sequence[str]], int], Sequence[Merge]]
"""Returns the merged cells of rows, given their first one's number."""


class RowTables:
    """Adds rows to a builder; whoever uses it yields what its methods yield, and calls `finish` at the end."""

    def __init__(
        self,
        builder: Builder,
        *,
        part_characters: int,
        file: str = "",
        sheet: str = "",
        row: int = 0,
        column: int = 0,
        line: int | None = None,
        find_merges: FindMerges | None = None,
    ) -> None:
        """Begin.

        Args:
            builder: It gets the tables.
            part_characters: About how long a part may be.
            file: The file inside an archive or a mail that they are from.
            sheet: The sheet's name.
            row: Of the first row, counted from 0.
            column: Of the first column, counted from 0.
            line: Of the file, where the rows begin, if each of them ends one.
            find_merges: For tables with merged cells.
        """
        self._builder, self._part_characters = builder, part_characters
        self._file, self._sheet, self._column = file, sheet, column
        self._find_merges = find_merges
        self._next_row, self._next_line = row, line
        self._header, self._alignments = list[str](), ""
        self._is_continued = False
        self._clear()

    def _clear(self) -> None:
        self._rows, self._columns, self._filled, self._size = list[Sequence[str]](), 0, 0, 0
        self._row, self._line, self._blank = self._next_row, self._next_line, 0

    def add(self, rows: Sequence[Sequence[str]], *, lines: int | None = None) -> Iterator[Document]:
        """Add rows, and yield parts that are full.

        Args:
            rows: The cells; no more than may be held beside a part.
            lines: How many lines of the file they are, where that is known.
        """
        if not self._rows:
            self._clear()
        if (self._rows and self._blank) or not self._add_together(rows, lines):
            yield from self._add_each(rows)
        elif self._is_full:
            yield from self._pop()

    def finish(self) -> None:
        """Add what is left to the builder."""
        self._flush()

    def _add_together(self, rows: Sequence[Sequence[str]], lines: int | None) -> bool:
        """Add rows that go on as those before them; return False, and add none, where one of them may not."""
        widths = [*map(len, rows)]
        columns, filled = max(self._columns, *widths, 0), self._filled + sum(widths)
        cells = columns * (len(self._rows) + len(rows))
        if self._is_too_large(cells, filled) or not all(map(any, rows)):
            return False
        size = columns * len(rows) + sum(map(len, chain.from_iterable(rows)))
        if size > self._part_characters // 4:  # a part would become too long
            return False
        self._size += size
        self._rows += rows
        self._columns, self._filled = columns, filled
        self._count(rows, lines)
        return True

    def _add_each(self, rows: Sequence[Sequence[str]]) -> Iterator[Document]:
        for row in rows:
            self._add_row(row)
            self._count((row,), None)
            if self._is_full:
                yield from self._pop()

    @property
    def _is_full(self) -> bool:
        return self._size + self._builder.size >= self._part_characters

    def _count(self, rows: Sequence[Sequence[str]], lines: int | None) -> None:
        self._next_row += len(rows)
        if self._next_line is not None:
            within = 0 if lines == len(rows) else sum(cell.count("\n") for row in rows for cell in row)
            self._next_line += len(rows) + within

    def _add_row(self, row: Sequence[str]) -> None:
        width = _width(row)
        if not width:
            self._blank += 1
            return
        if self._rows and ((self._blank and width != _width(self._rows[-1])) or self._is_too_empty(len(row))):
            self._flush()
            self._is_continued = False
        if not self._rows:
            self._clear()
        self._rows += [()] * self._blank
        self._rows.append(row)
        self._columns = max(self._columns, len(row))
        self._filled += len(row)
        self._size += sum(map(len, row)) + self._columns * (1 + self._blank)
        self._blank = 0

    def _is_too_empty(self, width: int) -> bool:
        rows = len(self._rows) + self._blank + 1
        return self._is_too_large(max(self._columns, width) * rows, self._filled + width)

    def _is_too_large(self, cells: int, filled: int) -> bool:
        return cells > _MOST_EMPTY * filled + _ANY_EMPTY

    def _pop(self) -> Iterator[Document]:
        self._flush()
        if not self._builder.is_empty:
            yield self._builder.build()

    def _flush(self) -> None:
        rows = self._rows
        if not rows:
            return
        if self._is_continued:
            rows[0] = [*rows[0], *[""] * (len(self._header) - len(rows[0]))]
            self._columns = max(self._columns, len(rows[0]))
        else:
            head = find_header(rows)
            self._header = [*rows[0]] if head else []
            self._alignments = align_columns(rows, header_rows=head)
        self._builder.set_location(
            file=self._file,
            sheet=self._sheet,
            cell=name_cell(self._row, self._column),
            line=self._line,
            counts_lines=self._line is not None,
        )
        self._builder.add_table(
            rows,
            header_rows=0 if self._is_continued else int(bool(self._header)),
            alignments=self._alignments.ljust(self._columns, "l") if self._alignments else "",
            merges=self._find_merges(rows, self._row) if self._find_merges else (),
            carried=[[*self._header, *[""] * (self._columns - len(self._header))]]
            if self._is_continued and self._header
            else (),
        )
        self._is_continued = True
        self._clear()


def _width(row: Sequence[str]) -> int:
    """Return how long a row is without empty cells at its end."""
    width = len(row)
    while width and not row[width - 1]:
        width -= 1
    return width
