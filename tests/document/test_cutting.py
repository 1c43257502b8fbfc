"""A stretch of a document is a document: its text, its structure and where it comes from."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.document import Block, Document, Merge, SourceSpan, Table
from glyph_memory.documents import Builder, Run
from tests.document.made_documents import documents


def costs() -> Document:
    """Return a sheet of three columns: a header, then three rows; it begins in cell B7."""
    builder = Builder(title="Costs", source="costs.xlsx")
    builder.set_location(sheet="Costs", cell="B7")
    rows = [["item", "EUR", "note"], ["oak", "12", "dry"], ["ash", "7", ""], ["elm", "9", "two\nlines"]]
    builder.add_table(rows, header_rows=1, alignments="lrl", merges=[Merge(row=1, column=0, rows=2)])
    return builder.build()


def cells(document: Document, block: Block) -> list[str]:
    """Return the texts of a table's cells."""
    assert block.table is not None
    return [
        document.text[slice(*document.cell_span(block, index))] for index in range(len(block.table.starts))
    ]


def places(document: Document, start: int, stop: int, *, moved: int = 0) -> list[SourceSpan]:
    """Return where a stretch comes from, with offsets that count from `moved`."""
    return [
        replace(place, start=place.start - moved, stop=place.stop - moved)
        for place in document.trace(start, stop)
    ]


def test_later_rows_carry_the_header_and_know_their_cells() -> None:
    """The next page draws the header again, and a quote from it is traced to the right row."""
    document = costs()
    later = document.cut(document.text.index("ash"), len(document.text))
    (block,) = later.blocks
    assert cells(later, block) == ["ash", "7", "", "elm", "9", "two\nlines"]
    assert block.table is not None
    assert (block.table.carried, block.table.header_rows) == ((("item", "EUR", "note"),), 0)
    assert later.trace(later.text.index("9"), later.text.index("9") + 1)[0].cell == "C10"
    assert (later.title, later.source, later.offset) == ("Costs", "costs.xlsx", document.text.index("ash"))


def test_a_row_that_is_cut_is_filled_up() -> None:
    """Columns stay columns, and each cell's place stays right on both sides of the cut."""
    document = costs()
    middle = document.text.index("2\tdry")
    first, second = document.cut(0, middle), document.cut(middle, len(document.text))
    assert cells(first, first.blocks[0]) == ["item", "EUR", "note", "oak", "1", ""]
    assert cells(second, second.blocks[0])[:6] == ["", "2", "dry", "ash", "7", ""]
    assert [place.cell for place in second.trace(0, 1)] == ["C8"]


def test_a_merged_cell_keeps_the_room_that_is_left_of_it() -> None:
    """Two rows that are one on the sheet are one row each on two pages."""
    document = costs()
    at = document.text.index("ash")
    for cut in (document.cut(0, at), document.cut(at, len(document.text))):
        assert cut.blocks[0].table is not None
        assert cut.blocks[0].table.merges == ()
    whole = document.cut(document.text.index("oak"), len(document.text)).blocks[0].table
    assert whole is not None
    assert whole.merges == (Merge(row=0, column=0, rows=2),)


def test_code_goes_on_with_its_next_line() -> None:
    """Line numbers on the second page are those of the file."""
    builder = Builder()
    builder.set_location(line=10, counts_lines=True)
    builder.add_code("one\ntwo\nthree", language="python", first_line=10)
    document = builder.build()
    later = document.cut(4, len(document.text))
    assert (later.blocks[0].first_line, later.blocks[0].language) == (11, "python")
    assert later.trace(0, 3)[0].line == 11


def test_what_stands_at_a_beginning_stays_there() -> None:
    """A marker hangs once, a picture is drawn once, and defects are told once."""
    builder = Builder()
    builder.add_defect("guessed", "the encoding")
    builder.add_item([Run("oak "), Run("tree", ("link",), "https://a.example")], marker="12.")
    builder.add_picture("A bench", b"png", width_pt=90)
    document = builder.build()
    first, second = document.cut(0, 6), document.cut(6, 23)
    assert [block.hang for block in (*first.blocks, *second.blocks)] == [4, 0, 0]
    assert [block.picture is None for block in second.blocks] == [True, False]
    assert document.cut(20, 23).blocks[0].picture is None
    assert (first.defects, second.defects) == (document.defects, ())
    (link,) = second.blocks[0].spans
    assert (second.text[link.start : link.stop], link.target) == ("tree", "https://a.example")


def drop_carried(block: Block) -> Block:
    """Return a block without the header that its table carries: of one that was cut it is what was left."""
    return block if block.table is None else replace(block, table=replace(block.table, carried=()))


@pytest.mark.parametrize(("start", "stop"), [(-5, 3), (2, 99), (7, 3), (50, 60)])
def test_what_reaches_beyond_the_text_is_cut_off(start: int, stop: int) -> None:
    """As with slices, there is no wrong stretch."""
    document = Document(text="It opens at nine.", blocks=(Block(start=0, stop=17),))
    assert document.cut(start, stop).text == document.text[max(start, 0) : stop]


def test_a_table_without_cells_is_cut_like_any_other() -> None:
    """Who builds values by hand may make one."""
    table = Block(start=0, stop=4, kind="table", table=Table(columns=2, starts=()))
    assert Document(text="\n\n\n\n", blocks=(table,)).cut(1, 2).blocks[0].table == table.table


@given(documents(), st.data())
def test_pieces_are_the_whole(document: Document, data: st.DataObject) -> None:
    """Cut anywhere: texts join, every place and every cell stays what it was, also when a piece is cut again."""
    length = len(document.text)
    assert document.cut(0, length) == document
    ends = sorted({0, length, *data.draw(st.lists(st.integers(0, length), max_size=4))})
    pieces = [document.cut(start, stop) for start, stop in pairwise(ends)]
    assert "".join(piece.text for piece in pieces) == document.text
    for piece in pieces:
        stop = piece.offset + len(piece.text)
        assert places(piece, 0, len(piece.text)) == places(document, piece.offset, stop, moved=piece.offset)
        start = data.draw(st.integers(0, len(piece.text)))
        again = piece.cut(start, data.draw(st.integers(start, len(piece.text))))
        at_once = document.cut(again.offset, again.offset + len(again.text))
        assert list(map(drop_carried, again.blocks)) == list(map(drop_carried, at_once.blocks))
        assert (again.text, again.source_map) == (at_once.text, at_once.source_map)


@given(documents(), st.data())
def test_words_of_cells_survive_every_cut(document: Document, data: st.DataObject) -> None:
    """What stands in the cells of two pieces is what stood in the cells of the whole."""
    middle = data.draw(st.integers(0, len(document.text)))
    pieces = [document.cut(0, middle), document.cut(middle, len(document.text))]
    found = [
        "".join(text for one in each for block in one.blocks if block.table for text in cells(one, block))
        for each in ([document], pieces)
    ]
    assert found[0].replace("\n", "") == found[1].replace("\n", "")
