"""The cells of an HTML table while they are read. Knows rows and cells; knows nothing about HTML's tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.grid import Cell, add_grid
from glyph_memory.documents.markup.html_lists import ItemCount
from glyph_memory.documents.markup.html_values import read_count

Attributes = dict[str, str | None]


@dataclass(kw_only=True, slots=True)
class TableText:
    """The text of a table so far."""

    rows: list[list[Cell]] = field(default_factory=list)
    """Its cells."""
    header_rows: int = 0
    """Rows at the top that the page calls its head."""
    caption: list[Run] = field(default_factory=list)
    """What stands in it outside of cells."""
    cell: Cell | None = None
    """The cell at work."""

    def begin_row(self, *, is_header: bool) -> None:
        """Begin a row."""
        if is_header and self.header_rows == len(self.rows):
            self.header_rows += 1
        self.rows.append([])

    def begin_cell(self, *, is_header: bool, attributes: Attributes) -> None:
        """Begin a cell."""
        if not self.rows:
            self.rows.append([])
        style = (
            f"{attributes.get('align') or ''} {attributes.get('style') or ''}".lower() if attributes else ""
        )
        self.cell = Cell(
            rows=max(read_count(attributes.get("rowspan")), 0),
            columns=max(read_count(attributes.get("colspan")), 1),
            is_header=is_header,
            alignment="r" if "right" in style else "c" if "center" in style else "",
        )
        self.rows[-1].append(self.cell)

    def end_cell(self) -> None:
        """End the cell at work."""
        self.cell = None

    def add_line(self, runs: list[Run]) -> None:
        """Add a line of text to the cell at work, else to the caption."""
        into = self.caption if self.cell is None else self.cell.runs
        if into:
            into.append(Run("\n"))
        into += runs

    def flatten(self) -> list[Run]:
        """Return the table as text, for a cell that it stands in: a line a row."""
        runs = [*self.caption]
        for row in self.rows:
            cells = [cell for cell in row if cell.runs]
            if runs and cells:
                runs.append(Run("\n"))
            for place, cell in enumerate(cells):
                runs += [*([Run(" | ")] if place else []), *cell.runs]
        return runs

    def write(self, builder: Builder) -> None:
        """Write the table, its caption before it."""
        builder.add_paragraph(self.caption)
        add_grid(builder, self.rows, header_rows=self.header_rows)


@dataclass(kw_only=True, slots=True)
class Place:
    """What text stands in; a cell begins a new one."""

    lists: list[ItemCount] = field(default_factory=list)
    """The lists, from the outermost."""
    marker: str = ""
    """What stands before the next item."""
    heading: int = 0
    """The level of the heading; 0 outside of headings."""
    table: TableText | None = None
    """The table of the cell."""
    layouts: int = 0
    """Tables that only place what is in them."""
