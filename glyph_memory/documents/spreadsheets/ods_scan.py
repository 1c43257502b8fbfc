"""What an ODS file claims before a library believes it: one element may stand for a million rows.

Knows XML of OpenDocument; knows nothing about documents.
"""

from __future__ import annotations

import re

from glyph_memory.documents.archives import Archive
from glyph_memory.documents.options import Limits
from glyph_memory.errors import DocumentError

CONTENT = "content.xml"
_ROW = re.compile(rb"<table:table-row(?=[\s/>])")
_CELL = re.compile(rb"<table:(?:covered-)?table-cell(?=[\s/>])")
_REPEATED = re.compile(rb"\stable:number-(?:rows|columns)-repeated\s*=\s*[\"'](\d{1,12})[\"']")
_ERROR = re.compile(rb"calcext:value-type\s*=\s*[\"']error[\"']")


def scan_ods(archive: Archive, limits: Limits) -> int:
    """Return how many cells hold an error, whose text calamine does not return.

    Raises:
        DocumentError: Its rows and cells, repeated as often as it says, are more than `Limits.cells`, or their text is
            more than `Limits.unpacked_bytes`.
    """
    content = archive.read(CONTENT, at_most=limits.unpacked_bytes)
    cells = size = 0
    starts = [found.start() for found in _ROW.finditer(content)]
    for start, stop in zip(starts, [*starts[1:], len(content)], strict=True):
        row = content[start:stop]
        if b"office:value" not in row and b"<text:" not in row:
            continue  # an empty row, however often it is repeated
        pieces = _CELL.split(row)
        filled = [piece for piece in pieces[1:] if b"office:value" in piece or b"<text:" in piece]
        rows = _count(pieces[0])
        cells += rows * sum(map(_count, filled))
        size += rows * sum(_count(piece) * len(piece) for piece in filled)
        if cells > limits.cells or size > limits.unpacked_bytes:
            raise DocumentError(
                f"{archive.shown} repeats cells until they are more than {limits.cells:,}, or their text is more than "
                f"{limits.unpacked_bytes:,} bytes: it may be a bomb; if it is none, raise Limits.cells"
            )
    return len(_ERROR.findall(content))


def _count(piece: bytes) -> int:
    """Return how often an element stands there; one beyond the limits of any sheet counts as often as it says."""
    found = _REPEATED.search(piece.partition(b">")[0])
    return max(int(found[1]), 1) if found else 1
