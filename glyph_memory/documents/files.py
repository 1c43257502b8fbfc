"""Read files and standard input as text, exactly as they are.

Line ends stay what they were; NUL bytes and halves of surrogate pairs come through: what can be drawn is for
the typesetter to say. Knows files and encodings; knows nothing about pages.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from glyph_memory.documents.encodings import detect_file_kind, detect_mark, guess_encoding
from glyph_memory.errors import DocumentError
from glyph_memory.transcript import Document

STDIN = "-"
"""Stands for standard input wherever a path may stand."""

_BLOCK = 1 << 16
"""Bytes read at a time."""


def read_document(path: str | Path, *, encoding: str = "utf-8") -> Document:
    """Read a whole text.

    Args:
        path: A file, or `-` for standard input.
        encoding: As for `open_text`.

    Returns:
        The text with the file's name as title and the path as source.

    Raises:
        DocumentError: It cannot be read, is not text in that encoding, or is empty.
    """
    text = "".join(open_text(path, encoding))
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
    name = "standard input" if str(path) == STDIN else repr(str(path))
    pieces = _decode_blocks(_blocks(path, name), name, encoding)
    first = next(pieces, None)
    if first is None:
        raise DocumentError(f"{name} is empty; there is nothing to read in it")
    return _prepend(first, pieces)


def _prepend(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _blocks(path: str | Path, name: str) -> Iterator[bytes]:
    try:
        if str(path) == STDIN:
            if sys.stdin is None:  # closed by whoever started us
                raise DocumentError("standard input is closed; give a file, or pipe text in")
            yield from _read(sys.stdin.buffer)
            return
        with Path(path).open("rb") as file:
            yield from _read(file)
    except FileNotFoundError as error:
        raise DocumentError(f"there is no file {name}; is its name spelled right?") from error
    except IsADirectoryError as error:
        raise DocumentError(f"{name} is a folder; give the files in it") from error
    except PermissionError as error:
        raise DocumentError(
            f"{name} may not be read by this user; change its permissions, or copy it"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise DocumentError(f"cannot read {name}: {getattr(error, 'strerror', None) or error}") from error


def _read(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _decode_blocks(blocks: Iterator[bytes], name: str, encoding: str) -> Iterator[str]:
    """Decode block by block, counting bytes and lines for the error message."""
    head = next(blocks, b"")
    if _is_utf8(encoding):
        encoding = detect_mark(head) or encoding
    decoder = _decoder(encoding)
    read = lines = 0
    for block in _append_end(head, blocks):
        read += len(block)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:
            raise _make_error(
                error, head, name, encoding, read=read, lines=lines, is_end=not block
            ) from error
        lines += text.count("\n")
        if text:
            yield text


def _append_end(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return all blocks, then an empty one: only there incomplete characters are an error."""
    yield head
    if head:
        yield from blocks
        yield b""


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}
    except (LookupError, ValueError):
        return False


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        if isinstance("".encode(encoding), bytes):  # refuses what is no encoding of text: 'hex', 'rot13'
            return codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    except (LookupError, ValueError):
        pass
    raise DocumentError(
        f"no text encoding is named {encoding!r}; try 'utf-8', 'utf-16', 'cp1252' or 'gb18030'"
    )


def _make_error(
    error: UnicodeError, head: bytes, name: str, encoding: str, *, read: int, lines: int, is_end: bool
) -> DocumentError:
    kind = detect_file_kind(head)
    if kind:
        return DocumentError(f"{name} is {kind}, not text; extract its text first")
    if not isinstance(error, UnicodeDecodeError):
        return DocumentError(f"{name} is not text in {encoding!r}: {error}; try another --encoding")
    buffer, start = error.object, error.start
    line = lines + 1 + buffer[:start].count(b"\n")
    where = f"byte 0x{buffer[start]:02x} at offset {read - len(buffer) + start} (line {line})"
    if is_end and error.end == len(buffer):
        return DocumentError(f"{name} ends in the middle of a character, {where}; is the file whole?")
    guess = guess_encoding(buffer, start, unlike=encoding)
    return DocumentError(f"{name} is not valid {encoding}: {where} breaks it; try --encoding {guess}")
