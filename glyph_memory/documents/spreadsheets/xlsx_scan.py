"""What a workbook holds, before a library believes it: how far its cells reach, and what the library would drop.

Calamine takes memory for the whole area between a sheet's first cell and its last, so that two cells can cost hundreds
of gigabytes; and it returns neither errors nor formulas that were never calculated. The XML is searched, not parsed: it
is long. Knows XML of spreadsheets; knows nothing about documents.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from glyph_memory.documents.archives import Archive
from glyph_memory.documents.options import Limits
from glyph_memory.documents.safe_xml import parse_xml_safely
from glyph_memory.documents.spreadsheets.number_formats import CellFormat, find_formats
from glyph_memory.errors import DocumentError, show_value

_BLOCK = 1 << 20
_LONGEST_ROW = 16 * _BLOCK
_ROWS, _COLUMNS = 1_048_576, 16_384
"""Of the largest sheet that any program writes."""
_MOST_ERRORS = 100_000
_WORKBOOK_BYTES = 50_000_000
_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*[\"']([A-Za-z]+)(\d+)[\"'][^>]*(?<!/)>")
_ANY_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])")
_UNNAMED_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])(?![^>]*\sr\s*=)")
_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])")
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s(?=[^>]*\st=[\"']e[\"'])(?=(?:[^>]*?\s)?r=[\"']([A-Za-z]+)(\d+)[\"'])[^>]*>"
    rb"(?:(?!</?(?:\w+:)?[cv]>).)*<(?:\w+:)?v>([^<]{1,40})<",
    re.DOTALL,
)
_STYLED = re.compile(
    rb"<(?:\w+:)?c\s(?=(?:[^>]*?\s)?s=[\"'](\d{1,6})[\"'])(?![^>]*\st=[\"'](?!n))"
    rb"(?=(?:[^>]*?\s)?r=[\"']([A-Za-z]{1,3})(\d+)[\"'])[^>]*(?<!/)>"
)
"""Cells with a style, of numbers."""
_FORMULA_ALONE = re.compile(  # a text that is empty is a value, too
    rb"<(?:\w+:)?c\s(?![^>]*\st=[\"']str[\"'])[^>]*>\s*(?:<(?:\w+:)?f(?:\s[^>]*)?/>|<(?:\w+:)?f(?:\s[^>]*)?>[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_SHARED = re.compile(rb"\st=[\"']s[\"'][^>]*>\s*<(?:\w+:)?v>(\d{1,9})<")
_STRING_END = re.compile(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>")


@dataclass(kw_only=True, slots=True)
class SheetFacts:
    """What the XML of a sheet holds."""

    member: str = ""
    """Its name in the archive."""
    far: tuple[str, ...] = ()
    """Cells that are left out, since they stand far from all others."""
    rows: set[int] = field(default_factory=set)
    """First and last row, counted from 1."""
    columns: set[int] = field(default_factory=set)
    """First and last column, counted from 1."""
    texts: dict[int, dict[int, str]] = field(default_factory=dict)
    """What cells say where the library returns nothing or something else, by row and column, counted from 0."""
    formats: dict[int, tuple[tuple[int, CellFormat], ...]] = field(default_factory=dict)
    """Columns with numbers that are shown in a format of their own, by row, counted from 0."""
    known: dict[tuple[tuple[int, int], ...], tuple[tuple[int, CellFormat], ...]] = field(default_factory=dict)
    """The same of all rows, each once, by column and style."""
    links: int = 0
    """Cells that lead somewhere."""
    uncalculated: int = 0
    """Formulas without a value."""

    @property
    def area(self) -> int:
        """Cells between the first and the last one, empty ones included."""
        if not self.rows or not self.columns:
            return 0
        return (max(self.rows) - min(self.rows) + 1) * (max(self.columns) - min(self.columns) + 1)

    def add_rows(self, *numbers: int) -> None:
        """Widen the area."""
        self.rows = {min(*self.rows, *numbers), max(*self.rows, *numbers)}

    def add_columns(self, *numbers: int) -> None:
        """Widen the area."""
        self.columns = {min(*self.columns, *numbers), max(*self.columns, *numbers)}


def scan_sheets(archive: Archive, limits: Limits) -> dict[str, SheetFacts]:
    """Return what each sheet of an XLSX file holds, by the sheet's name.

    Raises:
        DocumentError: A cell stands where no sheet reaches, or texts that cells share come to more than
            `Limits.unpacked_bytes`.
    """
    lengths = [
        length
        for name in archive.names
        if "sharedstrings" in name.lower()
        for length in _measure_strings(archive, name)
    ]
    facts, held, formats = dict[str, SheetFacts](), 0, _read_formats(archive)
    for sheet, member in _find_sheets(archive):
        facts[sheet] = SheetFacts(member=member)
        uses = Counter[int]()
        for block in read_rows(archive, member):
            _scan(block, facts[sheet], f"sheet {show_value(sheet)} of {archive.shown}")
            if formats:
                _scan_formats(block, facts[sheet], formats)
            if lengths:
                uses.update(map(int, _SHARED.findall(block)))
        held += sum(count * lengths[place] for place, count in uses.items() if place < len(lengths))
        if held > limits.unpacked_bytes:
            raise DocumentError(
                f"the texts in {archive.shown} come to more than {limits.unpacked_bytes:,} bytes, since cells share "
                "them: it may be a bomb; if it is none, raise Limits.unpacked_bytes"
            )
    return facts


def _find_sheets(archive: Archive) -> Iterator[tuple[str, str]]:
    """Yield the name of each sheet and that of its member."""
    book = next((name for name in archive.names if name.lower().endswith("xl/workbook.xml")), None)
    if book is None:
        return
    folder, file = posixpath.split(book)
    links = archive.find(f"{folder}/_rels/{file}.rels")
    root = parse_xml_safely(archive.read(book, at_most=_WORKBOOK_BYTES), shown=archive.shown)
    targets = dict[str, str]()
    if links is not None:
        for link in parse_xml_safely(archive.read(links, at_most=_WORKBOOK_BYTES), shown=archive.shown):
            target = link.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            targets[link.get("Id", "")] = posixpath.normpath(path)
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "sheet":
            link_id = next((value for key, value in element.items() if key.rpartition("}")[2] == "id"), "")
            member = archive.find(targets.get(link_id, ""))
            if member is not None:
                yield element.get("name", ""), member


def _read_blocks(archive: Archive, member: str, end: bytes) -> Iterator[bytes]:
    """Yield a member in pieces that each end after `end`, where that is near enough."""
    with archive.open(member) as file:
        held = b""
        while block := file.read(_BLOCK):
            held += block
            stop = held.rfind(end) + len(end)
            if stop >= len(end) or len(held) > _LONGEST_ROW:
                stop = stop if stop >= len(end) else len(held)
                yield held[:stop]
                held = held[stop:]
        yield held


def read_rows(archive: Archive, member: str) -> Iterator[bytes]:
    """Yield the XML of a sheet in pieces that end with a row, where that is near enough."""
    return _read_blocks(archive, member, b"row>")


def find_cells(block: bytes, shown: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield row and column of each cell with a value, counted from 1, and where its first tag begins and ends."""
    for found in _CELL.finditer(block):
        yield int(found[2]), _column(found[1], shown), found.start(), found.end()


def _measure_strings(archive: Archive, member: str) -> Iterator[int]:
    """Yield about how many bytes each shared text takes."""
    for block in _read_blocks(archive, member, b"si>"):
        yield from map(len, _STRING_END.split(block)[:-1])


def _scan(block: bytes, facts: SheetFacts, shown: str) -> None:
    cells = _CELL.findall(block)
    if cells:
        letters, digits = zip(*cells, strict=True)
        columns = {_column(name, shown) for name in set(letters)}
        longest = max(map(len, digits))
        if longest > 9 or max(rows := [*map(int, digits)]) > _ROWS or max(columns) > _COLUMNS:
            raise DocumentError(
                f"{shown} has a cell beyond the last one of any sheet, XFD1048576; save it anew"
            )
        facts.add_rows(min(rows), max(rows))
        facts.add_columns(min(columns), max(columns))
    if _UNNAMED_CELL.search(block):  # cells without a name stand where the one before ends
        facts.add_rows(1, max(facts.rows, default=0) + len(_ROW.findall(block)))
        facts.add_columns(1, *(len(_ANY_CELL.findall(row)) for row in _ROW.split(block)))
    if b't="e"' in block or b"t='e'" in block:
        for name, digits, text in _ERROR.findall(block):
            if len(facts.texts) < _MOST_ERRORS and len(digits) < 8:
                row = facts.texts.setdefault(int(digits) - 1, {})
                row[_column(name, shown) - 1] = text.decode("ascii", "replace")
    facts.links += block.count(b"<hyperlink ")
    if b"f>" in block:
        facts.uncalculated += len(_FORMULA_ALONE.findall(block))


def _read_formats(archive: Archive) -> dict[int, CellFormat]:
    """Return the formats of numbers, by the number of their style; none where they cannot be read."""
    member = archive.find("xl/styles.xml")
    if member is None:
        return {}
    try:
        styles = parse_xml_safely(archive.read(member, at_most=_WORKBOOK_BYTES), shown=archive.shown)
    except DocumentError:
        return {}
    return find_formats(styles)


def _scan_formats(block: bytes, facts: SheetFacts, formats: dict[int, CellFormat]) -> None:
    found = dict[int, list[tuple[int, int]]]()
    for style, name, digits in _STYLED.findall(block):
        if int(style) in formats and len(digits) < 8:
            found.setdefault(int(digits) - 1, []).append((_column(name, "") - 1, int(style)))
    for row, cells in found.items():
        key = (*cells,)
        if key not in facts.known:  # most rows of a sheet look alike
            facts.known[key] = tuple((column, formats[style]) for column, style in cells)
        facts.formats[row] = facts.known[key]


def _column(letters: bytes, shown: str) -> int:
    if len(letters) > 3:
        raise DocumentError(f"{shown} has a cell beyond the last one of any sheet, XFD1048576; save it anew")
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - ord("A") + 1
    return number
