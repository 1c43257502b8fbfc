"""What an ODS file claims before a library believes it: one element may stand for a million rows.

Knows XML of OpenDocument; knows nothing about documents.
"""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise

from glyph_memory.document import Defect
from glyph_memory.documents.archives import Archive
from glyph_memory.documents.options import Limits
from glyph_memory.documents.safe_xml import check_xml
from glyph_memory.documents.spreadsheets.xlsx_scan import SheetFacts
from glyph_memory.errors import DocumentError

CONTENT = "content.xml"
_ROW = re.compile(rb"<table:table-row(?=[\s/>])")
_CELL = re.compile(rb"<table:(?:covered-)?table-cell(?=[\s/>])")
_REPEATED = re.compile(rb"\stable:number-(?:rows|columns)-repeated\s*=\s*[\"'](\d{1,12})[\"']")
_ERROR = re.compile(rb"calcext:value-type\s*=\s*[\"']error[\"']")


_TABLE = re.compile(rb"<table:table(?=[\s>])")
_NAME = re.compile(rb"\stable:name\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_NUMBER = re.compile(rb"office:value-type\s*=\s*[\"'](?:float|currency|percentage)[\"']")
_PLAIN_NUMBER = re.compile(r"[-+−]?[\d.,'’\s]*(?:E[-+]?\d+)?")
_PARAGRAPH = re.compile(r"<text:p(?:\s[^<>]*)?(?:/>|>)")
_SPACES = re.compile(r"<text:s(?:\s[^<>]*?text:c=[\"'](\d{1,4})[\"'][^<>]*)?\s*/>")
_BREAK, _TAB, _TAG = (
    re.compile(r"<text:line-break\s*/>"),
    re.compile(r"<text:tab\s*/>"),
    re.compile(r"<[^<>]*>"),
)
_ASIDE = ("office:annotation", "draw:frame", "draw:custom-shape")
"""What stands in a cell and is no text of it."""
_LEFT_OUT = (
    (b"<office:annotation", "notes of cells"),
    (b"<draw:text-box", "text boxes"),
    (b"<text:a ", "targets of links"),
)
_MOST_TEXTS = 200_000
_MOST_COPIES = 1_000


def scan_ods(archive: Archive, limits: Limits) -> tuple[dict[str, SheetFacts], list[Defect]]:
    """Return what calamine does not return: errors, numbers with what is shown beside them, tabs and line breaks.

    And what is not read, to be told.

    Raises:
        DocumentError: Its XML is broken. Its rows and cells, repeated as often as it says, are more than
            `Limits.cells`, or their text is more than `Limits.unpacked_bytes`.
    """
    content = archive.read(CONTENT, at_most=limits.unpacked_bytes)
    check_xml(
        content, shown=f"{CONTENT!r} in {archive.shown}"
    )  # calamine looks for the end of broken XML for ever
    facts, cost, texts = dict[str, SheetFacts](), _Cost(archive.shown, limits), 0
    tables = [found.start() for found in _TABLE.finditer(content)]
    for begin, end in pairwise([*tables, len(content)]):
        sheet = _scan_table(content[begin:end], cost)
        texts += sum(map(len, sheet.texts.values()))
        if texts > _MOST_TEXTS:
            sheet.texts.clear()
        facts[_find_name(content[begin:end])] = sheet
    defects = [
        Defect(kind="left out", message=f"{content.count(mark):,} {what} are not read")
        for mark, what in _LEFT_OUT
        if mark in content
    ]
    if texts > _MOST_TEXTS:
        message = f"{texts:,} numbers are shown as they are stored, without what their cells show beside them"
        defects.append(Defect(kind="guessed", message=message))
    return facts, defects


class _Cost:
    """Counts cells and their bytes."""

    def __init__(self, shown: str, limits: Limits) -> None:
        self._shown, self._limits, self._cells, self._size = shown, limits, 0, 0

    def add(self, cells: int, size: int) -> None:
        """Add some; raise an error where they are too many."""
        self._cells += cells
        self._size += size
        if self._cells > self._limits.cells or self._size > self._limits.unpacked_bytes:
            raise DocumentError(
                f"{self._shown} repeats cells until they are more than {self._limits.cells:,}, or their text is more "
                f"than {self._limits.unpacked_bytes:,} bytes: it may be a bomb; if it is none, raise Limits.cells"
            )


def _scan_table(table: bytes, cost: _Cost) -> SheetFacts:
    facts, row = SheetFacts(), 0
    for piece in _ROW.split(table)[1:]:
        head, *cells = _CELL.split(piece)
        rows, column = _count(head), 0
        if b"office:value" in piece or b"<text:" in piece:  # else an empty row, however often it is repeated
            filled = [cell for cell in cells if b"office:value" in cell or b"<text:" in cell]
            cost.add(rows * sum(map(_count, filled)), rows * sum(_count(cell) * len(cell) for cell in filled))
            for cell in cells:
                columns = _count(cell)
                if rows * columns <= _MOST_COPIES and (text := _find_text(cell)) is not None:
                    for at in range(row, row + rows):
                        facts.texts.setdefault(at, {}).update(
                            dict.fromkeys(range(column, column + columns), text)
                        )
                column += columns
        row += rows
    return facts


def _find_text(cell: bytes) -> str | None:
    """Return what a cell shows; None where calamine returns that, too."""
    is_number = _NUMBER.search(cell.partition(b">")[0]) is not None
    is_error = _ERROR.search(cell.partition(b">")[0]) is not None
    if not (is_number or is_error or b"<text:tab" in cell or b"<text:line-break" in cell):
        return None
    inside = cell.partition(b">")[2].partition(b"</table:table-cell>")[0]
    xml = " ".join(inside.decode("utf-8", "replace").split())
    for name in _ASIDE:
        pieces = xml.split(f"<{name}")
        xml = pieces[0] + "".join(piece.partition(f"</{name}>")[2] for piece in pieces[1:])
    paragraphs = [piece.partition("</text:p>")[0] for piece in _PARAGRAPH.split(xml)[1:]]
    marked = _SPACES.sub(lambda found: " " * int(found[1] or 1), "\n".join(paragraphs))
    text = unescape(_TAG.sub("", _BREAK.sub("\n", _TAB.sub("\t", marked))))
    return None if not text or (is_number and _PLAIN_NUMBER.fullmatch(text)) else text


def _find_name(table: bytes) -> str:
    found = _NAME.search(table.partition(b">")[0])
    return unescape((found[1] or found[2] or b"").decode("utf-8", "replace")) if found else ""


def _count(piece: bytes) -> int:
    """Return how often an element stands there; one beyond the limits of any sheet counts as often as it says."""
    found = _REPEATED.search(piece.partition(b">")[0])
    return max(int(found[1]), 1) if found else 1
