"""PDFs become text in reading order, with their structure; what is lost is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib
import pytest
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from glyph_memory.document import Block, Document
from glyph_memory.documents import load
from tests.documents.make_pdfs import (
    SENTENCE,
    draw_pdf,
    make_picture,
    make_raw,
    write,
    write_columns,
    write_table,
)


def read(data: bytes, **fields: object) -> Document:
    """Load a PDF that is one document."""
    documents = [*load(data, name="a.pdf", **fields)]  # type: ignore[arg-type]  # fields of LoadOptions, by name
    assert len(documents) == 1
    return documents[0]


def list_blocks(document: Document) -> list[tuple[str, str]]:
    """Return kind and text of each block; of a heading its level, too."""
    return [
        (f"{block.kind}{block.level or ''}", document.text[block.start : block.stop].rstrip("\n"))
        for block in document.blocks
    ]


def list_cells(document: Document, block: Block) -> list[list[str]]:
    """Return the cells of a table."""
    assert block.table is not None
    spans = [document.cell_span(block, number) for number in range(len(block.table.starts))]
    texts = [document.text[start:stop] for start, stop in spans]
    wide = block.table.columns
    return [texts[at : at + wide] for at in range(0, len(texts), wide)]


def find_table(document: Document) -> Block:
    """Return the only table."""
    (table,) = (block for block in document.blocks if block.kind == "table")
    return table


def messages(document: Document) -> str:
    """Return all defects in one string."""
    return "; ".join(f"{defect.kind}: {defect.message}" for defect in document.defects)


def test_paragraphs_are_joined_from_their_lines() -> None:
    """A gap or an indent begins the next one; a document without trouble has no defects."""

    def page(pen: Canvas) -> None:
        y = write(pen, 50, 780, SENTENCE * 3)
        write(pen, 50, y, "Another paragraph. " + SENTENCE * 2)

    document = read(draw_pdf(page))
    assert list_blocks(document) == [
        ("paragraph", (SENTENCE * 3).strip()),
        ("paragraph", ("Another paragraph. " + SENTENCE * 2).strip()),
    ]
    assert (document.defects, document.media_type) == ((), "application/pdf")


def test_two_columns_are_read_one_after_the_other() -> None:
    """Whatever the order of the file; a heading over both comes first, a line below them last."""
    left, right = "Left: " + SENTENCE * 5, "Right: " + SENTENCE * 4

    def page(pen: Canvas) -> None:
        write_columns(pen, left, right, top=730)
        write(pen, 50, 790, "A heading that is as wide as both of the columns", size=18, width=500)
        write(pen, 50, 500, "Below: " + SENTENCE * 3, width=490)

    assert [text for _, text in list_blocks(read(draw_pdf(page)))] == [
        "A heading that is as wide as both of the columns",
        left.strip(),
        right.strip(),
        ("Below: " + SENTENCE * 3).strip(),
    ]


def test_a_paragraph_goes_on_in_the_next_column() -> None:
    """It was cut by the page's end, not by its author."""

    def page(pen: Canvas) -> None:
        write_columns(pen, SENTENCE * 3 + "and this goes", "on over there. " + SENTENCE * 3)

    ((_, text),) = list_blocks(read(draw_pdf(page)))
    assert "and this goes on over there." in text


def test_hyphens_at_line_ends_are_judged() -> None:
    """A divided word is joined; what keeps its hyphen elsewhere keeps it here."""

    def page(pen: Canvas) -> None:
        pen.setFont("Helvetica", 10)
        lines = ["We look at how windows are main-", "tained by a well-known and self-", "hosted crew near the Rhine-",
                 "Main area, and at a self-hosted one."]  # fmt: skip
        for number, line in enumerate(lines):
            pen.drawString(50, 700 - 12 * number, line)

    ((_, text),) = list_blocks(read(draw_pdf(page)))
    assert text == (
        "We look at how windows are maintained by a well-known and self-hosted crew near the Rhine-Main area, and at "
        "a self-hosted one."
    )


def test_headings_are_known_by_size_and_weight() -> None:
    """Larger ones stand higher; bold lines of the body's size are the lowest."""

    def page(pen: Canvas) -> None:
        y = write(pen, 50, 780, "The Title", size=24)
        y = write(pen, 50, y, "1 First part", size=16)
        y = write(pen, 50, y, SENTENCE * 2)
        y = write(pen, 50, y, "1.1 A detail", font="Helvetica-Bold")
        write(pen, 50, y, SENTENCE * 2)

    found = list_blocks(read(draw_pdf(page)))
    assert [kind for kind, _ in found] == ["heading1", "heading2", "paragraph", "heading3", "paragraph"]
    assert found[3][1] == "1.1 A detail"


def test_the_outline_names_headings_that_look_like_text() -> None:
    """And says their level."""

    def page(pen: Canvas) -> None:
        pen.bookmarkPage("a")
        pen.addOutlineEntry("Opening hours", "a", level=0)
        pen.bookmarkPage("b")
        pen.addOutlineEntry("On holidays", "b", level=1)
        y = write(pen, 50, 780, "Opening hours")
        y = write(pen, 50, y, SENTENCE)
        y = write(pen, 50, y, "On holidays")
        write(pen, 50, y, SENTENCE)

    found = list_blocks(read(draw_pdf(page)))
    assert [one for one in found if one[0] != "paragraph"] == [
        ("heading1", "Opening hours"),
        ("heading2", "On holidays"),
    ]


def test_lists_keep_their_markers() -> None:
    """Bullets and numbers, with lines that hang."""

    def page(pen: Canvas) -> None:
        y = write(pen, 50, 780, SENTENCE * 2)
        for marker in ("•", "•", "1.", "2."):
            pen.setFont("Helvetica", 10)
            pen.drawString(60, y, marker)
            y = write(pen, 75, y, SENTENCE * 2, width=300) + 6

    found = list_blocks(read(draw_pdf(page)))[1:]
    assert found == [("item", f"{marker} {SENTENCE * 2}".strip()) for marker in ("•", "•", "1.", "2.")]


def test_links_lead_somewhere() -> None:
    """Their address is kept with the words that they lie on."""

    def page(pen: Canvas) -> None:
        write(pen, 50, 780, "Read the manual now.")
        start = 50 + pen.stringWidth("Read ", "Helvetica", 10)
        pen.linkURL(
            "https://example.org/a", (start, 776, start + pen.stringWidth("the manual", "Helvetica", 10), 790)
        )

    document = read(draw_pdf(page))
    ((span,),) = (block.spans for block in document.blocks)
    assert (span.kind, span.target) == ("link", "https://example.org/a")
    assert document.text[span.start : span.stop] == "the manual"


def test_footnotes_stand_behind_the_text_and_are_cited() -> None:
    """Their number is a note where it is cited, and a label before what they say."""

    def page(pen: Canvas) -> None:
        write(pen, 50, 780, SENTENCE * 3)
        pen.drawString(50, 700, "It opens at nine")
        at = 50 + pen.stringWidth("It opens at nine", "Helvetica", 10)
        pen.setFont("Helvetica", 6)
        pen.drawString(at, 704, "1")
        pen.drawString(50, 83, "1")
        write(pen, 56, 80, "But not on Mondays.", size=8)

    document = read(draw_pdf(page))
    assert list_blocks(document)[1:] == [
        ("paragraph", "It opens at nine[1]"),
        ("footnote", "[1] But not on Mondays."),
    ]
    assert document.blocks[1].spans[0].kind == "note"


def test_raised_and_lowered_figures_stay_what_they_are() -> None:
    """10⁹ is not 109."""

    def page(pen: Canvas) -> None:
        text = pen.beginText(50, 780)
        for part, size, rise in (
            ("About 10", 10, 0),
            ("9", 6, 4),
            (" of H", 10, 0),
            ("2", 6, -2),
            ("O here", 10, 0),
        ):
            text.setFont("Helvetica", size)
            text.setRise(rise)
            text.textOut(part)
        pen.drawText(text)

    assert read(draw_pdf(page)).text.strip() == "About 10⁹ of H₂O here"


ROWS = [["item", "EUR", "note"], ["oak", "12.50", "dry wood"], ["elm", "9", ""], ["ash tree", "110", "rare"]]


def test_a_table_with_rules_has_exact_cells() -> None:
    """It stands where it stood, and its words are in no paragraph."""

    def page(pen: Canvas) -> None:
        write(pen, 50, 780, "Before. " + SENTENCE)
        write_table(pen, ROWS)
        write(pen, 50, 400, "After. " + SENTENCE)

    document = read(draw_pdf(page))
    assert [block.kind for block in document.blocks] == ["paragraph", "table", "paragraph"]
    table = find_table(document)
    assert list_cells(document, table) == ROWS
    assert table.table is not None
    assert table.table.header_rows == 1


def test_merged_cells_are_known() -> None:
    """Those that are covered are empty."""
    rows = [["costs", "", "total"], ["wood", "iron", ""], ["1", "2", "3"]]
    document = read(draw_pdf(lambda pen: write_table(pen, rows, spans=[(0, 0, 1, 0), (2, 0, 2, 1)])))
    table = find_table(document).table
    assert list_cells(document, find_table(document)) == rows
    assert table is not None
    assert {(one.row, one.column, one.rows, one.columns) for one in table.merges} == {
        (0, 0, 1, 2),
        (0, 2, 2, 1),
    }


def test_a_table_in_a_column_does_not_stop_the_columns() -> None:
    """Its words are ordered with its column."""

    def page(pen: Canvas) -> None:
        write_columns(pen, "Left: " + SENTENCE * 5, "Right: " + SENTENCE * 9)
        write_table(pen, [["a", "b"], ["c", "d"]], y=560)

    kinds = [kind for kind, _ in list_blocks(read(draw_pdf(page)))]
    assert kinds == ["paragraph", "table", "paragraph"]


def test_columns_of_short_words_are_a_table_without_rules() -> None:
    """They are read row by row, and that is told as a guess."""

    def page(pen: Canvas) -> None:
        write(pen, 50, 780, SENTENCE * 2)
        pen.setFont("Helvetica", 10)
        for number, row in enumerate(ROWS):
            for x, cell in zip((60, 200, 300), row, strict=True):
                pen.drawString(x, 700 - 14 * number, cell)

    document = read(draw_pdf(page))
    assert list_cells(document, find_table(document)) == ROWS
    assert "guessed: page 1: the cells of a table without rules" in messages(document)


def test_code_keeps_its_indentation() -> None:
    """Letters of one width say how far a line is set in, and blank lines stay."""
    lines = ["def f(x):", "    if x:", "        return  x", "", "print(f(1))"]

    def page(pen: Canvas) -> None:
        write(pen, 50, 780, SENTENCE * 2)
        pen.setFont("Courier", 10)
        for number, line in enumerate(lines):
            pen.drawString(60, 700 - 12 * number, line)

    assert list_blocks(read(draw_pdf(page)))[1] == ("code", "\n".join(lines))


def test_running_heads_and_page_numbers_are_told_not_read() -> None:
    """They would cut sentences in two; what they say is in the defect."""

    def page(number: int) -> Callable[[Canvas], None]:
        def draw(pen: Canvas) -> None:
            write(pen, 50, 810, f"Annual report {2020 + number}", size=8)
            write(pen, 50, 760, f"Page {'abcdef'[number]} says. " + SENTENCE)
            write(pen, 300, 30, str(number), size=8)

        return draw

    document = read(draw_pdf(*map(page, range(1, 6))))
    assert len(document.blocks) == 5
    assert messages(document) == (
        "left out: pages 1-5: running heads and page numbers are left out: 'Annual report 2021' to "
        "'Annual report 2025', '1' to '5'"
    )
    assert [block.kind for block in read(draw_pdf(page(1))).blocks].count("paragraph") == 3


def test_each_page_is_a_place_of_the_source_map() -> None:
    """So that a quote can be traced back, and only the pages asked for are read."""
    data = draw_pdf(
        *(partial(lambda number, pen: write(pen, 50, 700, f"Number {number} here."), one) for one in range(9))
    )
    document = read(data, pages="3-4,8")
    assert document.text.split("\n\n")[:3] == ["Number 2 here.", "Number 3 here.", "Number 7 here."]
    (place,) = document.locate(page=8)
    assert document.text[slice(*place)] == "Number 7 here."


def test_a_long_pdf_comes_in_parts(tmp_path: Path) -> None:
    """Each knows where the file is, and where its text begins."""
    path = tmp_path / "long.pdf"
    path.write_bytes(draw_pdf(*[lambda pen: write(pen, 50, 780, SENTENCE * 10)] * 6))
    parts = [*load(path, part_characters=1_000)]
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert len(parts) > 2
    assert all(part.original == path and part.title == "long.pdf" for part in parts)
    assert parts[1].offset == len(parts[0].text)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_page_reads_like_any_other(rotation: int) -> None:
    """How text runs decides, not how the page lies."""

    def page(pen: Canvas) -> None:
        write_columns(pen, "Left: " + SENTENCE * 5, "Right: " + SENTENCE * 4)
        pen.setPageRotation(rotation)

    size = landscape(A4) if rotation % 180 else A4  # reportlab turns the sheet, too
    texts = [text[:5] for _, text in list_blocks(read(draw_pdf(page, size=size)))]
    assert texts == ["Left:", "Right"]


def test_a_table_that_is_printed_sideways_is_read() -> None:
    """As wide tables are, on an upright page."""

    def page(pen: Canvas) -> None:
        pen.translate(600, 100)
        pen.rotate(90)
        write_table(pen, ROWS, y=100)

    document = read(draw_pdf(page))
    assert list_cells(document, find_table(document)) == ROWS


def test_words_that_run_sideways_come_last() -> None:
    """A stamp in the margin is read, and told."""

    def page(pen: Canvas) -> None:
        write(pen, 50, 780, SENTENCE * 2)
        pen.rotate(90)
        pen.drawString(300, -20, "arXiv 2601.01234")

    document = read(draw_pdf(page))
    assert list_blocks(document)[-1] == ("paragraph", "arXiv 2601.01234")
    assert "guessed: page 1: text that runs sideways stands after the rest" in messages(document)


def test_a_cropped_page_has_what_is_seen() -> None:
    """Text beyond its edge is told, not read."""
    content = b"BT /F 12 Tf 120 100 Td (Inside) Tj ET BT /F 12 Tf 10 10 Td (Secret) Tj ET"
    document = read(make_raw(content, page=b"/CropBox[100 50 300 200]"))
    assert document.text.strip() == "Inside"
    assert "left out: page 1: text outside of the page: 'Secret'" in messages(document)


def test_chinese_is_joined_without_spaces() -> None:
    """Its lines end anywhere."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))

    def page(pen: Canvas) -> None:
        pen.setFont("STSong-Light", 10)
        pen.drawString(50, 700, "他们说今天天气很好我们")
        pen.drawString(50, 688, "去公园吧")

    assert read(draw_pdf(page)).text.strip() == "他们说今天天气很好我们去公园吧"


def test_hebrew_is_read_from_the_right() -> None:
    """The file has its letters as they stand, from the left."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    pdfmetrics.registerFont(TTFont("DejaVu", str(folder / "DejaVuSans.ttf")))

    def page(pen: Canvas) -> None:
        pen.setFont("DejaVu", 10)
        pen.drawRightString(500, 700, "שלום עולם, זה ספר"[::-1])
        pen.drawRightString(500, 688, "טוב מאוד"[::-1])

    assert read(draw_pdf(page)).text.strip() == "שלום עולם, זה ספר טוב מאוד"


def test_ligatures_and_soft_hyphens_are_letters_again() -> None:
    """Nobody searches for the sign that stands for f and i."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    pdfmetrics.registerFont(TTFont("DejaVu", str(folder / "DejaVuSans.ttf")))

    def page(pen: Canvas) -> None:
        pen.setFont("DejaVu", 10)
        pen.drawString(50, 700, "The ﬁne ﬂoor of the of\u00adﬁce is swept every sin-")
        pen.drawString(50, 688, "gle day.")

    assert read(draw_pdf(page)).text.strip() == "The fine floor of the office is swept every single day."


def test_a_scan_has_a_place_in_the_text() -> None:
    """A page without text gets a caption, and one defect names all of them."""

    def scan(pen: Canvas) -> None:
        pen.drawImage(make_picture(), 0, 0, *A4)

    document = read(draw_pdf(scan, lambda pen: write(pen, 50, 700, SENTENCE), scan))
    found = list_blocks(document)
    assert found[0] == ("picture", "[page 1: a scan without text]")
    assert found[2] == ("picture", "[page 3: a scan without text]")
    assert "left out: pages 1, 3: a scan without text" in messages(document)


def test_pictures_stand_where_they_stood() -> None:
    """As they look on the page; where they are not wanted, their caption does."""

    def page(pen: Canvas) -> None:
        write(pen, 50, 780, "Before. " + SENTENCE)
        pen.drawImage(make_picture(), 100, 500, 200, 150)
        write(pen, 50, 400, "After. " + SENTENCE)

    document = read(draw_pdf(page))
    assert [block.kind for block in document.blocks] == ["paragraph", "picture", "paragraph"]
    picture = document.blocks[1].picture
    assert picture is not None
    assert picture.data.startswith(b"\x89PNG")
    assert picture.width_pt == pytest.approx(200)
    plain = read(draw_pdf(page), pictures=False)
    assert [(block.kind, block.picture) for block in plain.blocks[1:2]] == [("picture", None)]


def test_pictures_that_are_left_out_are_told() -> None:
    """Ornaments, and what lies under the text."""

    def page(pen: Canvas) -> None:
        pen.drawImage(make_picture("#ddeeff"), 0, 0, *A4)
        pen.drawImage(make_picture(), 100, 500, 20, 20)
        write(pen, 50, 780, SENTENCE)

    document = read(draw_pdf(page))
    assert [block.kind for block in document.blocks] == ["paragraph"]
    assert messages(document) == (
        "left out: page 1: a picture as large as the page, under the text; left out: page 1: small pictures"
    )


def test_what_was_filled_in_and_noted_is_read() -> None:
    """Fields stand where they stand on the page; notes come after it."""

    def page(pen: Canvas) -> None:
        pen.drawString(50, 700, "Name:")
        pen.acroForm.textfield(name="n", value="Ada Lovelace", x=90, y=695, width=150, height=16, fontSize=10)
        pen.textAnnotation("Ask her twice", Rect=(400, 400, 420, 420))

    document = read(draw_pdf(page))
    assert document.text.split("\n\n")[:2] == ["Name: Ada Lovelace", "[note: Ask her twice]"]


def test_glyphs_of_no_known_character_are_told() -> None:
    """The page is better drawn than read."""
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 10 10]/FontMatrix[.1 0 0 .1 0 0]/FirstChar 65/LastChar 66/Widths[8 8]"
        b"/Encoding<</Differences[65/g1/g2]>>/CharProcs<</g1 6 0 R/g2 6 0 R>>>>"
    )
    glyph = b"<</Length 26>>stream\n8 0 d0 0 0 6 8 re f       \nendstream"
    data = make_raw(b"BT /F 12 Tf 20 100 Td (ABABAB BABA) Tj ET", font=font, more=[glyph])
    assert "damaged: page 1" in messages(read(data))


def test_characters_for_private_use_are_told() -> None:
    """The file says what they are, and it is nothing that anybody can read."""
    codes = b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <41> <5A> <E001> endbfrange"
    cmap = b"<</Length %d>>stream\n%s\nendstream" % (len(codes), codes)
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 6 0 R>>"
    document = read(make_raw(b"BT /F 12 Tf 20 100 Td (ABCD EFGH) Tj ET", font=font, more=[cmap]))
    assert "damaged: page 1: the file does not say which characters its glyphs are" in messages(document)


def test_text_that_is_not_seen_is_told() -> None:
    """It may be that of a recognised scan, or something worse."""
    document = read(make_raw(b"BT 3 Tr /F 12 Tf 20 100 Td (Hidden) Tj ET"))
    assert (document.text.strip(), messages(document)) == (
        "Hidden",
        "guessed: page 1: the text is not seen on the page, as that of a recognised scan",
    )


def test_scripts_and_files_inside_are_refused() -> None:
    """By name."""
    script = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
    names = b"/Names<</JavaScript<</Names[(a) 6 0 R]>>/EmbeddedFiles<</Names[(evil.exe) 7 0 R]>>>>"
    spec = b"<</Type/Filespec/F(evil.exe)/UF(evil.exe)>>"
    told = messages(read(make_raw(catalog=names, more=[script, spec])))
    assert "refused: its JavaScript (1 scripts) is not run" in told
    assert "refused: files in it (1) are not opened: evil.exe" in told


def test_landscape_pages_have_columns_too() -> None:
    """Three of them."""

    def page(pen: Canvas) -> None:
        for number, x in enumerate((40, 310, 580)):
            write(pen, x, 500, f"Column {number}. " + SENTENCE * 4, width=220)

    found = list_blocks(read(draw_pdf(page, size=landscape(A4))))
    assert [text[:9] for _, text in found] == ["Column 0.", "Column 1.", "Column 2."]


def test_a_title_of_the_file_is_the_documents() -> None:
    """But not one that a program wrote."""

    def make(title: str) -> bytes:
        def page(pen: Canvas) -> None:
            pen.setTitle(title)
            pen.drawString(50, 700, "x")

        return draw_pdf(page)

    assert read(make("Oak and Ash")).title == "Oak and Ash"
    assert read(make("Microsoft Word - draft.doc")).title == "a.pdf"


def test_the_same_first_line_on_each_page_is_text() -> None:
    """It stands with the others, not apart from them."""

    def page(number: int, pen: Canvas) -> None:
        write(pen, 50, 790, "Dear reader,")
        write(pen, 50, 778, f"In {'abcdef'[number]} all went well. " + SENTENCE * 3)

    assert read(draw_pdf(*(partial(page, number) for number in range(4)))).text.count("Dear reader,") == 4


def test_headings_that_return_on_each_page_are_no_running_heads() -> None:
    """Slides may all be called the same; only small lines that stand apart are left out, and never a whole page."""

    def page(number: int, pen: Canvas) -> None:
        write(pen, 50, 790, "Results", size=24)
        write(pen, 50, 700, f"In {'abcdef'[number]} all went well. " + SENTENCE * 3)

    document = read(draw_pdf(*(partial(page, number) for number in range(4))))
    assert [kind for kind, _ in list_blocks(document)] == ["heading1", "paragraph"] * 4
    only = read(draw_pdf(*[lambda pen: write(pen, 50, 810, "This page is blank.", size=8)] * 3))
    assert only.text.count("This page is blank.") == 3


def write_invoice(number: int, total: int, pen: Canvas) -> None:
    """Write an invoice of one page: its number at the top, its total at the bottom."""
    pen.setFont("Helvetica", 11)
    pen.drawString(72, 770, f"Invoice no. {number}")
    pen.drawString(72, 720, f"Varnish, {number % 7} tins.")
    pen.drawString(72, 90, f"Total due: {total} EUR")


def test_what_differs_from_page_to_page_is_no_running_head() -> None:
    """An invoice without its number and its total is none."""
    totals = [340, 1275, 88, 4410]
    pages = [partial(write_invoice, 4711 + 13 * number, total) for number, total in enumerate(totals)]
    document = read(draw_pdf(*pages))
    assert all(f"Total due: {total} EUR" in document.text for total in totals)
    assert all(f"Invoice no. {4711 + 13 * number}" in document.text for number in range(4))
    assert document.defects == ()


def test_footnotes_and_first_lines_are_no_running_heads() -> None:
    """Though their numbers count with the pages; what does is a lone page number, roman ones too."""

    def page(number: int, pen: Canvas) -> None:
        pen.setFont("Helvetica", 11)
        pen.drawString(72, 812, "Annual report")
        for line in range(30):
            pen.drawString(72, 780 - 21 * line, f"Number {number} on line {line} of a text that goes on")
        pen.setFont("Helvetica", 7)
        pen.drawString(72, 90, f"{number} Ibid.")
        pen.drawString(290, 30, f"{['', 'i', 'ii', 'iii', 'iv', 'v'][number]} / v")

    document = read(draw_pdf(*(partial(page, number) for number in range(1, 6))))
    assert all(f"Number {number} on line 0 " in document.text for number in range(1, 6))
    assert all(f"{number} Ibid." in document.text for number in range(1, 6))
    assert messages(document) == (
        "left out: pages 1-5: running heads and page numbers are left out: 'Annual report', 'i / v' to 'v / v'"
    )


def test_a_head_of_few_pages_is_told_with_its_pages() -> None:
    """Left and right pages have their own, and a line on two pages is none."""

    def page(number: int, pen: Canvas) -> None:
        write(pen, 50, 812, "Left" if number % 2 else "Right", size=8)
        write(pen, 50, 740, f"{'abcdefgh'[number]}: {SENTENCE * 3}")
        if number in (3, 4):
            write(pen, 50, 30, "Draft", size=8)

    document = read(draw_pdf(*(partial(page, number) for number in range(8))))
    assert document.text.count("Draft") == 2
    assert messages(document) == (
        "left out: pages 1-8: running heads and page numbers are left out: 'Right' (pages 1, 3, 5, 7), "
        "'Left' (pages 2, 4, 6, 8)"
    )


def write_wrapped(pen: Canvas, first: int, *, extra: int = 0) -> None:
    """Write a table without rules on a page: its head, and rows whose second cell has two lines."""
    pen.setFont("Helvetica", 10)
    columns = (60, 130, 330, 390, 440, 490)[: 4 + extra]
    for x, cell in zip(columns, ("Item", "Description", "Qty", "Price", "Tax", "Sum"), strict=False):
        pen.drawString(x, 780, cell)
    for row in range(first, first + 22):
        y = 760 - 30 * (row - first)
        pen.drawString(130, y, f"Oak table number {row}, oiled, with")
        cells = (f"A{row}", "drawers and feet of brass", str(row), f"{row}0.00", f"{row}.70", f"{row}9.99")
        for x, cell in zip(columns, cells, strict=False):
            pen.drawString(x, y - 12, cell)


@pytest.mark.parametrize("extra", [0, 2])
def test_a_cell_that_wraps_stays_in_its_row(extra: int) -> None:
    """On each page of the table, whose first row is no running head."""
    data = draw_pdf(*(partial(write_wrapped, first=first, extra=extra) for first in (1, 23, 45)))
    document = read(data)
    tables = [block for block in document.blocks if block.kind == "table"]
    rows = [list_cells(document, table) for table in tables]
    assert [len(table) for table in rows] == [23, 23, 23]
    assert {tuple(table[0][:4]) for table in rows} == {("Item", "Description", "Qty", "Price")}
    for number, row in enumerate([row for table in rows for row in table[1:]], 1):
        wide = f"Oak table number {number}, oiled, with drawers and feet of brass"
        assert row[:4] == [f"A{number}", wide, str(number), f"{number}0.00"]
    assert messages(document) == "guessed: pages 1-3: the cells of a table without rules, by their gaps"


def test_lines_of_a_row_are_known_by_what_is_empty_too() -> None:
    """Where all lines are as far from each other; a row without its first cell stays a row."""

    def page(pen: Canvas) -> None:
        pen.setFont("Helvetica", 10)
        lines = [
            ("town", "what stands there", "EUR", "year"),
            ("Ulm", "a tower of old brick and", "5", "1890"),
            ("", "of oak", "", ""),
            ("", "a bridge", "7", "1901"),
            ("Bonn", "a school", "8", "1950"),
        ]
        for number, line in enumerate(lines):
            for x, cell in zip((60, 150, 330, 420), line, strict=True):
                pen.drawString(x, 700 - 12 * number, cell)

    document = read(draw_pdf(page))
    assert list_cells(document, find_table(document))[1:] == [
        ["Ulm", "a tower of old brick and of oak", "5", "1890"],
        ["", "a bridge", "7", "1901"],
        ["Bonn", "a school", "8", "1950"],
    ]


def test_the_body_is_what_stands_outside_of_tables() -> None:
    """Though most of the page is a table in smaller letters; a sentence of two lines is no heading."""

    def page(pen: Canvas) -> None:
        write(pen, 50, 800, "Costs", size=16)
        write(pen, 50, 770, SENTENCE * 2)
        pen.setFont("Helvetica", 7)
        for row in range(40):
            for column in range(6):
                pen.drawString(60 + 80 * column, 700 - 12 * row, f"cell {row} {column}")
        write(pen, 50, 120, SENTENCE + "It is so.", size=13, width=470)

    document = read(draw_pdf(page))
    assert [block.kind for block in document.blocks] == ["heading", "paragraph", "table", "paragraph"]
    assert {len(row) for row in list_cells(document, find_table(document))} == {6}


def test_words_beside_each_other_are_told_where_their_order_is_guessed() -> None:
    """Neither columns nor a table."""

    def page(pen: Canvas) -> None:
        pen.setFont("Helvetica", 10)
        for line in range(20):
            pen.drawString(60, 700 - 14 * line, f"note {line}")
            if line in (0, 9, 18):
                pen.drawString(300, 700 - 14 * line, "beside it")

    assert "guessed: page 1: the order of words that stand beside each other" in messages(
        read(draw_pdf(page))
    )


def test_blanks_in_code_are_counted() -> None:
    """By the room that each letter takes, wide or narrow."""
    lines = ["x = 1", "    i   =  {'.':    i}", "W          ''  m", "            l1     # |"]

    def page(pen: Canvas) -> None:
        pen.setFont("Courier", 9)
        for number, line in enumerate(lines):
            pen.drawString(60, 700 - 11 * number, line)

    assert list_blocks(read(draw_pdf(page))) == [("code", "\n".join(lines))]


def test_a_string_that_pdfium_cuts_is_told() -> None:
    """Its end is nowhere, so that somebody has to say so."""

    def page(pen: Canvas) -> None:
        pen.setFont("Courier", 0.02)
        pen.drawString(10, 700, "word " * 7_000)

    assert "left out: page 1: what stands after 32,767 bytes of a single string" in messages(
        read(draw_pdf(page))
    )
    assert "32,767" not in messages(read(draw_pdf(lambda pen: write(pen, 0, 800, "word " * 7_000, size=1))))
