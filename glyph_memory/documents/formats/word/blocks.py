"""Paragraphs with their markers, and tables of a Word document; whatever stands in a cell or a note as one text.

Knows paragraphs and tables; knows nothing about where they go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from glyph_memory.document import Merge
from glyph_memory.documents.formats.office.names import find_path, is_on, number, unfold, value_of
from glyph_memory.documents.formats.word.context import Context
from glyph_memory.documents.formats.word.drawings import Attachment, Paragraph
from glyph_memory.documents.formats.word.runs import WRAPPERS, TextReader
from glyph_memory.documents.formats.word.styles import Style
from glyph_memory.documents.inline import Run
from glyph_memory.errors import DocumentError

_COLUMNS_AT_MOST = 1_000
"""Of a table; Word itself makes no more than 63."""
_CELLS_AT_MOST = 1_000_000
"""Of a table, short rows filled up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A paragraph with what Word shows before it."""

    paragraph: Paragraph
    """Its text."""
    style: Style
    """Its style."""
    heading: int
    """Level of a heading; 0 for none."""
    marker: str | None
    """What stands before it in a list, which may be nothing; None outside of lists."""
    level: int
    """How many lists it stands in beyond the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A table's cells."""

    rows: list[list[list[Run]]]
    """Each cell's text in pieces, row by row."""
    header_rows: int
    """How many rows at the top head it."""
    merges: list[Merge]
    """Cells that take the room of several."""


class BlockReader:
    """Reads paragraphs and tables."""

    def __init__(self, context: Context) -> None:
        """Begin to read.

        Args:
            context: The document.
        """
        self._context = context
        self._texts = TextReader(context)
        self._plain = context.styles.plain
        self.attachments = list[Attachment]()
        """What hung on paragraphs that became one text; whoever has a place for it takes it out."""

    def read_line(self, element: Element) -> Line:
        """Return a paragraph with its marker, and count on.

        Args:
            element: A `w:p`.
        """
        context, properties = self._context, element.find("w:pPr")
        if properties is None and self._plain is not None:
            paragraph = self._texts.read(element, self._plain)
            return Line(paragraph=paragraph, style=self._plain, heading=0, marker=None, level=0)
        name = value_of(properties, "w:pStyle")
        style = context.styles.find(name)
        numbering = value_of(properties, "w:numPr/w:numId") or style.numbering
        own_level = value_of(properties, "w:numPr/w:ilvl")
        found = None if own_level or not numbering else context.numbering.find_level(numbering, name)
        level = number(own_level) if own_level else found if found is not None else style.level
        marker = context.numbering.count(numbering, level) if numbering else None
        outline = value_of(properties, "w:outlineLvl")
        heading = style.heading if not outline else number(outline, 9) + 1 if number(outline, 9) < 9 else 0
        return Line(
            paragraph=self._texts.read(element, style),
            style=style,
            heading=heading,
            marker=marker,
            level=max(level, 0) + style.indent,
        )

    def read_flat(self, parent: Element, depth: int = 0) -> list[Run]:
        """Return whatever stands in a cell, a note or a box as one text, its paragraphs on lines of their own.

        Args:
            parent: A `w:tc`, `w:footnote`, `w:txbxContent`.
            depth: How many tables and boxes it stands in.

        Raises:
            DocumentError: Tables and boxes are nested deeper than the limit.
        """
        if depth > self._context.options.limits.depth:
            raise DocumentError(
                f"{self._context.package.shown} has tables nested more than {self._context.options.limits.depth} deep; "
                "raise Limits.depth, if it is honest"
            )
        lines = list[list[Run]]()
        for child in unfold(parent, WRAPPERS):
            if child.tag == "w:p":
                lines += self._read_flat_line(child, depth)
            elif child.tag == "w:tbl":
                lines += self._read_flat_table(child, depth + 1)
        joined = list[Run]()
        for line in lines:
            if any(run.text.strip() for run in line):
                joined += [Run("\n"), *line] if joined else line
        return joined

    def _read_flat_line(self, element: Element, depth: int) -> Iterator[list[Run]]:
        line = self.read_line(element)
        runs = [
            Run(run.text.replace("\t", " "), run.kinds, run.target) if "\t" in run.text else run
            for run in line.paragraph.runs
        ]
        if line.marker and line.paragraph.text.strip():
            runs = [Run(f"{'  ' * line.level}{line.marker} "), *runs]
        yield trim(runs)
        for one in line.paragraph.attachments:
            if one.kind == "box" and one.content is not None:
                yield self.read_flat(one.content, depth + 1)
                continue
            self.attachments.append(one)
            if one.kind == "picture":
                yield [Run(one.words or "[picture]")]

    def _read_flat_table(self, element: Element, depth: int) -> Iterator[list[Run]]:
        for row in unfold(element, WRAPPERS):
            if row.tag != "w:tr":
                continue
            joined = list[Run]()
            for cell in unfold(row, WRAPPERS):
                if cell.tag == "w:tc":
                    runs = self.read_flat(cell, depth)
                    joined += [Run(" | "), *runs] if joined else runs
            yield joined

    def read_table(self, element: Element) -> Grid:
        """Return a table's cells.

        Args:
            element: A `w:tbl`.

        Raises:
            DocumentError: A row has more columns than any program makes.
        """
        rows = list[list[list[Run]]]()
        merges, running = dict[tuple[int, int], Merge](), dict[int, tuple[int, int]]()
        heads = list[bool]()
        for row in unfold(element, WRAPPERS):
            if row.tag != "w:tr":
                continue
            properties = row.find("w:trPr")
            if properties is not None and properties.find("w:del") is not None:
                self._context.builder.add_defect("left out", "text that tracked changes delete")
                continue
            heads.append(bool(is_on(properties, "w:tblHeader")))
            rows.append([])
            self._read_row(row, rows, merges, running)
        header_rows = next((place for place, is_head in enumerate(heads) if not is_head), 0)
        if not header_rows and len(rows) > 1 and _marks_first_row(element):
            header_rows = 1
        for one in merges.values():  # a cell that begins in the header takes all its rows there
            if one.row < header_rows < one.row + one.rows:
                header_rows = one.row + one.rows
        real = [one for one in merges.values() if one.rows > 1 or one.columns > 1]
        return Grid(rows=rows, header_rows=header_rows if header_rows < len(rows) else 0, merges=real)

    def _read_row(
        self,
        row: Element,
        rows: list[list[list[Run]]],
        merges: dict[tuple[int, int], Merge],
        running: dict[int, tuple[int, int]],
    ) -> None:
        """Fill the last row; `running` holds, for a column, which cell reaches down to here."""
        place, cells = len(rows) - 1, rows[-1]
        cells += ([] for _ in range(number(value_of(row, "w:trPr/w:gridBefore"), at_most=_COLUMNS_AT_MOST)))
        reached = dict[int, tuple[int, int]]()
        for cell in unfold(row, WRAPPERS):
            if cell.tag != "w:tc":
                continue
            column, width = len(cells), max(number(value_of(cell, "w:tcPr/w:gridSpan"), 1), 1)
            if column + width > _COLUMNS_AT_MOST or len(rows) * (column + width) > _CELLS_AT_MOST:
                raise DocumentError(
                    f"{self._context.package.shown} has a table of more than {_COLUMNS_AT_MOST:,} columns or "
                    f"{_CELLS_AT_MOST:,} cells; save it as a sheet"
                )
            runs = self.read_flat(cell, 1)
            down = find_path(cell, "w:tcPr/w:vMerge")
            origin = (place, column)
            if down is not None:
                is_first = down.get("w:val", "continue") == "restart" or column not in running
                origin = reached[column] = origin if is_first else running[column]
            if origin == (place, column):
                merges[origin] = Merge(row=place, column=column, columns=width)
            else:
                merges[origin] = replace(merges[origin], rows=place - origin[0] + 1)
                if runs:  # Word does not show it; it is text of the file all the same
                    above = rows[origin[0]][origin[1]]
                    above += [Run("\n"), *runs] if above else runs
                runs = []
            cells += [runs, *([] for _ in range(width - 1))]
        running.clear()
        running.update(reached)


def _marks_first_row(table: Element) -> bool:
    """Return whether a table's look sets its first row apart."""
    look = find_path(table, "w:tblPr/w:tblLook")
    if look is None:
        return False
    if "w:firstRow" in look.attrib:
        return look.get("w:firstRow") in {"1", "true", "on"}
    try:
        return bool(int(look.get("w:val", "0"), 16) & 0x20)
    except ValueError:
        return False


def trim(runs: Sequence[Run]) -> list[Run]:
    """Return runs without line breaks and spaces at their end, and without line breaks at their beginning."""
    kept = [run for run in runs if run.text]
    while kept and not kept[0].text.strip("\n"):
        kept = kept[1:]
    while kept and not kept[-1].text.strip():
        kept = kept[:-1]
    if kept:
        kept[0] = Run(kept[0].text.lstrip("\n"), kept[0].kinds, kept[0].target)
        kept[-1] = Run(kept[-1].text.rstrip(), kept[-1].kinds, kept[-1].target)
    return kept
