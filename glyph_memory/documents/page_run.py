"""A `PageRun`: one source drawn page by page, and what was met on the way: defects, what a limit left out.

Knows documents and pages; knows nothing about files, nor about where pages go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from glyph_memory.checks import check_whole
from glyph_memory.document import Defect, Document
from glyph_memory.documents.drawing import DocumentPage
from glyph_memory.documents.flow import draw_flow
from glyph_memory.documents.pdf.defects import SCAN
from glyph_memory.errors import DocumentError
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.tokens import ModelProfile

_COUNTED_AT_MOST = 100_000_000
"""Characters beyond a limit on pages that are counted to say how many there are."""


@dataclass(kw_only=True, slots=True)
class PageRun:
    """Draws the documents of one source.

    Example:
        >>> run = PageRun(documents=[Document(text="word " * 9_000)], max_pages=1)
        >>> pages = list(run.draw())
        >>> run.defects[-1].kind
        'left out'
    """

    documents: Iterable[Document]
    """Such as `load` yields; read as pages are asked for."""
    style: PageStyle | str | None = None
    """How pages look; the profile's own style unless given."""
    look: DocumentLook | None = None
    """How headings, tables and code look; what goes with the style unless given."""
    profile: ModelProfile | str = "glyph"
    """The model that will read."""
    way: Literal["auto", "reflow", "native"] = "auto"
    """How pages are made."""
    password: str | None = field(default=None, repr=False)
    """Of an encrypted PDF."""
    first_page: int = 1
    """Number of the first page."""
    max_pages: int | None = None
    """How many pages there may be; a defect says what is left out."""
    counts_rest: bool = True
    """Whether what a limit leaves out is read to its end and counted; not of a pipe, which may have no end."""
    defects: list[Defect] = field(default_factory=list)
    """What was lost or guessed so far, each once."""
    first: Document | None = None
    """The first document, once it has come; it has the title."""
    parts: int = 0
    """Documents so far."""
    characters: int = 0
    """Of the documents so far."""
    _known: set[Defect] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        """Raise an error for a limit that is none.

        Raises:
            DocumentError: It allows no page.
        """
        check_whole("max_pages", self.max_pages, DocumentError, at_least=1, or_none=True)

    def draw(self) -> Iterator[DocumentPage]:
        """Yield the pages, up to the limit; then what is left out is counted.

        Raises:
            GlyphMemoryError: As `load` and `draw_pages` raise; while drawing on, too.
        """
        documents = self._watch()
        pages = draw_flow(
            documents,
            style=self.style,
            look=self.look,
            profile=self.profile,
            way=self.way,
            password=self.password,
            first_page=self.first_page,
        )
        drawn = characters = 0
        for page in pages:
            if drawn == self.max_pages:
                self._leave_out(page, documents, characters)
                return
            drawn, characters = drawn + 1, characters + len(page.page.text)
            yield page

    def _watch(self) -> Iterator[Document]:
        for document in self.documents:
            self.first = self.first or document
            self.parts += 1
            self.characters += len(document.text)
            # A scan is drawn as it looks unless it is to be typeset: then nothing is lost of it.
            met = (one for one in document.defects if self.way == "reflow" or not one.message.endswith(SCAN))
            new = dict.fromkeys(defect for defect in met if defect not in self._known)
            self.defects += new
            self._known.update(new)
            yield document

    def _leave_out(self, page: DocumentPage, documents: Iterator[Document], drawn: int) -> None:
        """Add a defect on what comes after the pages that are drawn.

        Args:
            page: The first page that is left out.
            documents: Those that nobody has read yet.
            drawn: Characters on pages.
        """
        pages = "page" if self.max_pages == 1 else f"{self.max_pages:,} pages"
        where = next((f", from its {place} on," for place in page.source_map[:1] if str(place)), "")
        after = f"after the first {pages}{where}"
        if not self.counts_rest:
            message = f"all that comes {after} was not drawn, nor read to its end"
        else:
            while self.characters - drawn <= _COUNTED_AT_MOST and next(documents, None) is not None:
                pass
            left = self.characters - drawn
            count = f"{left:,}" if left <= _COUNTED_AT_MOST else f"more than {_COUNTED_AT_MOST:,}"
            message = f"{count} characters {after} were not drawn"
        self.defects.append(Defect(kind="left out", message=message))
