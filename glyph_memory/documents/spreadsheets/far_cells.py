"""A workbook without the few cells that stand far from all others: they would cost memory for all between.

One cell at the end of a sheet, set by mistake, does not cost the sheet. Knows XML of spreadsheets; knows nothing about
documents.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import BinaryIO

from glyph_memory.document.source_map import name_cell
from glyph_memory.documents.archives import Archive
from glyph_memory.documents.spreadsheets.xlsx_scan import SheetFacts, find_cells, read_rows

_MOST_FAR = 100
"""Cells beyond which those far away are no mistake."""
_CELL_END = re.compile(rb"</(?:\w+:)?c>")
_BLOCK = 1 << 20

Range = tuple[int, int]
"""First and last row or column, counted from 1."""


def drop_far_cells(archive: Archive, sheets: Mapping[str, SheetFacts], most: int) -> BinaryIO | None:
    """Return a copy of a workbook without cells far from all others, and note them in the sheets' facts.

    Args:
        archive: The workbook.
        sheets: What its sheets hold.
        most: Cells that a sheet may reach over; where all do, None is returned.
    """
    cores = dict[str, tuple[Range, Range]]()
    for facts in sheets.values():
        if facts.area > most and (core := _find_core(archive, facts, most)):
            cores[facts.member] = core
    if not cores:
        return None
    copy: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in archive.names:
            with new.open(name, "w", force_zip64=True) as target:
                for block in _read(archive, name, cores.get(name)):
                    target.write(block)
    copy.seek(0)
    return copy


def _find_core(archive: Archive, facts: SheetFacts, most: int) -> tuple[Range, Range] | None:
    """Return where all cells but a few stand; None where that is too much, too."""
    cells = [
        (row, column)
        for block in read_rows(archive, facts.member)
        for row, column, _, _ in find_cells(block, facts.member)
    ]
    rows, columns = Counter(row for row, _ in cells), Counter(column for _, column in cells)
    row_range, column_range = _span(rows), _span(columns)
    for _ in range(_MOST_FAR):
        high, wide = row_range[1] - row_range[0] + 1, column_range[1] - column_range[0] + 1
        if high * wide <= most:
            break
        row_gap, column_gap = _find_gap(rows), _find_gap(columns)
        if (row_gap[1] - row_gap[0]) * wide >= (column_gap[1] - column_gap[0]) * high:
            row_range = _cut(rows, row_gap)
        else:
            column_range = _cut(columns, column_gap)
    else:
        return None
    core = row_range, column_range
    far = [cell for cell in cells if not _is_in(core, *cell)]
    if len(far) > _MOST_FAR or len(far) == len(cells):
        return None
    facts.far = tuple(name_cell(row - 1, column - 1) for row, column in far)
    facts.rows, facts.columns = {*row_range}, {*column_range}
    return core


def _span(numbers: Counter[int]) -> Range:
    return min(numbers, default=0), max(numbers, default=0)


def _find_gap(numbers: Counter[int]) -> Range:
    """Return the two neighbours that are farthest apart."""
    order = sorted(numbers)
    return max(pairwise(order), key=lambda pair: pair[1] - pair[0], default=(0, 0))


def _cut(numbers: Counter[int], gap: Range) -> Range:
    """Drop the side of a gap with fewer cells."""
    below = [number for number in numbers if number <= gap[0]]
    above = [number for number in numbers if number > gap[0]]
    is_below = sum(numbers[one] for one in below) < sum(numbers[one] for one in above)
    for number in below if is_below else above:
        del numbers[number]
    return _span(numbers)


def _is_in(core: tuple[Range, Range], row: int, column: int) -> bool:
    (top, bottom), (left, right) = core
    return top <= row <= bottom and left <= column <= right


def _read(archive: Archive, name: str, core: tuple[Range, Range] | None) -> Iterator[bytes]:
    if core is None:
        with archive.open(name) as file:
            while block := file.read(_BLOCK):
                yield block
        return
    for block in read_rows(archive, name):
        at = 0
        for row, column, start, stop in find_cells(block, name):
            if start >= at and not _is_in(core, row, column):
                yield block[at:start]
                end = _CELL_END.search(block, stop)
                at = end.end() if end else len(block)
        yield block[at:]
