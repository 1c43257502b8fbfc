"""`load` takes a path, bytes, an open file or an address, and tells at once where there is nothing to read."""

from __future__ import annotations

import asyncio
import gzip
import io
import sys
from pathlib import Path

import pytest

from glyph_memory.documents import Limits, LoadOptions, aload, load
from glyph_memory.documents.source import open_bytes, open_source
from glyph_memory.errors import DocumentError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a sentence."""
    path = tmp_path / "notes.txt"
    path.write_text("It opens at nine.")
    return path


def test_a_path_is_read(file: Path) -> None:
    """Its name is the title, its path the source."""
    for source in (file, str(file)):
        [document] = load(source)
        assert (document.text, document.title, document.source, document.media_type) == (
            "It opens at nine.", "notes.txt", str(file), "text/plain"
        )  # fmt: skip


def test_bytes_and_open_files_are_read_under_a_name(file: Path) -> None:
    """An open file stays open, and is read from where it stands."""
    [document] = load(b"x = 1", name="a.py")
    assert (document.title, document.blocks[0].kind) == ("a.py", "code")
    with file.open("rb") as stream:
        stream.seek(3)
        [document] = load(stream)
        assert (document.text, document.source) == ("opens at nine.", str(file))
        assert not stream.closed
    [document] = load(io.BytesIO(b"# x"), name="a.rs")
    assert document.blocks[0].language == "rust"


def test_a_name_for_bytes_opens_no_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for bytes, nor for a stream that unpacks a file."""
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text("other")
    assert open_bytes(b"x", "", name="a.json").local is None
    assert open_source("a.json", "").local == Path("a.json")
    [document] = load(b'{"messages": [{"role": "user", "content": "Hi"}]}', name="a.json")
    assert document.text == "user\n\nHi\n\n"
    with gzip.open("a.txt.gz", "wb") as packed:
        packed.write(b"unpacked")
    with gzip.open("a.txt.gz", "rb") as stream:
        assert [one.text for one in load(stream)] == ["unpacked"]


def test_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in every other program."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("größer".encode())))
    [document] = load("-")
    assert (document.text, document.title) == ("größer", "standard input")


def test_what_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    """Not when the first document is asked for."""
    (tmp_path / "empty").touch()
    with pytest.raises(DocumentError, match="is empty; there is nothing to read in it"):
        load(tmp_path / "empty")
    with pytest.raises(DocumentError, match="there is no file"):
        load(tmp_path / "nowhere")
    with pytest.raises(DocumentError, match="is a folder"):
        load(tmp_path)
    with pytest.raises(DocumentError, match="gives text; open it for bytes"):
        load(io.StringIO("x"))  # type: ignore[arg-type]  # which is the point
    with pytest.raises(DocumentError, match="3 is nothing to read"):
        load(3)  # type: ignore[arg-type]  # which is the point
    closed = io.BytesIO(b"x")
    closed.close()
    with pytest.raises(DocumentError, match="cannot read"):
        load(closed)


def test_fields_change_options(file: Path) -> None:
    """Options are for many calls, fields for one."""
    file.write_bytes("é\n".encode() * 2_000)
    options = LoadOptions(encoding="latin-1", part_characters=4_500)
    assert len([*load(file, options=options)]) > 1
    [document] = load(file, options=options, encoding="utf-8")
    assert document.encoding == "utf-8"


def test_a_file_beyond_the_limit_is_refused() -> None:
    """Where it has to be read whole."""
    data = b'{"nbformat": 4, "cells": []}' + b" " * 100_000
    with pytest.raises(DocumentError, match=r"more than 1,000 bytes; raise the limit"):
        load(data, name="a.ipynb", limits=Limits(file_bytes=1_000))


async def test_aload_is_load_in_a_thread(file: Path) -> None:
    """The event loop goes on; errors come with the first document."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    beside = asyncio.create_task(tick())
    text = "one line\n" * 1_000
    texts = [document.text async for document in aload(text.encode(), name="a.txt", part_characters=1_000)]
    beside.cancel()
    assert "".join(texts) == text
    assert len(texts) > 5
    assert ticks
    with pytest.raises(DocumentError, match="there is no file"):
        await anext(aload(file.with_name("nowhere")))


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    """One that becomes shorter lost words: where no document is left to tell, it is an error."""
    path = tmp_path / "long.txt"
    path.write_text("line of words\n" * 30_000)
    documents = load(path, part_characters=10_000)
    next(documents)
    path.write_text("")
    told = [defect.message for document in documents for defect in document.defects]
    assert told
    assert "became shorter while it was read" in told[-1]
    path.write_text("fifteen letters\n" * 30_000)
    documents = load(path, part_characters=4_096)  # each block is whole parts
    next(documents)
    path.write_text("")
    with pytest.raises(DocumentError, match=r"not read to its end: the file became shorter"):
        list(documents)


def test_an_empty_path_is_no_path() -> None:
    """It would be the folder at work."""
    with pytest.raises(DocumentError, match="an empty path was given"):
        load("")


def test_a_text_of_comments_alone_holds_no_text() -> None:
    """It is not empty."""
    with pytest.raises(DocumentError, match=r"'a\.md' holds no text"):
        load(b"<!-- nothing -->", name="a.md")
