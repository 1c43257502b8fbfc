"""Turn the bytes of a text into characters, block by block; one that is not valid is named with its line.

Knows bytes and encodings; knows nothing about formats of text.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from glyph_memory.documents.encodings import detect_mark, find_zeros, guess_encoding, is_utf8
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError


def decode_blocks(source: Source) -> Iterator[str]:
    """Yield the text piece by piece.

    Raises:
        DocumentError: A byte breaks the encoding; the message names its offset and its line, counted on the way.
    """
    head, encoding = source.head, source.encoding
    if is_utf8(encoding):
        mark = detect_mark(head)
        if mark is None and (likely := find_zeros(head)):
            raise DocumentError(
                f"{source.shown} looks like {likely}: bytes at regular places are zero. If that is meant, "
                f"--encoding cp1252 takes it; else try --encoding {likely}"
            )
        encoding = mark or encoding
    decoder = _decoder(encoding)
    read = lines = 0
    for block in _append_end(head, source.rest):
        read += len(block)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:
            raise _make_error(error, source, encoding, read=read, lines=lines, is_end=not block) from error
        lines += text.count("\n")
        if text:
            yield text


def _append_end(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return all blocks, then an empty one: only there incomplete characters are an error."""
    yield head
    if head:
        yield from blocks
        yield b""


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        if isinstance("".encode(encoding), bytes):  # refuses what is no encoding of text: 'hex', 'rot13'
            return codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    except (
        LookupError,
        ValueError,
    ):  # no such name, or one with a zero byte in it: told below, as all others
        pass
    raise DocumentError(
        f"no text encoding is named {encoding!r}; try 'utf-8', 'utf-16', 'cp1252' or 'gb18030'"
    )


def _make_error(
    error: UnicodeError, source: Source, encoding: str, *, read: int, lines: int, is_end: bool
) -> DocumentError:
    name = source.shown
    if not isinstance(error, UnicodeDecodeError):
        return DocumentError(f"{name} is not text in {encoding!r}: {error}; try another --encoding")
    buffer, start = error.object, error.start
    line = lines + 1 + buffer[:start].count(b"\n")
    where = f"byte 0x{buffer[start]:02x} at offset {read - len(buffer) + start} (line {line})"
    if is_end and error.end == len(buffer):
        return DocumentError(f"{name} ends in the middle of a character, {where}; is the file whole?")
    guess = guess_encoding(buffer, start, unlike=encoding)
    return DocumentError(f"{name} is not valid {encoding}: {where} breaks it; try --encoding {guess}")
