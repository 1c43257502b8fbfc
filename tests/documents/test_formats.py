"""A document's format is told by its content, else by its name; a new one is a module and an entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from glyph_memory.documents import formats, open_text, read_document
from glyph_memory.documents.formats import FORMATS, choose_format
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.text import TEXT
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError


def read_shouted(source: Source) -> Iterator[str]:
    """Read a format that was made up for this test."""
    yield source.read_all().removeprefix(b"!shout\n").decode().upper()


SHOUTED = Format(name="a shout", beginnings=(b"!shout",), suffixes=(".shout",), read=read_shouted)
WHISPERED = Format(name="a whisper", beginnings=(b"!whisper",), suffixes=(".whisper",), read=read_shouted)
MADE_UP = (SHOUTED, WHISPERED, *FORMATS)


def make_source(path: str, head: bytes, *, encoding: str = "utf-8") -> Source:
    """Return a source that ends with its first block."""
    return Source(path=path, head=head, rest=iter(()), encoding=encoding)


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("a.txt", b"!shout\n", SHOUTED),
        ("a.whisper", b"!shout\n", SHOUTED),
        ("-", b"!shout\n", SHOUTED),
        ("a.shout", b"plain", SHOUTED),
        ("A.SHOUT", b"plain", SHOUTED),
        ("shout", b"plain", TEXT),
        ("a.md", b"plain", TEXT),
        ("-", b"plain", TEXT),
        ("a", b"", TEXT),
    ],
)
def test_content_decides_before_the_name(path: str, head: bytes, expected: Format) -> None:
    """And what neither knows is text."""
    assert choose_format(make_source(path, head), MADE_UP) is expected


def test_an_encoding_says_that_it_is_text() -> None:
    """Nobody names the encoding of a PDF."""
    assert choose_format(make_source("a.shout", b"!shout\n", encoding="cp1252"), MADE_UP) is TEXT


def test_a_new_format_is_read_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry is all that it needs; files come whole, whatever their size."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"!shout\n" + b"hello " * 50_000)
    monkeypatch.setattr(formats, "FORMATS", MADE_UP)
    document = read_document(path)
    assert (document.text, document.title) == ("HELLO " * 50_000, "a.txt")
    assert "".join(open_text(path)) == document.text


def test_a_pdf_of_letters_alone_is_a_pdf_all_the_same(tmp_path: Path) -> None:
    """It could be read as text, and nobody wants to: pages of its source would come out."""
    path = tmp_path / "notes.txt"
    path.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n")
    with pytest.raises(DocumentError) as caught:
        read_document(path)
    assert str(caught.value) == f"{str(path)!r} is a PDF, not text; extract its text first"


def test_a_named_encoding_that_fails_on_a_pdf_is_not_the_trouble(tmp_path: Path) -> None:
    """Nobody is sent looking for another one."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n\xe2\xe3\xcf\xd3")
    with pytest.raises(DocumentError, match="is a PDF, not text"):
        read_document(tmp_path / "a.pdf", encoding="ascii")


def test_beginnings_are_of_one_format_each() -> None:
    """Else the order of entries would decide without a word."""
    beginnings = [beginning for one in FORMATS for beginning in one.beginnings]
    assert all(
        not one.startswith(other)
        for place, one in enumerate(beginnings)
        for other in beginnings[:place] + beginnings[place + 1 :]
    )


@pytest.mark.parametrize(
    "head", [b"%PDF-1.4\n1 0 obj", b"\xef\xbb\xbf\r\n %PDF-1.7", b"%!PS-Adobe-3.0", b"{\\rtf1 x}"]
)
def test_formats_that_are_spelled_in_plain_letters_are_refused_all_the_same(
    head: bytes, tmp_path: Path
) -> None:
    """Nobody wants pages of their source; whatever blank stands before it."""
    path = tmp_path / "a.txt"
    path.write_bytes(head + b" plain letters " * 9)
    with pytest.raises(DocumentError, match="extract its text first"):
        read_document(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_text_with_zeros_in_it_is_recognised_without_a_mark(encoding: str, tmp_path: Path) -> None:
    """It is valid UTF-8, with a NUL at every other place."""
    path = tmp_path / "log.txt"
    path.write_bytes("The key is ABC-123-X.\nÉ 東\n".encode(encoding) * 50)
    with pytest.raises(DocumentError, match=f"looks like {encoding}.*--encoding {encoding}"):
        read_document(path)
    assert "ABC-123-X" in read_document(path, encoding=encoding).text


@pytest.mark.parametrize("text", ["a\0b", "\0" * 100, "name\0other name\0" * 20, "x\0" * 7])
def test_nul_bytes_alone_are_text(text: str, tmp_path: Path) -> None:
    """Names that NUL parts, a hole in a log."""
    path = tmp_path / "log.txt"
    path.write_text(text)
    assert read_document(path).text == text
