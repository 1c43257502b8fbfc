"""Load any document: a file, an address, bytes or a folder. Knows that there are formats; knows nothing about pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

from glyph_memory.document import Document
from glyph_memory.documents.formats import choose_format
from glyph_memory.documents.options import Limits, LoadOptions
from glyph_memory.documents.source import Source, open_bytes, open_source
from glyph_memory.errors import DocumentError


class LoadFields(TypedDict, total=False):
    """The fields of `LoadOptions`, as keywords."""

    encoding: str | None
    structure: bool
    pictures: bool
    main_content: bool
    password: str | None
    pages: str
    part_characters: int
    allow_hosts: tuple[str, ...]
    limits: Limits


def load(
    source: str | Path | bytes,
    *,
    name: str = "",
    options: LoadOptions | None = None,
    **fields: Unpack[LoadFields],
) -> Iterator[Document]:
    """Read a document of any format that is known.

    The first part is read at once, so that a file that is not there is missed here and not half way through.

    Args:
        source: A path, an address, `-` for standard input, or the bytes themselves.
        name: What to call bytes; its end tells the format where the content does not.
        options: How to read; or the fields of `LoadOptions` as keywords.
        **fields: The fields of `LoadOptions`.

    Yields:
        Documents in reading order: one of a short file; of a long one several parts, of a workbook one a sheet, of a
        mail one more for each attached document.

    Raises:
        DocumentError: It cannot be read, or there is nothing to read in it; while reading on, too.
    """
    chosen = replace(options or LoadOptions(), **fields)
    opened = _open(source, name, chosen)
    documents = choose_format(opened).read(opened, chosen)
    first = next(documents, None)
    if first is None:
        raise DocumentError(f"{opened.shown} is empty; there is nothing to read in it")
    return _prepend(first, documents)


def _open(source: str | Path | bytes, name: str, options: LoadOptions) -> Source:
    encoding = options.encoding or "utf-8"
    return (
        open_bytes(source, encoding, name=name)
        if isinstance(source, bytes)
        else open_source(source, encoding)
    )


def _prepend(first: Document, rest: Iterator[Document]) -> Iterator[Document]:
    yield first
    yield from rest
