"""Refuse a PDF whose streams unpack to far more than it holds, before pdfium unpacks them. Knows bytes alone.

A page's content is read whole by pdfium, and each of its operators becomes an object: a hundred megabytes of them fit
into a tenth of one, and take gigabytes. Pictures are left alone: they are unpacked row by row. So are encrypted files,
whose streams say nothing.
"""

from __future__ import annotations

import base64
import mmap
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from glyph_memory.documents.options import Limits
from glyph_memory.errors import DocumentError

_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_LARGEST = 64_000_000
"""Bytes of one stream: fonts of all Chinese signs have a third of it."""
_SMALL = 10_000_000
"""What may be unpacked of any file, however small it is."""
_BEFORE = 512
_STEP = 1 << 20
_LETTERS = 64_000
"""Characters of a stream that is spelled in letters; they say how large the rest becomes."""

Data = bytes | mmap.mmap


def check_expansion(original: Path | bytes, limits: Limits, *, shown: str) -> None:
    """Raise an error for a bomb.

    Args:
        original: A PDF, as path or bytes.
        limits: How many times larger it may become, and how large.
        shown: What messages call it.

    Raises:
        DocumentError: It is one.
    """
    if isinstance(original, bytes):
        _check(original, limits, shown)
        return
    try:
        with original.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _check(data, limits, shown)
    except (OSError, ValueError):  # gone, or empty: whoever opens it says so
        return


def _check(data: Data, limits: Limits, shown: str) -> None:
    most = min(limits.unpacked_bytes, max(_SMALL, int(limits.expansion * len(data))))
    total = 0
    for size in _list_sizes(data, min(most, _LARGEST)):
        total += size
        if total > most or size > _LARGEST:
            raise DocumentError(
                f"{shown} unpacks to more than {min(most, _LARGEST) if size > _LARGEST else most:,} bytes, which no "
                "honest PDF of its size does; it is not read"
            )


def _list_sizes(data: Data, most: int) -> Iterator[int]:
    """Yield the unpacked size of each stream that is packed and no picture; beyond `most`, any larger number."""
    for found in _STREAM.finditer(data):
        head = data[max(found.start() - _BEFORE, 0) : found.start()].rpartition(b" obj")[2]
        packings = head.count(b"FlateDecode") + head.count(b"/Fl ")
        if not packings or b"/Image" in head:
            continue
        start, stop = found.end(), data.find(b"endstream", found.end())
        stop = stop if stop >= 0 else len(data)
        if packings > 1:
            yield most + 1
        elif b"ASCII" in head:
            yield (
                _unpack_letters(data[start : min(start + _LETTERS, stop)], most) * (stop - start) // _LETTERS
            )
        else:
            yield _unpack(data, start, stop, most)


def _unpack(data: Data, start: int, stop: int, most: int) -> int:
    """Return how large a stream is, unpacked as far as it goes."""
    unpacker, size = zlib.decompressobj(), 0
    try:
        for at in range(start, stop, _STEP):
            piece = data[at : min(at + _STEP, stop)]
            while piece and size <= most:
                size += len(unpacker.decompress(piece, _STEP))
                piece = unpacker.unconsumed_tail
    except zlib.error:  # broken or encrypted: pdfium gets no further with it
        pass
    return size


def _unpack_letters(data: bytes, most: int) -> int:
    """Return how large the beginning of a stream is that is spelled in letters, to base 85 or 16."""
    try:
        letters = b"".join(data.split()).partition(b"~")[0]
        packed = base64.a85decode(letters[: len(letters) // 5 * 5])
    except ValueError:
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", data)
        packed = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
    return _unpack(packed, 0, len(packed), most) * max(_LETTERS // max(len(data), 1), 1)
