r"""Read text whose encoding nobody named: it is found out, and lines that are in another one are read in that.

No byte is lost: what is no character in any encoding is spelled out, as `\x9d`, and told. Knows bytes and encodings;
knows nothing about formats of text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from glyph_memory.document import Defect
from glyph_memory.documents.encodings import (
    UTF8_RUN,
    find_declared,
    find_encoding,
    find_zeros,
    guess_best,
    is_binary,
    is_encoding,
    is_mostly_utf8,
    is_utf8,
)
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

_LONGEST_LINE = 1 << 20
"""Bytes of a line above which it is read in pieces."""
_WIDE = ("utf-16", "utf-32")
_SEVERAL_BYTES = ("gb", "hz", "big5", "cp932", "cp949", "cp950", "euc", "shift_jis", "iso2022", "johab")
"""How encodings of several bytes a character are called: half of one often looks like UTF-8."""
_NO_CHARSETS = frozenset(
    {"unicode-escape", "raw-unicode-escape", "utf-7", "idna", "punycode", "hex", "base64"}
)
"""Codecs of Python that no text is written in, though some decode anything."""
_UTF8_START = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
"""How each character beyond ASCII begins in UTF-8."""


def decode_unnamed(source: Source) -> Iterator[str]:
    """Yield the text piece by piece; `source.found_encoding` is what was found, `source.defects` what was guessed.

    Raises:
        DocumentError: It is no text at all.
    """
    head = source.head
    if is_binary(head):
        raise DocumentError(
            f"{source.shown} is no text, and of no format that is known; if it is text, name its encoding, as in "
            "load(path, encoding='cp1252')"
        )
    encoding, is_guess = find_encoding(head)
    names = (source.charset, find_declared(head)) if is_guess else ()
    if said := next(filter(None, (_check_charset(head, name) for name in names)), ""):
        encoding, is_guess = said, False
    source.found_encoding = encoding
    if is_guess:
        by = "the zeros in it" if find_zeros(head) else "what its bytes look like"
        source.defects["encoding"] = Defect(
            kind="guessed",
            message=f"the encoding was taken for {encoding} by {by}; where that is wrong, name another, as in "
            "load(path, encoding='cp1252')",
        )
    yield from _decode_wide(source) if encoding.startswith(_WIDE) else _Lines(source).decode()


def _check_charset(head: bytes, name: str) -> str:
    """Return an encoding that a server or the file itself named, as Python names it; empty where it is another one."""
    try:
        found = codecs.lookup(name).name
        if not is_encoding(found):
            return ""
        codecs.getincrementaldecoder(found)().decode(head)
    except (LookupError, ValueError, TypeError):
        return ""
    return "" if found in _NO_CHARSETS else found


def _decode_wide(source: Source) -> Iterator[str]:
    """Yield text in UTF-16 or UTF-32, where lines cannot be told by their bytes."""
    decoder, line, first_broken = codecs.getincrementaldecoder(source.found_encoding)(), 1, 0
    for block in _append_end(source.iter_blocks()):
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError:  # a decoder that failed still stands before the block
            first_broken = first_broken or line
            decoder.errors = "backslashreplace"
            text = decoder.decode(block, final=not block)
            decoder.errors = "strict"
            _tell_broken(source, first_broken)
        line += text.count("\n")
        if text:
            yield text


def _append_end(blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield from filter(None, blocks)
    yield b""


def _tell_broken(source: Source, line: int) -> None:
    source.defects.setdefault(
        "bytes",
        Defect(
            kind="damaged",
            message=f"from line {line} on there are bytes that are no characters in {source.found_encoding}; each is "
            r"spelled out, as \x9d",
        ),
    )


class _Lines:
    """The lines of a source, in the encoding that was found, and single ones in another."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._main = "utf-8" if is_utf8(source.found_encoding) else source.found_encoding
        self._other = "" if self._main == "utf-8" else "utf-8"
        """What other lines are in; beside UTF-8 it is found out with the first of them."""
        self._line = 1
        self._count, self._first, self._told, self._found = 0, 0, False, False

    def decode(self) -> Iterator[str]:
        """Yield all lines, many at once; long ones in pieces that end with a whole character."""
        rest = b""
        for place, block in enumerate(self._source.iter_blocks()):
            data = rest + (block if place else block.removeprefix(codecs.BOM_UTF8))
            cut = data.rfind(b"\n") + 1
            if not cut and len(data) >= _LONGEST_LINE:
                decoder = codecs.getincrementaldecoder(self._main)("ignore")
                decoder.decode(data)
                cut = len(data) - len(decoder.getstate()[0])
            rest = data[cut:]
            if text := self._decode(data[:cut], is_end=False):
                yield text
        if text := self._decode(rest, is_end=True):
            yield text

    def _decode(self, data: bytes, *, is_end: bool) -> str:
        try:
            if not self._may_hold_utf8(data):
                text = data.decode(self._main)
                self._line += text.count("\n")
                return text
        except UnicodeError:
            pass
        lines = data.splitlines(keepends=True)
        if not self._other:
            self._other = guess_best(b"".join(map(_keep_unknown, lines)))
        texts, self._found = list[str](), False
        for place, line in enumerate(lines, 1):
            texts.append(self._decode_line(line, is_end=is_end and place == len(lines)))
            self._line += texts[-1].count("\n")
        if self._found:
            self._tell_others()
        return "".join(texts)

    def _may_hold_utf8(self, data: bytes) -> bool:
        if self._main == "utf-8" or self._main.startswith(_SEVERAL_BYTES):
            return False
        return _UTF8_START.search(data) is not None

    def _decode_line(self, line: bytes, *, is_end: bool) -> str:
        if line.isascii():
            return self._spell(line, self._main)
        if self._main == "utf-8":
            return self._decode_utf8(line, is_end=is_end)
        if not _is_in(line, "utf-8") or (self._main.startswith(_SEVERAL_BYTES) and _is_in(line, self._main)):
            return self._spell(line, self._main)
        self._count_other()
        return line.decode()

    def _decode_utf8(self, line: bytes, *, is_end: bool) -> str:
        """Return a line of a text in UTF-8, which may be none."""
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            is_cut = is_end and error.end == len(line) and "unexpected end" in error.reason
        if is_cut or _is_in(line, "utf-8", "surrogatepass"):
            return self._spell(line, "utf-8")
        self._count_other()
        runs = UTF8_RUN.split(line)
        if not self._other.startswith(_SEVERAL_BYTES) and is_mostly_utf8(runs):  # both within a line
            return "".join(
                run.decode() if place % 2 else self._spell(run, self._other) for place, run in enumerate(runs)
            )
        return self._spell(line, self._other)

    def _spell(self, line: bytes, encoding: str) -> str:
        try:
            return line.decode(encoding)
        except UnicodeError:
            _tell_broken(self._source, self._line)
            if _is_in(line, encoding, "surrogatepass"):
                return line.decode(encoding, "surrogatepass").encode("utf-8", "backslashreplace").decode()
            return line.decode(encoding, "backslashreplace")

    def _count_other(self) -> None:
        if "lines" not in self._source.defects and self._told:  # they went with the part before
            self._count, self._told = 0, False
        self._first = self._first if self._count else self._line
        self._count, self._found = self._count + 1, True

    def _tell_others(self) -> None:
        self._told = True
        lines = "line is" if self._count == 1 else "lines are"
        self._source.defects["lines"] = Defect(
            kind="guessed",
            message=f"{self._count:,} {lines} in another encoding than the rest, {self._main}; from line {self._first} "
            f"on they were read as {self._other}; where that is wrong, name one for all, as in "
            "load(path, encoding='cp1252')",
        )


def _keep_unknown(line: bytes) -> bytes:
    """Return what of a line is worth a guess: all of it, or what is not UTF-8 where most of it is."""
    runs = UTF8_RUN.split(line)
    return b"".join(runs[::2]) if len(runs) > 1 and is_mostly_utf8(runs) else line


def _is_in(line: bytes, encoding: str, errors: str = "strict") -> bool:
    try:
        line.decode(encoding, errors)
    except UnicodeError:
        return False
    return True
