"""How far the cells of an XLSB file reach, before a library believes it. Knows its records: [MS-XLSB]."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from glyph_memory.documents.archives import Archive
from glyph_memory.documents.options import Limits
from glyph_memory.errors import DocumentError, show_value

_ROW, _CELLS, _ERRORS = 0, range(2, 12), (3, 11)
"""Numbers of records: a row's header; cells with a value, and those of them with an error."""
_PLACE_BYTES = 4
"""What each of them begins with: the number of its row or column."""


def scan_xlsb(archive: Archive, limits: Limits) -> int:
    """Return how many cells hold an error, whose text calamine does not return.

    Raises:
        DocumentError: A sheet is broken, or reaches further than `Limits.cells`.
    """
    errors = area = 0
    for member in archive.names:
        if not (
            member.lower().startswith("xl/") and "sheet" in member.lower() and member.lower().endswith(".bin")
        ):
            continue
        row, rows, columns = 0, set[int](), set[int]()
        for kind, data in _read_records(archive.read(member, at_most=limits.unpacked_bytes)):
            if kind != _ROW and kind not in _CELLS:
                continue
            if len(data) < _PLACE_BYTES:  # calamine would take what is missing from the record before
                raise DocumentError(
                    f"{show_value(member)} in {archive.shown} is broken: it holds a cell without a place; save the "
                    "workbook anew"
                )
            if kind == _ROW:
                row = struct.unpack_from("<I", data)[0]
            else:
                rows.add(row)
                columns.add(struct.unpack_from("<I", data)[0])
                errors += kind in _ERRORS
        if rows:
            area += (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1)
        if area > limits.cells:
            raise DocumentError(
                f"{show_value(member)} in {archive.shown} reaches over {area:,} cells, more than {limits.cells:,}; "
                "raise Limits.cells, or delete the cells far from all others"
            )
    return errors


def _read_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each record's number and content; a number takes up to two bytes of seven bits, a length up to four."""
    at = 0
    while at < len(data):
        kind, at = _read_number(data, at, 2)
        size, at = _read_number(data, at, 4)
        yield kind, data[at : at + size]
        at += size


def _read_number(data: bytes, at: int, most: int) -> tuple[int, int]:
    number = 0
    for place in range(most):
        byte = data[at] if at < len(data) else 0
        at += 1
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            break
    return number, at
