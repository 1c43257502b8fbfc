"""A table as a piece: rows in columns where they fit the page, else each row as a record of names and values.

Header rows are drawn again at the top of each column or page. Knows rows and heights; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from glyph_memory.document import Block, Span, Table
from glyph_memory.document.source_map import name_column
from glyph_memory.typesetting.blocks import tones
from glyph_memory.typesetting.blocks.grid import Columns, GridRows
from glyph_memory.typesetting.blocks.pieces import Fragment, TextPiece
from glyph_memory.typesetting.blocks.plate import Plate
from glyph_memory.typesetting.blocks.text_box import TextBox, make_offsets
from glyph_memory.typesetting.blocks.tones import Type
from glyph_memory.typesetting.blocks.widths import choose_widths, measure_columns
from glyph_memory.typesetting.geometry import FIX

_STRETCH = 1 << 15
"""Characters of rows that are laid out together."""
_PAD_PX = 3
_LABEL_LINES = 3
"""The text of a merged cell is drawn again, where its rows go on on the next page, if it has at most so many lines."""
_HIGHEST_HEADER = 4
"""Header rows are not drawn again where they take more than one in so many parts of a column."""


class TablePiece:
    """A table, row after row."""

    def __init__(
        self, text: str, block: Block, spans: Sequence[tuple[int, int]], kind: Type, width: int
    ) -> None:
        """Choose the columns' widths.

        Args:
            text: The document's.
            block: The table's block.
            spans: Start and stop of each cell, row by row.
            kind: The styles.
            width: Of the page's column.
        """
        assert block.table is not None  # noqa: S101 - for the type checker: whoever draws a table has one
        self._text, self._block, self._spans, self._kind, self._width = text, block, spans, kind, width
        self._table: Table = block.table
        count, pad = self._table.columns, _PAD_PX * FIX
        room = width - count * 2 * pad - (count - 1) * FIX
        widths = (
            choose_widths(measure_columns(text, self._table, spans, kind.body), room, kind.em)
            if room > 0
            else None
        )
        self._columns = None if widths is None else Columns(widths, pad, self._table.alignments)
        self._row, self._loaded = 0, 0
        self._chunk: GridRows | None = None
        self._record: TextPiece | None = None
        self._began = bool(self._table.carried)
        self._carried = None if self._columns is None else self._build_carried(self._columns)
        self._header = self._build_header()
        self._labels = self._list_labels()

    @property
    def least(self) -> int:
        """The height of the next row; a header's with the row below it."""
        if self._record is not None or self._columns is None or self._is_too_high(self._row):
            return self._kind.pitch
        rows = self._load_rows()
        first = self._row - self._loaded
        last = max(self._table.header_rows - self._loaded + 1, first + 1) if self._row == 0 else first + 1
        return int(rows.heights[first:last].sum())

    def measure(self) -> tuple[int, int] | None:
        """Return the height of the first rows, and where in the document they end; None where rows are records."""
        if self._columns is None:
            return None
        rows = self._load_rows()
        return int(rows.heights.sum()), rows.get_offset(rows.rows)

    @property
    def is_done(self) -> bool:
        """Whether all rows were taken."""
        return self._row >= self._table.rows and self._record is None

    def take(self, room: int, *, is_forced: bool) -> Fragment | None:
        """Return as many rows as fit."""
        if self._record is None and (self._columns is None or self._is_too_high(self._row)):
            self._record = TextPiece(self._build_record(self._row))
            self._row += 1
        if self._record is not None:
            return self._take_record(room, is_forced=is_forced)
        rows, first = self._load_rows(), self._row - self._loaded
        heads = self._list_heads() if is_forced and self._began else ()
        above = sum(int(head.heights.sum()) for head in heads)
        ends = np.cumsum(rows.heights[first:])
        last = first + max(int(np.searchsorted(ends, room - above, "right")), int(is_forced))
        if last <= first:
            return None
        labels = self._list_repeated(rows, last - first) if is_forced and self._began else ()
        self._row, self._began = self._loaded + last, True

        def draw(plate: Plate, left: int, top: int) -> None:
            at = top
            for head in heads:
                head.draw(plate, 0, head.rows, left, at, is_repeated=True)
                at += int(head.heights.sum())
            rows.draw(plate, first, last, left, at)
            for label, x in labels:
                label.draw_decoration(plate, left + x, at)

        return Fragment(above + int(ends[last - first - 1]), rows.get_offset(last), draw)

    def _take_record(self, room: int, *, is_forced: bool) -> Fragment | None:
        piece = self._record
        assert piece is not None  # noqa: S101 - for the type checker: it was just made
        fragment = piece.take(room - FIX, is_forced=is_forced)
        if fragment is None:
            return None
        if piece.is_done:
            self._record = None
        inner, height, is_whole, width = fragment.draw, fragment.height, piece.is_done, self._width

        def draw(plate: Plate, left: int, top: int) -> None:
            inner(plate, left, top)
            if is_whole:
                plate.add_rule(left, top + height, left + width, top + height + FIX, tones.RULE)

        self._began = True
        return replace(fragment, height=height + FIX, draw=draw)

    def _load_rows(self) -> GridRows:
        """Return the laid-out rows among which the next one is."""
        count = self._table.columns
        if self._chunk is None or self._row >= self._loaded + self._chunk.rows:
            self._loaded, last = self._row, self._row + 1
            begin = self._spans[self._row * count][0]
            while last < self._table.rows and (
                last <= self._table.header_rows or self._spans[last * count][0] - begin < _STRETCH
            ):
                last += 1
            self._chunk = self._lay_out_rows(self._loaded, last)
        return self._chunk

    def _lay_out_rows(self, first: int, last: int) -> GridRows:
        assert self._columns is not None  # noqa: S101 - for the type checker: records have no columns
        count, spans = self._table.columns, self._spans
        stop = spans[last * count][0] if last < self._table.rows else self._block.stop
        begin = spans[first * count][0]
        return GridRows(
            self._text,
            spans[first * count : last * count],
            self._kind,
            self._columns,
            stop=stop,
            headers=max(min(self._table.header_rows, last) - first, 0),
            marked=_select(self._block.spans, begin, stop),
            merges=[
                replace(merge, row=merge.row - first)
                for merge in self._table.merges
                if merge.row < last and merge.row + merge.rows > first
            ],
        )

    def _list_heads(self) -> tuple[GridRows, ...]:
        """Return the rows that are drawn again above the next one."""
        header = self._header if self._row >= self._table.header_rows else None
        return tuple(head for head in (self._carried, header) if head is not None)

    def _list_repeated(self, rows: GridRows, room: int) -> tuple[tuple[TextBox, int], ...]:
        """Return the short texts of merged cells that the next row is a later one of, each with its left edge.

        Args:
            rows: Those among which the next one is.
            room: How many there is room for.
        """
        table, columns = self._table, self._columns
        assert columns is not None  # noqa: S101 - for the type checker: records have no columns
        labels = list[tuple[TextBox, int]]()
        for merge in rows.merges:
            above = self._row - self._loaded - merge.row
            if not (0 < above < merge.rows and merge.column < table.columns):
                continue
            start, stop = self._spans[(self._row - above) * table.columns + merge.column]
            if start == stop:
                continue
            label = TextBox(
                self._text[start:stop],
                self._kind.body,
                columns.get_room(merge.column, merge.columns),
                offsets=make_offsets(start, stop - start, stop),
                tone=tones.MUTED,
            )
            if label.count <= min(_LABEL_LINES, merge.rows - above, room):
                labels.append((label, int(columns.lefts[merge.column])))
        return tuple(labels)

    def _build_header(self) -> GridRows | None:
        """Return the table's own header rows, if there are any and they are not too high."""
        if self._columns is None or not self._table.header_rows:
            return None
        return self._drop_high(self._lay_out_rows(0, self._table.header_rows))

    def _build_carried(self, columns: Columns) -> GridRows | None:
        """Return the header rows of the table whose later part this is, likewise."""
        table = self._table
        if not table.carried:
            return None
        cells = [cell for row in table.carried for cell in _fill(row, table.columns)]
        ends = np.cumsum([len(cell) + 1 for cell in cells]).tolist()
        spans = [(end - len(cell) - 1, end - 1) for cell, end in zip(cells, ends, strict=True)]
        text = "\t".join(cells) + "\n"
        headers = len(table.carried)
        return self._drop_high(GridRows(text, spans, self._kind, columns, stop=ends[-1], headers=headers))

    def _drop_high(self, rows: GridRows) -> GridRows | None:
        return rows if int(rows.heights.sum()) * _HIGHEST_HEADER <= self._kind.geometry.room else None

    def _is_too_high(self, row: int) -> bool:
        """Return whether a row needs more than a whole column."""
        if self._columns is None or row >= self._table.rows:
            return False
        heads = (self._carried, self._header)
        above = sum(int(head.heights.sum()) for head in heads if head is not None)
        return int(self._load_rows().heights[row - self._loaded]) + above > self._kind.geometry.room

    def _list_labels(self) -> list[str]:
        """Return the name of each column, for records: what its header says, else its letter."""
        table, text = self._table, self._text
        if table.header_rows:
            names = [
                " ".join(
                    text[slice(*self._spans[row * table.columns + column])]
                    for row in range(table.header_rows)
                )
                for column in range(table.columns)
            ]
        else:
            carried = [_fill(row, table.columns) for row in table.carried]
            names = [" ".join(row[column] for row in carried) for column in range(table.columns)]
        return [" ".join(name.split()) or name_column(column) for column, name in enumerate(names)]

    def _build_record(self, row: int) -> TextBox:
        """Return a row as text: the name of each cell that holds something, and what it holds."""
        table, count = self._table, self._table.columns
        is_header = row < table.header_rows
        pieces, colored, offsets = list[str](), list[int](), list[int]()

        def write(piece: str, tone: int, start: int, *, counts: bool) -> None:
            pieces.append(piece)
            colored.extend([tone] * len(piece))
            offsets.extend(range(start, start + len(piece)) if counts else [start] * len(piece))

        begin = self._spans[row * count][0]
        for column in range(count):
            start, stop = self._spans[row * count + column]
            if start == stop:
                continue
            if pieces:
                write(" │ ", tones.RULE, start, counts=False)
            if not is_header:
                write(f"{self._labels[column]}: ", tones.MUTED, start, counts=False)
            write(self._text[start:stop], tones.HEADINGS[2] if is_header else tones.TEXT, start, counts=True)
        if not pieces:
            write(" ", tones.TEXT, begin, counts=False)
        after = self._spans[(row + 1) * count][0] if row + 1 < table.rows else self._block.stop
        offsets[0] = begin
        return TextBox(
            "".join(pieces),
            self._kind.body,
            self._width,
            offsets=np.array([*offsets, after]),
            hang=self._kind.em,
            tones=np.array(colored, np.uint8),
        )


def _fill(row: Sequence[str], count: int) -> list[str]:
    return [cell.replace("\t", " ") for cell in row[:count]] + [""] * (count - len(row))


def _select(spans: Sequence[Span], start: int, stop: int) -> list[Span]:
    return [span for span in spans if span.start < stop and span.stop > start]
