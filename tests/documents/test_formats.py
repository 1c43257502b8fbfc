"""A document's format is told by its content, else by its name; a new one is a module and an entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from glyph_memory.documents import Document, LoadOptions, formats, load, open_text, read_document
from glyph_memory.documents.formats import FORMATS, choose_format
from glyph_memory.documents.formats.code import CODE
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.json import JSON
from glyph_memory.documents.formats.notebook import NOTEBOOK
from glyph_memory.documents.formats.refused import REFUSED
from glyph_memory.documents.formats.text import TEXT
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError


def read_shouted(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Read a format that was made up for this test."""
    text = source.read_all().removeprefix(b"!shout\n").decode("latin-1").upper()
    yield Document(text=text, title=source.name)


SHOUTED = Format(
    name="a shout",
    media_type="text/x-shout",
    beginnings=(b"!shout",),
    suffixes=(".shout",),
    read=read_shouted,
)
BINARY = Format(
    name="a Word document", media_type="application/x-word", suffixes=(".docx",), read=read_shouted
)
MADE_UP = (SHOUTED, BINARY, *FORMATS)


def make_source(path: str, head: bytes, *, encoding: str = "utf-8") -> Source:
    """Return a source that ends with its first block."""
    return Source(path=path, head=head, rest=iter(()), encoding=encoding)


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("a.txt", b"!shout\n", SHOUTED),
        ("a.json", b"!shout\n", SHOUTED),
        ("-", b"!shout\n", SHOUTED),
        ("a.shout", b"plain", SHOUTED),
        ("A.SHOUT", b"plain", SHOUTED),
        ("shout", b"plain", TEXT),
        ("-", b"plain", TEXT),
        ("a", b"", TEXT),
        ("a.docx", b"plain", TEXT),
        ("a.docx", b"PK\x03\x04 cut off", BINARY),
        ("a.docx", b"\xff\xfe\0\0 nobody knows", BINARY),
        ("a.txt", b'{"a": [1, "b"]}', JSON),
        ("a", b'{"a": 1}\n{"a": 2}\n', JSON),
        ("a", b"[[1, 2], [3]]", JSON),
        ("a.json", b"nothing of the kind", JSON),
        ("a", b'{"cells": [], "nbformat": 4}', NOTEBOOK),
        ("a", b"#!/usr/bin/env python\n", CODE),
        ("a", b"\xef\xbb\xbf <?xml version='1.0'?>", CODE),
        ("Makefile", b"all:\n", CODE),
        ("a.py", b"x = 1", CODE),
        ("a.py", b'{"a": 1}', CODE),
        ("a.php", b"!shout", CODE),
        ("a.txt", b"#!/bin/sh is how it begins", TEXT),
        ("a.shout", b"<?xml version='1.0'?>", SHOUTED),
    ],
)
def test_content_decides_before_the_name(path: str, head: bytes, expected: Format) -> None:
    """What neither knows is text; source code may begin with anything, so there its name decides."""
    assert choose_format(make_source(path, head), MADE_UP) is expected


@pytest.mark.parametrize(
    "text",
    [
        "[1] Smith, J. A paper.\n[2] Miller, K.",
        "[2024-01-01] started\n",
        "{see below} and so on",
        '"quoted" at the start',
        "{}, they said, is an empty set",
        "[]() is a link without words",
        "[a, b]",
        "#! an exclamation",
        "<3 is a heart",
        "From here on: nothing.\n\nDear all,",
        "role: user\ncontent: hello",
        "1 2 3",
    ],
)
def test_prose_stays_text(text: str) -> None:
    """Brackets, quotes and numbers begin many a line that is no JSON."""
    source = make_source("notes", text.encode(), encoding="")
    assert choose_format(source) is TEXT
    assert not source.defects


def test_a_name_that_says_something_else_than_the_content_is_told() -> None:
    """The content is right, and nobody wonders why a page looks as it does."""
    [document] = load(b'{"a": 1}', name="a.txt")
    assert document.blocks[0].kind == "code"
    assert [(one.kind, one.message) for one in document.defects] == [
        ("guessed", "read as JSON, as its content is, though its name says text")
    ]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            "'a.docx' is a PNG image, not a Word document; extract its text first",
        ),
        (
            b"wOF2" + bytes(range(256)),
            "'a.docx' is a WOFF2 Font, not a Word document; extract its text first",
        ),
    ],
)
def test_a_renamed_file_is_called_what_it_is(head: bytes, message: str) -> None:
    """By its beginning, or by what puremagic knows of it."""
    with pytest.raises(DocumentError) as caught:
        choose_format(make_source("a.docx", head), MADE_UP)
    assert str(caught.value) == message


def test_a_binary_file_that_nobody_knows_is_refused_in_one_line() -> None:
    """Its bytes would make pages of nonsense."""
    data = bytes((place * place * 7919 >> 3) % 256 for place in range(4096))
    with pytest.raises(DocumentError, match="is no text, and of no format that is known"):
        load(data, name="a.dat")


@pytest.mark.parametrize(
    ("path", "media_type", "expected"),
    [
        ("https://x.org/list", "text/x-shout", SHOUTED),
        ("https://x.org/list.php", "text/x-shout", SHOUTED),
        ("https://x.org/list.php", "text/plain; odd", CODE),
        ("https://x.org/list.shout", "application/octet-stream", SHOUTED),
    ],
)
def test_a_server_is_asked_last(path: str, media_type: str, expected: Format) -> None:
    """Only a name of a program, which may send anything, counts less than its word."""
    source = make_source(path, b"plain")
    source.media_type = media_type
    assert choose_format(source, MADE_UP) is expected


def test_a_new_format_is_read_by_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry is all that it needs; files come whole, whatever their size. Text alone stays text."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"!shout\n" + b"hello " * 50_000)
    monkeypatch.setattr(formats, "FORMATS", MADE_UP)
    [document] = load(path)
    assert (document.text, document.title) == ("HELLO " * 50_000, "a.txt")
    assert read_document(path).text == "!shout\n" + "hello " * 50_000
    assert "".join(open_text(path)) == read_document(path).text


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
    beginnings = [beginning for one in FORMATS if one not in REFUSED for beginning in one.beginnings]
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
