"""The sheets of a workbook, read by calamine, become headings and tables of a document.

Knows sheets; knows nothing about files and archives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.needs import load_library
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.row_tables import RowTables
from glyph_memory.documents.source import Source
from glyph_memory.documents.spreadsheets.contents import Contents
from glyph_memory.documents.spreadsheets.merges import find_merges
from glyph_memory.documents.spreadsheets.number_formats import TimeFormat, show_number
from glyph_memory.documents.spreadsheets.values import show_cell
from glyph_memory.documents.spreadsheets.xlsx_scan import SheetFacts
from glyph_memory.errors import DocumentError, show_value

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_BATCH_CELLS = 20_000
"""Cells turned into text at a time."""
_MOST_NAMES = 20
_MOST_MERGES = 100_000


def open_workbook(file: BinaryIO, shown: str) -> CalamineWorkbook:
    """Open a workbook, to be used in a `with`.

    Args:
        file: The whole file.
        shown: Its name for messages, quoted.

    Raises:
        DocumentError: calamine is not installed, or the file is broken or encrypted.
    """
    calamine = load_library("python_calamine", for_="workbooks")
    try:
        book: CalamineWorkbook = calamine.CalamineWorkbook.from_filelike(file)
    except calamine.PasswordError as error:
        raise DocumentError(f"{shown} is encrypted; save it without a password") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise DocumentError(
            f"{shown} is a broken workbook: {error}; get it again, or save it anew"
        ) from error
    except BaseException as error:
        raise _translate_panic(error, shown) from error
    return book


class SheetReader:
    """Reads one workbook."""

    def __init__(
        self,
        workbook: CalamineWorkbook,
        contents: Contents,
        source: Source,
        options: LoadOptions,
        builder: Builder,
    ) -> None:
        """Begin.

        Args:
            workbook: The open file.
            contents: What is known of it.
            source: The file, for its name.
            options: How to read.
            builder: It gets headings, tables and defects.
        """
        self._workbook, self._contents = workbook, contents
        self._source, self._options, self._builder = source, options, builder
        self._cells = options.limits.cells
        self._uncalculated = 0
        self._rounded, self._hides_dates, self._stored = False, False, 0

    def read(self) -> Iterator[Document]:
        """Yield each sheet that has cells, a long one in several parts."""
        for defect in self._contents.defects:
            self._builder.add_defect(defect.kind, defect.message)
        for about in self._workbook.sheets_metadata:
            name, kind = about.name, about.typ.__class__.__name__ and str(about.typ).rpartition(".")[2]
            told = f"sheet {show_value(name)}"
            if kind != "WorkSheet":
                self._builder.add_defect(
                    "refused" if kind in {"MacroSheet", "Vba"} else "left out",
                    f"{told} holds no cells: it is a {kind}",
                )
                continue
            if not str(about.visible).endswith(".Visible"):
                self._builder.add_defect("guessed", f"{told} is hidden; it is read all the same")
            yield from self._read_sheet(name, told)

    def make_error(self) -> DocumentError:
        """Return the error for a workbook in which no sheet has a value."""
        if self._uncalculated:
            return DocumentError(
                f"{self._source.shown} has {self._uncalculated:,} formulas and no values: it was never calculated; "
                "open it in a spreadsheet program and save it"
            )
        return DocumentError(
            f"{self._source.shown} has no sheet with cells that are read; there is nothing to read"
        )

    def _read_sheet(self, name: str, told: str) -> Iterator[Document]:
        builder, facts = self._builder, self._contents.sheets.get(name, SheetFacts())
        if facts.uncalculated:
            self._uncalculated += facts.uncalculated
            builder.add_defect(
                "left out",
                f"{facts.uncalculated:,} formulas of {told} have no value: they were never calculated",
            )
        if facts.far:
            names = ", ".join(facts.far[:_MOST_NAMES])
            more = f" and {len(facts.far) - _MOST_NAMES:,} more" if len(facts.far) > _MOST_NAMES else ""
            builder.add_defect(
                "left out", f"cells of {told} that stand far from all others are not read: {names}{more}"
            )
        if facts.area > self._cells:
            self._tell_size(told, facts.area)
            return
        sheet = self._open(name)
        if sheet.start is None or sheet.end is None:
            builder.add_defect("left out", f"{told} is empty")
            return
        (top, left), area = sheet.start, sheet.height * sheet.width
        self._cells -= area
        if self._cells < 0:
            self._tell_size(told, area)
            return
        builder.set_title(f"{self._source.name} — {name}" if self._source.name else name)
        builder.set_location(sheet=name)
        builder.add_heading(1, name)
        ranges = sorted(islice(sheet.merged_cell_ranges or (), _MOST_MERGES))
        tables = RowTables(
            builder,
            part_characters=self._options.part_characters,
            sheet=name,
            row=top,
            column=left,
            find_merges=partial(find_merges, ranges, column=left) if ranges else None,
        )
        row = top
        for rows in _read_rows(sheet, top):
            shown = [self._show_row(cells, facts, row + place, left) for place, cells in enumerate(rows)]
            row += len(rows)
            yield from tables.add(shown)
        tables.finish()
        if self._rounded:
            builder.add_defect("guessed", "numbers are rounded to the digits that their cells show")
        if self._hides_dates:
            builder.add_defect("left out", "cells that show a time alone hold a date, too, which is not read")
            self._hides_dates = False
        if self._stored:
            message = "numbers are shown as stored; {:,} cells of {} have a format of another kind"
            builder.add_defect("guessed", message.format(self._stored, told))
            self._stored = 0
        if facts.links:
            builder.add_defect(
                "left out", f"{facts.links:,} cells of {told} are links; where they lead is not read"
            )
        yield builder.build()

    def _show_row(self, values: Sequence[object], facts: SheetFacts, row: int, left: int) -> list[str]:
        """Return the cells of a row as text, without empty ones at its end."""
        cells = [*map(show_cell, values)]
        for at, sections in facts.formats.get(row, ()):
            value = values[at - left] if 0 <= at - left < len(cells) else None
            if isinstance(sections, TimeFormat):
                if isinstance(value, datetime | time):
                    cells[at - left], is_rounded = sections.show(value)
                    self._rounded |= is_rounded
                    self._hides_dates |= isinstance(value, datetime)
                continue
            if not isinstance(value, int | float) or isinstance(value, bool):
                continue
            if not sections:
                self._stored += 1
            else:
                shown = show_number(sections, value)
                cells[at - left], is_rounded = shown or (cells[at - left], False)
                self._rounded |= is_rounded
        for at, text in facts.texts.get(row, {}).items():
            if 0 <= at - left < len(cells):
                cells[at - left] = text
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def _open(self, name: str) -> CalamineSheet:
        try:
            return self._workbook.get_sheet_by_name(name)
        except Exception as error:
            raise DocumentError(
                f"sheet {show_value(name)} of {self._source.shown} is broken: {error}; save the workbook anew"
            ) from error
        except BaseException as error:
            raise _translate_panic(error, self._source.shown) from error

    def _tell_size(self, told: str, area: int) -> None:
        self._builder.add_defect(
            "left out",
            f"{told} reaches over {area:,} cells, more than are left of Limits.cells; raise it, or delete the cells "
            "far from all others",
        )


def _translate_panic(error: BaseException, shown: str) -> BaseException:
    """Return our error for a panic of the library, which is no `Exception`; any other one as it is."""
    if type(error).__name__ == "PanicException":
        return DocumentError(f"{shown} is a workbook that calamine cannot read; save it anew")
    return error


def _read_rows(sheet: CalamineSheet, top: int) -> Iterator[Sequence[Sequence[object]]]:
    """Yield the rows from the first one with a cell on, in batches."""
    batch = max(_BATCH_CELLS // sheet.width, 1)
    is_far = top > 4 * sheet.height + 1_000  # empty rows before it would take longer than the sheet itself
    rows = iter(sheet.to_python()) if is_far else islice(sheet.iter_rows(), top, None)
    while some := [*islice(rows, batch)]:
        yield some
