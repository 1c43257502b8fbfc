"""PDFs: their text in reading order, with headings, lists, tables, footnotes and links. Knows the steps alone.

Its own pages can be drawn, too: the document keeps where the file is.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from glyph_memory.document import Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.pdf.assembly import Assembly, PreparedPage, prepare_page
from glyph_memory.documents.pdf.bombs import check_expansion
from glyph_memory.documents.pdf.content import PageContent, read_content
from glyph_memory.documents.pdf.defects import PageDefects
from glyph_memory.documents.pdf.extras import list_refusals
from glyph_memory.documents.pdf.file import PDFIUM, PdfFile, open_pdf
from glyph_memory.documents.pdf.running_heads import NEIGHBOURS
from glyph_memory.documents.pdf.survey import choose_samples, make_look, read_outline
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

_BROKEN = 100
"""After so many broken pages on end, there are no more: a file may claim ten million."""
_PART_BYTES = 64_000_000
"""Of pictures, in one part."""
_WORDS = 200_000
"""Of the document, that are known when a hyphen is judged."""
_BEGINS_WITHIN = 1024
"""Bytes of a file among which PDF readers look for its beginning."""
_JUNK = re.compile(
    r"untitled|microsoft (word|powerpoint|excel) -.*|.*\.(docx?|tex|dvi|indd|pdf|qxd)", re.IGNORECASE
)
"""Titles that programs write."""


def read_pdf(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a PDF, cut into parts between two pages.

    Raises:
        DocumentError: It is encrypted, broken or a bomb, or none of its pages is wanted.
    """
    original = source.local or source.read_all(at_most=options.limits.file_bytes)
    check_expansion(original, options.limits, shown=source.shown)
    with open_pdf(original, password=options.password, shown=source.shown) as file:
        yield from _Reading(file, source, original, options).read()


class _Reading:
    def __init__(self, file: PdfFile, source: Source, original: Path | bytes, options: LoadOptions) -> None:
        self._file, self._options = file, options
        self._builder = Builder(
            title=_read_title(file) or source.name,
            source=source.path,
            media_type="application/pdf",
            original=original,
        )
        self._defects, self._vocabulary = PageDefects(), set[str]()
        self._held = 0
        self._kept = dict[int, PageContent]()

    def read(self) -> Iterator[Document]:
        claimed, builder = self._file.page_count, self._builder
        last = min(claimed, self._options.limits.pages)
        wanted = [number for number in range(1, last + 1) if self._options.wants_page(number)]
        if not wanted:
            raise DocumentError(
                f"{self._file.shown} has {claimed} pages, and pages={self._options.pages!r} wants none of them"
                if claimed
                else f"{self._file.shown} has no pages"
            )
        self._report_file(claimed, last)
        outline = read_outline(self._file)
        look = make_look([prepare_page(content, ()).pieces for content in self._sample(wanted)])
        assembly = Assembly(builder, self._defects, look, self._vocabulary)
        window = deque[PreparedPage](maxlen=2 * NEIGHBOURS + 1)
        for before, page in enumerate(self._pages(wanted)):
            window.append(page)
            if before >= NEIGHBOURS:
                self._add(assembly, window, len(window) - 1 - NEIGHBOURS, outline.pages)
                yield from self._pop()
        for place in range(max(len(window) - NEIGHBOURS, 0), len(window)):
            self._add(assembly, window, place, outline.pages)
            yield from self._pop()
        self._defects.flush(builder)
        if not builder.is_empty:
            yield replace(builder.build(), password=self._options.password)

    def _add(
        self, assembly: Assembly, window: deque[PreparedPage], place: int, outline: dict[int, dict[str, int]]
    ) -> None:
        page = window[place]
        near = [
            other for other in window if 0 < abs(other.content.number - page.content.number) <= NEIGHBOURS
        ]
        self._held += sum(len(data) for _, data in page.content.pictures if data is not None)
        assembly.add_page(page, near, outline.get(page.content.number, {}))

    def _pop(self) -> Iterator[Document]:
        """Yield a part once it is long enough, or its pictures are heavy enough."""
        if self._builder.size >= self._options.part_characters or self._held > _PART_BYTES:
            self._defects.flush(self._builder)
            self._held = 0
            yield replace(self._builder.build(), password=self._options.password)

    def _sample(self, wanted: list[int]) -> Iterator[PageContent]:
        for place in choose_samples(len(wanted)):
            content = self._read(wanted[place - 1])
            if content is not None:
                self._kept[content.number] = content
                yield content

    def _pages(self, wanted: list[int]) -> Iterator[PreparedPage]:
        broken = 0
        for number in wanted:
            content = self._kept.pop(number, None) or self._read(number)
            if content is None:
                self._defects.add("damaged", "it cannot be read", number)
                broken += 1
                if broken >= _BROKEN:
                    self._defects.add(
                        "damaged",
                        "the pages after it are not tried, since it and many before it are broken",
                        number,
                    )
                    return
                continue
            broken = 0
            if len(self._vocabulary) < _WORDS:
                self._vocabulary.update(word.text.lower().strip(".,;:()") for word in content.words)
            yield prepare_page(content, self._vocabulary)

    def _read(self, number: int) -> PageContent | None:
        try:
            return read_content(self._file, number, pictures=self._options.pictures)
        except (DocumentError, RuntimeError, ValueError, OSError):  # the last three: what pypdfium2 raises
            return None

    def _report_file(self, claimed: int, last: int) -> None:
        for sentence in list_refusals(self._file):
            self._builder.add_defect("refused", sentence)
        if self._file.is_cut:
            self._builder.add_defect("damaged", "the end of the file is missing; what could be found is read")
        if claimed > last:
            self._builder.add_defect(
                "left out",
                f"it says that it has {claimed:,} pages; those after {last:,} are left out; raise Limits.pages",
            )


def _read_title(file: PdfFile) -> str:
    with PDFIUM:
        title = str(file.document.get_metadata_value("Title") or "")
    title = " ".join("".join(one if one.isprintable() else " " for one in title).split())[:300]
    return "" if _JUNK.fullmatch(title) else title


def _has_late_beginning(source: Source) -> bool:
    """Return whether something stands before a PDF's beginning, as PDF readers bear it; its name has to say PDF."""
    return PDF.has_name(source) and b"%PDF-" in source.head[:_BEGINS_WITHIN]


PDF = Format(
    name="a PDF",
    media_type="application/pdf",
    beginnings=(b"%PDF-",),
    recognizes=_has_late_beginning,
    suffixes=(".pdf",),
    read=read_pdf,
)
