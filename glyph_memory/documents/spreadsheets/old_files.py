"""Compound files of old Office programs: which streams they hold, and how far the cells of an XLS file reach.

Also DOC, PPT and MSG files are such, and encrypted new ones. Knows sectors and records, as [MS-CFB] and [MS-XLS] do.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from glyph_memory.documents.options import Limits, LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

OLD_FILE = b"\xd0\xcf\x11\xe0"
"""What such a file begins with."""
_END = 0xFFFFFFFA
"""Numbers of sectors from here on are none."""
_BOF, _SEVERAL, _BOOL_OR_ERROR, _FORMULA = 0x0809, 0x00BD, 0x0205, 0x0006
_CELLS = (_SEVERAL, _BOOL_OR_ERROR, _FORMULA, 0x0203, 0x027E, 0x00FD, 0x0204, 0x00D6)
"""Records of cells with a value."""
_PASSWORD = 0x002F
_SHORTEST = 4096
"""Bytes that programs fill a workbook up to: a shorter one would stand elsewhere in the file."""


def has_stream(source: Source, *names: str) -> bool:
    """Return whether a compound file has a stream of one of these names; a broken one has none."""
    try:
        data = source.read_all(at_most=Limits().file_bytes)
        return any(name in names for name, _, _ in _read_folder(data))
    except (struct.error, IndexError, DocumentError):
        return False


def check_old_workbook(source: Source, options: LoadOptions) -> tuple[int, bool]:
    """Return how many cells of an XLS file hold an error, and whether it has macros.

    Raises:
        DocumentError: It is encrypted, is none, or has a sheet that reaches further than `Limits.cells`.
    """
    data = source.read_all(at_most=options.limits.file_bytes)
    try:
        streams = {name: (start, size) for name, start, size in _read_folder(data)}
        if "EncryptedPackage" in streams:
            raise DocumentError(f"{source.shown} is encrypted; save it without a password")
        name = next((name for name in ("Workbook", "Book") if name in streams), None)
        if name is None:
            raise DocumentError(f"{source.shown} is an old Office file without sheets; save it as .xlsx")
        start, size = streams[name]
        if size < _SHORTEST:
            raise IndexError(size)
        stream = _read_chain(data, _read_table(data), start)[:size]
        errors = _check_records(stream, source.shown, options.limits.cells)
    except (struct.error, IndexError) as error:
        raise DocumentError(
            f"{source.shown} is a broken XLS file; get it again, or save it as .xlsx"
        ) from error
    return errors, "_VBA_PROJECT" in streams


def _check_records(stream: bytes, shown: str, most: int) -> int:
    area, errors, rows, columns = 0, 0, [0xFFFF, 0], [0xFFFF, 0]
    for kind, body in _read_records(stream):
        if kind == _PASSWORD:
            raise DocumentError(f"{shown} is encrypted; save it without a password")
        if kind == _BOF:
            rows, columns = [0xFFFF, 0], [0xFFFF, 0]
        elif kind in _CELLS and len(body) >= 6:
            row, first = struct.unpack_from("<HH", body)
            last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _SEVERAL else first
            rows, columns = (
                [min(rows[0], row), max(rows[1], row)],
                [min(columns[0], first), max(columns[1], last)],
            )
            errors += kind == _BOOL_OR_ERROR and body[7:8] == b"\x01"
            errors += kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6:7] == b"\x02"
            area = max(area, (rows[1] - rows[0] + 1) * (columns[1] - columns[0] + 1))
    if area > most:
        raise DocumentError(
            f"{shown} has a sheet that reaches over {area:,} cells, more than {most:,}; raise Limits.cells, or delete "
            "the cells far from all others"
        )
    return errors


def _read_records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _read_folder(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield name, first sector and size of each stream."""
    table = _read_table(data)
    small = _read_chain(data, table, struct.unpack_from("<I", data, 60)[0])
    _check_chains(struct.unpack(f"<{len(small) // 4}I", small[: len(small) // 4 * 4]))
    entries = _read_chain(data, table, struct.unpack_from("<I", data, 48)[0])
    for at in range(0, len(entries) - 127, 128):
        length, kind = struct.unpack_from("<HB", entries, at + 64)
        if kind == 2:
            start, size = struct.unpack_from("<II", entries, at + 116)
            yield entries[at : at + min(max(length - 2, 0), 62)].decode("utf-16-le", "replace"), start, size


def _sector_size(data: bytes) -> int:
    bits: int = struct.unpack_from("<H", data, 30)[0]
    if bits not in {9, 12}:
        raise IndexError(bits)
    return 1 << bits


def _read_table(data: bytes) -> tuple[int, ...]:
    """Return which sector follows which, checked: a library follows a chain that bites its tail for ever."""
    size = _sector_size(data)
    sectors = [*struct.unpack_from("<109I", data, 76)]
    more, seen = struct.unpack_from("<I", data, 68)[0], set[int]()
    while more < _END:
        if more in seen:
            raise IndexError(more)
        seen.add(more)
        *found, more = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        sectors += found
    used = [sector for sector in sectors if sector < _END]
    if len({*used}) < len(used):
        raise IndexError(len(used))
    table = b"".join(data[(sector + 1) * size : (sector + 2) * size] for sector in used)
    following = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
    _check_chains(following)
    return following


def _check_chains(following: Sequence[int]) -> None:
    """Raise an error where a chain never ends."""
    done = bytearray(len(following))
    for start in range(len(following)):
        walked, sector = list[int](), start
        while sector < len(following) and not done[sector]:
            done[sector] = 1
            walked.append(sector)
            sector = following[sector]
        if sector < len(following) and done[sector] == 1:
            raise IndexError(sector)
        for one in walked:
            done[one] = 2


def _read_chain(data: bytes, following: Sequence[int], start: int) -> bytes:
    """Return the sectors of a chain."""
    size, sector, chain = _sector_size(data), start, list[bytes]()
    while sector < _END:
        chain.append(data[(sector + 1) * size : (sector + 2) * size])
        sector = following[sector]
    return b"".join(chain)
