"""A file is there whole or not at all, in a folder as in an object store; what goes wrong is one line without keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from glyph_memory.documents.shards.storage import Storage
from glyph_memory.errors import GlyphMemoryError


@pytest.fixture(params=["folder", "store"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Return an empty output folder, here and in an object store."""
    yield Storage(str(tmp_path / "out") if request.param == "folder" else "memory://bucket/out")
    fsspec.filesystem("memory").store.clear()


def test_what_is_written_is_found_again(storage: Storage, tmp_path: Path) -> None:
    """By name, in order; what is not there is told apart from what is empty."""
    assert storage.list_files("pages") == []
    storage.write("pages/b", b"bb")
    (tmp_path / "draft").write_bytes(b"a")
    storage.move_in(tmp_path / "draft", "pages/a")
    storage.write("pages/below/c", b"")
    assert storage.list_files("pages") == ["a", "b"]
    assert (storage.read("pages/a"), storage.read("pages/b"), storage.read("pages/below/c")) == (
        b"a",
        b"bb",
        b"",
    )
    assert (storage.has("pages/a"), storage.has("pages"), storage.has("pages/z")) == (True, False, False)


def test_what_is_removed_is_gone(storage: Storage) -> None:
    """Twice is no error."""
    storage.write("pages/a", b"a")
    storage.write("notes/b", b"b")
    for _ in range(2):
        storage.remove("pages/a")
        storage.remove_folder("notes")
    assert (storage.list_files("pages"), storage.list_files("notes")) == ([], [])


def test_a_store_that_refuses_is_one_line_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries quote the address; we name the kind of error and what to look at."""
    storage = Storage("memory://user:secret@bucket/out")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("user:secret may not")

    monkeypatch.setattr(fsspec.filesystem("memory"), "pipe_file", refuse)
    with pytest.raises(
        GlyphMemoryError, match="'memory://bucket/out' cannot be written to: access is denied"
    ) as caught:
        storage.write("a", b"")
    assert "secret" not in str(caught.value)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "out").write_text("")
    with pytest.raises(GlyphMemoryError, match="out"):
        Storage(str(tmp_path / "out")).write("pages/a", b"")


def test_an_address_that_no_library_writes_to_is_refused() -> None:
    """By name, when it is made."""
    with pytest.raises(GlyphMemoryError, match="nothing here writes to 'nowhere://x'"):
        Storage("nowhere://x")
