"""Parts of a document are told apart by colour; code by its syntax, and pictures stand on the page."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from glyph_memory import DocumentLook, Page, PageStyle, typeset
from glyph_memory.document import Document
from glyph_memory.documents import Builder, Run
from glyph_memory.errors import StyleError


def find_colors(page: Page) -> set[str]:
    """Return the colours of the inks on a page."""
    if page.depth == 4:
        pairs = {0}
    elif page.depth == 8:
        indices = np.frombuffer(page.pixels, np.uint8)
        pairs = set((indices[indices & 15 != 0] >> 4).tolist())
    else:
        return {"#{:02X}{:02X}{:02X}".format(*color) for color in page.array().reshape(-1, 3).tolist()}
    inks = (page.palette[(16 * pair + 15) * 3 :][:3] for pair in pairs)
    return {f"#{ink.hex().upper()}" for ink in inks}


def build(**blocks: str) -> Document:
    """Return a document of one code block, in the language that the keyword names."""
    builder = Builder()
    for language, code in blocks.items():
        builder.add_code(code, language=language)
    return builder.build()


LOOK = DocumentLook()


def test_headings_and_marks_have_colours_of_their_own() -> None:
    """Black text has no other meaning than text."""
    builder = Builder()
    builder.add_heading(1, "One")
    builder.add_heading(2, "Two")
    builder.add_heading(3, "Three")
    builder.add_paragraph(
        [Run("plain "), Run("bold", ("strong",)), Run(" there", ("link",), "https://example.org")]
    )
    found = find_colors(typeset(builder.build())[0])
    named = {
        LOOK.heading_1_color,
        LOOK.heading_2_color,
        LOOK.heading_3_color,
        LOOK.strong_color,
        LOOK.link_color,
    }
    assert named | {"#000000"} <= found


def test_code_is_coloured_by_its_language_alone() -> None:
    """Comments, strings and keywords; an unknown language is plain."""
    code = 'def total():  # a remark\n    return "oak", 12\n'
    colored = find_colors(typeset(build(python=code))[0])
    assert {
        LOOK.keyword_color,
        LOOK.comment_color,
        LOOK.string_color,
        LOOK.number_color,
        LOOK.name_color,
    } <= colored
    assert find_colors(typeset(build(nonesuch=code))[0]).isdisjoint({LOOK.keyword_color, LOOK.string_color})
    plain = typeset(build(python=code), look=DocumentLook(syntax_colors=False))[0]
    assert find_colors(plain).isdisjoint({LOOK.keyword_color, LOOK.string_color})


def test_colours_never_change_what_is_said() -> None:
    """A colour is an addition: letters stand where they stood."""
    code = 'def total():\n    return "oak"\n'
    colored, plain = typeset(build(python=code))[0], typeset(build(nonesuch=code))[0]
    assert [line.box for line in colored.lines] == [line.box for line in plain.lines]


def test_lines_of_code_may_have_their_numbers_beside_them() -> None:
    """The numbers are no text of the page; a line that goes on has none."""
    code = "short\n" + "long " * 60 + "\nend"
    builder = Builder()
    builder.add_code(code, first_line=98)
    document = builder.build()
    (numbered,), (plain,) = typeset(document, look=DocumentLook(line_numbers=True)), typeset(document)
    assert numbered.text == plain.text == document.text
    assert numbered.lines[0].box[0] > plain.lines[0].box[0]
    assert LOOK.muted_color in find_colors(numbered)
    assert LOOK.muted_color not in find_colors(plain)


def test_indentation_of_code_is_exact() -> None:
    """Four spaces more are four characters further to the right."""
    (page,) = typeset(build(python="a\n    b\n        c"))
    first_ink = []
    for line in page.lines:
        rows = page.array()[line.box[1] : line.box[3]] < 200
        first_ink.append(int(rows.any(axis=0).argmax()))
    steps = [late - early for early, late in pairwise(first_ink)]
    assert all(20 <= step <= 24 for step in steps)


def make_png(size: tuple[int, int] = (300, 100), color: str = "#E07020") -> bytes:
    """Return a picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def build_picture(data: bytes, **options: float) -> Document:
    """Return a document of one picture."""
    builder = Builder()
    builder.add_picture("A plank of oak", data, **options)
    return builder.build()


def test_pictures_stand_on_the_page_above_their_caption() -> None:
    """In their own colours, scaled to the page."""
    (page,) = typeset(build_picture(make_png((3000, 1000)), width_pt=200))
    assert page.depth == 24
    assert "#E07020" in find_colors(page)
    assert page.text.strip() == "A plank of oak"
    assert page.lines[0].box[1] == pytest.approx(16 + 200 / 3, abs=4)


def test_a_picture_of_which_nothing_is_known_has_no_caption_where_it_is_drawn() -> None:
    """Its text stands on the line that the picture is; where there is no picture, it is all there is."""
    builder = Builder()
    builder.add_picture("", make_png(), width_pt=200)
    builder.add_paragraph("Oak.")
    document = builder.build()
    (page,) = typeset(document)
    assert page.text == document.text
    picture, words = page.lines
    assert (picture.text.strip(), words.text.strip()) == ("[picture]", "Oak.")
    shown = page.array()[picture.box[1] : picture.box[3], picture.box[0] : picture.box[2]]
    assert (shown == shown[5, 5]).mean() > 0.9
    assert page.size[1] < typeset(build_picture(make_png(), width_pt=200))[0].size[1] + 20
    builder = Builder()
    builder.add_picture("", b"none")
    (page,) = typeset(builder.build())
    assert [line.text.strip() for line in page.lines] == ["[picture]"]
    assert (page.array() < 250).any()


@pytest.mark.parametrize(
    ("data", "look"),
    [
        (b"no picture at all", DocumentLook()),
        (make_png((3, 3)), DocumentLook()),
        (make_png((40, 4)), DocumentLook()),
        (make_png()[:60], DocumentLook()),
        (make_png(), DocumentLook(pictures="caption")),
    ],
)
def test_a_picture_that_cannot_stand_there_leaves_its_caption(data: bytes, look: DocumentLook) -> None:
    """Broken, too small to show anything, or not wanted."""
    (page,) = typeset(build_picture(data), look=look)
    assert page.depth != 24
    assert page.text.strip() == "A plank of oak"


@pytest.mark.parametrize("size", [(5000, 10), (10, 3000), (300, 4)])
def test_long_thin_pictures_are_drawn(size: tuple[int, int]) -> None:
    """A banner is no ornament: it is scaled to the page, and a pixel high at the least."""
    (page,) = typeset(build_picture(make_png(size)))
    assert "#E07020" in find_colors(page)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"no picture at all", "the picture 'A plank of oak' is of a kind that is not drawn, or broken"),
        (make_png()[:-30], "the picture 'A plank of oak' is of a kind that is not drawn, or broken"),
        (make_png((1, 1)), "the picture 'A plank of oak' has 1 x 1 px, too few to show anything"),
        (make_png((40, 4)), "the picture 'A plank of oak' has 40 x 4 px, too few to show anything"),
        (make_png((5000, 10)), None),
    ],
)
def test_pictures_that_are_not_drawn_are_told(data: bytes, told: str | None) -> None:
    """Their caption stands for them, and a defect of the document says why."""
    messages = [defect.message for defect in build_picture(data).defects]
    assert messages == ([f"{told}; its caption stands for it"] if told else [])


def test_formulas_are_drawn_or_stand_as_they_are_written() -> None:
    """What the renderer does not know stays readable."""
    builder = Builder()
    builder.add_formula(r"\frac{a}{b}")
    document = builder.build()
    pytest.importorskip("matplotlib", reason="draws formulas")
    (drawn,), (text,) = typeset(document), typeset(document, look=DocumentLook(formulas="text"))
    assert drawn.text == text.text == document.text
    assert LOOK.code_color in find_colors(text)
    assert LOOK.code_color not in find_colors(drawn)
    assert "#000000" in find_colors(drawn)


@pytest.mark.parametrize("latex", [r"\frac{a}{b}", r"x^{y^2}", r"e^{-\frac{x^2}{2}}"])
def test_letters_of_formulas_are_about_as_large_as_the_text(latex: str) -> None:
    """Those of fractions and of indices of indices, too: the smallest ones are what has to be read."""
    pytest.importorskip("matplotlib", reason="draws formulas")
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    builder = Builder()
    builder.add_formula(latex)
    (page,) = typeset(builder.build())
    drawn = page.lines[0].box
    plain = MathTextParser("path").parse(f"${latex}$", dpi=72, prop=FontProperties(size=9))
    smallest = min(glyph[1] for glyph in plain.glyphs)
    assert drawn[3] - drawn[1] >= (plain.height + plain.depth - 3) * 0.85 * 9 / smallest


@pytest.mark.parametrize(
    "latex", [r"a\hspace{999999}b", "x" * 1_999, r"\frac{a}{" * 90, "a + 中", "{" * 900 + "}" * 900]
)
def test_formulas_that_do_not_fit_stand_as_latex(latex: str) -> None:
    """Wider than the page, nested too deep, or with a letter that no formula's font has."""
    builder = Builder()
    builder.add_formula(latex)
    assert LOOK.code_color in find_colors(typeset(builder.build())[0])


def test_dark_pages_have_light_colours() -> None:
    """The look follows the page's colour unless one is given."""
    builder = Builder()
    builder.add_heading(1, "One")
    found = find_colors(typeset(builder.build(), style="dark")[0])
    assert DocumentLook.of_style(PageStyle.dark()).heading_1_color in found
    assert LOOK.heading_1_color not in found


@pytest.mark.parametrize(
    "wrong",
    [
        {"link_color": "red"},
        {"heading_1_scale": 0.5},
        {"picture_height": 2.0},
        {"pictures": "none"},
        {"formulas": 1},
    ],
)
def test_looks_that_cannot_be_drawn_are_refused(wrong: dict[str, object]) -> None:
    """The message names the field."""
    with pytest.raises(StyleError, match=next(iter(wrong))):
        replace(LOOK, **wrong)  # type: ignore[arg-type]  # wrong on purpose
