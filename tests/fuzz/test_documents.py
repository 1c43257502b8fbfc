"""The door of documents: of a file with any bytes, under any name and encoding, text or a `DocumentError` comes out."""

from __future__ import annotations

import encodings.aliases
import os
from itertools import islice, repeat
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import DocumentError, iter_pages, read_document, typeset
from tests.fuzz.bad_bytes import mutated
from tests.fuzz.outcomes import FINE, outcome_of

_TEXT = "Hello wörld, Привет, 中文字体。\r\n\U0001f600 end\n" * 40
_FILES = (
    *(_TEXT.encode(name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "gb18030")),
    _TEXT.encode("cp1252", "replace"),
    _TEXT.encode("shift_jis", "replace"),
    b"%PDF-1.7 ", b"PK\x03\x04", b"\x89PNG\r\n", b"{\\rtf1 x}", b"<html><body>x", b"\xff\xfe", b"\x00" * 500,
)  # fmt: skip
_ENCODINGS = sorted(set(encodings.aliases.aliases.values()))
_NAMES = st.sampled_from(
    [*_ENCODINGS, "", "utf 8", "rot13", "\0", "\ud800", "../x", "x" * 5000, "undefined", "os"]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all of a fuzzer's files."""
    return tmp_path_factory.mktemp("documents")


def draws_all(path: Path, encoding: str) -> bool:
    """Return whether the beginning of a document stands on its pages."""
    text = read_document(path, encoding=encoding).text[:500]
    return "".join(page.text for page in typeset(text)) == text


@settings(settings.get_profile("fuzz"))
@example(data=b"\xff\xfe\x00", encoding="utf-8")
@example(data=b"a" * 70_000, encoding="idna")
@example(data=b"+2D0-", encoding="utf_7")
@given(data=mutated(*_FILES, head=40) | st.binary(max_size=200), encoding=st.just("utf-8") | _NAMES)
def test_a_file_of_any_bytes_is_text_or_refused(folder: Path, data: bytes, encoding: str) -> None:
    """In any encoding, also one that is none."""
    path = folder / "document.txt"
    path.write_bytes(data)
    assert outcome_of(lambda: draws_all(path, encoding), DocumentError) in FINE


@pytest.mark.parametrize("name", ["", "missing", "x" * 10_000, "a\0b", "\ud800", ".", "file/x"])
def test_what_names_no_file_is_refused(tmp_path: Path, name: str) -> None:
    """In one line, also where it may not be read."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(DocumentError) as refused:
        read_document(f"{tmp_path}/{name}")
    assert len(str(refused.value)) <= 1000


def test_a_text_without_an_end_is_read_as_far_as_it_is_wanted() -> None:
    """In pieces; whole, it is refused once it is larger than is taken."""
    pages = islice(iter_pages(repeat("x" * 1000)), 2)
    assert [page.number for page in pages] == [1, 2]


def test_a_whole_document_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told with the way to read it all the same."""
    monkeypatch.setattr("glyph_memory.documents.files._CHARACTERS_AT_MOST", 1000)
    (tmp_path / "large").write_text("x" * 1001)
    with pytest.raises(DocumentError, match=r"large' has more than 1,000 characters.*in pieces"):
        read_document(tmp_path / "large")
    (tmp_path / "fits").write_text("x" * 1000)
    assert len(read_document(tmp_path / "fits").text) == 1000


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights_is_refused(tmp_path: Path) -> None:
    """With what to do."""
    path = tmp_path / "closed"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(DocumentError, match="may not be read"):
        read_document(path)
