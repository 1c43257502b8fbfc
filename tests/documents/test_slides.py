"""A presentation's words are in its text, slide by slide and in reading order; what is not is told."""

from __future__ import annotations

import io

import pptx
import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches, Pt

from glyph_memory.documents import LoadOptions, Merge
from glyph_memory.errors import DocumentError
from tests.documents.office import (
    SPACES,
    cells,
    draw_png,
    edit,
    make_slides,
    marked,
    outline,
    read,
    save,
    told,
)


def test_slides_come_one_after_the_other() -> None:
    """Titles as headings, bullets by level, notes under a small heading; each traced to its slide."""
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "First\vtitle"
    slide.placeholders[1].text = "one\ntwo\nthree"
    slide.placeholders[1].text_frame.paragraphs[1].level = 1
    slide.notes_slide.notes_text_frame.text = "Say it."
    opening = made.slides.add_slide(made.slide_layouts[0])
    opening.shapes.title.text = "Second"
    opening.placeholders[1].text = "A subtitle has no bullet"
    document = read(save(made))
    assert outline(document) == [
        ("heading 1", "First title"),
        ("item", "• one"),
        ("item", "– two"),
        ("item", "• three"),
        ("heading 4", "Notes"),
        ("paragraph", "Say it."),
        ("heading 1", "Second"),
        ("paragraph", "A subtitle has no bullet"),
    ]
    assert [block.indent for block in document.blocks] == [0, 0, 1, 0, 0, 0, 0, 0]
    assert [place.page for place in document.source_map] == [1] * 6 + [2] * 2
    assert document.source_map[5].file == "ppt/notesSlides/notesSlide1.xml"
    assert document.defects == ()


def test_only_slides_that_are_wanted_are_read() -> None:
    """Others are not even opened."""
    made = pptx.Presentation()
    for number in range(5):
        made.slides.add_slide(made.slide_layouts[5]).shapes.title.text = f"slide {number + 1}"
    data = edit(save(made), {"ppt/slides/slide1.xml": b"broken"})
    document = read(data, LoadOptions(pages="2,4-"))
    assert document.text.split("\n\n")[:3] == ["slide 2", "slide 4", "slide 5"]
    assert document.locate(page=4) == ((9, 16),)
    with pytest.raises(DocumentError, match=r"'ppt/slides/slide1\.xml' in the file in memory is broken XML"):
        read(data)


def test_shapes_are_read_from_top_to_bottom_and_left_to_right() -> None:
    """Whatever their order in the file; a group is read as one, where it stands; the title first, wherever it is."""
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])

    def add(shapes: object, text: str, left: float, top: float) -> None:
        box = shapes.add_textbox(Inches(left), Inches(top), Inches(1), Inches(1))  # type: ignore[attr-defined]  # no stubs
        box.text_frame.text = text

    add(slide.shapes, "low", 1, 5)
    add(slide.shapes, "right", 5, 2.2)
    add(slide.shapes, "left", 1, 2.4)
    group = slide.shapes.add_group_shape()
    add(group.shapes, "group right", 6, 4)
    add(group.shapes, "group low", 5, 6)
    add(group.shapes, "group left", 5, 4.1)
    slide.shapes.title.text = "Title"
    slide.shapes.title.top = Inches(7)
    assert read(save(made)).text.split("\n\n")[:-1] == [
        "Title", "left", "right", "group left", "group right", "group low", "low",
    ]  # fmt: skip


def test_text_keeps_its_marks_links_and_numbers() -> None:
    """Numbered paragraphs count by level; a plain paragraph between them begins again."""

    def line(text: str, bullet: str = "", level: int = 0) -> str:
        return f'<a:p><a:pPr lvl="{level}">{bullet}</a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>'

    number = '<a:buAutoNum type="arabicPeriod"/>'
    letter = '<a:buAutoNum type="alphaLcParenBoth" startAt="3"/>'
    sign = '<a:buFont typeface="Wingdings"/><a:buChar char="\u00fc"/>'
    body = (
        line("a", number) + line("b", number) + line("c", letter, 1) + line("d", letter, 1) + line("e", number)
        + line("f") + line("g", number) + line("h", sign)
        + '<a:p><a:r><a:rPr b="1" i="1"/><a:t>bold</a:t></a:r><a:br/>'
        '<a:r><a:rPr strike="sngStrike"/><a:t>no</a:t></a:r>'
        '<a:r><a:rPr><a:hlinkClick r:id="out"/></a:rPr><a:t>site</a:t></a:r>'
        '<a:r><a:rPr baseline="30000"/><a:t>2</a:t></a:r><a:fld type="datetime"><a:t>May</a:t></a:fld></a:p>'
    )  # fmt: skip
    tree = f"<p:sp><p:nvSpPr><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody>{body}</p:txBody></p:sp>"
    document = read(make_slides(tree, relations={"out": ("hyperlink", "https://example.org/")}))
    assert document.text == (
        "1. a\n2. b\n(c) c\n(d) d\n3. e\n\nf\n\n1. g\n✓ h\n\nbold\nnositе²May\n\n".replace("е", "e")
    )
    assert marked(document) == [
        ("strong", "bold", ""),
        ("emphasis", "bold", ""),
        ("struck", "no", ""),
        ("link", "site", "https://example.org/"),
    ]


def test_tables_charts_and_pictures_are_read() -> None:
    """Merged cells, a header by the table's look, the numbers of a chart, the words of a picture."""
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    table = slide.shapes.add_table(3, 2, 0, 0, Inches(4), Inches(1)).table
    table.cell(0, 0).text = "wide"
    table.cell(0, 0).merge(table.cell(0, 1))
    table.cell(1, 0).text = "a\nb"
    table.cell(1, 1).merge(table.cell(2, 1))
    table.cell(1, 1).text = "tall"
    numbers = CategoryChartData()  # type: ignore[no-untyped-call]  # the library has no types
    numbers.categories = ["Q1", "Q2"]
    numbers.add_series("Oak", (1, None))  # type: ignore[no-untyped-call]  # as above
    slide.shapes.add_chart(XL_CHART_TYPE.LINE, 0, Inches(2), Inches(4), Inches(1), numbers)
    picture = slide.shapes.add_picture(io.BytesIO(draw_png()), 0, Inches(5), width=Pt(72))
    picture._element.nvPicPr.cNvPr.set("descr", "A box")
    document = read(save(made))
    assert cells(document) == [["wide", ""], ["a\nb", "tall"], ["", ""]]
    assert cells(document, 1) == [["", "Oak"], ["Q1", "1"], ["Q2", ""]]
    grid, shown = document.blocks[0].table, document.blocks[-1].picture
    assert grid is not None
    assert shown is not None
    assert grid.header_rows == 1
    assert grid.merges == (Merge(row=0, column=0, columns=2), Merge(row=1, column=1, rows=2))
    assert (shown.width_pt, outline(document)[-1]) == (72.0, ("picture", "A box"))


def test_formulas_diagrams_and_objects_are_read_or_told() -> None:
    """A formula is written twice, as itself and as a picture; the first is read."""
    formula = "<a14:m><m:oMathPara><m:oMath><m:r><m:t>a</m:t></m:r></m:oMath></m:oMathPara></a14:m>"
    picture = "<p:sp><p:txBody><a:p><a:r><a:t>no</a:t></a:r></a:p></p:txBody></p:sp>"
    tree = (
        "<mc:AlternateContent>"
        f"<mc:Choice Requires='a14'><p:sp><p:txBody><a:p>{formula}</a:p></p:txBody></p:sp></mc:Choice>"
        f"<mc:Fallback>{picture}</mc:Fallback></mc:AlternateContent>"
    ) + "".join(
        f"<p:graphicFrame><a:graphic><a:graphicData>{inner}</a:graphicData></a:graphic></p:graphicFrame>"
        for inner in ("<dgm:relIds r:dm='data'/>", "<p:oleObj progId='Excel.Sheet.12'/>", "<a:unheard/>")
    )
    point = '<dgm:pt modelId="1"><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt>'
    diagram = f"<dgm:dataModel {SPACES}><dgm:ptLst>{point}</dgm:ptLst></dgm:dataModel>".encode()
    data = make_slides(
        tree,
        {"ppt/diagrams/data1.xml": diagram},
        {
            "data": ("diagramData", "../diagrams/data1.xml"),
            "talk": ("comments", "../comments/comment1.xml"),
            "film": ("video", "https://example.org/a.mp4"),
        },
    )
    document = read(data)
    assert outline(document) == [("formula", "a"), ("item", "• Plan")]
    assert told(document) == [
        "refused: the embedded object 'Excel.Sheet.12' on slide 1 was not opened",
        "left out: a drawing on slide 1 of a kind that is not read",
        "left out: the comments on slide 1",
        "refused: the link to 'https://example.org/a.mp4' (video) was not followed",
    ]


def test_hidden_slides_are_read_and_what_stands_on_all_is_told() -> None:
    """A footer once, whatever the number of slides."""
    made = pptx.Presentation()
    for text in ("a", "b"):
        slide = made.slides.add_slide(made.slide_layouts[6])
        slide.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = text
        slide._element.set("show", "0" if text == "b" else "1")
    layout = made.slide_layouts[6]
    footer = (
        b'<p:sp><p:nvSpPr><p:nvPr><p:ph type="ftr"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>ACME</a:t></a:r></a:p>'
        b"</p:txBody></p:sp></p:spTree>"
    )
    assert layout.name == "Blank"
    changed = {
        f"ppt/slides/slide{number}.xml": lambda old: old.replace(b"</p:spTree>", footer) for number in (1, 2)
    }
    document = read(edit(save(made), changed))
    assert outline(document) == [("paragraph", "a"), ("rule", ""), ("paragraph", "b")]
    assert told(document) == [
        "left out: the footer of the slides, 'ACME'",
        "guessed: slide 2 is hidden; it is read all the same",
    ]
