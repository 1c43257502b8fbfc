"""Read a Word document: block by block in document order, its notes at the end, what is left out reported.

Pages are known where Word noted them when it last laid the document out. Headers and footers stand on every page and
are told once, as left out. Knows WordprocessingML; parts, runs, tables and styles are other modules' work.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from glyph_memory.document import Document
from glyph_memory.documents.archives import recognize_archive
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.office.charts import add_chart, add_diagram
from glyph_memory.documents.formats.office.names import unfold
from glyph_memory.documents.formats.office.package import Package
from glyph_memory.documents.formats.office.pictures import read_picture
from glyph_memory.documents.formats.word.blocks import BlockReader, Line, trim
from glyph_memory.documents.formats.word.context import Context
from glyph_memory.documents.formats.word.drawings import Attachment
from glyph_memory.documents.formats.word.numbering import Numbering
from glyph_memory.documents.formats.word.runs import WRAPPERS
from glyph_memory.documents.formats.word.styles import Styles
from glyph_memory.documents.inline import Run
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError, show_value

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MAIN = "word/document.xml"
_CONTENT = (
    "wordprocessingml.document.main+xml",
    "wordprocessingml.template.main+xml",
    "ms-word.document.macroEnabled.main+xml",
    "ms-word.template.macroEnabledTemplate.main+xml",
)
_SILENT = frozenset({"hyperlink", "image"})
"""Links out of the file that are told where they stand."""


def read_word(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a Word document, a long one in parts, each with the notes that it cites.

    Raises:
        DocumentError: It is no sound Word document; while reading on, too.
    """
    with Package(source, options) as package:
        yield from _Reader(source, package, options).read()


class _Reader:
    """Reads one document."""

    def __init__(self, source: Source, package: Package, options: LoadOptions) -> None:
        part = package.find_main(_MAIN)
        if part not in package.archive:
            raise DocumentError(f"{source.shown} has no Word document in it; is it of another format?")
        styles, numbering = (package.find_related(part, kind) for kind in ("styles", "numbering"))
        self._context = Context(
            package=package,
            part=part,
            styles=Styles(package.parse(styles) if styles else None),
            numbering=Numbering(package.parse(numbering) if numbering else None),
            builder=Builder(title=package.find_title() or source.name, source=source.path, media_type=_TYPE),
            options=options,
        )
        self._part, self._package, self._builder = part, package, self._context.builder
        self._blocks = BlockReader(self._context)
        self._page = 1 if package.contains(part, b"lastRenderedPageBreak") else None
        self._code = list[str]()
        self._notes = dict[str, dict[str, Element]]()
        if options.pages and self._page is None:
            raise DocumentError(
                f"{source.shown} does not say where its pages end, so that pages={options.pages!r} means nothing; "
                "leave it out"
            )

    def read(self) -> Iterator[Document]:
        """Yield the document in parts."""
        limit = self._context.options.part_characters
        self._package.report_refusals(self._builder)
        self._report_links()
        self._report_margins()
        for element in self._package.stream(self._part, "w:body"):
            self._read_block(element, 0)
            if self._builder.size >= limit and not self._code:
                self._add_notes()
                yield self._builder.build()
        self._add_code()
        self._add_notes()
        if not self._builder.is_empty:
            yield self._builder.build()

    def _read_block(self, element: Element, depth: int) -> None:
        if depth > self._context.options.limits.depth:
            raise DocumentError(
                f"{self._package.shown} has boxes nested more than {self._context.options.limits.depth} deep; raise "
                "Limits.depth, if it is honest"
            )
        wrapper = Element("wrapper")
        wrapper.append(element)
        for child in unfold(wrapper, WRAPPERS):
            cited = len(self._context.citations)
            if child.tag == "w:p":
                self._add_line(self._blocks.read_line(child), depth)
            elif child.tag == "w:tbl":
                self._add_table(child, depth)
            elif child.tag == "w:altChunk":
                self._builder.add_defect(
                    "left out", "a document within the document (altChunk); open it by itself"
                )
            elif child.tag in {"w:del", "w:moveFrom"}:
                self._builder.add_defect("left out", "text that tracked changes delete")
            if not self._is_wanted:
                del self._context.citations[cited:]

    def _add_line(self, line: Line, depth: int) -> None:
        builder, paragraph = self._builder, line.paragraph
        self._turn(paragraph.pages_before)
        if line.style.is_code and not line.heading and line.marker is None:
            self._set_location()
            if self._is_wanted:
                self._code.append(paragraph.text)
        else:
            self._add_code()
            self._set_location()
            if self._is_wanted:
                self._add_text(line, trim(paragraph.runs))
        for one in paragraph.attachments:
            self._add_code()
            self._add_attachment(one, depth)
        builder.indent = builder.quotes = 0
        self._turn(paragraph.pages - paragraph.pages_before)

    def _add_text(self, line: Line, runs: list[Run]) -> None:
        builder, formulas = self._builder, line.paragraph.formulas
        if not runs:
            return
        if line.heading:
            builder.add_heading(line.heading, [Run(f"{line.marker} "), *runs] if line.marker else runs)
        elif line.marker is not None:
            builder.indent = line.level
            builder.add_item(runs, marker=line.marker)
        elif formulas and all(run.kinds == ("formula",) or not run.text.strip() for run in runs):
            for latex in formulas:
                builder.add_formula(latex)
        else:
            builder.quotes = int(line.style.is_quote)
            builder.add_paragraph(runs)

    def _add_code(self) -> None:
        """Add paragraphs of code that follow each other as one block."""
        text = "\n".join(self._code)
        self._code.clear()
        if text.strip():
            self._builder.add_code(text)

    def _add_table(self, element: Element, depth: int) -> None:
        self._add_code()
        rows = [row for row in unfold(element, WRAPPERS) if row.tag == "w:tr"]
        cells = [cell for row in rows[:2] for cell in unfold(row, WRAPPERS) if cell.tag == "w:tc"]
        if len(rows) == 1 and len(cells) == 1:  # a frame around paragraphs, no table
            for child in cells[0]:
                self._read_block(child, depth + 1)
            self._add_code()
            return
        self._set_location()
        grid = self._blocks.read_table(element)
        held, self._blocks.attachments = self._blocks.attachments, []
        if self._is_wanted:
            self._builder.add_table(grid.rows, header_rows=grid.header_rows, merges=grid.merges)
        for one in held:
            self._add_attachment(one, depth)
        self._turn(sum(1 for _ in element.iter("w:lastRenderedPageBreak")))

    def _add_attachment(self, one: Attachment, depth: int) -> None:
        self._set_location()
        builder, package = self._builder, self._package
        if one.kind == "box" and one.content is not None:
            for child in one.content:
                self._read_block(child, depth + 1)
            self._add_code()
        elif not self._is_wanted:
            return
        elif one.kind == "picture":
            data = read_picture(
                package, self._context.part, one.identifier, builder=builder, options=self._context.options
            )
            builder.add_picture(one.words, data, width_pt=one.width_pt)
        elif one.kind == "chart":
            add_chart(package, self._context.part, one.identifier, builder)
        else:
            add_diagram(package, self._context.part, one.identifier, builder)

    def _turn(self, pages: int) -> None:
        if self._page is not None:
            self._page += pages

    def _set_location(self) -> None:
        self._builder.set_location(page=self._page)

    @property
    def _is_wanted(self) -> bool:
        return self._page is None or self._context.options.wants_page(self._page)

    def _add_notes(self) -> None:
        """Add the notes that were cited since the last time; a comment with who wrote it."""
        context = self._context
        cited, context.citations = context.citations, []
        for label, kind, identifier in cited:
            part = self._package.find_related(self._part, f"{kind}s")
            found = self._find_note(part, kind, identifier) if part else None
            if part is None or found is None:
                self._builder.add_defect("damaged", f"the {kind} {label} is cited and not in the file")
                continue
            context.part = part
            runs = trim(self._blocks.read_flat(found))
            context.part = self._part
            if runs and runs[0].text.startswith(" "):  # Word puts one between the note's number and its text
                runs[0] = Run(runs[0].text.lstrip(), runs[0].kinds, runs[0].target)
            if kind == "comment" and (author := found.get("w:author", "").strip()):
                runs = [Run(f"{author}: "), *runs]
            self._builder.set_location(file=part)
            self._builder.add_footnote(runs, label=label)
        self._blocks.attachments.clear()

    def _find_note(self, part: str, kind: str, identifier: str) -> Element | None:
        if kind not in self._notes:
            notes = self._package.parse(part).findall(f"w:{kind}")
            self._notes[kind] = {one.get("w:id", ""): one for one in notes}
        return self._notes[kind].get(identifier)

    def _report_links(self) -> None:
        for relation in self._package.list_relations(self._part).values():
            if relation.is_external and relation.kind not in _SILENT:
                self._builder.add_defect(
                    "refused", f"the link to {show_value(relation.target)} ({relation.kind}) was not followed"
                )

    def _report_margins(self) -> None:
        """Report what headers and footers say: they stand on every page, and would cut the text."""
        for relation in self._package.list_relations(self._part).values():
            if relation.kind not in {"header", "footer"} or relation.target not in self._package.archive:
                continue
            self._context.part = relation.target
            runs = self._blocks.read_flat(self._package.parse(relation.target))
            self._context.part = self._part
            text = " ".join("".join(run.text for run in runs).split())
            if text:
                self._builder.add_defect(
                    "left out", f"the {relation.kind} of the pages, {show_value(text, at_most=400)}"
                )
        self._blocks.attachments.clear()


def _recognize(source: Source) -> bool:
    return recognize_archive(source, needed=_MAIN, content=_CONTENT)


WORD = Format(
    name="a Word document",
    read=read_word,
    media_type=_TYPE,
    recognizes=_recognize,
    suffixes=(".docx", ".docm", ".dotx", ".dotm"),
)
