"""Documents come in exactly as they are, or say in one line where they break."""

from __future__ import annotations

import io
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glyph_memory.documents import open_text, read_document
from glyph_memory.errors import DocumentError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A path to write to."""
    return tmp_path / "notes.txt"


def complaint(path: str | Path, encoding: str = "utf-8") -> str:
    """Read a document that cannot be read; give the message."""
    with pytest.raises(DocumentError) as caught:
        read_document(path, encoding=encoding)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_document_knows_its_title_and_source(file: Path) -> None:
    """The title is for people, the source for finding it again."""
    file.write_text("Hello.")
    document = read_document(file)
    assert (document.text, document.title, document.source) == ("Hello.", "notes.txt", str(file))


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in every other program."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("größer".encode())))
    assert read_document("-").text == "größer"


@pytest.mark.parametrize(
    "text", ["a\r\nb\rc\nd", "\x00\x1b[31m\x7f", "half \ud800 pair", "\u2028\x0b\x0c\x85"]
)
def test_nothing_is_translated(file: Path, text: str) -> None:
    """Line ends, control characters, NUL bytes, half surrogate pairs: all for the typesetter to judge."""
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert read_document(file).text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_recognised_and_left_out(file: Path, encoding: str) -> None:
    """Editors on Windows write them; nobody should have to know."""
    file.write_text("Größe: 3 €", encoding=encoding)
    assert read_document(file).text == "Größe: 3 €"


def test_an_encoding_that_was_asked_for_is_not_second_guessed(file: Path) -> None:
    """Only where UTF-8 is expected does the mark decide."""
    file.write_bytes("ÿþa".encode("latin-1"))
    assert read_document(file, encoding="latin-1").text == "ÿþa"


def test_invalid_utf_8_is_shown_its_place(file: Path) -> None:
    """Byte offset, line, and what to try."""
    file.write_bytes("Erste Zeile\nzweite Zeile\nschöne Grüße".encode("cp1252"))
    assert complaint(file) == (
        f"{str(file)!r} is not valid utf-8: byte 0xf6 at offset 28 (line 3) breaks it; try --encoding cp1252"
    )


def test_the_place_is_right_far_into_a_file(file: Path) -> None:
    """Files are decoded in blocks; what is counted goes across them."""
    good = "é\n".encode() * 100_000
    file.write_bytes(good + b"x\xff\n")
    assert f"byte 0xff at offset {len(good) + 1} (line 100001)" in complaint(file)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Die Straße ist über 3 km lang.", "cp1252"),
        ("他们说：今天天气很好。\n我们去公园吧。", "gb18030"),
        ("これは日本語のテキストです。\nよろしく", "shift_jis"),
        ("Привет, мир. Это текст\nна русском языке", "cp1251"),
        ("Größe 30, über alles\n", "utf-16-le"),
        ("Größe 30, über alles\n", "utf-16-be"),
    ],
)
def test_the_encoding_to_try_is_plausible(file: Path, text: str, encoding: str) -> None:
    """What is suggested for common encodings reads the file."""
    file.write_bytes(text.encode(encoding))
    assert complaint(file).endswith(f"try --encoding {encoding}")
    assert read_document(file, encoding=encoding).text == text


def test_a_file_that_was_cut_off_is_called_that(file: Path) -> None:
    """Another encoding would not help."""
    file.write_bytes("wie schön".encode()[:-2])
    assert complaint(file).endswith("byte 0xc3 at offset 7 (line 1); is the file whole?")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"PK\x03\x04\xff", "ZIP"),
    ],
)
def test_files_that_are_no_text_are_called_what_they_are(file: Path, head: bytes, kind: str) -> None:
    """Nobody is sent looking for the encoding of a PDF."""
    file.write_bytes(head)
    assert kind in complaint(file)
    assert "--encoding" not in complaint(file)


@pytest.mark.parametrize("encoding", ["no-such", "hex", "rot13", "a\0b", ""])
def test_unknown_encodings_are_refused(file: Path, encoding: str) -> None:
    """`hex` is a codec of Python, but it spells no text."""
    file.write_text("x")
    assert "no text encoding is named" in complaint(file, encoding)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_empty_files_are_refused(file: Path, content: bytes) -> None:
    """A byte order mark alone is no text either."""
    file.write_bytes(content)
    assert "is empty" in complaint(file)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Missing, a folder, a name that no file can have."""
    assert "there is no file" in complaint(tmp_path / "nowhere")
    assert "is a folder" in complaint(tmp_path)
    assert "cannot read" in complaint("a\0b")
    assert "there is no file" in complaint("two\nlines")


def test_a_missing_file_is_missed_at_once(tmp_path: Path) -> None:
    """Not when the first piece is asked for, which may be after something was written."""
    with pytest.raises(DocumentError):
        open_text(tmp_path / "nowhere")


def test_a_large_file_is_read_in_bounded_memory(file: Path) -> None:
    """Twenty megabytes come in pieces that take a fraction of that."""
    file.write_bytes(b"The quick brown fox jumps over the lazy dog. 0123456789\n" * 360_000)
    tracemalloc.start()
    length = sum(map(len, open_text(file)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == file.stat().st_size
    assert peak < 2_000_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(text=st.text(min_size=1), filler=st.integers(65_520, 65_540))
def test_what_is_written_is_read(file: Path, text: str, filler: int) -> None:
    """Whatever the text, also across the border of two blocks."""
    whole = "x" * filler + text
    file.write_bytes(whole.encode("utf-8", "surrogatepass"))
    assert read_document(file).text == whole
