"""Add paragraphs, items and code of a reStructuredText to a document. Knows lines and lists; knows no docutils."""

from __future__ import annotations

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.blanks import tidy_runs
from glyph_memory.documents.markup.rest_lines import SourceLines


class RestOutput:
    """Adds text to a builder, as what it stands in wants it."""

    def __init__(self, builder: Builder, text: str) -> None:
        """Begin a text.

        Args:
            builder: Gets the blocks.
            text: reStructuredText.
        """
        self.builder, self.lines = builder, SourceLines(text)
        self.lists = 0
        """How many lists the text stands in."""
        self.marker = ""
        """What stands before the next item."""
        self.label = ""
        """That of the footnote whose text comes next."""

    def locate(self, text: str, line: int) -> None:
        """Note where what is added next comes from: the line near `line` that has its first words."""
        self.builder.set_location(line=self.lines.find(text, line))

    def write_runs(self, runs: list[Run], line: int) -> None:
        """Write a paragraph, as what it stands in wants it."""
        runs = tidy_runs(runs)
        text = "".join(run.text for run in runs)
        if not text:
            return
        self.locate(text, line)
        if self.label:
            self.builder.add_footnote(runs, label=self.label)
        elif self.lists:
            self.builder.add_item(runs, marker=self.marker)
        else:
            self.builder.add_paragraph(runs)
        self.label = self.marker = ""

    def add_code(self, text: str, language: str, line: int) -> None:
        """Add code that begins near a line."""
        self.flush_marker()
        found, is_exact = self.lines.find_code(text, line)
        self.builder.set_location(line=found, counts_lines=is_exact)
        self.builder.add_code(text, language=language)

    def flush_marker(self) -> None:
        """Add the marker of an item that does not begin with text."""
        if self.marker:
            self.builder.add_item("", marker=self.marker)
            self.marker = ""


class Indent:
    """A list while it is written."""

    def __init__(self, writer: RestOutput) -> None:
        """Begin a list that `writer` writes."""
        self._writer = writer

    def __enter__(self) -> None:
        self._change(1)

    def __exit__(self, *error: object) -> None:
        self._change(-1)

    def _change(self, by: int) -> None:
        self._writer.lists += by
        self._writer.builder.indent = max(self._writer.lists - 1, 0)
