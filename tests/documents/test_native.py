"""A PDF's own pages: their size, what they cost, and which way is chosen, page by page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from glyph_memory.document import Document
from glyph_memory.documents import choose_ways, draw_pages, drawing, fit, load, ways
from glyph_memory.documents.native import draw_native_page, open_original, plan_native_page
from glyph_memory.documents.page_run import PageRun
from glyph_memory.documents.pdf.content import PageContent, read_content
from glyph_memory.documents.pdf.file import PdfFile
from glyph_memory.documents.sizes import LEAST_EM_PX, choose_size
from glyph_memory.errors import DocumentError
from glyph_memory.page import Page, pixel_digest
from glyph_memory.tokens import GridRule, ModelProfile
from tests.documents.make_pdfs import SENTENCE, draw_pdf, encrypt, make_picture, make_raw, write, write_table

PROFILES = [ModelProfile.from_name(name) for name in ("glyph", "qwen2.5-vl", "qwen3-vl")]


def write_page(pen: Canvas) -> None:
    """Write a page of black text."""
    write(pen, 60, 760, SENTENCE * 30, width=470)


def load_one(data: bytes) -> Document:
    """Load a PDF that is one document."""
    (document,) = load(data)
    return document


def draw(data: bytes, number: int = 1, **options: object) -> Page:
    """Draw a page of a PDF."""
    document = load_one(data)
    with open_original(document) as opened:
        return draw_native_page(opened, document, number, **options)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_page_is_as_large_as_its_letters_need(profile: ModelProfile) -> None:
    """Sides are whole cells, the processor does not resample, and letters are no smaller than they should be."""
    document = load_one(draw_pdf(write_page))
    with open_original(document) as opened:
        plan = plan_native_page(opened, 1, profile=profile)
        page = draw_native_page(opened, document, 1, profile=profile)
    assert page.size == plan.size
    assert all(side % profile.snap_px == 0 for side in page.size)
    assert isinstance(profile.image_rule, GridRule)
    assert profile.image_rule.resize(page.size) == page.size
    assert plan.tokens == profile.image_tokens(page.size)
    assert LEAST_EM_PX <= plan.em_px < LEAST_EM_PX * 1.1


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("tokens", [100, 300, 1_000])
def test_a_budget_is_kept_and_used(profile: ModelProfile, tokens: int) -> None:
    """The next larger size would cost more."""
    area, least = (470.0, 300.0), LEAST_EM_PX / 10
    size, scale = choose_size(area, profile=profile, least=least, tokens=tokens)
    assert profile.image_tokens(size) <= tokens
    snap = profile.snap_px
    larger = (size[0] + snap, -(-int((size[0] + snap) * area[1] / area[0]) // snap) * snap)
    assert profile.image_tokens(larger) > tokens or scale >= least * 1.9


@pytest.mark.parametrize(
    ("name", "area", "tokens", "size"),
    [
        ("glyph", (280.0, 280.0), None, (336, 336)),
        ("glyph", (280.0, 280.0), 27, (140, 140)),
        ("qwen2.5-vl", (280.0, 560.0), 52, (140, 280)),
        ("qwen3-vl", (320.0, 320.0), None, (384, 384)),
        ("qwen3-vl", (320.0, 320.0), 66, (256, 256)),
    ],
)
def test_sizes_are_known(
    name: str, area: tuple[float, float], tokens: int | None, size: tuple[int, int]
) -> None:
    """At 12 px for letters of 10 points; two tokens of each budget are the wrapping."""
    assert choose_size(area, profile=ModelProfile.from_name(name), least=1.2, tokens=tokens)[0] == size


def test_a_budget_below_any_picture_is_refused() -> None:
    """With the least that would do."""
    with pytest.raises(
        DocumentError, match="no picture costs 'qwen3-vl' as little as 10 tokens; give 66 or more"
    ):
        choose_size((300.0, 300.0), profile=PROFILES[2], least=1.2, tokens=10)


@pytest.mark.parametrize("name", ModelProfile.names())
def test_every_model_takes_what_is_drawn(name: str) -> None:
    """Also a strip three metres long."""
    profile = ModelProfile.from_name(name)
    for area in ((470.0, 700.0), (8504.0, 20.0), (3.0, 3.0)):
        size, _ = choose_size(area, profile=profile, least=1.2)
        assert profile.image_tokens(size) > 0
        assert all(side % profile.snap_px == 0 for side in size)


def test_margins_are_trimmed_and_black_text_is_grey() -> None:
    """Ink reaches near all four sides, but for what whole cells leave."""
    page = draw(draw_pdf(lambda pen: pen.rect(200, 300, 100, 150, fill=1)))
    assert (page.depth, page.image.mode) == (8, "L")
    rows, columns = np.nonzero(page.array() < 128)
    assert max(rows.min(), columns.min()) <= 8
    assert page.size[0] - columns.max() <= 28 + 8


def test_a_page_with_colours_keeps_them() -> None:
    """In three bytes a pixel; its file says the same."""

    def red(pen: Canvas) -> None:
        pen.setFillColorRGB(1, 0, 0)
        pen.rect(200, 300, 100, 150, fill=1, stroke=0)

    page = draw(draw_pdf(red))
    assert page.depth == 24
    assert page.array()[page.size[1] // 2, 60].tolist() == [255, 0, 0]
    assert pixel_digest(page.image) == page.digest


def test_the_same_page_is_drawn_the_same() -> None:
    """Byte for byte."""
    data = draw_pdf(write_page)
    assert draw(data).png() == draw(data).png()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_text_stands_upright_however_the_page_lies(rotation: int) -> None:
    """A page whose text runs sideways is turned."""
    content = b"BT /F 12 Tf 20 100 Td (Hello there, this is a line of text) Tj ET"
    upright = draw(make_raw(content))
    turned = draw(make_raw(content, page=b"/Rotate %d" % rotation))
    assert turned.size == upright.size
    assert np.abs(turned.array().astype(int) - upright.array()).mean() < 2


def test_pages_share_the_text_between_them() -> None:
    """Each has its stretch; one without text has an empty one, at its place."""
    document = load_one(draw_pdf(write_page, lambda pen: None, write_page))
    with open_original(document) as opened:
        pages = [draw_native_page(opened, document, number, first_page=number + 6) for number in (1, 2, 3)]
    assert "".join(page.text for page in pages) == document.text
    assert [page.start for page in pages] == [0, pages[0].stop, pages[0].stop]
    assert [page.number for page in pages] == [7, 8, 9]
    assert pages[1].text == ""


def test_what_was_filled_in_is_drawn() -> None:
    """A form without its values would be half a page."""

    def form(value: str) -> bytes:
        def page(pen: Canvas) -> None:
            pen.drawString(60, 700, "Name")
            pen.acroForm.textfield(name="n", value=value, x=90, y=695, width=150, height=16)

        return draw_pdf(page)

    assert draw(form("Ada Lovelace")) != draw(form(""))


def test_what_readers_marked_is_drawn() -> None:
    """A box that somebody put on the page belongs to what is seen of it."""
    stream = b"0 0 50 20 re f"
    look = b"<</Type/XObject/Subtype/Form/BBox[0 0 50 20]/Length %d>>stream\n%s\nendstream" % (
        len(stream),
        stream,
    )
    square = b"<</Type/Annot/Subtype/Square/Rect[200 20 250 40]/AP<</N 7 0 R>>/F 4>>"
    assert draw(make_raw(page=b"/Annots[6 0 R]", more=[square, look])).size > draw(make_raw()).size


def test_a_document_without_pages_of_its_own_has_none() -> None:
    """It is told in one line, and no way is chosen."""
    document = Document(text="plain", title="notes")
    assert choose_ways(document) == ()
    with pytest.raises(DocumentError, match="'notes' has no pages of its own"), open_original(document):
        pass


def draw_scan(pen: Canvas) -> None:
    """Draw a picture as large as the page."""
    pen.drawImage(make_picture(), 0, 0, *A4)


def draw_chart(pen: Canvas) -> None:
    """Draw a figure of many shapes, with a line of text."""
    write(pen, 60, 790, "Figure 1")
    for number in range(60):
        pen.circle(100 + 7 * number, 200 + 9 * (number % 50), 40)


def test_the_way_is_chosen_page_by_page() -> None:
    """With its reason, and what both ways cost."""

    def picture(pen: Canvas) -> None:
        write(pen, 60, 790, SENTENCE)
        pen.drawImage(make_picture(), 50, 200, 500, 400)

    document = load_one(
        draw_pdf(write_page, draw_scan, draw_chart, picture, lambda pen: write(pen, 60, 790, "Short."))
    )
    ways = choose_ways(document, profile="glyph")
    assert [(way.page, way.way) for way in ways] == [
        (1, "reflow"), (2, "native"), (3, "native"), (4, "native"), (5, "reflow")
    ]  # fmt: skip
    assert [way.reason for way in ways if way.page != 3] == [
        "dense text", "no text: a scan", "pictures cover 40 % of it", "text"
    ]  # fmt: skip
    assert ways[2].reason.startswith("figures cover ")
    assert "".join(document.text[way.start : way.stop] for way in ways) == document.text
    assert all(way.native_tokens and way.native_tokens > 0 for way in ways)
    assert ways[0].reflow_tokens > ways[4].reflow_tokens > 0
    with open_original(document) as opened:
        assert draw_native_page(opened, document, 2, plan=ways[1].plan) == draw_native_page(
            opened, document, 2
        )


@pytest.mark.parametrize(
    ("font", "content", "reason"),
    [
        (b"/Type1/BaseFont/CMMI10/Encoding/WinAnsiEncoding", b"(abcd xyz) Tj", "many formulas"),
        (b"/Type1/BaseFont/Helvetica", b"3 Tr (Hidden) Tj", "text"),
        (
            b"/Type1/BaseFont/Helvetica",
            b"(Up) Tj 0 1 -1 0 50 50 Tm (to the very top of the whole page) Tj",
            "text",
        ),
        (b"/Type1/BaseFont/Helvetica", b"(There) Tj 0 1 -1 0 50 50 Tm (up up) Tj", "text runs sideways"),
    ],
)
def test_the_reason_is_what_is_on_the_page(font: bytes, content: bytes, reason: str) -> None:
    """Formulas, and text that runs two ways, lose by being typeset."""
    data = make_raw(b"BT /F 12 Tf 20 100 Td " + content + b" ET", font=b"<</Type/Font/Subtype" + font + b">>")
    (way,) = choose_ways(load_one(data))
    assert (way.way, way.reason) == ("reflow" if reason == "text" else "native", reason)


def test_glyphs_of_no_known_character_are_drawn() -> None:
    """Their text is garbage, their picture is not."""
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 10 10]/FontMatrix[.1 0 0 .1 0 0]/FirstChar 65/LastChar 66/Widths[8 8]"
        b"/Encoding<</Differences[65/g1/g2]>>/CharProcs<</g1 6 0 R/g2 6 0 R>>>>"
    )
    glyph = b"<</Length 26>>stream\n8 0 d0 0 0 6 8 re f       \nendstream"
    (way,) = choose_ways(load_one(make_raw(b"BT /F 12 Tf 20 100 Td (ABABAB) Tj ET", font=font, more=[glyph])))
    assert (way.way, way.reason) == ("native", "the file does not say which characters it shows")


def test_a_chart_of_one_line_is_a_figure(tmp_path: Path) -> None:
    """As matplotlib draws it: few shapes, of which one has many corners; its grid is no table."""
    matplotlib.use("pdf")
    figure, axes = pyplot.subplots(figsize=(6, 4))
    axes.plot([(7 * x) % 30 for x in range(50)])
    axes.grid()
    figure.savefig(tmp_path / "chart.pdf")
    pyplot.close(figure)
    (document,) = load(tmp_path / "chart.pdf")
    (way,) = choose_ways(document)
    assert (way.way, way.reason[:13]) == ("native", "figures cover")
    assert all(block.kind != "table" for block in document.blocks)
    assert any("a drawing; its words alone are in the text" in defect.message for defect in document.defects)


def test_a_way_that_is_asked_for_is_taken() -> None:
    """What it costs the other way is told all the same."""
    document = load_one(draw_pdf(write_page, draw_scan))
    assert [way.way for way in choose_ways(document, way="reflow")] == ["reflow", "reflow"]
    native = choose_ways(document, way="native", tokens=60)
    assert [way.way for way in native] == ["native", "native"]
    assert "which is small" in native[0].reason
    assert native[0].native_tokens is not None
    assert native[0].native_tokens <= 60


def write_plot(pen: Canvas) -> None:
    """Draw a curve in its axes, which has little ink, under text."""
    write(pen, 60, 790, SENTENCE * 10)
    pen.line(100, 100, 100, 500)
    pen.line(100, 100, 500, 100)
    curve = pen.beginPath()
    curve.moveTo(100, 300)
    for step in range(100):
        curve.lineTo(100 + 4 * step, 300 + 150 * (step % 20) / 20)
    pen.drawPath(curve)


def write_bars(pen: Canvas, *, high: float = 100.0) -> None:
    """Draw a bar chart under text."""
    write(pen, 60, 790, SENTENCE * 10)
    for number in range(6):
        pen.rect(100 + 60 * number, 150, 35, high * (1 + number % 3) / 3, fill=1)
        write(pen, 105 + 60 * number, 140, "Ulm", size=7)


def write_no_figure(pen: Canvas) -> None:
    """Write what has lines and boxes and is no figure: tables, a frame, stripes, underlines, a bar across the page."""
    pen.setFillGray(0.9)
    pen.rect(0, 800, 595, 60, fill=1, stroke=0)
    pen.rect(55, 640, 480, 100, fill=1, stroke=0)
    for row in range(0, 12, 2):
        pen.rect(60, 300 + 12 * row, 400, 12, fill=1, stroke=0)
    pen.setFillGray(0)
    y = write(pen, 60, 725, SENTENCE * 4)
    pen.rect(55, y - 60, 480, 60)
    write(pen, 60, y - 12, SENTENCE * 4)
    for row in range(12):
        for x in (65, 200, 320):
            write(pen, x, 303 + 12 * row, f"no {row}", size=9)
    write_table(pen, [["oak", "12.50"], ["ash", "7.00"], ["elm", "9.25"]], y=150)
    write(pen, 60, 60, "underlined")
    pen.line(60, 58, 110, 58)


@pytest.mark.parametrize(
    ("page", "way", "is_told"),
    [
        (write_plot, "native", True),
        (partial(write_bars, high=450.0), "native", True),
        (write_bars, "reflow", True),
        (write_no_figure, "reflow", False),
        (write_page, "reflow", False),
    ],
)
def test_a_figure_counts_by_the_box_around_it(
    page: Callable[[Canvas], None], way: str, is_told: bool
) -> None:
    """Its ink is little; a small one is left out, and told."""
    document = load_one(draw_pdf(page))
    assert [one.way for one in choose_ways(document)] == [way]
    told = [defect.message for defect in document.defects if "drawing" in defect.message]
    assert told == ["page 1: a drawing; its words alone are in the text"] * is_told


def test_pages_are_looked_at_as_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page of a long file does not wait for the last; typeset ones are looked at by nobody."""
    looked = list[int]()

    def look(file: PdfFile, number: int) -> PageContent:
        looked.append(number)
        return read_content(file, number)

    monkeypatch.setattr(ways, "read_content", look)
    document = load_one(draw_pdf(draw_scan, write_page, write_page, draw_scan, write_page))
    pages = draw_pages(document)
    assert [next(pages).way for _ in range(2)] == ["native", "reflow"]
    assert looked == [1, 2, 3, 4]
    assert [page.way for page in pages] == ["native", "reflow"]
    looked.clear()
    drawn = [*draw_pages(document, way="reflow")]
    assert (looked, {page.other_tokens for page in drawn}) == ([], {None})


def test_so_many_pages_are_looked_at_before_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are typeset together; their text is the document's all the same."""
    monkeypatch.setattr(drawing, "_LOOKED_AT", 2)
    document = load_one(draw_pdf(*[write_page] * 5))
    pages = [*draw_pages(document)]
    assert "".join(page.page.text for page in pages) == document.text
    assert len(pages) > len([*draw_pages(document, way="reflow")])


def test_what_a_page_costs_as_it_looks_is_estimated_well() -> None:
    """Without drawing it."""
    document = load_one(draw_pdf(write_page, write_no_figure))
    for way, asked in zip(choose_ways(document), choose_ways(document, way="native"), strict=True):
        assert (way.way, way.plan) == ("reflow", None)
        assert way.native_tokens == pytest.approx(asked.native_tokens, rel=0.1)


def test_a_document_opens_its_file_again() -> None:
    """It carries the password that it was loaded with, and shows it to nobody."""
    key = "tr0ub4dor"
    (document,) = load(draw_pdf(write_page, encrypt=encrypt(key)), password=key)
    assert [page.way for page in draw_pages(document.cut(0, 500), way="native")] == ["native"]
    assert fit(document, tokens=10_000, way="native").pages == 1
    assert key not in repr(document) + document.to_json()


@pytest.mark.parametrize(("way", "is_told"), [("auto", False), ("native", False), ("reflow", True)])
def test_a_scan_is_left_out_only_where_it_is_typeset(
    way: Literal["auto", "native", "reflow"], is_told: bool
) -> None:
    """As it looks, nothing of it is lost."""
    run = PageRun(documents=load(draw_pdf(draw_scan)), way=way)
    assert [page.way for page in run.draw()] == ["reflow" if is_told else "native"]
    assert [defect.message for defect in run.defects] == [
        "page 1: a scan without text; its picture alone says what is on it"
    ] * is_told
