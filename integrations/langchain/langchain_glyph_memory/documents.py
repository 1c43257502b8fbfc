"""`to_content_blocks`: documents as a model sees them.

Knows documents and content blocks; knows nothing about files, nor about conversations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from glyph_memory import Binder, ImagePart, ModelProfile, StoreError, quote_identifiers, warn
from langchain_glyph_memory.blocks import image_block
from langchain_glyph_memory.image_blocks import ImageBlocks, check_image_blocks, spell_image_blocks
from langchain_glyph_memory.pictures import NOTE, ByteStore, PageNote, load_pictures
from langchain_glyph_memory.stores import PageFolder

Block = dict[str, Any]
"""A content block of a message."""


def to_content_blocks(
    documents: Iterable[Document],
    *,
    store: ByteStore | str | Path | None = None,
    captions: bool = True,
    ledger_share: float = 1 / 16,
    profile: ModelProfile | str = "glyph",
    image_blocks: ImageBlocks = "standard",
) -> list[Block]:
    """Return documents as content of a user's message: pages as images with captions, all others as text.

    Pictures come from the store, where it holds them, and are else drawn from `page_content`. One that cannot be
    drawn is told as text, with a warning; a document that is no page is text, too. Nothing is left out.
    Where line breaks are drawn as red signs, one sentence before the first such page says what they mean.

    Args:
        documents: Of `GlyphLoader` or `GlyphDocumentCompressor`, as a vector store gives them back; others, too.
        store: Where the loader kept pictures: a byte store, or a folder.
        captions: Whether a line before each says its source and page.
        ledger_share: How much of a page's text tokens its identifiers may take, said again as text behind it: models
            misread them. Where its links lead comes first. 0 for none.
        profile: The model that will read, for the special tokens that must not stand in text.
        image_blocks: How pictures are spelled: `standard`, as LangChain's own blocks; `image_url`, as OpenAI's, for a
            client that hands blocks on as they are, such as `ChatHuggingFace`.

    Example:
        >>> from langchain_glyph_memory import GlyphLoader
        >>> pages = GlyphLoader.from_text("It opens at nine.", source="museum.txt").load()
        >>> [block["type"] for block in to_content_blocks(pages)]
        ['text', 'image']
    """
    found, binder = [*documents], _binder(profile)
    plain = binder.cleaner.clean_and_escape
    notes = [_read_note(document) for document in found]
    kept = _fetch_stored(open_store(store), notes)
    blocks, is_told = list[Block](), False
    failed, bare = list[tuple[Document, str]](), list[tuple[Document, str]]()
    for document, note in zip(found, notes, strict=True):
        parts: Sequence[ImagePart] = ()
        if note is not None:
            stored = kept.get(note.digest)
            try:
                parts = load_pictures(note, document.page_content, stored)
            except ValueError as error:
                failed.append((document, str(error)))
            if parts and note.recipe.pictures and not stored:
                bare.append((document, ""))
        if parts and note is not None and note.explanation and not is_told:
            blocks.append({"type": "text", "text": f"{note.explanation}\n"})
            is_told = True
        caption = plain(_caption(document)) if captions else ""
        text = "" if parts else plain(document.page_content)
        if caption or text:
            blocks.append({"type": "text", "text": f"{caption}{text}\n" if text else caption})
        blocks += map(image_block, parts)
        if parts and (
            ledger := quote_identifiers(
                document.page_content,
                profile=binder.profile,
                share=ledger_share,
                links=list_links(document),
            )
        ):
            blocks.append({"type": "text", "text": ledger})
    _warn_of_each(failed, "shown as text")
    _warn_of_each(
        bare, "shown without what is pictured there, as captions; give the store that the loader had"
    )
    check_image_blocks(image_blocks)
    return spell_image_blocks(blocks, image_blocks)


def open_store(store: ByteStore | str | Path | None) -> ByteStore | None:
    """Return a byte store; a path becomes a `PageFolder`.

    Raises:
        StoreError: It is neither, or an address.
    """
    if isinstance(store, str) and "://" in store:
        raise StoreError(
            "pictures of documents are kept in a folder or a byte store, not at an address; give store= a folder or "
            "one of LangChain's byte stores"
        )
    if isinstance(store, str | Path):
        return PageFolder(store)
    if store is not None and not (
        callable(getattr(store, "mget", None)) and callable(getattr(store, "mset", None))
    ):
        kind = type(store).__name__
        raise StoreError(
            f"store= is a {kind}, no byte store; give a folder's path, or LangChain's InMemoryByteStore()"
        )
    return store


def describe_source(document: Document) -> str:
    """Return where a document is from: its title or source, and its place there; else its page or part, from 1."""
    known = document.metadata
    named = str(known.get("title") or known.get("source") or document.id or "")
    origin = known.get("origin")
    if isinstance(origin, str) and origin and not origin.startswith("line"):
        return f"{named}{', ' if named else ''}{origin}"
    page = known.get("page")
    if not isinstance(page, int) or "anchor" in known:  # of a conversation, whose pages are counted from 1
        return named
    total = f" of {known['total_pages']}" if isinstance(known.get("total_pages"), int) else ""
    # What we draw on a page is no page of the file, as other loaders count them.
    kind = "part" if NOTE in known and "excerpts" not in known else "page"
    return f"{named}{', ' if named else ''}{kind} {page + 1}{total}"


_binder = lru_cache(maxsize=16)(Binder)


def _read_note(document: Document) -> PageNote | None:
    try:
        return PageNote.read(document.metadata)
    except ValueError as error:
        _warn_of_each([(document, str(error))], "shown as text")
        return None


def _fetch_stored(store: ByteStore | None, notes: Sequence[PageNote | None]) -> dict[str, bytes | None]:
    digests = [*dict.fromkeys(note.digest for note in notes if note is not None)]
    return dict(zip(digests, store.mget(digests), strict=True)) if store is not None and digests else {}


def _warn_of_each(told: Iterable[tuple[Document, str]], what: str) -> None:
    """Warn of pages and what is wrong with each, once for a document."""
    groups = dict[str, list[tuple[Document, str]]]()
    for document, why in told:
        groups.setdefault(str(document.metadata.get("source")), []).append((document, why))
    for (first, why), *others in groups.values():
        more = f" (and {len(others):,} more of its pages)" if others else ""
        warn(f"{describe_source(first) or 'a document'}{more} is {what}{f': {why}' if why else ''}")


def list_links(document: Document) -> list[str]:
    """Return where the links on a page lead."""
    links = document.metadata.get("links")
    return links.splitlines() if isinstance(links, str) else []


def _caption(document: Document) -> str:
    source, excerpts = describe_source(document), document.metadata.get("excerpts")
    if isinstance(excerpts, list) and excerpts:
        source = f"Excerpts {excerpts[0]} to {excerpts[-1]} of {source}"
    return f"{' '.join(source.split())}:\n" if source else ""
