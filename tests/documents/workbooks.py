"""Workbooks for tests: made by XlsxWriter, or by hand where no library writes what is wanted."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence

import xlsxwriter

Cells = Mapping[tuple[int, int], object]
"""Values by row and column, counted from 0."""
_ODS = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def make_workbook(
    sheets: Mapping[str, Cells], *, change: Callable[[object, object], None] | None = None
) -> bytes:
    """Return an XLSX file.

    Args:
        sheets: Cells of each sheet.
        change: Gets the workbook and its last sheet before they are saved.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = None
    for name, cells in sheets.items():
        sheet = book.add_worksheet(name)
        for (row, column), value in cells.items():
            sheet.write(row, column, value)
    if change is not None:
        change(book, sheet)
    book.close()
    return file.getvalue()


def change_members(data: bytes, changes: Mapping[str, Callable[[bytes], bytes]]) -> bytes:
    """Return an archive in which members that end so are changed; one that is not there is added."""
    file, done = io.BytesIO(), set[str]()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            end = next((end for end in changes if name.endswith(end)), None)
            done |= {end} if end else set()
            new.writestr(name, changes[end](old.read(name)) if end else old.read(name))
        for name in changes.keys() - done:
            new.writestr(name, changes[name](b""))
    return file.getvalue()


def make_ods(rows: str, *, name: str = "Eins") -> bytes:
    """Return an ODS file of one sheet.

    Args:
        rows: Its XML.
        name: The sheet's.
    """
    spaces = " ".join(f'xmlns:{one}="{_ODS.format(one)}"' for one in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} xmlns:calcext="urn:calcext">'
        f'<office:body><office:spreadsheet><table:table table:name="{name}">{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/></manifest:manifest>'
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", _ODS_TYPE)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return file.getvalue()


def make_ods_cell(text: str, *, repeated: int = 1) -> str:
    """Return the XML of a cell with text."""
    return (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}"><text:p>{text}'
        "</text:p></table:table-cell>"
    )


def make_ods_row(*cells: str, repeated: int = 1) -> str:
    """Return the XML of a row."""
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def make_xls(
    cells: Mapping[tuple[int, int], float], *, extra: bytes = b"", stream_name: str = "Workbook"
) -> bytes:
    """Return an XLS file of one sheet with numbers, as [MS-XLS] has it."""
    bof = struct.pack("<HHHH", 0x0600, 0x0005, 0x0DBB, 0x07CC) + struct.pack("<II", 0, 6)
    name = b"Alt"
    sheet = _record(0x0809, bof.replace(b"\x05\x00", b"\x10\x00", 1))
    for (row, column), value in cells.items():
        sheet += _record(0x0203, struct.pack("<HHHd", row, column, 0, value))
    sheet += _record(0x000A, b"")
    globals_ = _record(0x0809, bof) + extra + _record(0x0042, struct.pack("<H", 1200))
    start = len(globals_) + 4 + 8 + len(name) + 4
    globals_ += _record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name) + _record(
        0x000A, b""
    )
    return make_compound({stream_name: globals_ + sheet})


def make_compound(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file, as [MS-CFB] has it, with each stream filled up to 4096 bytes."""
    sectors, chains, entries = list[bytes](), list[int](), list[bytes]()

    def put(data: bytes) -> int:
        first, pieces = (
            len(sectors),
            [data[at : at + 512].ljust(512, b"\0") for at in range(0, len(data), 512)],
        )
        sectors.extend(pieces)
        chains.extend([*range(first + 1, first + len(pieces)), 0xFFFFFFFE])
        return first

    placed = [(name, put(data.ljust(4096, b"\0")), max(len(data), 4096)) for name, data in streams.items()]
    entries.append(_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1))
    for number, (name, start, size) in enumerate(placed, 1):
        right = number + 1 if number < len(placed) else 0xFFFFFFFF
        entries.append(_entry(name, 2, start, size, right=right))
    folder = put(b"".join(entries))
    table = len(sectors)
    chains.append(0xFFFFFFFD)
    fat = struct.pack(f"<{len(chains)}I", *chains).ljust(512, b"\xff")
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
    )
    header += struct.pack("<IIIIIIIII", 0, 1, folder, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", table, *[0xFFFFFFFF] * 108)
    return header + b"".join(sectors) + fat


def make_xlsb(cells: Sequence[tuple[int, int, float]]) -> bytes:
    """Return an XLSB file of one sheet with numbers, as [MS-XLSB] has it."""

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    book = _binary(0x83) + _binary(0x8F)
    book += (
        _binary(0x9C, struct.pack("<II", 0, 1) + wide("rId1") + wide("Binär")) + _binary(0x90) + _binary(0x84)
    )
    sheet = _binary(0x81) + _binary(0x94, struct.pack("<IIII", 0, 0, 0, 0)) + _binary(0x91)
    for row, column, value in cells:
        sheet += _binary(0x00, struct.pack("<I", row) + bytes(13))
        sheet += _binary(0x05, struct.pack("<IId", column, 0, value))
    sheet += _binary(0x92) + _binary(0x82)
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.bin"/></Relationships>'
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", links)
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return file.getvalue()


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _binary(kind: int, data: bytes = b"") -> bytes:
    number = bytes([kind]) if kind < 0x80 else bytes([kind & 0xFF, kind >> 7])
    return number + bytes([len(data)]) + data


def _entry(
    name: str, kind: int, start: int, size: int, *, right: int = 0xFFFFFFFF, child: int = 0xFFFFFFFF
) -> bytes:
    spelled = name.encode("utf-16-le")
    entry = spelled.ljust(64, b"\0") + struct.pack("<HBB", len(spelled) + 2, kind, 1)
    entry += struct.pack("<III", 0xFFFFFFFF, right, child) + bytes(36) + struct.pack("<IQ", start, size)
    return entry
