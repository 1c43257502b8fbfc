"""Read files as text, letter for letter, whole or in pieces. Knows nothing about formats, nor about pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from glyph_memory.document import Document
from glyph_memory.documents.decoding import decode_named
from glyph_memory.documents.encodings import is_utf8
from glyph_memory.documents.formats.refused import find_refusal
from glyph_memory.documents.source import STDIN, open_source, show_path
from glyph_memory.errors import DocumentError

_CHARACTERS_AT_MOST = 100_000_000


def read_document(path: str | Path, *, encoding: str = "utf-8") -> Document:
    """Read a whole text.

    Args:
        path: A file, or `-` for standard input.
        encoding: As for `open_text`.

    Returns:
        The text with the file's name as title and the path as source.

    Raises:
        DocumentError: It cannot be read, is not text in that encoding, is empty, or has more than 100 million
            characters: more than any model reads, and a pipe may have no end.
    """
    pieces, held = list[str](), 0
    for piece in open_text(path, encoding):
        pieces.append(piece)
        held += len(piece)
        if held > _CHARACTERS_AT_MOST:
            raise DocumentError(
                f"{show_path(str(path))} has more than {_CHARACTERS_AT_MOST:,} characters; typeset an open file "
                "with iter_pages, which takes a text in pieces, or cut it up"
            )
    text = "".join(pieces)
    if str(path) == STDIN:
        return Document(text=text, title="standard input", source=STDIN)
    return Document(text=text, title=Path(path).name, source=str(path))


def open_text(path: str | Path, encoding: str = "utf-8") -> Iterator[str]:
    """Return a text in pieces as they are read, in memory that does not grow with the file.

    The first piece is read at once, so that a file that is not there is missed here and not half way through.

    Args:
        path: A file, or `-` for standard input.
        encoding: How its bytes spell characters. Where it is UTF-8, a byte order mark at the beginning of the
            file has the last word: it is left out of the text, and UTF-16 and UTF-32 are known by theirs.

    Raises:
        DocumentError: It cannot be read, is not text in that encoding, or is empty; while reading, too.
    """
    source = open_source(path, encoding)
    if is_utf8(encoding) and (refusal := find_refusal(source)):  # who names another says that it is text
        raise refusal
    pieces = decode_named(source)
    try:
        first = next(pieces, None)
    except DocumentError as error:
        raise find_refusal(source) or error from error
    if first is None:
        raise DocumentError(f"{source.shown} is empty; there is nothing to read in it")
    return _prepend(first, pieces)


def _prepend(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
