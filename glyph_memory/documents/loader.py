"""Load any document: a file, an address or bytes. Knows that there are formats; knows nothing about pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

from glyph_memory.addresses import is_address
from glyph_memory.document import Document
from glyph_memory.documents.addresses import open_address
from glyph_memory.documents.formats import read_source
from glyph_memory.documents.options import Limits, LoadOptions
from glyph_memory.documents.source import ByteStream, Source, open_bytes, open_source, open_stream
from glyph_memory.errors import DocumentError, show_value

Loadable = str | Path | bytes | ByteStream
"""What can be read: a path, an address, `-` for standard input, the bytes themselves, or a file opened for bytes."""


class LoadFields(TypedDict, total=False):
    """The fields of `LoadOptions`, as keywords."""

    encoding: str | None
    structure: bool
    pictures: bool
    main_content: bool
    password: str | None
    pages: str
    terminal_escapes: bool
    part_characters: int
    allow_hosts: tuple[str, ...]
    limits: Limits


def load(
    source: Loadable,
    *,
    name: str = "",
    options: LoadOptions | None = None,
    **fields: Unpack[LoadFields],
) -> Iterator[Document]:
    """Read a document of any format that is known.

    The first part is read at once, so that a file that is not there is missed here and not half way through.

    Args:
        source: A path, an address such as `https://…` or `s3://…`, `-` for standard input, the bytes themselves, or a
            file that was opened for bytes, which stays open.
        name: What to call bytes or an open file; its end tells the format where the content does not.
        options: How to read; or the fields of `LoadOptions` as keywords.
        **fields: The fields of `LoadOptions`.

    Yields:
        Documents in reading order: one of a short file; of a long one several parts, of a workbook one a sheet, of a
        mail one more for each attached document.

    Raises:
        DocumentError: It cannot be read, or there is nothing to read in it; while reading on, too.
    """
    chosen = replace(options or LoadOptions(), **fields)
    return load_source(_open(source, name, chosen), chosen)


def load_source(opened: Source, chosen: LoadOptions) -> Iterator[Document]:
    """Read a document that is open; see `load`.

    Args:
        opened: The document.
        chosen: How to read.

    Raises:
        DocumentError: As for `load`.
    """
    documents = read_source(opened, chosen)
    first = next(documents, None)
    if first is None:
        if opened.head.strip():
            raise DocumentError(f"{opened.shown} holds no text; there is nothing to read in it")
        raise DocumentError(f"{opened.shown} is empty; there is nothing to read in it")
    return _prepend(first, documents)


async def aload(
    source: Loadable,
    *,
    name: str = "",
    options: LoadOptions | None = None,
    **fields: Unpack[LoadFields],
) -> AsyncIterator[Document]:
    """Read a document as `load` does, in a thread, so that the event loop goes on.

    Args:
        source: As for `load`.
        name: As for `load`.
        options: As for `load`.
        **fields: As for `load`.

    Yields:
        Documents in reading order.

    Raises:
        DocumentError: As for `load`; with the first document.
    """
    documents = await asyncio.to_thread(load, source, name=name, options=options, **fields)
    while (document := await asyncio.to_thread(next, documents, None)) is not None:
        yield document


def _open(source: Loadable, name: str, options: LoadOptions) -> Source:
    encoding = options.encoding or ""
    if isinstance(source, bytes | bytearray | memoryview):
        return open_bytes(bytes(source), encoding, name=name)
    if isinstance(source, str) and is_address(source):
        return open_address(source, encoding, options)
    if source == "":
        raise DocumentError("an empty path was given; give a file, an address, bytes or an open file")
    if isinstance(source, str | Path):
        return open_source(source, encoding)
    if hasattr(source, "read"):
        own = getattr(source, "name", "")
        return open_stream(source, encoding, name=name or (own if isinstance(own, str) else ""))
    raise DocumentError(
        f"{show_value(source)} is nothing to read; give a path, an address, bytes or an open file"
    )


def _prepend(first: Document, rest: Iterator[Document]) -> Iterator[Document]:
    yield first
    yield from rest
