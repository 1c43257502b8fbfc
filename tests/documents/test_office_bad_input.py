"""A hostile or broken Office file is one sentence, or a document that says what was not done."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import docx
import pptx
import pytest

from glyph_memory.documents import Limits, LoadOptions, load
from glyph_memory.documents.formats import choose_format
from glyph_memory.documents.formats.slides import SLIDES
from glyph_memory.documents.formats.word import WORD
from glyph_memory.documents.source import open_bytes
from glyph_memory.errors import DocumentError
from tests.documents.office import (
    SPACES,
    add_relations,
    cells,
    draw_png,
    edit,
    make_slides,
    make_word,
    paragraph,
    read,
    save,
    told,
)


def complain(data: bytes, *, name: str = "a.docx", limits: Limits | None = None) -> str:
    """Return what is said of a file that cannot be read."""
    with pytest.raises(DocumentError) as caught:
        [*load(data, name=name, limits=limits or Limits())]
    assert name in str(caught.value)
    return str(caught.value)


def wrap_old(stream: str) -> bytes:
    """Return the beginning of an old Office file that has a stream of a name."""
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    head[48] = 200  # the sector of the list of streams
    return bytes(head) + bytes(200 * 512) + stream.encode("utf-16-le").ljust(512, b"\0")


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    """A presentation that is called a Word document is a presentation."""
    word, slides = make_word(paragraph("a")), make_slides("")
    assert choose_format(open_bytes(word, "utf-8", name="a.pptx")) is WORD
    assert choose_format(open_bytes(slides, "utf-8", name="a.docx")) is SLIDES
    path = tmp_path / "no name"
    path.write_bytes(word)
    assert [document.text for document in load(path)] == ["a\n\n"]


def test_a_renamed_picture_is_called_what_it_is() -> None:
    """And no broken Word document."""
    assert "'a.docx' is a PNG image" in complain(draw_png())


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ("EncryptedPackage", "is an Office file encrypted with a password; open it and save it without"),
        ("WordDocument", "is a Word document of before 2007 (.doc); save it as .docx"),
        ("PowerPoint Document", "is a presentation of before 2007 (.ppt); save it as .pptx"),
        ("Other", "is an old Office file, not text; save it in today's format, such as .docx"),
    ],
)
def test_old_and_encrypted_files_are_told_apart(stream: str, said: str) -> None:
    """They begin alike; the names of their streams tell."""
    assert complain(wrap_old(stream)) == f"'a.docx' {said}"
    assert complain(wrap_old(stream), name="a") == f"'a' {said}"


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.9, 0.999])
def test_a_truncated_file_says_so(keep: float) -> None:
    """Wherever it was cut."""
    made = make_word(paragraph("a"))
    said = complain(made[: int(len(made) * keep)])
    assert said.startswith("'a.docx' is no whole zip file: its end is missing")


def test_a_bomb_is_refused() -> None:
    """Twenty million spaces pack to nothing."""
    made = make_word(paragraph("a"))
    assert "it may be a bomb" in complain(edit(made, {"word/media/image1.png": bytes(40_000_000)}))


def test_entities_are_refused_wherever_they_stand() -> None:
    """In the text, in the styles, in a slide."""
    bomb = b'<!DOCTYPE a [<!ENTITY b "' + b"c" * 99 + b'">]><a>&b;</a>'
    for name in ("word/document.xml", "word/styles.xml", "word/_rels/document.xml.rels"):
        said = complain(edit(make_word(paragraph("a")), {name: bomb}))
        assert said.startswith(f"'{name}' in 'a.docx' has a DTD or entities")
    assert "has a DTD or entities" in complain(
        edit(make_slides(""), {"ppt/slides/slide1.xml": bomb}), name="a.pptx"
    )


def test_macros_objects_and_links_are_told_and_left_alone() -> None:
    """The text is read; nothing is run, opened or fetched."""
    data = edit(
        make_word(
            paragraph("a")
            + '<w:p><w:r><w:object><o:OLEObject ProgID="Package"/></w:object></w:r></w:p><w:altChunk r:id="x"/>',
            relations={
                "out": ("attachedTemplate", "https://example.org/evil.dotm"),
                "link": ("hyperlink", "https://example.org/"),
            },
        ),
        {
            "word/vbaProject.bin": b"macros",
            "word/embeddings/oleObject1.bin": b"object",
            "word/activeX/activeX1.xml": b"<a/>",
        },
    )
    document = read(data)
    assert document.text == "a\n\n"
    assert told(document) == [
        "refused: the macros in 'word/vbaProject.bin' were not run",
        "refused: the embedded object 'word/embeddings/oleObject1.bin' was not opened",
        "refused: the control 'word/activeX/activeX1.xml' was not run",
        "refused: the link to 'https://example.org/evil.dotm' (attachedTemplate) was not followed",
        "refused: the embedded object 'Package' was not opened",
        "left out: a document within the document (altChunk); open it by itself",
    ]


def nest(depth: int) -> str:
    """Return tables within tables."""
    return f"<w:tbl><w:tr><w:tc>{paragraph('x')}" * depth + "</w:tc><w:tc/></w:tr></w:tbl>" * depth


def test_deeply_nested_tables_are_refused() -> None:
    """Two hundred of them; fifty are read."""
    assert "tables nested more than 100 deep" in complain(make_word(nest(200)))
    assert "elements nested more than 1000 deep" in complain(make_word(nest(2_000)))
    assert read(make_word(nest(50))).text.count("x") == 50
    frame = f"{'<w:tbl><w:tr><w:tc>' * 150}{paragraph('x')}{'</w:tc></w:tr></w:tbl>' * 150}"
    assert "nested more than 100 deep" in complain(make_word(frame))


def test_other_deep_nesting_never_leaves_as_an_error_of_python() -> None:
    """Links in links, formulas in formulas, groups in groups, content in content."""
    link = f"<w:p>{'<w:hyperlink>' * 900}<w:r><w:t>x</w:t></w:r>{'</w:hyperlink>' * 900}</w:p>"
    formula = (
        f"<w:p><m:oMath>{'<m:box><m:e>' * 450}<m:r><m:t>x</m:t></m:r>{'</m:e></m:box>' * 450}</m:oMath></w:p>"
    )
    control = f"{'<w:sdt><w:sdtContent>' * 450}{paragraph('x')}{'</w:sdtContent></w:sdt>' * 450}"
    group = f"{'<p:grpSp>' * 500}<p:sp/>{'</p:grpSp>' * 500}"
    for data in (make_word(link), make_word(formula), make_word(control), make_slides(group)):
        try:
            assert read(data).text == "x\n\n"
        except DocumentError as error:
            assert "nested too deep" in str(error)
    assert read(make_word(control)).text == "x\n\n"


def test_a_table_of_fifty_thousand_cells_is_read() -> None:
    """Each cell once, in its place."""
    rows = "".join(
        "<w:tr>"
        + "".join(f"<w:tc><w:p><w:r><w:t>{row}/{column}</w:t></w:r></w:p></w:tc>" for column in range(50))
        + "</w:tr>"
        for row in range(1_000)
    )
    document = read(make_word(f"<w:tbl>{rows}</w:tbl>"))
    assert cells(document) == [[f"{row}/{column}" for column in range(50)] for row in range(1_000)]


def test_a_table_that_claims_too_many_columns_is_refused() -> None:
    """Its cells would fill the memory."""
    wide = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2000000000"/></w:tcPr></w:tc></w:tr><w:tr/></w:tbl>'
    assert "a table of more than 1,000 columns" in complain(make_word(wide))
    tall = (
        '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="900"/></w:tcPr></w:tc></w:tr>'
        + "<w:tr/>" * 99
        + "</w:tbl>"
    )
    assert read(make_word(paragraph("a") + tall)).text == "a\n\n"
    assert "1,000,000 cells" in complain(
        make_word(tall.replace("<w:tr/>", tall[7:-8].split("<w:tr/>", maxsplit=1)[0] * 30))
    )


@pytest.mark.parametrize("number", ["", "x", "-1", "1e9", "nan", "99999999999999999999", "½"])
def test_numbers_that_are_none_are_taken_for_their_defaults(number: str) -> None:
    """Whatever a file gives."""
    properties = (
        f'<w:numPr><w:ilvl w:val="{number}"/><w:numId w:val="1"/></w:numPr><w:outlineLvl w:val="{number}"/>'
    )
    body = (
        paragraph("a", properties)
        + f'<w:p><w:r><w:sym w:font="Symbol" w:char="{number}"/><w:t>b</w:t></w:r></w:p>'
        + f'<w:tbl><w:tr><w:trPr><w:gridBefore w:val="0"/></w:trPr><w:tc>{paragraph("c")}</w:tc><w:tc/></w:tr></w:tbl>'
    )
    text = read(make_word(body)).text
    assert all(letter in text for letter in "abc")


def test_a_file_that_has_no_document_in_it_says_so() -> None:
    """A zip file of anything, and one whose main part is missing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.txt", "a")
    assert "a.docx" in complain(buffer.getvalue())
    assert "holds no text; there is nothing to read in it" in complain(make_word(""))
    lost = edit(save(pptx.Presentation()), {"ppt/presentation.xml": f"<p:presentation {SPACES}/>".encode()})
    assert "holds no text" in complain(lost, name="a.pptx")


def test_relations_that_lead_nowhere_or_out_are_harmless() -> None:
    """A slide that is missing is told; a target is never taken for a path of this machine."""
    data = edit(
        save(pptx.Presentation()),
        {
            "ppt/presentation.xml": f'<p:presentation {SPACES}><p:sldIdLst><p:sldId r:id="no"/><p:sldId r:id="up"/>'
            f"</p:sldIdLst></p:presentation>".encode(),
            "ppt/_rels/presentation.xml.rels": lambda old: add_relations(
                old, {"up": ("slide", "../../../etc/passwd")}
            ),
        },
    )
    document = read(data)
    assert document.text == ""
    assert told(document) == [
        "damaged: slide 1 is listed and not in the file",
        "damaged: slide 2 is listed and not in the file",
    ]


def test_too_many_slides_are_refused() -> None:
    """Before the first is read."""
    made = pptx.Presentation()
    for _ in range(3):
        made.slides.add_slide(made.slide_layouts[6])
    assert "has 3 slides, more than 2" in complain(save(made), name="a.pptx", limits=Limits(pages=2))


@pytest.mark.parametrize("kind", ["word", "slides"])
def test_damage_anywhere_is_an_error_of_ours(kind: str) -> None:
    """Parts with bytes changed, dropped or doubled: a document or a sentence, and nothing else leaves."""
    if kind == "word":
        made = docx.Document()
        made.add_heading("Title")
        made.add_paragraph("item", style="List Number")
        made.add_table(2, 2).cell(0, 0).merge(made.tables[0].cell(1, 1)).text = "cell"
        data, part = save(made), "word/document.xml"
    else:
        presentation = pptx.Presentation()
        presentation.slides.add_slide(presentation.slide_layouts[1]).shapes.title.text = "Title"
        data, part = save(presentation), "ppt/slides/slide1.xml"
    draw = random.Random(7)

    def damage(xml: bytes) -> bytes:
        words = xml.replace(b">", b">\0").replace(b'"', b'"\0').split(b"\0")
        at = draw.randrange(len(words))
        words[at : at + draw.randint(0, 2)] = draw.choice(([], [b"0"], [words[at]] * 2, [draw.choice(words)]))
        return b"".join(words)

    for _ in range(25):
        try:
            [*load(edit(data, {part: damage}), options=LoadOptions())]
        except DocumentError as error:
            assert "\n" not in str(error)
