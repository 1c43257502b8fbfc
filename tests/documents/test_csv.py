"""CSV becomes a table whose cells are found at their row, column and line; nothing of it is too long or too broken."""

from __future__ import annotations

import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from glyph_memory.documents import Document, Table, load
from glyph_memory.documents.csv_rows import find_delimiter
from glyph_memory.documents.formats.csv import recognizes_csv
from glyph_memory.documents.source import open_bytes
from glyph_memory.errors import DocumentError


def read_all(text: str | bytes, *, name: str = "a.csv", part_characters: int = 1_000_000) -> list[Document]:
    """Load CSV from memory."""
    data = text.encode() if isinstance(text, str) else text
    return [*load(data, name=name, part_characters=part_characters)]


def read_one(text: str | bytes, *, name: str = "a.csv") -> Document:
    """Load CSV that is one document."""
    (document,) = read_all(text, name=name)
    return document


def list_tables(document: Document) -> list[Table]:
    """Return a document's tables."""
    return [block.table for block in document.blocks if block.table is not None]


def list_rows(documents: list[Document]) -> list[list[str]]:
    """Return the cells of all tables, row by row, without empty cells at the end of a row."""
    rows = list[list[str]]()
    for document in documents:
        for block in document.blocks:
            if block.table is not None:
                cells = [
                    document.text[slice(*document.cell_span(block, at))]
                    for at in range(len(block.table.starts))
                ]
                rows += [
                    cells[at : at + block.table.columns] for at in range(0, len(cells), block.table.columns)
                ]
    return [trim(row) for row in rows]


def trim(row: list[str]) -> list[str]:
    """Return a row without empty cells at its end."""
    while row and not row[-1]:
        row = row[:-1]
    return row


def test_a_table_has_its_header_and_its_numbers_to_the_right() -> None:
    """Quotes part no cells, and go."""
    document = read_one('name,note,EUR\noak,"old, tall",12\nash,"said ""no""",9.5\n')
    assert document.text == 'name\tnote\tEUR\noak\told, tall\t12\nash\tsaid "no"\t9.5\n\n'
    (table,) = list_tables(document)
    assert (table.header_rows, table.alignments, document.defects) == (1, "llr", ())


@pytest.mark.parametrize(
    ("text", "header_rows"),
    [
        ("a,b\n1,2\n", 1),
        ("1,2\n3,4\n", 0),
        ("name,2023,2024\noak,1,2\n", 1),
        (",a,b\n0,1,2\n", 1),
        ("a,a\n1,2\n", 0),
        ("a,b\n", 0),
        ("a,\n1,2\n", 0),
        ("yes,1\nno,2\nyes,3\n", 0),
    ],
)
def test_a_header_names_every_column_once(text: str, header_rows: int) -> None:
    """Years may be names, other numbers are none."""
    assert list_tables(read_one(text))[0].header_rows == header_rows


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb, c\n1\t2\n", "\t"),
        ("a|b|c\n1,2|3|4\n", "|"),
        ("sep=;\na;b,c,d\n", ";"),
        ("alone\nlines\n", ","),
        ("", ","),
    ],
)
def test_the_delimiter_is_seen(text: str, delimiter: str) -> None:
    """It is what cuts rows into equally many cells."""
    assert find_delimiter(text) == delimiter


def test_a_line_that_names_the_delimiter_is_no_row() -> None:
    """Excel hides it, too; lines are counted with it."""
    document = read_one("sep=;\na;b\n1;2\n")
    assert document.text == "a\tb\n1\t2\n\n"
    assert [(place.cell, place.line) for place in document.trace(4, 5)] == [("A2", 3)]


def test_tabs_are_what_tsv_says() -> None:
    """Even where there are as many commas."""
    assert list_rows(read_all("a,b\tc\n1,2\t3\n", name="a.tsv")) == [["a,b", "c"], ["1,2", "3"]]


def test_cells_and_lines_are_traced() -> None:
    """A quoted newline is one of the file, so that lines stay right after it."""
    document = read_one('a,b\n"two\nlines",1\nx,2\n')
    start = document.text.index("x")
    assert [str(place) for place in document.trace(start, start + 1)] == ["cell A3, line 4"]
    ((start, stop),) = document.locate(cell="A2")
    assert document.text[start:stop] == "two\nlines"
    ((start, stop),) = document.locate(line=4)
    assert document.text[start:stop] == "x\t2"


def test_line_ends_may_be_mixed_and_cut_between_two_blocks() -> None:
    """Old Macs, Windows and Unix in one file; a block of bytes ends within a line end."""
    rows = [f"{'x' * 50},{number}" for number in range(3_000)]
    text = "".join(row + ("\r\n", "\n", "\r")[number % 3] for number, row in enumerate(rows))
    assert list_rows(read_all(text)) == [row.split(",") for row in rows]
    for pad in range(3):
        padded = f"{'p' * (65_535 - pad - 3)},1\r\nx,2\r\n"
        assert list_rows(read_all(padded))[1] == ["x", "2"]


def test_ragged_rows_are_filled_up() -> None:
    """Longer ones make the table wider."""
    document = read_one("a,b\n1\n1,2,3\n")
    assert document.text == "a\tb\t\n1\t\t\n1\t2\t3\n\n"


def test_a_title_above_is_a_table_of_its_own() -> None:
    """So that the header below it is one."""
    document = read_one("Report 2024\n\nname,EUR\noak,1\n")
    assert [(table.columns, table.header_rows) for table in list_tables(document)] == [(1, 0), (2, 1)]
    assert [place.cell for place in document.source_map] == ["A1", "A3"]


def test_a_few_wide_rows_among_many_narrow_ones_cost_little() -> None:
    """A table as wide as the widest would have a billion empty cells."""
    text = "".join("x\n" * 5_000 + "y," * 9_999 + "y\n" for _ in range(3))
    documents = read_all(text)
    assert sum(len(document.text) for document in documents) < 5 * len(text)
    assert [row for row in list_rows(documents) if row] == [row.split(",") for row in text.splitlines()]


def test_ten_thousand_columns_are_one_table() -> None:
    """The last one is NTP."""
    text = "\n".join(",".join(f"{row}.{column}x" for column in range(10_000)) for row in range(3))
    document = read_one(text)
    assert list_tables(document)[0].columns == 10_000
    ((start, stop),) = document.locate(cell="NTP3")
    assert document.text[start:stop] == "2.9999x"


def test_blank_lines_are_rows_and_many_of_them_are_skipped() -> None:
    """Cells keep their names."""
    document = read_one("a,b\n\n1,2\n" + "\n" * 5_000 + "3,4\n")
    assert len(document.text) < 100
    ((start, stop),) = document.locate(cell="B5004")
    assert document.text[start:stop] == "4"
    ((start, stop),) = document.locate(line=3)
    assert document.text[start:stop] == "1\t2"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_no_part_of_the_first_cell(encoding: str) -> None:
    """Excel writes them."""
    assert read_one("näme,b\n1,2\n".encode(encoding)).text.startswith("näme\tb")


def test_nul_characters_are_kept() -> None:
    """What can be drawn is for the typesetter to say."""
    assert "a\0b" in read_one(b"a\0b,c\nd,e\n" * 3).text


def test_a_quote_that_is_never_closed_costs_its_line_alone() -> None:
    """It is told, and the five megabytes before it are read as ever; so is what comes after it."""
    head = "name,EUR\n" + f"{'oak' * 30},12\n" * 55_000
    documents = read_all(head + 'x,"open\ny,2\nz,3\n')
    assert documents[-1].text.endswith('oak\t12\nx\t"open\ny\t2\nz\t3\n\n')
    assert sum(table.rows for document in documents for table in list_tables(document)) == 55_004
    assert [defect.message for document in documents for defect in document.defects] == [
        "the quote that line 55002 opens is never closed; it is read as a character"
    ]


def test_many_quotes_that_are_never_closed_take_bounded_time() -> None:
    """After twenty of them no quote means anything."""
    text = "".join(f'{number},"x" "{number}\n' if number % 2 else f'"{number}\n' for number in range(4_001))
    documents = read_all(text)
    assert sum(len(document.text) for document in documents) > 0.9 * len(text)


def test_a_cell_of_megabytes_is_one_cell() -> None:
    """The standard library's own limit is 128 kB."""
    cell = "line of a log, long\n" * 150_000 + "end"
    rows = list_rows(read_all(f'a,b\n1,"{cell}"\n2,x\n'))
    assert rows[1:] == [["1", cell], ["2", "x"]]


def test_an_endless_line_is_refused() -> None:
    """It would have to be held whole."""
    with pytest.raises(DocumentError, match=r"line 1 of 'a\.csv' has more than 8,000,000 characters"):
        read_all("x" * 9_000_000)
    with pytest.raises(DocumentError, match="columns, more than any table has"):
        read_all("a,b\n" + "," * 200_000 + "\n")


def test_parts_repeat_the_header_and_keep_the_names_of_cells() -> None:
    """And are one text, put together again."""
    text = "id,name,EUR\n" + "".join(f"{number},tree {number},{number / 4}\n" for number in range(9_000))
    documents = read_all(text, part_characters=20_000)
    assert len(documents) > 5
    assert max(len(document.text) for document in documents) < 30_000
    tables = [list_tables(document)[0] for document in documents]
    assert {table.carried for table in tables[1:]} == {(("id", "name", "EUR"),)}
    assert {table.alignments for table in tables} == {"rlr"}
    assert list_rows(documents) == [row.split(",") for row in text.splitlines()]
    found = [(document, spans) for document in documents if (spans := document.locate(cell="B8002"))]
    assert [document.text[slice(*spans[0])] for document, spans in found] == ["tree 8000"]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """A megabyte comes in parts that take a fraction of what all of them would."""
    path = tmp_path / "big.csv"
    path.write_text("id,name,EUR\n" + "1234,tree of a kind,12.50\n" * 40_000)
    tracemalloc.start()
    rows = sum(list_tables(document)[0].rows for document in load(path, part_characters=20_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 40_001
    assert peak < 6_000_000


def test_without_structure_it_is_text() -> None:
    """Letter for letter."""
    (document,) = load(b'a;"b"\r\n1;2\n', name="a.csv", structure=False)
    assert document.text == 'a;"b"\r\n1;2\n'


CSV_TEXT = "id,name,EUR\n" + "".join(f"{number},tree {number},2.5\n" for number in range(20))


@pytest.mark.parametrize(
    ("text", "is_csv"),
    [
        (CSV_TEXT, True),
        (CSV_TEXT.replace(",", ";"), True),
        (CSV_TEXT[:60], False),
        ("Well, it rained, and then, at last, it stopped.\n" * 20, False),
        ("import a, b, c\n" + "x = f(1, 2, 3)\n" * 20, False),
        ('{"a": 1, "b": 2, "c": 3}\n' * 20, False),
    ],
)
def test_files_without_a_name_are_tables_only_beyond_doubt(text: str, is_csv: bool) -> None:
    """Prose and programs have commas, too."""
    assert recognizes_csv(open_bytes(text.encode(), "")) is is_csv
    assert not recognizes_csv(open_bytes(text.encode(), "", name="a.txt"))


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8)


@settings(max_examples=60, deadline=None)
@example([["", ";"], [""]], "\n")  # by semicolons it is two rows, each of another length
@given(
    st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"])
)
def test_what_the_standard_library_writes_comes_back(rows: list[list[str]], line_end: str) -> None:
    """Every cell, in order, whatever stands in it; only line breaks that end the whole table go."""
    assume(not rows[-1][-1] or rows[-1][-1].strip("\n"))
    file = io.StringIO()
    csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(
        [["head", "of", "all", "these", "rows"], *rows]
    )
    found = list_rows(read_all(file.getvalue()))
    assert [row for row in found if row][1:] == [row for row in map(trim, rows) if row]
