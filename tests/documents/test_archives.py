"""A zip file is checked before it is unpacked; a hostile or broken one is one sentence."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from glyph_memory.documents import Limits, LoadOptions
from glyph_memory.documents.archives import open_archive, recognize_archive
from glyph_memory.documents.safe_xml import parse_xml_safely
from glyph_memory.documents.source import open_bytes
from glyph_memory.errors import DocumentError

WORD = "wordprocessingml.document.main+xml"


def zip_up(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def complain(data: bytes, *, member: str = "", limits: Limits | None = None) -> str:
    """Return what is said of a zip file that is refused, when it is opened or when its member is read."""
    options = LoadOptions(limits=limits or Limits())
    with (
        pytest.raises(DocumentError) as caught,
        open_archive(open_bytes(data, "utf-8", name="a.docx"), options) as archive,
    ):
        assert member, "it was opened"
        archive.read(member)
    assert "'a.docx'" in str(caught.value)
    return str(caught.value)


def set_size(data: bytes, size: int) -> bytes:
    """Return a zip file of one member that claims another size, in both places where it stands."""
    directory = data.rindex(b"PK\x01\x02")
    changed = bytearray(data)
    changed[22:26] = changed[directory + 24 : directory + 28] = struct.pack("<I", size)
    return bytes(changed)


def test_members_are_read_whatever_their_case() -> None:
    """Office programs do not agree on it; folders are no members."""
    data = zip_up({"word/": b"", "word/document.xml": b"<a/>", "b.txt": b"two"})
    with open_archive(open_bytes(data, "utf-8"), LoadOptions()) as archive:
        assert archive.names == ("word/document.xml", "b.txt")
        assert "Word/Document.XML" in archive
        assert (archive.read("Word/Document.XML"), archive.size("b.txt")) == (b"<a/>", 3)
        with archive.open("b.txt") as file:
            assert file.read(2) == b"tw"
        with pytest.raises(DocumentError, match="has 3 bytes, more than 2"):
            archive.read("b.txt", at_most=2)
        with pytest.raises(DocumentError, match=r"has no 'c\.txt' in it"):
            archive.read("c.txt")


def test_a_claim_beyond_the_limit_is_refused_before_anything_is_unpacked() -> None:
    """A small file that says it is a large one."""
    data = set_size(zip_up({"a": b"x" * 100}), 4_000_000_000)
    assert "unpacks to 4,000,000,000 bytes, more than 1,000,000,000" in complain(data)


def test_a_real_expansion_is_refused_too() -> None:
    """Twenty megabytes of zeros in twenty kilobytes; more than text ever packs."""
    data = zip_up({"a": bytes(20_000_000)})
    assert "times its size: it may be a bomb" in complain(data)
    with open_archive(open_bytes(data, "utf-8"), LoadOptions(limits=Limits(expansion=2_000))) as archive:
        assert archive.size("a") == 20_000_000


def test_a_member_that_claims_too_little_is_never_unpacked_further() -> None:
    """What it claims is what is read; that it lied is told."""
    assert "is broken: Bad CRC-32" in complain(set_size(zip_up({"a": bytes(9_000_000)}), 50), member="a")


def overlap(data: bytes) -> bytes:
    """Return a zip file whose second member is its first one once more."""
    first = data.index(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entry = data[first:end]
    tail = bytearray(data[end:])
    tail[8:12] = struct.pack("<HH", 2, 2)
    tail[12:16] = struct.pack("<I", 2 * len(entry))
    return data[:end] + entry.replace(b"first", b"other") + bytes(tail)


def encrypt(data: bytes) -> bytes:
    """Return a zip file whose member says that it is encrypted."""
    changed = bytearray(data)
    changed[6] |= 1
    changed[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: overlap(zip_up({"first": b"x" * 999})), "members that share their bytes"),
        (lambda: encrypt(zip_up({"a": b"x"})), "is encrypted; save the document without a password"),
        (lambda: zip_up({"../a": b"x"}), "has a name that leads out of the archive"),
        (lambda: zip_up({"/etc/a": b"x"}), "has a name that leads out of the archive"),
        (lambda: zip_up({"a\\..\\..\\b": b"x"}), "has a name that leads out of the archive"),
        (lambda: zip_up({"c:\\a": b"x"}), "has a name that leads out of the archive"),
        (lambda: zip_up({"a": b"x"}, method=zipfile.ZIP_LZMA), "is packed in a way"),
        (lambda: zip_up({"a": b"x" * 999})[:-40], "is no whole zip file: its end is missing"),
        (lambda: b"PK\x03\x04", "is no whole zip file"),
        (lambda: zip_up({str(number): b"" for number in range(50_001)}), "has 50,001 members"),
    ],
)
def test_what_no_honest_program_writes_is_refused(make: Callable[[], bytes], said: str) -> None:
    """When it is opened, in one sentence that names the file."""
    assert said in complain(make())


def test_a_member_without_a_name_is_none() -> None:
    """As where a broken byte says that its name is of no length; the others are read."""
    data = zip_up({"x": b"lost", "a.xml": b"kept"})
    at = data.index(
        b"PK\x01\x02"
    )  # its entry in the list: the length of the name, which stands behind 46 bytes
    data = data[: at + 28] + b"\0" + data[at + 29 : at + 46] + data[at + 47 :]
    data = data.replace(struct.pack("<I", len(data) + 1 - 22 - at), struct.pack("<I", len(data) - 22 - at))
    with open_archive(open_bytes(data, "utf-8", name="a.docx"), LoadOptions()) as archive:
        assert [info.filename for info in archive.infos] == ["a.xml"]
        assert archive.read("a.xml") == b"kept"


def test_a_long_list_of_members_is_not_read() -> None:
    """The library would read it at once, however long it says it is."""
    data = zip_up({"a" * 60_000 + str(number): b"" for number in range(140)})
    assert "a list of members of 8," in complain(data)


@pytest.mark.parametrize("place", [60, 300])
def test_broken_bytes_of_a_member_are_told(place: int) -> None:
    """Whether the packing breaks or the sum is wrong."""
    data = bytearray(zip_up({"a": bytes(range(256)) * 9}))
    data[place] ^= 0xFF
    assert "'a' in 'a.docx' is broken" in complain(bytes(data), member="a")


def test_kinds_are_told_by_what_is_inside() -> None:
    """Whatever the name says; what lies in an archive within, or in a folder, is not it."""
    types = f'<Types><Override ContentType="application/x.{WORD}"/></Types>'.encode()
    moved = zip_up({"[Content_Types].xml": types, "word/document2.xml": b"<a/>"})
    word = zip_up({"word/document.xml": b"<a/>"})
    book = zip_up({"mimetype": b"application/epub+zip"})
    plain = zip_up({"a.docx": word, "backup/word/document.xml": b"<a/>"})
    kinds = {"needed": "word/document.xml", "content": WORD}
    found = [
        recognize_archive(open_bytes(data, "utf-8", name="a.xlsx"), **kinds)
        for data in (moved, word, book, plain, word[:-30], b"PK\x03\x04")
    ]
    assert found == [True, True, False, False, False, False]
    assert recognize_archive(open_bytes(book, "utf-8"), media_type="application/epub+zip")
    assert not recognize_archive(open_bytes(word, "utf-8"), media_type="application/epub+zip")


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "has a DTD or entities"),
        (b'<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a/>', "has a DTD or entities"),
        (b"<a>" * 3_000, "has elements nested more than 2000 deep"),
        (b"<a><b></a>", "is broken XML: mismatched tag"),
        (b"<a>\xff</a>", "is broken XML"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "is broken XML"),
        (b"", "is broken XML"),
    ],
)
def test_dangerous_or_broken_xml_is_refused(xml: bytes, said: str) -> None:
    """Before anything of it grows."""
    with pytest.raises(DocumentError, match=r"'a\.xml'") as caught:
        parse_xml_safely(xml, shown="'a.xml'")
    assert said in str(caught.value)
