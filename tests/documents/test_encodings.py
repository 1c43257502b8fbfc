r"""With no encoding named, the one that a text has is found, told, and no byte of it is lost."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.documents import Document, load
from glyph_memory.errors import DocumentError

SENTENCES = {
    "cp1252": "Die Straße ist über 3 km lang, sagte „Grün“.\nSchöne Grüße aus Köln\n",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy. Zażółć gęślą jaźń.\n",
    "cp1251": "Привет, мир. Это текст\nна русском языке",
    "cp1253": "Καλημέρα κόσμε, τι κάνεις σήμερα;\n",
    "gb18030": "他们说：今天天气很好。\n我们去公园吧。",
    "big5": "這是一個繁體中文的測試文件，內容很短。",
    "shift_jis": "これは日本語のテキストです。\nよろしく",
    "euc_jp": "これは日本語のテキストです。\nよろしく",
    "iso2022_jp": "これは日本語のテキストです。\nよろしく",
    "euc_kr": "안녕하세요 세계. 오늘은 날씨가 좋습니다.",
}


def load_one(data: bytes, *, encoding: str | None = None) -> Document:
    """Return the only document of bytes."""
    [document] = load(data, encoding=encoding)
    return document


def messages(document: Document, kind: str) -> list[str]:
    """Return what was told of a kind."""
    return [one.message for one in document.defects if one.kind == kind]


@pytest.mark.parametrize("encoding", SENTENCES)
def test_the_encoding_is_found_and_told_as_a_guess(encoding: str) -> None:
    """The defect names it, and how to name another."""
    document = load_one(SENTENCES[encoding].encode(encoding))
    assert document.text == SENTENCES[encoding]
    assert SENTENCES[encoding].encode(document.encoding) == SENTENCES[encoding].encode(encoding)
    [told] = messages(document, "guessed")
    assert document.encoding in told
    assert "encoding='cp1252'" in told


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "Привет, мир, это текст.\n",
        "中文字体研究，另一个句子。\n",
        "안녕하세요 세계. 오늘은\n",
        "שלום עולם, זה טקסט\r\n",
    ],
)
def test_utf_16_without_a_mark_is_known_in_other_scripts(encoding: str, text: str) -> None:
    """Its bytes may be valid UTF-8, full of control characters."""
    document = load_one((text * 30).encode(encoding))
    assert (document.text, document.encoding) == (text * 30, encoding)
    assert encoding in messages(document, "guessed")[0]


@pytest.mark.parametrize(
    "data",
    [
        b"path/to/file\0\n\0" * 90,
        b"a log\n" + b"\0" * 900 + b"\ngoes on\n" * 9,
        b"\x1b[1m\x01bold \x02\n" * 30,
    ],
)
def test_text_with_holes_is_not_taken_for_utf_16(data: bytes) -> None:
    """Pairs of ASCII letters would be ideographs."""
    (document,) = load(data, terminal_escapes=False)
    assert document.text == data.decode()


def test_nul_characters_are_told() -> None:
    """How many there are; they stay in the text, and pages show them as escapes."""
    document = load_one(b"some text with a\0NUL in it\nmore\0more\n")
    assert document.text.count("\0") == 2
    assert "NUL characters stand in the text, 2 of them" in messages(document, "damaged")[0]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_utf_16_without_a_mark_is_known_by_its_zeros(encoding: str) -> None:
    """As Windows programs write it."""
    text = "The key is ABC-123.\nÉ 東\n" * 50
    document = load_one(text.encode(encoding))
    assert (document.text, document.encoding) == (text, encoding)
    assert "zeros" in messages(document, "guessed")[0]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("utf-8", "utf-8"),
        ("ascii", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
    ],
)
def test_what_is_certain_is_no_guess(written: str, found: str) -> None:
    """A mark, or nothing but valid UTF-8."""
    text = "Size 3\r\nplain\n" if written == "ascii" else "Größe: 3 €\r\n東京\n"
    document = load_one(text.encode(written))
    assert (document.text, document.encoding, document.defects) == (text, found, ())


@pytest.mark.parametrize(
    ("line", "encoding", "found"),
    [
        ("# -*- coding: latin-1 -*-", "latin-1", "iso8859-1"),
        ("#!/usr/bin/python\n# vim: set fileencoding=koi8-r :", "koi8-r", "koi8-r"),
        ("<?xml version='1.0' encoding='iso-8859-2'?>", "iso8859-2", "iso8859-2"),
        ('@charset "cp1252";', "cp1252", "cp1252"),
    ],
)
def test_a_file_that_names_its_encoding_is_believed(line: str, encoding: str, found: str) -> None:
    """Where its bytes may be in it."""
    word = "привет" if encoding == "koi8-r" else "schön"
    document = load_one(f"{line}\n{word}\n".encode(encoding))
    assert (document.text, document.encoding, document.defects) == (f"{line}\n{word}\n", found, ())


@pytest.mark.parametrize("name", ["utf-8", "ascii", "hex", "unicode_escape", "no-such", "utf-7"])
def test_a_file_that_names_a_wrong_encoding_is_not(name: str) -> None:
    """What it cannot be in, and what is no encoding of texts."""
    document = load_one(f"# coding: {name}\nschön\n".encode("cp1252"))
    assert (document.text, document.encoding) == (f"# coding: {name}\nschön\n", "cp1252")
    assert messages(document, "guessed")


def test_lines_in_another_encoding_are_read_and_counted() -> None:
    """Logs of several programs; the first such line is named."""
    lines = ["größer 日本\n".encode()] * 5 + ["schöne Grüße\n".encode("cp1252")] * 2 + ["naïve\n".encode()]
    document = load_one(b"".join(lines))
    assert document.text == "größer 日本\n" * 5 + "schöne Grüße\n" * 2 + "naïve\n"
    assert document.encoding == "utf-8"
    [told] = messages(document, "guessed")
    assert told.startswith("2 lines are in another encoding than the rest, utf-8; from line 6 on")


def test_other_lines_far_behind_the_beginning_are_read_too() -> None:
    """What was found with the first block is not all that there is."""
    document = load_one(b"plain\n" * 100_000 + "schöne Grüße\n".encode("cp1252"))
    assert document.text.endswith("plain\nschöne Grüße\n")
    assert "from line 100001 on" in messages(document, "guessed")[0]


def test_each_part_counts_its_own_lines() -> None:
    """What was told with one part is not told with the next."""
    bad, good = "schöne Grüße\n".encode("cp1252"), b"plain\n" * 40_000
    documents = [*load(good + bad * 2 + good + bad + good, part_characters=120_000)]
    told = [one.message.split(" in ")[0] for document in documents for one in document.defects]
    assert told == ["2 lines are", "1 line is"]


def test_utf_8_among_lines_of_a_guessed_encoding_is_read() -> None:
    """The other way round."""
    document = load_one("schöne Grüße, über\n".encode("cp1252") * 5 + "日本 größer\n".encode())
    assert document.text == "schöne Grüße, über\n" * 5 + "日本 größer\n"
    assert any(told.startswith("1 line is in another") for told in messages(document, "guessed"))


def test_both_within_a_line_are_read() -> None:
    """Somebody pasted a word."""
    document = load_one("größer 日本 mit ".encode() + b"\xfc\n")
    assert document.text == "größer 日本 mit ü\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("größer\n".encode() * 3 + b"schlie\xdflich \x9d\n", "größer\n" * 3 + "schließlich \\x9d\n"),
        ("wie schön".encode()[:-2], "wie sch\\xc3"),
        ("é \ud800 x".encode("utf-8", "surrogatepass"), "é \\ud800 x"),
        ("\ufeffab\ud800c".encode("utf-16-le", "surrogatepass"), "ab\\x00\\xd8c"),
        ("\ufeffab".encode("utf-16-le") + b"c", "ab\\x63"),
    ],
)
def test_what_is_no_character_is_spelled_out_and_told(data: bytes, text: str) -> None:
    """No byte is lost, and nothing stands in the text that cannot be written."""
    document = load_one(data)
    assert document.text == text
    assert "spelled out" in messages(document, "damaged")[0]


def test_a_named_encoding_that_is_wrong_is_an_error() -> None:
    """Who names one is not second-guessed."""
    with pytest.raises(DocumentError, match="is not valid utf-8: byte 0xf6 at offset 3"):
        load("schön".encode("cp1252"), encoding="utf-8")
    assert load_one("schön".encode("cp1252"), encoding="cp1252").encoding == "cp1252"
    assert load_one("schön".encode("cp1252"), encoding="cp1252").defects == ()


def test_halves_of_pairs_in_a_named_encoding_are_told() -> None:
    """They come through, as they always did."""
    document = load_one("a\ud800".encode("utf-8", "surrogatepass"), encoding="utf-8")
    assert document.text == "a\ud800"
    assert "halves of surrogate pairs" in messages(document, "damaged")[0]


def test_text_is_read_without_the_library_that_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain text needs no extra."""
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    document = load_one(SENTENCES["cp1252"].encode("cp1252"))
    assert (document.text, document.encoding) == (SENTENCES["cp1252"], "cp1252")


@settings(max_examples=200)
@given(data=st.binary(min_size=1, max_size=400))
def test_any_bytes_are_text_that_can_be_written_or_one_error(data: bytes) -> None:
    """Nothing else comes out: no foreign exception, no half of a pair."""
    try:
        documents = [*load(data)]
    except DocumentError as error:
        assert "\n" not in str(error)
        return
    assert "".join(one.text for one in documents).encode() or data.startswith(b"\x1b")
    assert all(one.encoding for one in documents)


@settings(max_examples=100)
@given(text=st.text(min_size=1), filler=st.integers(65_520, 65_540))
def test_utf_8_is_read_letter_for_letter(text: str, filler: int) -> None:
    """Also across the border of two blocks, whatever the line ends."""
    whole = "x" * filler + text.encode("utf-8", "replace").decode()
    lines = whole if "\n" in whole else whole.replace("\r", "\n")
    assert "".join(one.text for one in load(whole.encode(), terminal_escapes=False)) == lines


@pytest.mark.parametrize("line", [b"a line of a log, as they are: 0123456789\n", b"x", "é".encode()])
def test_a_large_file_comes_in_parts_in_flat_memory(line: bytes, tmp_path: Path) -> None:
    """Sixteen megabytes in lines, or in one endless one, take as much memory as one part."""
    path = tmp_path / "large.txt"
    path.write_bytes(line * (16_000_000 // len(line)))
    tracemalloc.start()
    sizes, at, lines = list[int](), 0, 1
    for document in load(path, part_characters=100_000):
        assert (document.offset, document.part) == (at, len(sizes) + 1)
        assert document.source_map[0].line == lines
        at += len(document.text)
        lines += document.text.count("\n")
        sizes.append(len(document.text))
        assert b"\n" not in line or document.text.endswith("\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert at == len(path.read_text())
    assert max(sizes) <= 200_000
    assert peak < 9_000_000


@pytest.mark.parametrize("name", ["a.txt", "a.py", "a.md", "a.rst", "a.json"])
def test_line_ends_of_old_macs_are_newlines(name: str) -> None:
    """One for one, and told; a lone CR among other line ends stays what it is."""
    (document,) = load(b"x = 1\r\rlast word\r", name=name)
    at = document.text.index("last")
    assert document.trace(at, at + 4)[0].line == 3
    assert "\r" not in document.text
    assert [defect.message for defect in document.defects] == ["old Mac line ends are read as newlines"]
    (document,) = load(b"10%\r20%\r\ndone\n", name="a.log")
    assert (document.text, document.defects) == ("10%\r20%\r\ndone\n", ())


def test_a_last_line_end_of_an_old_mac_is_told() -> None:
    """It may be the only one."""
    (document,) = load(b"one line\r", name="a.txt")
    assert (document.text, len(document.defects)) == ("one line\n", 1)


def test_a_word_that_ends_in_an_accent_is_western() -> None:
    """Its only byte beyond ASCII could be half of a character, of a file that was cut."""
    (document,) = load(b"caf\xe9", name="a.txt")
    assert (document.text, document.encoding) == ("café", "cp1252")
    assert document.defects[0].kind == "guessed"


@pytest.mark.parametrize("named", ["quopri", "base64", "rot13", "zip"])
def test_a_codec_that_is_no_encoding_of_text_is_no_ones_encoding(named: str) -> None:
    """A mail that was cut says `Transfer-Encoding: quoted-printable` in its first lines."""
    (document,) = load(f"# coding: {named}\n".encode() + b"caf\xe9\n", name="a.txt")
    assert document.text == f"# coding: {named}\ncaf\xe9\n"
