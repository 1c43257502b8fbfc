"""Draw documents as pages: reflowed, or a PDF's own. Knows documents and pages; knows nothing about files' formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from glyph_memory.document import Document, SourceSpan
from glyph_memory.documents.ways import Way
from glyph_memory.page import Page
from glyph_memory.style import DocumentLook, PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import iter_pages


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentPage:
    """A page of a document."""

    page: Page
    """The page; its `start` and `stop` are offsets in `document.text`, its number counts over all documents."""
    document: Document = field(repr=False)
    """The document, or the part of one, that it is a page of."""
    way: Way = "reflow"
    """How it came about."""
    reason: str = ""
    """Why it was drawn that way, where it could have been drawn another."""
    tokens: int = 0
    """What the page costs the model."""
    other_tokens: int | None = None
    """What it would have cost the other way, where there is one: of a reflowed page its share of it."""

    @property
    def source_map(self) -> tuple[SourceSpan, ...]:
        """Where what stands on the page comes from."""
        return self.document.trace(self.page.start, self.page.stop)

    @property
    def links(self) -> tuple[str, ...]:
        """Where the links on the page lead, each once."""
        spans = (span for block in self.document.blocks for span in block.spans)
        on_page = (span for span in spans if span.start < self.page.stop and span.stop > self.page.start)
        return tuple(dict.fromkeys(span.target for span in on_page if span.target))


def draw_pages(
    documents: Document | Iterable[Document],
    *,
    style: PageStyle | str | None = None,
    look: DocumentLook | None = None,
    profile: ModelProfile | str = "glyph",
    way: Literal["auto", "reflow", "native"] = "auto",
    first_page: int = 1,
) -> Iterator[DocumentPage]:
    """Draw documents page by page, as they are asked for; each begins a new page.

    Args:
        documents: One, or several, such as `load` yields.
        style: How pages look; the profile's own style unless given.
        look: How headings, tables and code look; what goes with the style unless given.
        profile: The model that will read.
        way: `reflow` typesets text and tables; `native` draws a PDF's own pages; `auto` decides for each page of a PDF.
        first_page: Number of the first page.

    Raises:
        DocumentError: There is nothing to draw.
        FontError: A font is missing or cannot be drawn.
        StyleError: The page is too narrow for a single character.
    """
    model = ModelProfile.of(profile)
    page_style = PageStyle.of(style) if style is not None else PageStyle.glyph().with_snap_px(model.snap_px)
    number = first_page
    for document in [documents] if isinstance(documents, Document) else documents:
        for page in iter_pages(document, style=page_style, look=look, first_page=number):
            number = page.number + 1
            yield DocumentPage(page=page, document=document, tokens=model.image_tokens(page.size))
