"""A book is read chapter by chapter, in its order; one that is locked, broken or hostile is one sentence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest

from glyph_memory.document import Document
from glyph_memory.documents import load
from glyph_memory.errors import DocumentError
from tests.documents.small_picture import make_png

CONTAINER = '<container xmlns="urn:x"><rootfiles><rootfile full-path="O/p.opf"/></rootfiles></container>'
XHTML = '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{}</body></html>'

PNG = make_png()


def make_book(
    chapters: dict[str, str], *, beside: str = "", members: Mapping[str, str | bytes] | None = None
) -> bytes:
    """Return a book; the chapter `beside` stands beside its text, `members` are added or replaced."""
    files = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    order = "".join(
        f'<itemref idref="i{n}"{" linear=" + chr(34) + "no" + chr(34) if name == beside else ""}/>'
        for n, name in enumerate(chapters)
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>A  Book</dc:title><dc:creator>A. Author</dc:creator></metadata><manifest>{files}</manifest>"
        f"<spine>{order}</spine></package>"
    )
    content: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "O/p.opf": package,
    }
    content |= {
        f"O/{name.replace('%20', ' ')}": XHTML.format(text) for name, text in chapters.items() if text
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name, data in (content | dict(members or {})).items():
            file.writestr(name, data)
    return buffer.getvalue()


def read(data: bytes) -> Document:
    """Return a book as a document."""
    (document,) = load(data, name="a.epub")
    return document


def test_chapters_come_in_reading_order() -> None:
    """What stands beside the text is last; each place names its file and line."""
    book = make_book(
        {"n.xhtml": "note", "b%20c.xhtml": "\n<h1>One</h1>\n<p>Two", "d.xhtml": "Three"}, beside="n.xhtml"
    )
    document = read(book)
    assert document.text == "A. Author\n\nOne\n\nTwo\n\nThree\n\nnote\n\n"
    assert (document.title, document.media_type) == ("A Book", "application/epub+zip")
    places = [(place.file, place.line) for place in document.source_map]
    assert places[:3] == [("O/b c.xhtml", 3), ("O/b c.xhtml", 4), ("O/d.xhtml", 2)]


def test_xhtml_is_xml() -> None:
    """An element that ends itself is closed, and what stands in CDATA is text; entities of its own stay unread."""
    text = '<script src="x"/><p>a<a id="x"/></p><div/><p/>b<![CDATA[ c < d ]]><title/>e'
    assert " ".join(read(make_book({"a.xhtml": text})).text.split()) == "A. Author a b c < d e"


def test_pictures_come_from_the_archive() -> None:
    """And from nowhere else."""
    html = '<img src="../I/p.png" alt="in"/><img src="../../../etc/hostname" alt="out"/>'
    document = read(make_book({"T/a.xhtml": html}, members={"O/I/p.png": PNG}))
    assert [bool(block.picture) for block in document.blocks] == [False, True, False]
    assert "hostname" in document.defects[0].message


def test_missing_chapters_are_told() -> None:
    """The others are read."""
    document = read(make_book({"a.xhtml": "", "b.xhtml": "text"}))
    assert document.text.endswith("text\n\n")
    assert [defect.message for defect in document.defects] == [
        "the chapter 'O/a.xhtml' is not in the archive"
    ]


def encrypt(algorithm: str) -> str:
    """Return what a book says that has something encrypted."""
    return (
        '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
        f'<e:EncryptionMethod Algorithm="{algorithm}"/></e:EncryptedData></encryption>'
    )


def test_a_locked_book_is_refused() -> None:
    """Fonts that are scrambled lock nothing."""
    lock = encrypt("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    with pytest.raises(DocumentError, match=r"'a\.epub' is locked by its seller \(DRM\)"):
        read(make_book({"a.xhtml": "x"}, members={"META-INF/encryption.xml": lock}))
    fonts = encrypt("http://www.idpf.org/2008/embedding")
    assert "x" in read(make_book({"a.xhtml": "x"}, members={"META-INF/encryption.xml": fonts})).text


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"META-INF/container.xml": "<a/>"}, "does not name its package"),
        ({"META-INF/container.xml": "<a"}, "broken XML"),
        ({"O/p.opf": f"{BOMB}<package>&c;</package>"}, "entities"),
        ({"O/p.opf": "<a>" * 5_000}, "nested"),
    ],
)
def test_a_broken_or_hostile_book_is_one_sentence(members: Mapping[str, str], message: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(DocumentError, match=message) as caught:
        read(make_book({"a.xhtml": "x"}, members=members))
    assert "\n" not in str(caught.value)


def test_a_bomb_of_entities_in_a_chapter_does_not_go_off() -> None:
    """They are not known here, and stay as they are."""
    book = make_book({"a.xhtml": "x"}, members={"O/a.xhtml": f"{BOMB}<html><body>x &c; y</body></html>"})
    assert read(book).text == "A. Author\n\nx &c; y\n\n"


def test_a_cut_book_is_one_sentence() -> None:
    """Its list of members is at its end."""
    with pytest.raises(DocumentError, match=r"'a\.epub'"):
        read(make_book({"a.xhtml": "x"})[:-40])


def test_a_long_book_comes_in_parts() -> None:
    """Cut between two blocks, with every word."""
    chapters = {f"c{n}.xhtml": "".join(f"<p>word{n}x{i} and more" for i in range(50)) for n in range(5)}
    parts = list(load(make_book(chapters), name="a.epub", part_characters=1_000))
    assert len(parts) > 3
    text = "".join(part.text for part in parts)
    assert [word for word in text.split() if word.startswith("word")] == [
        f"word{n}x{i}" for n in range(5) for i in range(50)
    ]


def test_what_a_book_does_not_read_is_told() -> None:
    """A drawing in its order, and a page that stands in no order; its table of contents is no page of its own."""
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml" '
        'media-type="application/xhtml+xml"/><item id="d" href="d.svg" media-type="image/svg+xml"/><item id="e" '
        'href="extra.xhtml" media-type="application/xhtml+xml"/><item id="n" href="nav.xhtml" properties="nav" '
        'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="d"/><itemref idref="a"/></spine>'
        "</package>"
    )
    (document,) = load(make_book({"a.xhtml": "<p>one</p>"}, members={"O/p.opf": package}), name="b.epub")
    assert document.text == "one\n\n"
    assert [defect.message for defect in document.defects] == [
        "'d.svg' is a drawing (SVG), no page of text; it is not read",
        "pages that the book's order does not name are not read: 'extra.xhtml'",
    ]
