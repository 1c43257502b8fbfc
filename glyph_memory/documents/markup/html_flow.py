"""The text of a page on its way into a document: runs until a block ends, and what list, quote or cell it stands in.

Knows blocks and runs; knows nothing about HTML's tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from glyph_memory.document import SpanKind
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.blanks import tidy_runs
from glyph_memory.documents.markup.html_lists import ItemCount, begin_count
from glyph_memory.documents.markup.html_tables import Place, TableText
from glyph_memory.documents.markup.raised import raise_runs

Attributes = dict[str, str | None]


class Flow:
    """Collects runs, and writes them as blocks, or into the cell at work."""

    def __init__(self, builder: Builder, *, line: int | None, file: str) -> None:
        """Begin a page; see `write_html`."""
        self._builder, self._file = builder, file
        self._locates, self.line = line is not None, line or 1
        self._first_line = self._last_line = self.line
        self._indent = builder.indent
        self._runs = list[Run]()
        self._place, self._places = Place(), list[Place]()
        self._code = 0
        self._is_exact = True  # whether code has the file's own newlines alone
        self.marks = list[tuple[SpanKind, str]]()
        """What the text at work is marked as."""
        self.has_written = False
        """Whether a block was written since this was last set to False."""

    @property
    def heading(self) -> int:
        """The level of the heading at work; 0 where there is none."""
        return self._place.heading

    @heading.setter
    def heading(self, level: int) -> None:
        self._place.heading = level

    def add_text(self, text: str) -> None:
        """Add text of the page, whose blanks mean nothing outside of code."""
        text = text.replace("\u00ad", "")  # a soft hyphen shows at a line's end alone
        if self._code:
            self._append(text)
            self.line += text.count("\n")
            return
        first, *others = text.split("\n")
        self._append(f"{first} " if others else first)
        for place, line in enumerate(others, start=1):
            self.line += 1
            if place == len(others):
                self._append(line)
            elif line.strip(" \t\r\f"):
                self._append(f"{line} ")

    def add(self, text: str, *kinds: SpanKind) -> None:
        """Add text as it is; its newlines are line breaks."""
        self._is_exact = self._is_exact and "\n" not in text
        self._append(text, *kinds)

    def take(self) -> list[Run]:
        """Return the text at work, which ends."""
        runs, self._runs = tidy_runs(self._runs), []
        return runs

    def _append(self, text: str, *kinds: SpanKind) -> None:
        line: int | None = None
        if not self._runs:
            if not self._code and not text.strip(" \t\r\f"):
                return
            self._first_line = line = self.line
        elif self.line != self._last_line:
            line = self.line
        self._last_line, target = self.line, ""
        if self.marks:
            kinds = tuple(dict.fromkeys((*(kind for kind, _ in self.marks), *kinds)))
            target = next((target for kind, target in reversed(self.marks) if kind == "link"), "")
        self._runs.append(Run(text, kinds, target, line if self._locates else None))

    def flush(self) -> None:
        """End the block at work, if there is one."""
        if self._code:
            if self._runs and not self._runs[-1].text.endswith("\n"):
                self.add("\n")
            return
        if not self._runs:
            return
        runs = self.take()
        if not any(run.text.strip() for run in runs):
            return
        place = self._place
        if place.table is not None:
            self._write_to_table(runs, place.table)
            return
        self.locate(self._first_line)
        if place.lists:
            if place.heading:
                runs = [replace(run, kinds=(*run.kinds, "strong")) for run in runs]
            self._builder.add_item(runs, marker=place.marker)
            place.marker = ""
        elif place.heading:
            self._builder.add_heading(place.heading, runs)
        else:
            self._builder.add_paragraph(runs)
        self.has_written = True

    def _write_to_table(self, runs: list[Run], table: TableText) -> None:
        if self._place.lists:
            indent = "  " * (len(self._place.lists) - 1)
            runs = [Run(indent + (f"{self._place.marker} " if self._place.marker else "")), *runs]
            self._place.marker = ""
        table.add_line(runs)

    def locate(self, line: int, *, counts_lines: bool = False) -> None:
        """Note on which line what is added next begins."""
        if self._locates:
            self._builder.set_location(file=self._file, line=line, counts_lines=counts_lines)

    def end_text(self) -> None:
        """End the text before a block that is none, and write the marker of an item that begins with it."""
        self.flush()
        if self._place.marker and self._place.table is None:
            self._builder.add_item("", marker=self._place.marker)
            self._place.marker = ""

    def open_list(self, name: str, attributes: Attributes, count: int) -> None:
        """Begin a list; `count` is the number of items where it counts down."""
        self.end_text()
        self._place.lists.append(begin_count(name, attributes, count))
        self._set_indent()

    def close_list(self) -> None:
        """End a list."""
        self.flush()
        self._place.lists.pop()
        self._place.marker = ""
        self._set_indent()

    def _set_indent(self, more: int = 0) -> None:
        depth = len(self._place.lists) if self._place.table is None else 0
        self._builder.indent = self._indent + max(depth - 1, 0) + more

    def begin_item(self, name: str, value: str) -> None:
        """Begin an item, a term or its explanation."""
        self.flush()
        place = self._place
        if name == "li":
            place.marker = (place.lists[-1] if place.lists else ItemCount()).next_marker(value)
            if not place.lists:  # an item without a list
                self.add("• ")
                place.marker = ""
        elif name == "dt":
            self.marks.append(("strong", ""))
        elif place.table is None:
            self._set_indent(1)

    def end_item(self, name: str) -> None:
        """End an item, a term or its explanation."""
        self.flush()
        self._place.marker = ""
        if name == "dt":
            self.marks.remove(("strong", ""))
        elif name == "dd":
            self._set_indent()

    def begin_quote(self) -> Callable[[], None]:
        """Begin a quote; return what ends it."""
        self.flush()
        if self._place.table is not None:
            return self.flush
        self._builder.quotes += 1

        def end() -> None:
            self.flush()
            self._builder.quotes -= 1

        return end

    def begin_code(self, language: str) -> Callable[[], None]:
        """Begin text that stands letter for letter; return what ends it."""
        if not self._code:
            self.end_text()
            self._is_exact = True
        self._code += 1
        line = self.line

        def end() -> None:
            self._code -= 1
            if self._code:
                return
            runs, self._runs = self._runs, []
            text = "".join(run.text for run in runs)
            if self._place.table is not None:
                kept = text.strip("\n")
                if kept:
                    self._write_to_table(
                        [Run(kept, ("code",), "", line if self._locates else None)], self._place.table
                    )
            elif text.strip():
                self.locate(line, counts_lines=self._is_exact)
                self._builder.add_code(text, language=language)
                self.has_written = True

        return end

    def add_formula(self, latex: str, stands_alone: bool) -> None:
        """Add a formula, within the text or as a block."""
        if not stands_alone or self._place.table is not None or self._place.heading:
            self.add(latex, "formula")
        elif latex.strip():
            self.end_text()
            self.locate(self.line)
            self._builder.add_formula(latex)
            self.has_written = True

    def add_rule(self) -> None:
        """Add a line across the page."""
        self.end_text()
        if self._place.table is None:
            self.locate(self.line)
            self._builder.add_rule()

    def has_room(self) -> bool:
        """Return whether a block can stand here: not within headings, cells and code."""
        return self._place.table is None and not self._place.heading and not self._code

    def begin_table(self, *, is_layout: bool) -> Callable[[], None]:
        """Begin a table, or cells that only place what is in them; return what ends it."""
        self.end_text()
        place = self._place
        if is_layout:
            place.layouts += 1
            return self._end_layout
        line, quotes = self.line, self._builder.quotes
        self._place = Place(table=TableText())

        def end() -> None:
            self.flush()
            table, self._place = self._place.table, place
            self._set_indent()
            self._builder.quotes = quotes
            if table is None:
                return
            if place.table is not None:
                self._write_to_table(table.flatten(), place.table)
            else:
                self.locate(line)
                table.write(self._builder)
                self.has_written = True

        return end

    def _end_layout(self) -> None:
        self.flush()
        self._place.layouts -= 1

    def begin_row(self, *, is_header: bool) -> Callable[[], None]:
        """Begin a row; return what ends it."""
        self.flush()
        if self._place.table is not None and not self._place.layouts:
            self._place.table.begin_row(is_header=is_header)
        return self.flush

    def begin_cell(self, *, is_header: bool, attributes: Attributes) -> Callable[[], None]:
        """Begin a cell; return what ends it."""
        self.flush()
        table = self._place.table
        if table is None or self._place.layouts:
            return self.flush
        table.begin_cell(is_header=is_header, attributes=attributes)

        def end() -> None:
            self.flush()
            table.end_cell()

        return end

    def begin_raised(self, place: str, *, is_note: bool) -> Callable[[], None]:
        """Begin text that stands above or below the line, or a footnote's number; return what ends it."""
        start = len(self._runs)
        before = self._runs[-1].text[-1:] if self._runs else ""
        code = self._code

        def end() -> None:
            if not code and not self._code:
                self._runs[start:] = raise_runs(self._runs[start:], place, before, is_note=is_note)

        return end
