"""Tables are drawn as tables: aligned, with rules and headers on each page, and never cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glyph_memory import DocumentLook, Page, PageStyle, typeset
from glyph_memory.document import Document, Merge
from glyph_memory.documents import Builder


def make_table(rows: list[list[str]], **options: object) -> Document:
    """Return a document that is one table."""
    builder = Builder()
    builder.add_table(rows, **options)  # type: ignore[arg-type]  # the tests' own keywords
    return builder.build()


def list_boxes(page: Page) -> dict[str, tuple[int, int, int, int]]:
    """Return where each line of text stands, by what it says."""
    return {line.text.strip("\t\n"): line.box for line in page.lines}


PRICES = [["item", "EUR"], ["oak", "1,234.50"], ["ash, planed", "8.00"], ["中文木材", "70.10"]]


def test_columns_are_aligned() -> None:
    """Left edges of the first column are equal, and right edges of the second; rows stand below each other."""
    (page,) = typeset(make_table(PRICES, header_rows=1, alignments="lr"))
    boxes = list_boxes(page)
    assert len({boxes[row[0]][0] for row in PRICES}) == 1
    rights = [boxes[row[1]][2] for row in PRICES]
    assert max(rights) - min(rights) <= 1  # the last pixel is rounded up
    assert all(boxes[first][1] == boxes[second][1] for first, second in PRICES)
    assert [boxes[row[0]][1] for row in PRICES] == [15, 27, 39, 51]


def test_every_cell_is_read_row_by_row() -> None:
    """The order of the page's lines is the order of the cells."""
    (page,) = typeset(make_table(PRICES))
    assert [line.text.strip("\t\n") for line in page.lines] == [cell for row in PRICES for cell in row]


def find_colors(page: Page, box: tuple[int, int, int, int]) -> set[tuple[int, ...]]:
    """Return the colours in a box."""
    pixels = page.array()
    part = pixels[box[1] : box[3], box[0] : box[2]]
    return {tuple(color) for color in part.reshape(-1, pixels.shape[2]).tolist()}


def test_headers_are_drawn_again_on_each_page() -> None:
    """In the same pixels, and on no line of the later page: the text stands on the first one."""
    rows = [["number", "its square"], *([str(n), str(n * n)] for n in range(300))]
    pages = typeset(make_table(rows, header_rows=1))
    assert len(pages) > 2
    first, second = pages[0].array()[16:28], pages[1].array()[16:28]
    width = min(first.shape[1], second.shape[1])
    assert np.array_equal(first[:, :width], second[:, :width])
    assert "number" not in pages[1].text
    assert pages[1].lines[0].box[1] == 27


def test_a_later_part_carries_its_header() -> None:
    """A long table comes in several documents; each page says what its columns are."""
    rows = [[str(n), str(n * n)] for n in range(5)]
    with_header = typeset(make_table([["number", "its square"], *rows], header_rows=1))[0]
    (carried,) = typeset(make_table(rows, carried=[["number", "its square"]]))
    assert carried == with_header
    assert "number" not in carried.text


def test_a_table_cut_within_its_header_has_all_of_it_above_each_page() -> None:
    """The rows that stand on an earlier page, and those of its own."""
    rows = [["a", "b"], *([str(n), str(n * n)] for n in range(200))]
    first, second = typeset(make_table(rows, header_rows=1, carried=[["two", "letters"]]))[:2]
    assert [line.box[1] for line in first.lines[::2]][:2] == [27, 39]
    assert second.lines[0].box[1] == 39


def test_long_cells_are_wrapped_and_narrow_ones_are_not() -> None:
    """Only the column that asks for more than there is gives in."""
    remark = "the best of it, dried for two years under a roof " * 4
    (page,) = typeset(make_table([["ash and oak", remark, "8.00"], ["glue", "none", "1.50"]]))
    lines = [line.text.strip("\t\n") for line in page.lines]
    assert lines[0] == "ash and oak"
    assert " ".join(lines[1:-4]).split() == remark.split()
    assert lines[-4:] == ["8.00", "glue", "none", "1.50"]


def test_a_table_too_wide_for_the_page_is_turned_into_records() -> None:
    """Each row becomes names and values: nothing is cut, and nothing becomes too small to read."""
    names, values = [f"name {n}" for n in range(500)], [f"value {n}" for n in range(500)]
    document = make_table([names, values], header_rows=1)
    pages = typeset(document)
    assert "".join(page.text for page in pages) == document.text
    assert all(line.box[2] <= page.size[0] for page in pages for line in page.lines)
    plain = typeset(" ".join(names + names + values))  # the names are drawn twice: once as what they are
    assert len(pages) >= len(plain)


def test_a_row_higher_than_a_page_goes_on_on_the_next() -> None:
    """Cell after cell, in the order of the text."""
    document = make_table([["name", "story"], ["oak", "word " * 6000], ["ash", "none"]], header_rows=1)
    pages = typeset(document)
    assert len(pages) > 2
    assert "".join(page.text for page in pages) == document.text


def test_a_merged_cell_has_the_room_of_those_it_covers() -> None:
    """And no rule runs through it."""
    rows = [["a year of four quarters", "", "x"], ["1", "2", "3"]]
    merged = typeset(make_table(rows, merges=[Merge(row=0, column=0, columns=2)]))[0]
    plain = typeset(make_table(rows))[0]
    assert merged.size[0] <= plain.size[0]
    boxes = list_boxes(merged)
    assert boxes["2"][0] < boxes["a year of four quarters"][2]
    left, top, right, _ = boxes["a year of four quarters"]
    assert find_colors(merged, (left, top - 2, right, top)) == {(255, 255, 255)}


@pytest.mark.parametrize("style", ["glyph", "dark", "code", "pixel"])
def test_tables_are_drawn_in_every_style(style: str) -> None:
    """With rules in a colour of the look."""
    (page,) = typeset(make_table(PRICES, header_rows=1), style=PageStyle.from_name(style))
    assert page.depth == 8
    assert page.text.split() == " ".join(cell for row in PRICES for cell in row).split()


def test_wrapped_cells_are_aligned_in_repeated_headers_too() -> None:
    """A header of several lines stands on each page as on the first."""
    head = ["number", "a header that is much too long for the narrow column below it " * 3]
    rows = [[str(n), "word " * 12] for n in range(200)]
    first, second = typeset(make_table([head, *rows], header_rows=1, alignments="rr"))[:2]
    below = next(line.box[1] for line in second.lines)
    assert below > 30
    width = min(first.size[0], second.size[0])
    assert np.array_equal(first.array()[:below, :width], second.array()[:below, :width])


def test_glyphs_wider_than_their_column_take_no_line_of_the_next_cell() -> None:
    """Widths are chosen by a table's beginning; further down, a letter may be wider than its column."""
    rows = [["i", "j"]] * 26_000 + [["WW", "W\n\nx"], ["i", "W"]]
    last = typeset(make_table(rows))[-1]
    assert [line.text for line in last.lines][-7:] == ["W", "W\t", "W\n", "\n", "x\n", "i\t", "W\n\n"]


def test_the_label_of_a_merged_cell_stands_again_on_each_page() -> None:
    """Where its rows go on; it is on no line of that page."""
    rows = [["North" if n == 0 else "", f"town {n}"] for n in range(150)]
    pages = typeset(make_table(rows, merges=[Merge(row=0, column=0, rows=150)]))
    plain = typeset(make_table([["", row[1]] for row in rows]))
    assert len(pages) > 1
    for page, bare in zip(pages[1:], plain[1:], strict=True):
        assert "North" not in page.text
        left = page.lines[1].box[0] - 4
        label, rest = page.array()[17:28, 16:left], page.array()[29:200, 16:left]
        assert (label != 255).any()
        assert (rest == 255).all()
        assert page.lines == bare.lines or page.lines[1].box[1] == bare.lines[1].box[1]


def test_a_label_of_many_lines_is_not_repeated() -> None:
    """It is no label then, but text."""
    rows = [["word\n" * 6 if n == 0 else "", f"town {n}"] for n in range(150)]
    page = typeset(make_table(rows, merges=[Merge(row=0, column=0, rows=150)]))[1]
    assert (page.array()[17:28, 16 : page.lines[1].box[0] - 4] == 255).all()


@pytest.mark.parametrize(
    ("name", "dpi"), [("glyph", 72), ("glyph", 96), ("glyph", 120), ("code", 72), ("pixel", 72)]
)
def test_letters_do_not_reach_into_the_rules_around_them(name: str, dpi: int) -> None:
    """Neither what hangs below the baseline nor accents: each rule is as long as that of a row of dots."""
    style = replace(PageStyle.from_name(name), dpi=dpi)
    (page,) = typeset(make_table([["x"], ["gpqyjÅÄ"], ["gpqyjÅÄ"]]), style=style)
    (dots,) = typeset(make_table([["x"], ["......."], ["......."]]), style=style)
    wide = min(page.size[0], dots.size[0], page.lines[1].box[2], dots.lines[1].box[2])
    rule = tuple(bytes.fromhex(DocumentLook.of_style(style).rule_color[1:]))
    is_rule = [(drawn.array()[:, page.lines[1].box[0] : wide] == rule).all(axis=2) for drawn in (page, dots)]
    rows = np.flatnonzero(is_rule[1].all(axis=1))
    assert len(rows) == 3
    assert is_rule[0][rows].all()
