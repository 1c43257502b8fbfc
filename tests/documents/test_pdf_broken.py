"""Broken, encrypted and lying PDFs: one line that says what, or a document with its defects, in bounded time."""

from __future__ import annotations

import base64
import os
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.document import Document
from glyph_memory.documents import Limits, load
from glyph_memory.documents.native import draw_native_page, open_original
from glyph_memory.errors import DocumentError
from tests.documents.make_pdfs import SENTENCE, draw_pdf, encrypt, make_raw, write

RIGHT, WRONG = "oak", "ash"
LETTER = draw_pdf(lambda pen: write(pen, 50, 700, SENTENCE))


def complain(data: bytes, **fields: object) -> str:
    """Load a PDF that cannot be read; return the message."""
    with pytest.raises(DocumentError) as caught:
        [*load(data, name="a.pdf", **fields)]  # type: ignore[arg-type]  # fields of LoadOptions, by name
    assert "\n" not in str(caught.value)
    return str(caught.value)


def read(data: bytes, **fields: object) -> Document:
    """Load a PDF that is one document."""
    (document,) = load(data, name="a.pdf", **fields)  # type: ignore[arg-type]  # fields of LoadOptions, by name
    return document


def messages(document: Document) -> list[str]:
    """Return all defects."""
    return [f"{defect.kind}: {defect.message}" for defect in document.defects]


def test_a_pdf_that_begins_late_is_read_as_one_and_never_as_text() -> None:
    """Something stands before it, as mail gateways leave it; all readers look further."""
    assert read(b"junk\n" + LETTER).text.strip() == SENTENCE.strip()


def test_an_encrypted_file_asks_for_its_password() -> None:
    """Once for a missing one, once for a wrong one; the right one reads it."""
    data = draw_pdf(lambda pen: write(pen, 50, 700, SENTENCE), encrypt=encrypt(RIGHT))
    assert complain(data) == "'a.pdf' is encrypted; give its password, as in load(…, password='…')"
    assert complain(data, password=WRONG) == "the password given does not open 'a.pdf'; is it spelled right?"
    document = read(data, password=RIGHT)
    assert document.text.strip() == SENTENCE.strip()
    with open_original(document, password=RIGHT) as opened:
        assert draw_native_page(opened, document, 1).size[0] > 0


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.7\n", b"%PDF-1.4\nxref garbage\ntrailer<<>>", b"%PDF-1.7" + b"\0" * 10_000, LETTER[:100]],
)
def test_what_is_no_pdf_within_is_told_in_one_line(data: bytes) -> None:
    """It begins like one."""
    assert complain(data) == (
        "'a.pdf' is a PDF that cannot be read: it is damaged, cut off or no PDF; get the file again"
    )


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    """And says so."""
    data = make_raw()
    document = read(data[: data.index(b"startxref")])
    assert document.text.strip() == "Hello there"
    assert messages(document) == ["damaged: the end of the file is missing; what could be found is read"]


def test_a_wrong_table_of_objects_is_mended() -> None:
    """The library looks for the objects itself."""
    data = make_raw()
    at = data.index(b"startxref\n")
    assert read(data[:at] + b"startxref\n99999999\n%%EOF").text.strip() == "Hello there"


def test_a_page_tree_that_claims_ten_million_pages_has_those_that_are_there() -> None:
    """The library counts them itself."""
    document = read(make_raw(pages=b"/Count 10000000"))
    assert (document.text.strip(), document.defects) == ("Hello there", ())


def test_a_page_tree_that_claims_a_million_pages_ends() -> None:
    """After a hundred that are not there."""
    document = read(make_raw(pages=b"/Count 1000000"))
    assert document.text.strip() == "Hello there"
    assert [message.partition(";")[0] for message in messages(document)] == [
        "left out: it says that it has 1,000,000 pages",
        "damaged: pages 2-101: it cannot be read",
        "damaged: page 101: the pages after it are not tried, since it and many before it are broken",
    ]


def test_a_limit_on_pages_is_kept() -> None:
    """And told."""
    data = draw_pdf(*[lambda pen: write(pen, 50, 700, SENTENCE)] * 5)
    document = read(data, limits=Limits(pages=2))
    assert {place.page for place in document.source_map} == {1, 2}
    assert any("it has 5 pages; those after 2 are left out" in one for one in messages(document))


def test_pages_that_are_not_there_are_refused() -> None:
    """With the number of those that are."""
    assert complain(LETTER, pages="40-") == "'a.pdf' has 1 pages, and pages='40-' wants none of them"


def test_a_page_tree_in_a_circle_ends() -> None:
    """A parent that is its own child."""
    document = [*_try(make_raw(pages=b"/Count 2/Kids[2 0 R 3 0 R]"))]
    assert len(document) <= 1


@pytest.mark.parametrize(
    "box", [b"0 0 0 0", b"10 10 5 5", b"0 0 1e38 1e38", b"-1e9 -1e9 1e9 1e9", b"nan inf 3 4", b"(a) 0 1 2"]
)
def test_boxes_that_are_none_do_not_stop_a_page(box: bytes) -> None:
    """Text is read or told, and the page is drawn or refused."""
    documents = [*_try(make_raw(page=b"/MediaBox[" + box + b"]"))]
    for document in documents:
        assert "Hello" in document.text or "Hello" in str(document.defects)
        with open_original(document) as opened:
            try:
                assert max(draw_native_page(opened, document, 1).size) < 10_000
            except DocumentError as error:
                assert "\n" not in str(error)


def test_a_page_three_metres_wide_is_read_and_drawn() -> None:
    """In a size that the model takes."""
    content = b"BT /F 12 Tf 20 100 Td (Left) Tj 8400 0 Td (Right) Tj ET"
    document = read(make_raw(content, page=b"/MediaBox[0 0 8504 200]"))
    assert document.text.split() == ["Left", "Right"]
    with open_original(document) as opened:
        page = draw_native_page(opened, document, 1, tokens=500)
    assert page.size[0] > 20 * page.size[1]


def test_a_stream_without_end_of_nested_forms_is_left() -> None:
    """A form that draws itself."""
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>/Length 5>>stream\n/X Do\n"
    form += b"endstream"
    data = make_raw(b"/X Do BT /F 12 Tf 20 100 Td (Hello) Tj ET", more=[form]).replace(
        b"/Resources<</Font", b"/Resources<</XObject<</X 6 0 R>>/Font", 1
    )
    assert [document.text.strip() for document in _try(data)] == ["Hello"]


def test_thousands_of_rules_and_words_do_not_take_for_ever() -> None:
    """A map is no table; a page with more words than anybody reads is told."""
    rules = b"".join(
        b"%d 0 m %d 200 l S 0 %d m 300 %d l S\n" % (x % 300, x % 300, x % 200, x % 200) for x in range(2_000)
    )
    words = b"".join(b"BT /F 1 Tf %d %d Td (w%d) Tj ET\n" % (x % 290, x % 190, x) for x in range(6_000))
    document = read(make_raw(rules + words))
    assert all(f"w{number}" in document.text for number in (0, 1_000, 5_999))


def pack(content: bytes, filters: bytes = b"/FlateDecode") -> bytes:
    """Return a PDF whose page is packed."""
    packed = zlib.compress(content, 9)
    stream = b"<</Length %d/Filter%s>>stream\n%s\nendstream" % (len(packed), filters, packed)
    return make_raw(b"X").replace(b"<</Length 1>>stream\nX\nendstream", stream)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """Before it is unpacked; of a file, too."""
    bomb = pack(b"0 0 m 9 9 l S\n" * 2_000_000)
    told = complain(bomb)
    assert told.startswith("'a.pdf' unpacks to more than ")
    (tmp_path / "a.pdf").write_bytes(bomb)
    with pytest.raises(DocumentError, match="unpacks to more than"):
        next(load(tmp_path / "a.pdf"))
    twice = complain(pack(zlib.compress(bytes(9_000)), b"[/FlateDecode/FlateDecode]"))
    assert "unpacks to more than 10,000,000 bytes" in twice
    spelled = base64.a85encode(zlib.compress(b"0 0 m 9 9 l S\n" * 2_000_000, 9)) + b"~>"
    stream = b"<</Length %d/Filter[/ASCII85Decode/FlateDecode]>>stream\n%s\nendstream" % (
        len(spelled),
        spelled,
    )
    letters = make_raw(b"X").replace(b"<</Length 1>>stream\nX\nendstream", stream)
    assert "unpacks to more than" in complain(letters)
    assert read(pack(b"BT /F 12 Tf 20 100 Td (Hello) Tj ET" + b" " * 100_000)).text.strip() == "Hello"


def test_an_outline_in_a_circle_ends() -> None:
    """It names itself as its next entry."""
    entry = b"<</Title(Hello there)/Parent 6 0 R/Next 7 0 R/First 7 0 R/Dest[3 0 R/Fit]>>"
    data = make_raw(catalog=b"/Outlines 6 0 R", more=[b"<</First 7 0 R/Last 7 0 R/Count 1>>", entry])
    assert [block.kind for block in read(data).blocks] == ["heading"]


def test_a_renamed_file_is_what_it_is(tmp_path: Path) -> None:
    """Content before name."""
    path = tmp_path / "a.txt"
    path.write_bytes(LETTER)
    assert next(load(path)).media_type == "application/pdf"


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, len(LETTER) - 1), byte=st.integers(0, 255), cut=st.integers(0, 400))
def test_no_foreign_exception_leaves(place: int, byte: int, cut: int) -> None:
    """Whatever is broken."""
    data = LETTER[:place] + bytes([byte]) + LETTER[place + 1 + cut :]
    if data.startswith(b"%PDF-"):
        for document in _try(data):
            document.text.encode()


def test_threads_read_side_by_side() -> None:
    """The library itself could not."""
    texts, data = list[str](), draw_pdf(*[lambda pen: write(pen, 50, 780, SENTENCE * 20)] * 3)
    threads = [threading.Thread(target=lambda: texts.append(read(data).text)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 4
    assert len(set(texts)) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_reads(tmp_path: Path) -> None:
    """Even where the parent has a PDF open."""
    documents = load(draw_pdf(*[lambda pen: write(pen, 50, 780, SENTENCE * 20)] * 6), part_characters=1_000)
    next(documents)
    child = os.fork()
    if not child:
        try:
            (tmp_path / "out").write_text(read(LETTER).text)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert (tmp_path / "out").read_text().strip() == SENTENCE.strip()
    assert len([*documents]) > 1


def _try(data: bytes) -> list[Document]:
    try:
        return [*load(data, name="a.pdf")]
    except DocumentError as error:
        assert "\n" not in str(error)
        return []
