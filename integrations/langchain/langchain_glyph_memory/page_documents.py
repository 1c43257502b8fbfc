"""Pages of one file as LangChain documents: exact text, flat metadata, and how each is drawn again.

Knows pages and metadata; knows nothing about where files are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import PurePath
from typing import Literal

from langchain_core.documents import Document

from glyph_memory import Document as Text
from glyph_memory import ModelProfile, PageStyle, warn
from glyph_memory.documents import Defect, DocumentPage, PageRecipe, draw_pages
from langchain_glyph_memory.pictures import NOTE, ByteStore, PageNote

_COUNTED = 500
"""Pages that are held back until a file is known to be no longer: they say how many there are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageDocuments:
    """Makes documents of pages; see `GlyphLoader` for what they hold."""

    profile: ModelProfile
    """The model that will read."""
    style: PageStyle
    """How pages look."""
    way: Literal["auto", "reflow", "native"]
    """How pages of a PDF are made."""
    store: ByteStore | None
    """Where pictures are kept."""
    password: str | None = field(default=None, repr=False)
    """Of an encrypted PDF."""

    def make_documents(self, texts: Iterable[Text]) -> Iterator[Document]:
        """Yield the pages of one file, each with its number, and with that of all where there are not too many."""
        made = self._make_pages(texts)
        held = [*islice(made, _COUNTED + 1)]
        total = {"total_pages": len(held)} if len(held) <= _COUNTED else {}
        for number, document in enumerate(chain(held, made)):
            told = {"source": document.metadata.pop("source"), "page": number, **total}
            document.metadata = told | document.metadata
            yield document

    def _make_pages(self, texts: Iterable[Text]) -> Iterator[Document]:
        told, is_warned = set[Defect](), self.store is not None
        pages = draw_pages(
            texts, style=self.style, profile=self.profile, way=self.way, password=self.password
        )
        for drawn in pages:
            defects = [defect for defect in drawn.document.defects if defect not in told]
            told.update(defects)
            for defect in defects:
                warn(f"{drawn.document.source or drawn.document.title or 'a document'}: {defect.message}")
            if drawn.way == "native" and not is_warned:
                is_warned = self._warn_of_loss(drawn.document)
            more = {"defects": "\n".join(defect.message for defect in defects)} if defects else {}
            for page in self._draw_alone(drawn):
                document = self._make_page(page)
                document.metadata |= more
                more = {}
                yield document

    def _warn_of_loss(self, text: Text) -> bool:
        """Warn of a PDF whose own pages cannot be drawn again later; return whether it is one."""
        is_lost = isinstance(text.original, bytes) or self.password is not None
        if is_lost:
            why = (
                "its password is not remembered"
                if self.password is not None
                else "it is no file of this machine"
            )
            warn(
                f"{text.source or text.title or 'a PDF'}: its own pages are not drawn again later, as {why}; give the "
                "loader a store for their pictures (store=)"
            )
        return is_lost

    def _draw_alone(self, drawn: DocumentPage) -> Iterator[DocumentPage]:
        """Yield a page as it is drawn without those before it, as it will be drawn again; in rare cases it is two."""
        if drawn.way == "native":
            yield drawn
            return
        stretch = drawn.document.cut(drawn.page.start, drawn.page.stop)
        style = drawn.page.style or self.style  # with the layout that the whole document got
        alone = [*draw_pages(replace(stretch, original=None), style=style, profile=self.profile)]
        for page in alone:
            if len(alone) == 1:
                yield replace(page, document=stretch)
            else:
                yield from self._draw_alone(replace(page, document=stretch))

    def _make_page(self, drawn: DocumentPage) -> Document:
        text, page = drawn.document, drawn.page
        note = PageNote.from_page(
            page,
            self.store,
            style=page.style or self.style,
            profile=self.profile,
            recipe=PageRecipe.of(drawn, profile=self.profile),
        )
        numbers = [place.page for place in drawn.source_map if place.page is not None]
        label = f"{numbers[0]}-{numbers[-1]}" if numbers and numbers[0] != numbers[-1] else ""
        known = {
            "title": text.title if text.title != PurePath(text.source).name else "",
            "encoding": text.encoding,
            "origin": text.describe_origin(page.start, page.stop),
            "page_label": label or "".join(map(str, numbers[:1])),
            "links": "\n".join(drawn.links),
            "way": drawn.way if text.original is not None else "",
        }
        return Document(
            page_content=page.text,
            metadata={
                "source": text.source,
                "start_index": text.offset + page.start,
                **{name: value for name, value in known.items() if value},
                NOTE: note.to_json(),
            },
        )
