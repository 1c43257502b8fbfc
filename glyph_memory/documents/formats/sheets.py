"""Workbooks as tables, one after the other: XLSX, XLSM, XLSB, XLS and ODS, read by calamine.

Values are those that the file stores: nothing is calculated, and no macro is run. Knows sheets and rows; knows nothing
about pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO

from glyph_memory.document import Document
from glyph_memory.documents.archives import open_archive, recognize_archive
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.documents.spreadsheets.contents import Contents, describe_old, find_contents
from glyph_memory.documents.spreadsheets.old_files import OLD_FILE, check_old_workbook, has_stream
from glyph_memory.documents.spreadsheets.sheet_reader import SheetReader, open_workbook

_MEDIA_TYPES = {
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    ".xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def read_sheets(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield each sheet, long ones in several parts; what was left out of the workbook stands in the last of them."""
    builder = Builder(
        title=source.name, source=source.path, media_type=_MEDIA_TYPES.get(source.suffix, _XLSX)
    )
    with ExitStack() as stack:
        contents = _check(source, options)
        file: BinaryIO = stack.enter_context(
            contents.copy or source.open_file(at_most=options.limits.file_bytes)
        )
        workbook = stack.enter_context(open_workbook(file, source.shown))
        reader = SheetReader(workbook, contents, source, options, builder)
        last: Document | None = None
        for document in reader.read():
            if last is not None:
                yield last
            last = document
        rest = builder.build().defects
        if last is None:
            raise reader.make_error()
        yield replace(last, defects=(*last.defects, *rest))


def recognizes_sheets(source: Source) -> bool:
    """Return whether a file is a workbook: by what an archive says of itself, or by the streams of an old file."""
    if source.head.startswith(OLD_FILE):
        return has_stream(source, "Workbook", "Book") or (
            source.suffix in SHEETS.suffixes and has_stream(source, "EncryptedPackage")
        )
    return (
        recognize_archive(source, needed="xl/workbook.xml")
        or recognize_archive(source, needed="xl/workbook.bin")
        or recognize_archive(source, media_type=_MEDIA_TYPES[".ods"])
    )


def _check(source: Source, options: LoadOptions) -> Contents:
    if source.head.startswith(OLD_FILE):
        errors, has_macros = check_old_workbook(source, options)
        return describe_old(errors, has_macros=has_macros)
    with open_archive(source, options) as archive:
        return find_contents(archive, options.limits)


SHEETS = Format(
    name="a workbook",
    media_type=_XLSX,
    recognizes=recognizes_sheets,
    suffixes=(".xlsx", ".xltx", ".xltm", *_MEDIA_TYPES),
    read=read_sheets,
)
