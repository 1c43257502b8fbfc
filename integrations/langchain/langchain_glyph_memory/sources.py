"""`list_sources`: what documents are from, for the list under an answer.

Knows documents and their metadata; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from langchain_core.documents import Document

from langchain_glyph_memory.pictures import NOTE

EXCERPTS = "excerpt_metadata"
"""The key in a packed document's metadata under which stands that of each document on it, in order of `excerpts`."""


def list_sources(documents: Iterable[Document]) -> list[dict[str, Any]]:
    """Return the metadata of all documents that were found, each once, in order, also of those packed onto pages.

    So the list of sources under an answer is the same with a `GlyphDocumentCompressor` and without one.

    Args:
        documents: What a retriever or a `GlyphDocumentCompressor` returned.

    Example:
        >>> from langchain_glyph_memory import GlyphDocumentCompressor
        >>> found = [Document("It opens at nine.", metadata={"source": "museum.pdf", "page": 3})]
        >>> packed = GlyphDocumentCompressor(min_ratio=0).compress_documents(found, "When does it open?")
        >>> [(source["source"], source["page"]) for source in list_sources(packed)]
        [('museum.pdf', 3)]
    """
    listed = list[dict[str, Any]]()
    for document in documents:
        for one in _list_excerpts(copy_metadata(document)):
            if one and not any(
                _is_same(one, before) for before in listed
            ):  # an excerpt may stand on two pages
                listed.append(one)
    return listed


def _list_excerpts(metadata: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the metadata of what stands on a document, also where that was packed itself."""
    excerpts = metadata.get(EXCERPTS)
    if not isinstance(excerpts, list):
        yield metadata
        return
    for one in excerpts:
        yield from _list_excerpts(one)


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    try:
        return one == other
    except ValueError:  # arrays, which are not compared as a whole
        return repr(one) == repr(other)


def copy_metadata(document: Document) -> dict[str, Any]:
    """Return a document's metadata without what only drawing its page needs."""
    return {name: value for name, value in document.metadata.items() if name != NOTE}


def name_source(document: Document) -> str:
    """Return what a document is from, by name: its source, else its title or id; empty where it has none."""
    known = document.metadata
    return str(known.get("source") or known.get("title") or document.id or "")
