"""A Word document's words, cells and notes are in its text, in document order; what is not is told."""

from __future__ import annotations

import io

import docx
import pytest
from docx.shared import Pt

from glyph_memory.documents import LoadOptions, Merge, load
from tests.documents.office import (
    cells,
    draw_png,
    edit,
    make_word,
    marked,
    outline,
    paragraph,
    read,
    save,
    told,
)


def test_blocks_come_in_document_order() -> None:
    """Headings by the names of their styles, a table between two paragraphs, code lines that follow each other."""
    made = docx.Document()
    made.core_properties.title = "Yearly report"
    made.add_heading("Report", 0)
    made.add_heading("Costs", 1)
    made.add_paragraph("Before.")
    table = made.add_table(2, 2)
    for place, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"cell {place}"
    made.add_paragraph("After.")
    made.add_heading("Deeper", 3)
    for line in ("def f():", "    return 1"):
        made.add_paragraph(line).style = "macro"
    made.add_paragraph("Said.", style="Quote")
    document = read(save(made))
    assert document.title == "Yearly report"
    assert outline(document) == [
        ("heading 1", "Report"),
        ("heading 1", "Costs"),
        ("paragraph", "Before."),
        ("table", "cell 0\tcell 1\ncell 2\tcell 3"),
        ("paragraph", "After."),
        ("heading 3", "Deeper"),
        ("code", "def f():\n    return 1"),
        ("paragraph", "Said."),
    ]
    assert document.blocks[-1].quotes == 1
    assert document.defects == ()


def test_headings_are_known_in_any_language() -> None:
    """By the English name behind a local id, by an outline level, or by the id alone."""
    styles = (
        '<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Kapitel"><w:name w:val="Kapitel"/>'
        '<w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Own"/><w:basedOn w:val="Kapitel"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>'
    )
    body = "".join(
        paragraph(text, f'<w:pStyle w:val="{style}"/>')
        for text, style in (
            ("a", "berschrift2"), ("b", "Kapitel"), ("c", "Own"), ("d", "Titre4"), ("e", "Loop"), ("f", "Unknown"),
        )
    )  # fmt: skip
    body += paragraph("g", '<w:outlineLvl w:val="4"/>') + paragraph(
        "h", '<w:pStyle w:val="Own"/><w:outlineLvl w:val="9"/>'
    )
    assert outline(read(make_word(body, {"styles": styles}))) == [
        ("heading 2", "a"),
        ("heading 3", "b"),
        ("heading 3", "c"),
        ("heading 4", "d"),
        ("paragraph", "e"),
        ("paragraph", "f"),
        ("heading 5", "g"),
        ("paragraph", "h"),
    ]


def test_marks_of_runs_become_spans() -> None:
    """Bold, italic, struck, code by its font; raised digits are raised, or 10 to the 6 would read 106."""
    made = docx.Document()
    one = made.add_paragraph("a ")
    one.add_run("bold").bold = True
    one.add_run("both").bold = one.runs[-1].italic = True
    one.runs[-1].italic = True
    one.add_run("gone").font.strike = True
    one.add_run("code").font.name = "Consolas"
    one.add_run(" 10")
    one.add_run("6").font.superscript = True
    one.add_run(" H")
    one.add_run("2").font.subscript = True
    one.add_run("th").font.superscript = True
    document = read(save(made))
    assert document.text == "a boldbothgonecode 10⁶ H₂th\n\n"
    assert [(kind, text) for kind, text, _ in marked(document)] == [
        ("strong", "bold"),
        ("strong", "both"),
        ("emphasis", "both"),
        ("struck", "gone"),
        ("code", "code"),
    ]


def test_links_keep_their_targets() -> None:
    """Whether by relation, by anchor, or by a field that is spread over runs; a field's instruction is no text."""
    body = (
        '<w:p><w:hyperlink r:id="out"><w:r><w:t>site</w:t></w:r></w:hyperlink><w:r><w:t> </w:t></w:r>'
        '<w:hyperlink w:anchor="top"><w:r><w:t>up</w:t></w:r></w:hyperlink>'
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK </w:instrText></w:r>'
        '<w:r><w:instrText>"https://example.org/f" \\o "tip" \\l "part" </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t xml:space="preserve"> field</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText><w:fldChar w:fldCharType="separate"/>'
        '<w:t>7</w:t><w:fldChar w:fldCharType="end"/></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
        "<w:fldSimple w:instr='HYPERLINK \"mailto:a@example.org\"'><w:r><w:t> mail</w:t></w:r></w:fldSimple></w:p>"
    )
    document = read(make_word(body, relations={"out": ("hyperlink", "https://example.org/a?b=1")}))
    assert document.text == "site up field7 mail\n\n"
    assert marked(document) == [
        ("link", "site", "https://example.org/a?b=1"),
        ("link", "up", "#top"),
        ("link", " field7", "https://example.org/f#part"),
        ("link", " mail", "mailto:a@example.org"),
    ]


def test_fields_that_are_odd_hide_nothing() -> None:
    """One without an end, one without a result, and one that would fetch a file."""
    begin, end = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>',
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    )
    body = (
        f"<w:p>{begin}<w:r><w:instrText>EQ \\f(1,2)</w:instrText><w:t>unseen</w:t></w:r>"
        f"{end}<w:r><w:t>a</w:t></w:r></w:p>"
        '<w:p><w:fldSimple w:instr="DDEAUTO c:\\cmd.exe"><w:r><w:t>b</w:t></w:r></w:fldSimple></w:p>'
        f"<w:p>{begin}<w:r><w:instrText>IF</w:instrText></w:r></w:p>" + paragraph("c")
    )
    document = read(make_word(body))
    assert document.text.split() == ["a", "b", "c"]
    assert told(document) == [
        "left out: the field 'EQ \\\\f(1,2)' has no result in the file",
        "refused: the field 'DDEAUTO c:\\\\cmd.exe' was not carried out; its last result is read",
        "damaged: a field is not ended; what follows it is read as text",
    ]


def test_notes_stand_at_the_end_and_are_cited() -> None:
    """Footnotes, endnotes and comments, in the order in which they are cited, each with its own links."""
    body = (
        '<w:p><w:r><w:t>One</w:t></w:r><w:r><w:footnoteReference w:id="5"/></w:r><w:r><w:t> two</w:t>'
        '</w:r><w:r><w:endnoteReference w:id="1"/></w:r><w:r><w:footnoteReference w:customMarkFollows="1" w:id="2"/>'
        "<w:t>*</w:t></w:r>"
        '<w:r><w:commentReference w:id="0"/></w:r><w:r><w:footnoteReference w:id="99"/></w:r></w:p>'
    )
    data = make_word(
        body,
        {
            "footnotes": f'<w:footnote w:id="2">{paragraph("Second.")}</w:footnote>'
            f'<w:footnote w:id="5">{paragraph(" First,")}{paragraph("two lines.")}</w:footnote>',
            "endnotes": f'<w:endnote w:id="1">{paragraph("At the end.")}</w:endnote>',
            "comments": f'<w:comment w:id="0" w:author="Ann">{paragraph("Why?")}</w:comment>',
        },
    )
    document = read(data)
    assert outline(document) == [
        ("paragraph", "One[1] two[i][2][comment 1][3]"),
        ("footnote", "[1] First,\ntwo lines."),
        ("footnote", "[i] At the end."),
        ("footnote", "[2] Second."),
        ("footnote", "[comment 1] Ann: Why?"),
    ]
    assert [text for kind, text, _ in marked(document) if kind == "note"] == [
        "[1]",
        "[i]",
        "[2]",
        "[comment 1]",
        "[3]",
    ]
    assert document.trace(40, 41)[0].file == "word/footnotes.xml"
    assert told(document) == ["damaged: the footnote [3] is cited and not in the file"]


def test_tables_keep_merged_cells_and_headers() -> None:
    """Wide ones by their span, tall ones by their rows; lines in a cell, a nested table as lines of its cell."""
    made = docx.Document()
    table = made.add_table(4, 3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
    table.cell(1, 0).merge(table.cell(3, 0)).text = "tall"
    table.cell(0, 2).text = "head"
    table.cell(1, 1).merge(table.cell(2, 2)).text = "block"
    cell = table.cell(3, 1)
    cell.text = "first"
    cell.add_paragraph("second")
    inner = table.cell(3, 2).add_table(2, 2)
    for place, one in enumerate(one for row in inner.rows for one in row.cells):
        one.text = f"n{place}"
    document = read(save(made))
    assert cells(document) == [
        ["wide", "", "head"],
        ["tall", "block", ""],
        ["", "", ""],
        ["", "first\nsecond", "n0 | n1\nn2 | n3"],
    ]
    table_of = document.blocks[0].table
    assert table_of is not None
    assert table_of.header_rows == 1
    assert set(table_of.merges) == {
        Merge(row=0, column=0, columns=2),
        Merge(row=1, column=0, rows=3),
        Merge(row=1, column=1, rows=2, columns=2),
    }


def test_header_rows_are_those_that_word_repeats() -> None:
    """All of them, and a cell that reaches further down takes its rows with it; short rows begin further right."""

    def row(*texts: str, properties: str = "") -> str:
        inner = "".join(f"<w:tc>{paragraph(text)}</w:tc>" for text in texts)
        return f"<w:tr><w:trPr>{properties}</w:trPr>{inner}</w:tr>"

    body = (
        "<w:tbl>"
        + row("a", "b", properties="<w:tblHeader/>")
        + row("c", "d", properties='<w:tblHeader w:val="1"/>')
        + row("f", properties='<w:gridBefore w:val="1"/>')
        + row("gone", "gone", properties="<w:del/>")
        + "</w:tbl>"
    )
    document = read(make_word(body))
    assert cells(document) == [["a", "b"], ["c", "d"], ["", "f"]]
    table = document.blocks[0].table
    assert table is not None
    assert table.header_rows == 2
    assert told(document) == ["left out: text that tracked changes delete"]


def test_a_cell_that_reaches_out_of_the_header_takes_its_rows_with_it() -> None:
    """Else a page could end within it; text that a covered cell still holds is read in the cell above."""

    def cell(text: str, merge: str) -> str:
        return f'<w:tc><w:tcPr><w:vMerge w:val="{merge}"/></w:tcPr>{paragraph(text)}</w:tc>'

    rows = (
        f"<w:tr><w:trPr><w:tblHeader/></w:trPr>{cell('a', 'restart')}</w:tr><w:tr>{cell('below', 'continue')}</w:tr>"
        f"<w:tr><w:tc>{paragraph('c')}</w:tc></w:tr>"
    )
    document = read(make_word(f"<w:tbl>{rows}</w:tbl>"))
    assert cells(document) == [["a\nbelow"], [""], ["c"]]
    assert document.blocks[0].table is not None
    assert document.blocks[0].table.header_rows == 2


def test_pictures_have_words_width_and_file() -> None:
    """Also one in a cell, which stands after its table; one that lies outside is not fetched."""
    made = docx.Document()
    picture = draw_png()
    made.add_picture(io.BytesIO(picture), width=Pt(90))
    made.inline_shapes[0]._inline.docPr.set("descr", "A red\nbox")
    table = made.add_table(1, 2)
    table.cell(0, 0).text = "left"
    table.cell(0, 1).paragraphs[0].add_run().add_picture(io.BytesIO(picture), width=Pt(10))
    document = read(save(made))
    assert outline(document) == [
        ("picture", "A red box"),
        ("table", "left\t[picture]"),
        ("picture", "[picture]"),
    ]
    found = document.blocks[0].picture
    assert found is not None
    assert (found.data, found.width_pt) == (picture, 90.0)
    assert read(save(made), LoadOptions(pictures=False)).blocks[0].picture is None
    body = '<w:p><w:r><w:pict><v:shape alt="Logo"><v:imagedata r:id="out"/></v:shape></w:pict></w:r></w:p>'
    outside = read(make_word(body, relations={"out": ("image", "https://example.org/a.png")}))
    assert outside.text == "Logo\n\n"
    assert told(outside) == [
        "refused: the picture 'https://example.org/a.png' lies outside the file and was not fetched"
    ]


def test_boxes_controls_and_changes_are_read_once() -> None:
    """A text box is written twice, for new and for old programs; inserted text counts, deleted text does not."""
    box = f"<w:txbxContent>{paragraph('boxed')}</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>before</w:t></w:r><w:r><mc:AlternateContent>"
        f"<mc:Choice Requires='wps'><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
        f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('controlled')}<w:sdt><w:sdtContent>{paragraph('twice')}"
        "</w:sdtContent></w:sdt></w:sdtContent></w:sdt>"
        "<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        "<w:smartTag><w:r><mc:AlternateContent><mc:Choice/><mc:Fallback><w:t>er</w:t></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:smartTag><w:r><w:rPr><w:vanish/></w:rPr><w:t>unseen</w:t></w:r></w:p>"
    )
    document = read(make_word(body))
    assert document.text.split() == ["before", "boxed", "controlled", "twice", "newer"]
    assert told(document) == [
        "left out: text that tracked changes delete",
        "left out: text that is formatted as hidden",
    ]


def test_signs_and_scripts_come_through() -> None:
    """Tabs, breaks, hyphens, signs of fonts of symbols, readings above Chinese signs, right to left text."""
    body = (
        "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>co\u00adop</w:t><w:softHyphen/><w:noBreakHyphen/><w:t>c</w:t>"
        '<w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:font="Symbol" w:char="F061"/>'
        '<w:sym w:font="Webdings" w:char="F061"/></w:r>'
        "<w:r><w:ruby><w:rt><w:r><w:t>かんじ</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢字</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>"
        "<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>שלום 12 עולם</w:t></w:r></w:p>"
    )
    document = read(make_word(body))
    assert document.text == "a\tb\ncoop-c✓α□漢字(かんじ)\n\nשלום 12 עולם\n\n"
    assert told(document) == ["guessed: sign 0x61 of the font 'Webdings' has no known meaning; it reads □"]


def test_pages_are_known_where_word_noted_them() -> None:
    """A quote is traced to its page, pages may be asked for; a file without such notes says so."""
    turn = "<w:lastRenderedPageBreak/>"
    body = (
        f"{paragraph('one')}<w:p><w:r>{turn}<w:t>two</w:t></w:r></w:p>"
        f"<w:p><w:r><w:t xml:space='preserve'>two, </w:t>{turn}<w:t>three</w:t></w:r></w:p>{paragraph('three')}"
    )
    document = read(make_word(body))
    assert [(document.text[one.start : one.stop], one.page) for one in document.source_map] == [
        ("one", 1),
        ("two", 2),
        ("two, three", 2),
        ("three", 3),
    ]
    assert read(make_word(body), LoadOptions(pages="3")).text == "three\n\n"
    with pytest.raises(Exception, match="does not say where its pages end"):
        load(make_word(paragraph("a")), pages="3")


def test_headers_and_footers_are_told() -> None:
    """They stand on every page, and would cut the text."""
    made = docx.Document()
    made.sections[0].header.paragraphs[0].text = "Secret"
    made.sections[0].footer.paragraphs[0].text = "ACME"
    made.add_paragraph("Text.")
    document = read(save(made))
    assert document.text == "Text.\n\n"
    assert sorted(told(document)) == [
        "left out: the footer of the pages, 'ACME'",
        "left out: the header of the pages, 'Secret'",
    ]


def test_a_long_document_comes_in_parts_with_their_notes() -> None:
    """Each part ends with the notes that it cites, and the next one goes on where it ended."""
    cited = '<w:p><w:r><w:t>{}</w:t><w:footnoteReference w:id="{}"/></w:r></w:p>'
    body = "".join(cited.format("word " * 150, number) for number in range(6))
    notes = "".join(
        f'<w:footnote w:id="{number}">{paragraph(f"note {number}")}</w:footnote>' for number in range(6)
    )
    parts = [*load(make_word(body, {"footnotes": notes}), part_characters=1_500)]
    assert [part.text.count("word ") for part in parts] == [300, 300, 300]
    assert [part.text.count("note ") for part in parts] == [2, 2, 2]
    assert "[6] note 5" in parts[2].text
    assert parts[1].offset == len(parts[0].text)


def test_the_strict_spelling_of_the_standard_is_read_as_well() -> None:
    """Its namespaces differ, and all that they name is the same."""
    made = make_word(paragraph("strict") + paragraph("head", '<w:outlineLvl w:val="0"/>'))

    def turn(xml: bytes) -> bytes:
        old = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        return xml.replace(old, b"http://purl.oclc.org/ooxml/wordprocessingml/main")

    assert outline(read(edit(made, {"word/document.xml": turn}))) == [
        ("paragraph", "strict"),
        ("heading 1", "head"),
    ]
