"""`GlyphLoader`: long texts as LangChain documents, one a page; `to_content_blocks`: documents as a model sees them.

A document's `page_content` is the page's exact text, for embedding, searching and reading; its picture is drawn from
that text whenever it is wanted. Knows files, documents and content blocks; knows nothing about conversations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, Unpack

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from glyph_memory import (
    Binder,
    DocumentError,
    ModelProfile,
    PageOptionFields,
    PageOptions,
    iter_pages,
    quote_identifiers,
    read_document,
    typeset,
    warn,
)
from glyph_memory import Document as Text
from langchain_glyph_memory.blocks import image_block
from langchain_glyph_memory.pictures import NOTE, ByteStore, PageNote, load_pictures
from langchain_glyph_memory.stores import PageFolder

Block = dict[str, Any]
"""A content block of a message."""

_SKIPPED = "{error}. It is skipped; the other files of {folder!r} are loaded"


class GlyphLoader(BaseLoader):
    """Loads text files as documents, one a page: index them by their text, show them as pictures.

    `page_content` is the exact text of the page; all pages' together are the file's. `metadata` holds `source`,
    `page` (counted from 0, as LangChain's PDF loaders do), `total_pages`, `start_index` (where in the file the page
    begins, in characters), and `glyph`: a short JSON string with the picture's digest, size and tokens, and how it is
    drawn. It holds no picture: `to_content_blocks` draws those that are shown, in milliseconds. With a `store`,
    pictures are kept there as well, under their digest; with a folder, `glyph` also tells each one's path.

    Args:
        source: A text file; a folder, of which hidden files are left out; or several of them.
        options: For which model, and how pages look; or its fields as keywords. See `glyph_memory.PageOptions`. When
            messages become pages makes no difference here.
        store: Where pictures are kept: a byte store, or a folder; in the options' folder, else nowhere, unless given.
        glob: Which files of a folder.
        encoding: How the files' bytes spell characters.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.

    Example:
        >>> (document,) = GlyphLoader.from_text("It opens at nine.", source="museum.txt").load()
        >>> document.page_content, document.metadata["source"], document.metadata["page"]
        ('It opens at nine.', 'museum.txt', 0)
    """

    def __init__(
        self,
        source: str | Path | Iterable[str | Path],
        *,
        options: PageOptions | None = None,
        store: ByteStore | str | Path | None = None,
        glob: str = "**/*",
        encoding: str = "utf-8",
        **fields: Unpack[PageOptionFields],
    ) -> None:
        self._sources = [source] if isinstance(source, str | Path) else [*source]
        options = PageOptions.merge(options, fields)
        self._profile, self._style = options.profile, options.page_style
        self._store = open_store(options.pages if store is None else store)
        self._glob, self._encoding = glob, encoding
        self._text: Text | None = None

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        source: str = "",
        options: PageOptions | None = None,
        store: ByteStore | str | Path | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> Self:
        """Return a loader for a text in memory.

        Args:
            text: The text.
            source: What to call it.
            options: As for files.
            store: As for files.
            **fields: As for files.
        """
        loader = cls((), options=options, store=store, **fields)
        loader._text = Text(text=text, source=source)
        return loader

    def lazy_load(self) -> Iterator[Document]:
        """Yield documents page by page; only one file is in memory at a time.

        Raises:
            DocumentError: A file is missing, or no text. In a folder such a file is skipped, with a warning; it is an
                error where no file can be loaded.
            FontError: The style's font is missing.
            StoreError: The folder for pictures cannot be written.
        """
        if self._text is not None:
            yield from self._documents(self._text)
        for source in self._sources:
            if Path(source).is_dir():
                yield from self._read_folder(Path(source))
            else:
                yield from self._documents(read_document(source, encoding=self._encoding))

    def _read_folder(self, folder: Path) -> Iterator[Document]:
        paths = [path for path in sorted(folder.glob(self._glob)) if _is_wanted(path, folder)]
        if not paths:
            raise DocumentError(
                f"no file of {str(folder)!r} matches {self._glob!r} and holds anything; see glob="
            )
        failed: DocumentError | None = None
        loaded = 0
        for path in paths:
            try:
                text = read_document(path, encoding=self._encoding)
            except DocumentError as error:
                failed = failed or error
                if len(paths) > 1:
                    warn(_SKIPPED.format(error=error, folder=str(folder)))
                continue
            loaded += 1
            yield from self._documents(text)
        if not loaded:
            raise DocumentError(
                f"none of {len(paths)} files in {str(folder)!r} could be loaded; the first: {failed}"
            ) from failed

    def _documents(self, text: Text) -> Iterator[Document]:
        """Yield a text's pages as documents, after all are drawn, as each holds the number of pages."""
        parts = [part for page in iter_pages(text, style=self._style) for part in self._note_pages(page.text)]
        begin = 0
        for number, (part, note) in enumerate(parts):
            metadata = {
                "source": text.source,
                "page": number,
                "total_pages": len(parts),
                "start_index": begin,
                NOTE: note.to_json(),
            }
            yield Document(page_content=part, metadata=metadata)
            begin += len(part)

    def _note_pages(self, text: str) -> Iterator[tuple[str, PageNote]]:
        """Yield a text's page, drawn by itself, and its note; two or more where the text needs more pages alone."""
        pages = typeset(text, style=self._style)
        if len(pages) > 1:
            for page in pages:
                yield from self._note_pages(page.text)
            return
        yield text, PageNote.from_page(pages[0], self._store, style=self._style, profile=self._profile)


def to_content_blocks(
    documents: Iterable[Document],
    *,
    store: ByteStore | str | Path | None = None,
    captions: bool = True,
    ledger_share: float = 1 / 16,
    profile: ModelProfile | str = "glyph",
) -> list[Block]:
    """Return documents as content of a user's message: pages as images with captions, all others as text.

    Pictures come from the store, where it holds them, and are else drawn from `page_content`. One that cannot be
    drawn is told as text, with a warning; a document that is no page is text, too. Nothing is left out.

    Args:
        documents: Of `GlyphLoader` or `GlyphDocumentCompressor`, as a vector store gives them back; others, too.
        store: Where the loader kept pictures: a byte store, or a folder.
        captions: Whether a line before each says its source and page.
        ledger_share: How much of a page's text tokens its identifiers may take, said again as text behind it: models
            misread them. 0 for none.
        profile: The model that will read, for the special tokens that must not stand in text.

    Example:
        >>> pages = GlyphLoader.from_text("It opens at nine.", source="museum.txt").load()
        >>> [block["type"] for block in to_content_blocks(pages)]
        ['text', 'image']
    """
    found, binder = [*documents], _binder(profile)
    plain = binder.cleaner.clean_and_escape
    notes = [_read_note(document) for document in found]
    kept = _fetch_stored(open_store(store), notes)
    blocks: list[Block] = []
    for document, note in zip(found, notes, strict=True):
        parts = _load_or_warn(document, note, kept) if note is not None else ()
        caption = plain(_caption(document)) if captions else ""
        text = "" if parts else plain(document.page_content)
        if caption or text:
            blocks.append({"type": "text", "text": f"{caption}{text}\n" if text else caption})
        blocks += map(image_block, parts)
        if parts and (
            ledger := quote_identifiers(document.page_content, profile=binder.profile, share=ledger_share)
        ):
            blocks.append({"type": "text", "text": ledger})
    return blocks


def open_store(store: ByteStore | str | Path | None) -> ByteStore | None:
    """Return a byte store; a path becomes a `PageFolder`."""
    return PageFolder(store) if isinstance(store, str | Path) else store


def describe_source(document: Document) -> str:
    """Return where a document is from: its title or source, and its page, counted from 1."""
    known = document.metadata
    named = str(known.get("title") or known.get("source") or document.id or "")
    page = known.get("page")
    if not isinstance(page, int) or "anchor" in known:  # of a conversation, whose pages are counted from 1
        return named
    total = f" of {known['total_pages']}" if isinstance(known.get("total_pages"), int) else ""
    return f"{named}{', ' if named else ''}page {page + 1}{total}"


_binder = lru_cache(maxsize=16)(Binder)


def _read_note(document: Document) -> PageNote | None:
    try:
        return PageNote.read(document.metadata)
    except ValueError as error:
        _warn_as_text(document, error)
        return None


def _fetch_stored(store: ByteStore | None, notes: Sequence[PageNote | None]) -> dict[str, bytes | None]:
    digests = [*dict.fromkeys(note.digest for note in notes if note is not None)]
    return dict(zip(digests, store.mget(digests), strict=True)) if store is not None and digests else {}


def _load_or_warn(document: Document, note: PageNote, kept: dict[str, bytes | None]) -> Sequence[Any]:
    try:
        return load_pictures(note, document.page_content, kept.get(note.digest))
    except ValueError as error:
        _warn_as_text(document, error)
        return ()


def _warn_as_text(document: Document, error: ValueError) -> None:
    warn(f"{describe_source(document) or 'a document'} is shown as text: {error}")


def _caption(document: Document) -> str:
    source, excerpts = describe_source(document), document.metadata.get("excerpts")
    if isinstance(excerpts, list) and excerpts:
        source = f"Excerpts {excerpts[0]} to {excerpts[-1]} of {source}"
    return f"{' '.join(source.split())}:\n" if source else ""


def _is_wanted(path: Path, folder: Path) -> bool:
    """Return whether a path is a file that is neither empty nor hidden."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.is_file() and path.stat().st_size > 0
