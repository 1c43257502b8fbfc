"""`GlyphDocumentCompressor`: what a retriever found, packed onto as few pages as possible.

Knows documents and what they may cost; how excerpts share a page is the core's business.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any, Unpack

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import ConfigDict, Field, InstanceOf, PrivateAttr

from glyph_memory import Document as Text
from glyph_memory import PackedPage, PageOptionFields, PageOptions, PageStyle, explain_page, pack, warn
from langchain_glyph_memory.documents import describe_source, list_links, open_store
from langchain_glyph_memory.pictures import NOTE, ByteStore, PageNote
from langchain_glyph_memory.sources import EXCERPTS, copy_metadata, name_source


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """What is shown of documents: pages of excerpts, and pages that stay whole."""

    documents: Sequence[Document]
    """All that were given, best first."""
    texts: Sequence[Document]
    """Those of them that are packed."""
    pages: tuple[PackedPage, ...]
    """What they are packed onto."""
    notes: Sequence[PageNote]
    """Of those that stay whole."""

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Of all pages."""
        return [*(one.page.size for one in self.pages), *(note.size for note in self.notes)]

    @property
    def explanation(self) -> str:
        """What a model is told of the signs on pages."""
        told = [*(explain_page(one.page) for one in self.pages), *(note.explanation for note in self.notes)]
        return next(filter(None, told), "")


class GlyphDocumentCompressor(BaseDocumentCompressor):
    """Packs retrieved documents onto as few pages as possible, each under a numbered heading.

    Gives one document a page: `page_content` is what the page says; `metadata` holds `sources`, the `excerpts` that
    stand on it (their numbers, best first), `excerpt_metadata` (that of each of them, such as its source and page),
    `links`, `page`, `total_pages`, and `glyph` for `to_content_blocks`; `list_sources` reads from it what was found.
    Page documents and others are packed alike, by their text: headings and tables are plain text there. Pages with
    pictures, such as a PDF's own, stay as they are, among the packed ones. Where pages would not pay, all come back as
    they are.

    Args:
        options: For which model, and how pages look; or its fields as keywords. See `glyph_memory.PageOptions`. The
            style is the released Glyph model's, dense, unless given.
        max_pages: How many pages there may be; the best-ranked documents are kept, and a warning says what had no room.
        max_tokens: What the pages may cost together, with what is told of their signs; as above.
        min_ratio: Where text is cheaper than this many times its pages, it stays text: 1 packs what pays, 0 everything.
        store: Where pictures are kept: a byte store, or a folder; in the options' folder, else nowhere, unless given.
        **fields: The fields of `PageOptions`.

    Example:
        >>> found = [Document("It opens at nine.", metadata={"source": "museum.txt"}), Document("It rains.")]
        >>> (page,) = GlyphDocumentCompressor(min_ratio=0).compress_documents(found, "When does it open?")
        >>> page.metadata["excerpts"], page.metadata["sources"]
        ([1, 2], ['museum.txt'])
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    options: InstanceOf[PageOptions]
    """For which model, and how pages look; the style is dense unless one is given."""
    max_pages: int | None = Field(default=None, ge=1)
    """How many pages there may be; the best-ranked documents are kept, and a warning says what had no room."""
    max_tokens: int | None = Field(default=None, ge=1)
    """What the pages may cost together; as above."""
    min_ratio: float = Field(default=1, ge=0)
    """Where text is cheaper than this many times its pages, it stays text: 1 packs what pays, 0 everything."""
    store: Any = None
    """Where pictures are kept, a byte store or a folder; they are drawn again when they are shown unless given."""

    _style: PageStyle = PrivateAttr()
    _pictures: ByteStore | None = PrivateAttr()

    def __init__(
        self,
        *,
        options: PageOptions | None = None,
        max_pages: int | None = None,
        max_tokens: int | None = None,
        min_ratio: float = 1,
        store: ByteStore | str | Path | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> None:
        options = PageOptions.merge(options, fields)
        given: dict[str, Any] = {
            "options": options,
            "max_pages": max_pages,
            "max_tokens": max_tokens,
            "min_ratio": min_ratio,
            "store": options.pages if store is None else store,
        }
        super().__init__(**given)
        is_chosen = options.style is not None or options.calibration is not None
        self._style = options.page_style if is_chosen else options.page_style.dense()
        self._pictures = open_store(self.store)

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Pack documents.

        Args:
            documents: What was found, best first.
            query: Not needed.
            callbacks: Not needed.

        Raises:
            FontError: The style's font is missing.
            StoreError: The folder for pictures cannot be written.
        """
        shown = self._pack(documents)
        tokens = self.options.profile.text_tokens(
            "\n".join(document.page_content for document in shown.texts)
        )
        whole = replace(shown, pages=())
        if tokens < self.min_ratio * (self._cost(shown) - self._cost(whole)) and (
            self._fits(whole) and (self.max_tokens is None or tokens + self._cost(whole) <= self.max_tokens)
        ):
            return documents
        return self._list_documents(shown if self._fits(shown) else self._pack_fitting(documents))

    def _pack(self, documents: Sequence[Document]) -> _Shown:
        notes = [(document, _read_picture_note(document)) for document in documents]
        texts = [document for document, note in notes if note is None]
        excerpts = [Text(text=document.page_content, title=describe_source(document)) for document in texts]
        return _Shown(
            documents=documents,
            texts=texts,
            pages=pack(excerpts, style=self._style) if texts else (),
            notes=[note for _, note in notes if note is not None],
        )

    def _cost(self, shown: _Shown) -> int:
        profile = self.options.profile
        return profile.pages_tokens(shown.sizes) + profile.text_tokens(shown.explanation)

    def _fits(self, shown: _Shown) -> bool:
        return (self.max_pages is None or len(shown.sizes) <= self.max_pages) and (
            self.max_tokens is None or self._cost(shown) <= self.max_tokens
        )

    def _pack_fitting(self, documents: Sequence[Document]) -> _Shown:
        """Pack as many of the first documents as fit; if the first is too long, return those of its pages that fit."""
        counts = range(1, len(documents) + 1)
        fit = bisect_right(counts, False, key=lambda count: not self._fits(self._pack(documents[:count])))
        shown = self._pack(documents[: max(fit, 1)])
        while shown.pages and not self._fits(shown):
            shown = replace(shown, pages=shown.pages[:-1])
        if not self._fits(shown):  # a page that stays whole
            shown = self._pack([])
        begun = " (of the first, the beginning is shown)" if shown.pages and not fit else ""
        _warn_missing(documents[fit:], len(documents), len(shown.sizes), begun)
        return shown

    def _list_documents(self, shown: _Shown) -> list[Document]:
        """Return pages where the first of their excerpts stood among the documents, and others where they stood."""
        places = {id(document): place for place, document in enumerate(shown.documents)}
        packed = [
            (
                places[id(shown.texts[page.documents[0]])],
                number,
                self._document(page, shown.texts, len(shown.pages)),
            )
            for number, page in enumerate(shown.pages)
        ]
        kept = {id(document) for document in shown.texts}
        whole = [
            (place, 0, document) for place, document in enumerate(shown.documents) if id(document) not in kept
        ]
        return [document for _, _, document in sorted([*packed, *whole], key=itemgetter(0, 1))]

    def _document(self, packed: PackedPage, documents: Sequence[Document], total: int) -> Document:
        note = PageNote.from_page(
            packed.page,
            self._pictures,
            style=packed.page.style or self._style,
            profile=self.options.profile,
            headings=packed.headings,
        )
        found = [documents[place] for place in packed.documents]
        sources = [*dict.fromkeys(filter(None, map(name_source, found)))]
        links = dict.fromkeys(link for document in found for link in list_links(document))
        metadata = {
            "source": ", ".join(sources),
            "sources": sources,
            "excerpts": [place + 1 for place in packed.documents],
            EXCERPTS: [*map(copy_metadata, found)],
            "page": packed.page.number - 1,
            "total_pages": total,
            **({"links": "\n".join(links)} if links else {}),
            NOTE: note.to_json(),
        }
        return Document(page_content=packed.text, metadata=metadata)


def _read_picture_note(document: Document) -> PageNote | None:
    """Return the note of a page whose text does not say what is pictured on it."""
    try:
        note = PageNote.read(document.metadata)
    except ValueError:
        return None
    if (
        note is None
        or not (note.recipe.number or note.recipe.pictures)
        or not note.is_of(document.page_content)
    ):
        return None
    return note


def _warn_missing(missing: Sequence[Document], total: int, pages: int, begun: str) -> None:
    """Warn about the documents that had no room."""
    names = [describe_source(document) or "one without a name" for document in missing]
    named = "; ".join(names[:5]) + ("; …" if len(names) > 5 else "")
    warn(
        f"{len(missing)} of {total} documents had no room on {pages} page{'s' * (pages != 1)}{begun}: {named}. "
        "Raise max_pages or max_tokens, or retrieve fewer"
    )
