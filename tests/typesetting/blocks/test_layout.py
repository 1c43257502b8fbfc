"""All text of a document stands on exactly one page, in its order, whatever its parts and however small the page."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from glyph_memory import DocumentLook, PageStyle, typeset
from glyph_memory.document import Block, Document, Merge
from glyph_memory.documents import Builder, Run
from glyph_memory.errors import DocumentError

STYLES = {
    "glyph": PageStyle.glyph(),
    "dense": PageStyle.glyph().dense(),
    "document": PageStyle.document(),
    "web": PageStyle.web(),
    "two columns": replace(PageStyle.glyph(), columns=2),
    "narrow": replace(PageStyle.glyph(), page_width_pt=140, page_height_pt=120),
    "a stamp": replace(PageStyle.glyph(), page_width_pt=120, page_height_pt=60),
}
WORDS = [
    "oak", "ash", "the", "plank", "中文字符", "שלום", "x" * 150, "a\tb", "é", "\u200b", "1,234.50", "हिन्दी", "👍🏽",
]  # fmt: skip


def make_words(dice: random.Random, count: int) -> str:
    """Return words of many scripts."""
    return " ".join(dice.choice(WORDS) for _ in range(count))


def add_table(builder: Builder, dice: random.Random) -> None:
    """Add a table of any size, some of whose cells are long, empty or merged."""
    columns, rows = dice.choice([1, 2, 5, 12, 40]), dice.randint(1, 20)
    cells = [
        [dice.choice(["", make_words(dice, dice.choice([1, 1, 12])), "8.5"]) for _ in range(columns)]
        for _ in range(rows)
    ]
    merges = []
    if rows > 3 and columns > 3:
        cells[1][2] = cells[2][1] = cells[2][2] = ""
        merges = [Merge(row=1, column=1, rows=2, columns=2)]
    if dice.random() < 0.2:
        cells[-1][0] = make_words(dice, 900)
    builder.add_table(cells, header_rows=dice.choice([0, 1, 2]), alignments="rlc", merges=merges)


def make_document(seed: int) -> Document:
    """Return a document of many parts, in any order."""
    dice, builder = random.Random(seed), Builder()
    builder.add_paragraph("It begins.")
    for _ in range(14):
        builder.quotes, builder.indent = dice.choice([0, 0, 1, 30]), dice.choice([0, 0, 1, 50])
        match dice.randint(0, 8):
            case 0:
                builder.add_heading(dice.randint(1, 6), make_words(dice, dice.randint(1, 20)))
            case 1:
                builder.add_paragraph(
                    [Run(make_words(dice, 5)), Run(make_words(dice, 3), ("strong", "link"), "u")]
                )
            case 2:
                builder.add_item(
                    make_words(dice, 20), marker=dice.choice(["•", "10.", "", "a long marker " * 9])
                )
            case 3:
                lines = (" " * dice.randint(0, 20) + make_words(dice, dice.randint(0, 9)) for _ in range(30))
                builder.add_code("\n".join(lines), language=dice.choice(["python", "", "diff", "none such"]))
            case 4:
                builder.add_rule()
            case 5:
                builder.add_text("\n\n" + make_words(dice, 20) + "\n" * dice.randint(0, 9))
            case 6:
                builder.add_footnote(make_words(dice, 10), label="[1]")
            case 7:
                builder.add_formula(dice.choice([r"\frac{a}{b}", "x" * 300, r"\unknown{x}", "$$$"]))
            case _:
                add_table(builder, dice)
    return builder.build()


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("seed", range(4))
def test_every_character_stands_on_exactly_one_page_and_line(name: str, seed: int) -> None:
    """Pages joined are the text, and so are the lines of each page."""
    document = make_document(seed)
    pages = typeset(document, style=STYLES[name], look=DocumentLook(line_numbers=seed % 2 == 1))
    assert "".join(page.text for page in pages) == document.text
    assert [page.start for page in pages[1:]] == [page.stop for page in pages[:-1]]
    for page in pages:
        assert "".join(line.text for line in page.lines) == page.text
        assert all(line.start <= line.stop for line in page.lines)


@pytest.mark.parametrize("name", ["glyph", "dense", "document", "two columns"])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_is_drawn_leaves_its_page(name: str, seed: int) -> None:
    """No cell and no line of code is cut at an edge; blank lines at a page's end may be."""
    for page in typeset(make_document(seed), style=STYLES[name]):
        for line in page.lines:
            assert not line.text.strip() or (line.box[2] <= page.size[0] and line.box[3] <= page.size[1])


def test_the_same_document_gives_the_same_pages() -> None:
    """Pages are a function of document, style and look."""
    document = make_document(7)
    assert [page.digest for page in typeset(document)] == [page.digest for page in typeset(document)]


def test_lines_stand_where_they_are_expected() -> None:
    """A known layout: indents, hanging markers, a code's own indentation."""
    builder = Builder()
    builder.add_heading(1, "Wood")
    builder.add_item("oak")
    builder.indent = 1
    builder.add_item("plank " * 30)
    builder.indent = 0
    builder.add_code("if oak:\n    saw()")
    (page,) = typeset(builder.build())
    heading, oak, first, second, condition, call = (line.box for line in page.lines)
    assert heading[0] == oak[0] == condition[0] == call[0] == 12
    assert first[0] == 12 + 14  # an em and a half, rounded
    assert second[0] - first[0] == 8  # a bullet and a space
    assert (oak[1], first[1]) == (oak[3] - 10, oak[3])
    assert second[1] - first[1] == 10  # as far apart as the lines of any text
    assert condition[1] > second[3]


def test_a_heading_is_never_parted_from_what_it_heads() -> None:
    """It moves on to the next page with the first line below it."""
    builder = Builder()
    builder.add_code("\n".join("line" for _ in range(78)))
    builder.add_heading(1, "Wood")
    builder.add_paragraph("oak")
    first, second = typeset(builder.build())
    assert "Wood" not in first.text
    assert second.text.split() == ["Wood", "oak"]


def test_plain_text_with_a_source_map_looks_like_plain_text() -> None:
    """What has no structure is drawn as it always was."""
    text = "one\n\n  two\n" * 200
    blocks = (Block(start=0, stop=50, kind="text"), Block(start=50, stop=len(text), kind="text"))
    assert typeset(Document(text=text, blocks=blocks)) == typeset(text)


def test_dense_pages_run_on_with_marks() -> None:
    """Where the style draws newlines as marks, paragraphs and items share lines."""
    builder = Builder()
    for number in range(40):
        builder.add_item(f"item {number}")
    document = builder.build()
    (dense,), (plain,) = typeset(document, style=PageStyle.glyph().dense()), typeset(document)
    assert dense.size[1] < plain.size[1] / 3
    assert dense.text == plain.text == document.text


def test_a_document_without_characters_is_refused() -> None:
    """There is nothing to draw."""
    with pytest.raises(DocumentError, match="there is no text to typeset"):
        typeset(Document(text="\n\n", blocks=(Block(start=0, stop=2, kind="paragraph"),)))


@pytest.mark.parametrize(
    "blocks",
    [
        (Block(start=0, stop=2),),
        (Block(start=1, stop=4),),
        (Block(start=0, stop=3), Block(start=2, stop=4)),
        (Block(start=0, stop=4, kind="table"),),
    ],
)
def test_blocks_that_are_not_the_text_are_refused(blocks: tuple[Block, ...]) -> None:
    """A gap would be text that stands on no page."""
    with pytest.raises(DocumentError, match="block"):
        Document(text="wood", blocks=blocks)
