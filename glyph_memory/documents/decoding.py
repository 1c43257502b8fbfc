"""Turn the bytes of a text into characters, block by block; one that is not valid is named with its line.

Knows bytes and encodings; knows nothing about formats of text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from glyph_memory.document import Defect
from glyph_memory.documents.encodings import detect_mark, find_zeros, guess_encoding, is_utf8
from glyph_memory.documents.source import Source
from glyph_memory.documents.unnamed import decode_unnamed
from glyph_memory.errors import DocumentError

_LONE = re.compile(r"\r(?!\n)")
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair, which is no character."""


def decode_blocks(source: Source) -> Iterator[str]:
    """Yield the text piece by piece: in the source's encoding, or in the one that is found where it has none.

    Raises:
        DocumentError: A byte breaks the encoding that was named; the message names its offset and its line, counted
            on the way. Or it is no text at all.
    """
    nuls = 0
    for piece in _read_old_lines(source, decode_named(source) if source.encoding else decode_unnamed(source)):
        nuls += piece.count("\0")
        yield piece
    if nuls:
        source.defects["NULs"] = Defect(
            kind="damaged",
            message=f"NUL characters stand in the text, {nuls:,} of them: a page shows each as its number, \\u{{0}}",
        )


def _read_old_lines(source: Source, pieces: Iterator[str]) -> Iterator[str]:
    r"""Yield a text whose lines end as those of old Macs, with `\r` alone, with newlines; all else as it is.

    One character takes the place of one, so that offsets stay what they are.
    """
    is_old: bool | None = None
    held = ""
    for piece in pieces:
        text = held + piece
        held = "\r" if text.endswith("\r") else ""  # a newline may follow
        text = text[:-1] if held else text
        if is_old is None and ("\n" in text or "\r" in text):
            is_old = "\n" not in text
            if is_old:
                _tell_old_lines(source)
        if text:
            yield _LONE.sub("\n", text) if is_old else text
    if held:
        if is_old is None:
            _tell_old_lines(source)
        yield held if is_old is False else "\n"


def read_old_lines(source: Source, text: str) -> str:
    """Return a text as a whole with newlines where its lines end as those of old Macs, and note it in the source."""
    return "".join(_read_old_lines(source, iter((text,))))


def _tell_old_lines(source: Source) -> None:
    source.defects["line ends"] = Defect(kind="guessed", message="old Mac line ends are read as newlines")


def decode_named(source: Source) -> Iterator[str]:
    """Yield the text piece by piece, in the encoding that was named.

    Raises:
        DocumentError: As for `decode_blocks`.
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
    for block in _append_end(source):
        read += len(block)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as error:
            raise _make_error(error, source, encoding, read=read, lines=lines, is_end=not block) from error
        lines += text.count("\n")
        if not text.isascii() and _HALF.search(text):
            source.defects["halves"] = Defect(
                kind="damaged",
                message="halves of surrogate pairs, which are no characters, stand in the text",
            )
        if text:
            yield text


def _append_end(source: Source) -> Iterator[bytes]:
    """Return all blocks, then an empty one: only there incomplete characters are an error."""
    yield from filter(None, source.iter_blocks())
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
