"""Markers of Word's lists are counted as Word counts them: they stand in no paragraph's text."""

from __future__ import annotations

import docx
import pytest

from glyph_memory.documents.formats.office.numerals import write_number
from tests.documents.office import make_word, outline, paragraph, read, save


def level(place: int, form: str, text: str, more: str = "") -> str:
    """Return one level of a numbering."""
    start = f'<w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}'
    return f'<w:lvl w:ilvl="{place}">{start}<w:lvlText w:val="{text}"/></w:lvl>'


def numbering(levels: str, *, more: str = "", overrides: str = "") -> dict[str, str]:
    """Return a part with one numbering that lists 1 and 2 share."""
    return {
        "numbering": f'<w:abstractNum w:abstractNumId="7">{levels}</w:abstractNum>{more}'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
        f'<w:num w:numId="2"><w:abstractNumId w:val="7"/>{overrides}</w:num>'
    }


def item(text: str, place: int = 0, of: int = 1) -> str:
    """Return a paragraph on a level of a list."""
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{place}"/><w:numId w:val="{of}"/></w:numPr>')


OUTLINE = level(0, "decimal", "%1.") + level(1, "lowerLetter", "%2)") + level(2, "lowerRoman", "%1.%2.%3")


def read_lines(body: str, parts: dict[str, str]) -> list[str]:
    """Return the blocks' texts."""
    return [text for _, text in outline(read(make_word(body, parts)))]


def test_levels_count_on_and_begin_again_below_a_higher_one() -> None:
    """A paragraph between two items interrupts nothing; a level that was left out counts as its first."""
    body = "".join(
        (item("a"), item("b", 1), item("c", 1), item("d", 2), item("e"), paragraph("-"), item("f", 1), item("g"),
         item("h", 2))
    )  # fmt: skip
    document = read(make_word(body, numbering(OUTLINE)))
    assert [text for _, text in outline(document)] == [
        "1. a", "a) b", "b) c", "1.b.i d", "2. e", "-", "a) f", "3. g", "3.a.i h",
    ]  # fmt: skip
    assert [block.indent for block in document.blocks] == [0, 1, 1, 2, 0, 0, 1, 0, 2]


def test_two_lists_of_one_numbering_count_on_unless_told() -> None:
    """A start of its own is what begins a list again; it holds once."""
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    body = "".join((item("a"), item("b"), item("c", of=2), item("d", of=2)))
    assert read_lines(body, numbering(OUTLINE)) == ["1. a", "2. b", "3. c", "4. d"]
    assert read_lines(body, numbering(OUTLINE, overrides=override)) == ["1. a", "2. b", "5. c", "6. d"]


def test_restarts_and_legal_numbers() -> None:
    """A level that never begins again; one that writes the levels above in digits; numbers with a zero before them."""
    levels = (
        level(0, "upperRoman", "%1")
        + level(1, "decimalZero", "%1.%2", '<w:isLgl/><w:lvlRestart w:val="0"/>')
        + level(2, "ordinal", "%3")
    )
    body = "".join((item("a"), item("b", 1), item("c", 2), item("d"), item("e", 1)))
    assert read_lines(body, numbering(levels)) == ["I a", "1.01 b", "1st c", "II d", "2.02 e"]


def test_a_level_may_wait_for_a_higher_one_to_begin_again() -> None:
    """Here the third level goes on below a new second one, and begins again below a new first one."""
    levels = (
        level(0, "decimal", "%1")
        + level(1, "decimal", "%2")
        + level(2, "decimal", "%3", '<w:lvlRestart w:val="1"/>')
    )
    body = "".join(item("x", place) for place in (0, 1, 2, 1, 2, 0, 2))
    assert read_lines(body, numbering(levels)) == ["1 x", "1 x", "1 x", "2 x", "2 x", "2 x", "1 x"]


def test_bullets_are_signs_that_can_be_drawn() -> None:
    """Word writes them in fonts of symbols; a picture as a bullet is a point."""
    fonts = '<w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>'
    levels = (
        level(0, "bullet", "\uf0b7")
        + level(1, "bullet", "o")
        + level(2, "bullet", "\uf0a7").replace("</w:lvl>", f"{fonts}</w:lvl>")
        + level(3, "bullet", "–")
        + level(4, "bullet", "", '<w:lvlPicBulletId w:val="0"/>')
    )
    body = "".join(item("x", place) for place in range(5))
    assert read_lines(body, numbering(levels)) == ["• x", "◦ x", "▪ x", "– x", "• x"]


def test_headings_carry_their_numbers_by_their_style() -> None:
    """As most reports have them: the style links to a level, and the level back to the style."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="H{place}"><w:name w:val="heading {place}"/><w:pPr><w:numPr>'
        f'<w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        for place in (1, 2)
    )
    levels = level(0, "decimal", "%1", '<w:pStyle w:val="H1"/>') + level(
        1, "decimal", "%1.%2", '<w:pStyle w:val="H2"/>'
    )
    head = '<w:pStyle w:val="H{}"/>'
    body = (
        paragraph("a", head.format(1)) + paragraph("b", head.format(2)) + paragraph("c", head.format(2))
        + paragraph("plain", head.format(1) + '<w:numPr><w:numId w:val="0"/></w:numPr>')
        + paragraph("d", head.format(1))
    )  # fmt: skip
    assert outline(read(make_word(body, {"styles": styles, **numbering(levels)}))) == [
        ("heading 1", "1 a"),
        ("heading 2", "1.1 b"),
        ("heading 2", "1.2 c"),
        ("heading 1", "plain"),
        ("heading 1", "2 d"),
    ]


def test_a_list_in_a_style_of_lists_is_found() -> None:
    """One numbering may stand for another by the name of a style."""
    more = (
        '<w:abstractNum w:abstractNumId="8"><w:numStyleLink w:val="Mine"/></w:abstractNum>'
        '<w:num w:numId="3"><w:abstractNumId w:val="8"/></w:num>'
    )
    levels = '<w:styleLink w:val="Mine"/>' + level(0, "upperLetter", "%1")
    assert read_lines(item("x", of=3), numbering(levels, more=more)) == ["A x"]


def test_lists_of_the_library_and_in_cells() -> None:
    """Styles that give a list, deeper ones by their name; in a cell, markers are text."""
    made = docx.Document()
    for style in ("List Bullet", "List Bullet 2", "List Number", "List Number"):
        made.add_paragraph(style, style=style)
    cell = made.add_table(1, 2).cell(0, 0)
    cell.paragraphs[0].text = "top"
    cell.add_paragraph("inner", style="List Number")
    document = read(save(made))
    assert document.text == (
        "• List Bullet\n• List Bullet 2\n1. List Number\n2. List Number\n\ntop\n3. inner\t\n\n"
    )
    assert [block.indent for block in document.blocks] == [0, 1, 0, 0, 0]


def test_a_list_without_its_numbering_is_paragraphs() -> None:
    """Converters leave it out; nothing is made up."""
    assert read_lines(item("a", of=99) + item("b", place=40), numbering(OUTLINE)) == ["a", "b"]


@pytest.mark.parametrize(
    ("count", "form", "expected"),
    [
        (4, "lowerRoman", "iv"), (1994, "upperRoman", "MCMXCIV"), (4000, "upperRoman", "4000"),
        (26, "lowerLetter", "z"),
        (27, "upperLetter", "AA"), (0, "lowerLetter", "0"), (3, "decimalZero", "03"), (112, "ordinal", "112th"),
        (23, "ordinal", "23rd"), (21, "chineseCounting", "二十一"), (10, "chineseCounting", "十"), (5, "none", ""),
        (5, "klingon", "5"), (10**9, "lowerLetter", "1000000000"),
    ],
)  # fmt: skip
def test_numbers_are_written_in_many_forms(count: int, form: str, expected: str) -> None:
    """Digits, where a form is not known or does not reach so far."""
    assert write_number(count, form) == expected
