"""A page is drawn again from its text and its recipe, pixel for pixel, or not at all."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib.pagesizes import A6
from reportlab.pdfgen.canvas import Canvas

from glyph_memory import DocumentError, ModelProfile, PageStyle, ProfileError
from glyph_memory.document import Document
from glyph_memory.documents import Builder, DocumentPage, PageRecipe, draw_pages, load
from glyph_memory.documents.native import draw_native_page, open_original
from tests.documents.drawn_pdf import write_pdf

SMALL = PageStyle(page_width_pt=220, page_height_pt=120, snap_px=1, system_fonts=False)
GLYPH = ModelProfile.from_name("glyph")


def costs() -> Document:
    """Return a heading and a table that takes several pages."""
    builder = Builder(source="costs.xlsx")
    builder.add_heading(1, "Costs")
    builder.add_table(
        [["item", "EUR"], *([f"plank {number}", f"{number * 7919}"] for number in range(40))], header_rows=1
    )
    return builder.build()


def drawing(path: Path | None) -> bytes:
    """Return a PDF of two pages, and write it where there is a path."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A6, invariant=True)
    for number in (1, 2):
        canvas.drawString(40, 200, f"Drawing {number}")
        canvas.circle(150, 100, 20 * number)
        canvas.showPage()
    canvas.save()
    if path is not None:
        path.write_bytes(file.getvalue())
    return file.getvalue()


def native(document: Document, number: int) -> DocumentPage:
    """Return a PDF's own page."""
    with open_original(document) as opened:
        page = draw_native_page(opened, document, number)
    return DocumentPage(page=page, document=document, way="native")


def again(recipe: PageRecipe) -> PageRecipe:
    """Return a recipe after JSON."""
    return PageRecipe.from_fields(json.loads(json.dumps(recipe.to_fields())))


def test_a_page_of_a_table_is_drawn_again_with_its_header() -> None:
    """From its text and some hundred characters beside it."""
    for drawn in draw_pages(costs(), style=SMALL):
        stretch = costs().cut(drawn.page.start, drawn.page.stop)
        recipe = again(PageRecipe.of(drawn, profile=GLYPH))
        (alone,) = draw_pages(stretch, style=replace(SMALL, crop_last_page=not recipe.is_full))
        redrawn = recipe.draw(drawn.page.text, style=SMALL)[0]
        assert (redrawn.digest, redrawn.size[1]) == (alone.page.digest, drawn.page.size[1])


@pytest.mark.parametrize("style", [PageStyle.auto(), PageStyle.auto(line_price=100), PageStyle.glyph()])
def test_a_page_that_ends_in_blank_lines_is_as_tall_when_drawn_again(style: PageStyle) -> None:
    """Alone it would be the last one, and be cropped below its last ink."""
    text = "".join(f"section {number}\n" + "\n" * (40 * number % 170) for number in range(30)) + "end"
    for drawn in draw_pages(Document(text=text), style=style, profile=GLYPH):
        (alone,) = again(PageRecipe.of(drawn, profile=GLYPH)).draw(drawn.page.text, style=style)
        assert alone.digest == drawn.page.digest


@pytest.mark.parametrize("values", [{}, {"dpi": 96}, {"page_width_pt": 1000}, {"fill_page": False}])
def test_a_page_is_as_wide_when_drawn_again(values: dict[str, Any]) -> None:
    """In whatever style: a layout of a narrower page is named by its width."""
    auto = replace(PageStyle.auto(line_price=100), **values)
    text = "\n".join("word " * (14 if number % 60 else 25) for number in range(200))
    for drawn in draw_pages(Document(text=text), style=auto, profile=GLYPH):
        (alone,) = again(PageRecipe.of(drawn, profile=GLYPH)).draw(drawn.page.text, style=auto)
        assert alone.digest == drawn.page.digest


def test_plain_text_needs_no_recipe() -> None:
    """Metadata stays empty."""
    (drawn,) = draw_pages(Document(text="It opens at nine."), style=SMALL)
    assert PageRecipe.of(drawn, profile=GLYPH).to_fields() == {}


def test_a_pdfs_own_page_is_drawn_again_from_the_file(tmp_path: Path) -> None:
    """The same pixels, in the size for the same model."""
    drawing(tmp_path / "a.pdf")
    (document,) = load(tmp_path / "a.pdf")
    drawn = native(document, 2)
    recipe = PageRecipe.of(drawn, profile=GLYPH)
    assert recipe.to_fields() == {"path": str(tmp_path / "a.pdf"), "number": 2, "profile": "glyph"}
    (page,) = again(recipe).draw(drawn.page.text, style=SMALL)
    assert (page.digest, page.text) == (drawn.page.digest, drawn.page.text)


def test_a_page_whose_file_is_gone_or_was_never_there_is_an_error(tmp_path: Path) -> None:
    """Whoever shows it has the text."""
    data = drawing(tmp_path / "a.pdf")
    (document,) = load(tmp_path / "a.pdf")
    recipe = PageRecipe.of(native(document, 1), profile=GLYPH)
    (tmp_path / "a.pdf").unlink()
    with pytest.raises(DocumentError, match=r"there is no file .*a\.pdf' on this machine"):
        recipe.draw("Drawing 1", style=SMALL)
    (document,) = load(data, name="a.pdf")
    with pytest.raises(DocumentError, match=r"cannot be drawn again: it was read from memory; .*store="):
        PageRecipe.of(native(document, 1), profile=GLYPH).draw("Drawing 1", style=SMALL)


@pytest.mark.parametrize("path", ["-", "https://a.example/a.pdf", "a.pdf", "", "/dev/zero", "/etc/hostname"])
def test_a_recipe_opens_nothing_but_pdfs_of_this_machine(path: str, tmp_path: Path) -> None:
    """It may come from anybody: no address is asked, and no pipe is read."""
    os.mkfifo(tmp_path / "pipe.pdf")
    with pytest.raises(DocumentError, match="there is no file"):
        PageRecipe(path=str(tmp_path / "pipe.pdf"), number=1, profile="glyph").draw("", style=SMALL)
    with pytest.raises(DocumentError):
        PageRecipe(path=path, number=1, profile="glyph").draw("", style=SMALL)


@pytest.mark.parametrize("number", [-1, 3, 10**12])
def test_a_page_that_the_file_does_not_have_is_an_error(number: int, tmp_path: Path) -> None:
    """As is a model that nobody knows."""
    drawing(tmp_path / "a.pdf")
    with pytest.raises(DocumentError):
        PageRecipe(path=str(tmp_path / "a.pdf"), number=number, profile="glyph").draw("", style=SMALL)
    with pytest.raises(ProfileError):
        PageRecipe(path=str(tmp_path / "a.pdf"), number=1, profile="no such").draw("", style=SMALL)


@pytest.mark.parametrize("told", [[1], "a", {"number": "1"}, {"structure": 1}, {"number": True}, None])
def test_what_is_no_recipe_is_refused(told: object) -> None:
    """In one line."""
    with pytest.raises(DocumentError, match="says nothing of how a page is drawn"):
        PageRecipe.from_fields(told)


def test_a_page_of_an_encrypted_pdf_needs_its_password_which_no_recipe_has(tmp_path: Path) -> None:
    """Whoever shows it may have none to give, so the message says what else helps."""
    word = "sesame"
    write_pdf(tmp_path / "a.pdf", password=word)
    recipe = PageRecipe(path=str(tmp_path / "a.pdf"), number=2, profile="glyph")
    assert recipe.draw("", style=SMALL, password=word)
    with pytest.raises(
        DocumentError, match=r"is encrypted; its password is not remembered; keep its pictures"
    ):
        recipe.draw("", style=SMALL)
    with pytest.raises(DocumentError, match=r"has 2 pages, and no page 3; is it another file by now"):
        PageRecipe(path=recipe.path, number=3, profile="glyph").draw("", style=SMALL, password=word)
