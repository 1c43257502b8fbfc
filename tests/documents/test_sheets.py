"""Workbooks become tables: each cell at its place, each lie about size found before it costs anything."""

from __future__ import annotations

import datetime
import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.documents import Document, Limits, Merge, Table, load
from glyph_memory.documents.spreadsheets.number_formats import parse_format, show_number
from glyph_memory.errors import DocumentError
from tests.documents.workbooks import (
    change_members,
    make_compound,
    make_ods,
    make_ods_cell,
    make_ods_row,
    make_workbook,
    make_xls,
    make_xlsb,
)

SHEET = "worksheets/sheet1.xml"
COSTS = {(0, 0): "item", (0, 1): "EUR", (1, 0): "oak", (1, 1): 12, (2, 0): "ash", (2, 1): 9.5}


def read_all(
    data: bytes, *, name: str = "costs.xlsx", part_characters: int = 1_000_000, cells: int = 50_000_000
) -> list[Document]:
    """Load a workbook from memory."""
    return [*load(data, name=name, part_characters=part_characters, limits=Limits(cells=cells))]


def find_table(document: Document) -> Table:
    """Return a document's only table."""
    (table,) = (block.table for block in document.blocks if block.table is not None)
    return table


def find_cell(document: Document, cell: str, sheet: str | None = None) -> str:
    """Return what stands in a cell."""
    ((start, stop),) = document.locate(cell=cell, sheet=sheet)
    return document.text[start:stop]


def list_defects(documents: list[Document]) -> list[str]:
    """Return what was told, all of it."""
    return [f"{defect.kind}: {defect.message}" for document in documents for defect in document.defects]


def complain(data: bytes, name: str = "costs.xlsx", **limits: int) -> str:
    """Return the message for a workbook that cannot be read."""
    with pytest.raises(DocumentError) as caught:
        list(load(data, name=name, limits=Limits(**limits)))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_sheet_is_a_heading_and_a_table() -> None:
    """With its header, and numbers to the right."""
    (document,) = read_all(make_workbook({"Costs": COSTS}))
    assert (document.title, document.text) == (
        "costs.xlsx — Costs",
        "Costs\n\nitem\tEUR\noak\t12\nash\t9.5\n\n",
    )
    assert [block.kind for block in document.blocks] == ["heading", "table"]
    table = find_table(document)
    assert (table.header_rows, table.alignments, document.defects) == (1, "lr", ())


def test_each_sheet_is_a_document() -> None:
    """They come in the workbook's order, and know their names."""
    first, second = read_all(make_workbook({"A": {(0, 0): "x"}, "東京": {(4, 2): "東"}}))
    assert (first.part, second.part, second.offset) == (1, 2, len(first.text))
    assert find_cell(second, "C5", "東京") == "東"
    assert second.locate(sheet="A") == ()


def test_empty_rows_and_columns_at_the_edges_are_left_out_and_cells_keep_their_names() -> None:
    """A table that begins at C4 is no wider for it."""
    (document,) = read_all(
        make_workbook({"S": {(row + 3, column + 2): value for (row, column), value in COSTS.items()}})
    )
    assert find_table(document).columns == 2
    start = document.text.index("9.5")
    assert [str(place) for place in document.trace(start, start + 3)] == ["sheet 'S', cell D6"]
    assert find_cell(document, "C5") == "oak"


def test_values_are_what_a_person_sees() -> None:
    """Whole numbers have no decimals, dates are ISO 8601, numbers have the units that their cells show."""
    values: list[tuple[object, str, str]] = [
        (12.0, "", "12"),
        (0.1 + 0.2, "", "0.3"),
        (-7, "", "-7"),
        (123456789012345, "", "123456789012345"),
        (1e20, "", "1e+20"),
        (True, "", "TRUE"),
        (False, "", "FALSE"),
        (0.25, "0%", "25%"),
        (1.5, "0.00%", "150.00%"),
        (-1234.5, '#,##0.00 "EUR"', "-1,234.50 EUR"),
        (-7.5, "#,##0.00;(#,##0.00)", "(7.50)"),
        (12, "_-* #,##0.00\\ [$€-407]_-", "12.00 €"),
        (2024, '"FY "0', "FY 2024"),
        (7, "000", "007"),
        (1_500_000, '0.0,,"M"', "1.5M"),
        (2.5, "0.0##", "2.5"),
        (datetime.date(2024, 2, 29), "yyyy-mm-dd", "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 12, 30), "yyyy-mm-dd hh:mm", "2024-02-29 12:30:00"),
        (datetime.time(12, 30), "hh:mm", "12:30"),
        (1.75, "[hh]:mm:ss", "42:00:00"),
        ("two\nlines", "", "two\nlines"),
        ("Größe 東京", "", "Größe 東京"),
    ]

    def write(book: object, sheet: object) -> None:
        for row, (value, number_format, _) in enumerate(values):
            style = book.add_format({"num_format": number_format} if number_format else {})  # type: ignore[attr-defined]  # XlsxWriter has no types
            sheet.write(row, 1, value, style)  # type: ignore[attr-defined]  # as above

    (document,) = read_all(make_workbook({"S": {(0, 0): "x"}}, change=write))
    assert [find_cell(document, f"B{row}") for row in range(1, len(values) + 1)] == [
        shown for *_, shown in values
    ]


def test_errors_stand_in_their_cells() -> None:
    """Calamine leaves them out."""

    def write(book: object, sheet: object) -> None:
        sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")  # type: ignore[attr-defined]  # XlsxWriter has no types
        sheet.write_formula(2, 0, "=NA()", None, "#N/A")  # type: ignore[attr-defined]  # as above

    (document,) = read_all(make_workbook({"S": {(0, 0): "a", (0, 1): "b", (0, 2): "c"}}, change=write))
    assert (find_cell(document, "C2"), find_cell(document, "A3")) == ("#DIV/0!", "#N/A")


def test_merged_cells_are_merges() -> None:
    """They are counted from the table's first cell."""

    def write(book: object, sheet: object) -> None:
        sheet.merge_range("B2:C2", "both")  # type: ignore[attr-defined]  # XlsxWriter has no types
        sheet.write(2, 1, "l")  # type: ignore[attr-defined]  # as above
        sheet.write(2, 2, "r")  # type: ignore[attr-defined]  # as above

    (document,) = read_all(make_workbook({"S": {}}, change=write))
    assert find_table(document).merges == (Merge(row=0, column=0, rows=1, columns=2),)


def test_merges_that_overlap_or_cover_text_are_dropped() -> None:
    """A hostile file may claim anything; no cell is hidden for it."""
    data = make_workbook({"S": {(0, 0): "a", (0, 1): "b", (1, 0): "c"}})
    ranges = b"".join(
        b'<mergeCell ref="%s"/>' % one for one in (b"A1:B1", b"A2:B2", b"B2:XFD1048576", b"A1:XFD1048576")
    )
    claims = b"</sheetData><mergeCells>" + ranges + b"</mergeCells>"
    (document,) = read_all(change_members(data, {SHEET: lambda xml: xml.replace(b"</sheetData>", claims)}))
    assert find_table(document).merges == (Merge(row=1, column=0, rows=1, columns=2),)


def test_hidden_and_empty_sheets_are_told() -> None:
    """A hidden one is read, since models may be asked about it."""

    def hide(book: object, sheet: object) -> None:
        sheet.hide()  # type: ignore[attr-defined]  # XlsxWriter has no types
        book.add_worksheet("Void")  # type: ignore[attr-defined]  # as above
        book.add_chartsheet("Curve")  # type: ignore[attr-defined]  # as above

    documents = read_all(make_workbook({"A": COSTS, "Hid": {(0, 0): "secret"}}, change=hide))
    assert [document.text.splitlines()[0] for document in documents] == ["A", "Hid"]
    assert list_defects(documents) == [
        "guessed: sheet 'Hid' is hidden; it is read all the same",
        "left out: sheet 'Void' is empty",
        "left out: sheet 'Curve' holds no cells: it is a ChartSheet",
    ]


def test_formulas_that_were_never_calculated_are_told() -> None:
    """Programs write such files; nothing is calculated here. An empty text is a value."""

    def write(book: object, sheet: object) -> None:
        for row, value in enumerate([7, 7], 1):
            sheet.write_formula(row, 0, "=1+1", None, value)  # type: ignore[attr-defined]  # XlsxWriter has no types

    data = make_workbook({"S": {(0, 0): "x"}}, change=write)
    some = change_members(data, {SHEET: lambda xml: xml.replace(b"<v>7</v>", b"", 1)})
    assert list_defects(read_all(some)) == [
        "left out: 1 formulas of sheet 'S' have no value: they were never calculated"
    ]
    empty = change_members(
        data,
        {
            SHEET: lambda xml: re.sub(rb'<c r="A2"[^>]*>', b'<c r="A2" t="str">', xml).replace(
                b"<v>7</v>", b"<v></v>", 1
            )
        },
    )
    assert list_defects(read_all(empty)) == []


def test_a_workbook_of_formulas_alone_says_what_to_do() -> None:
    """It looks empty, and is not."""

    def write(book: object, sheet: object) -> None:
        sheet.write_formula(0, 0, "=1+1", None, 7)  # type: ignore[attr-defined]  # XlsxWriter has no types

    data = make_workbook({"S": {}}, change=write)
    data = change_members(data, {SHEET: lambda xml: xml.replace(b"<v>7</v>", b"")})
    assert "1 formulas and no values" in complain(data)


def test_an_empty_workbook_is_refused() -> None:
    """There would be nothing to draw."""
    assert "no sheet with cells" in complain(make_workbook({"S": {}}))


def test_macros_comments_and_pictures_are_told() -> None:
    """Macros are never run; comments and pictures are not cells."""
    names = ("xl/vbaProject.bin", "xl/comments1.xml", "xl/media/image1.png")
    data = change_members(make_workbook({"S": COSTS}), {name: lambda _: b"x" for name in names})
    assert list_defects(read_all(data, name="m.xlsm")) == [
        "refused: the workbook has macros; they are neither run nor read",
        "left out: the workbook's comments are not read",
        "left out: the workbook's pictures are not read",
    ]


def test_a_long_sheet_comes_in_parts_that_repeat_the_header() -> None:
    """And each part's cells keep their names."""
    cells = {
        (row, column): ("name", "size")[column] if not row else (f"n{row}", row)[column]
        for row in range(900)
        for column in (0, 1)
    }
    documents = read_all(make_workbook({"S": cells}), part_characters=1_000)
    assert len(documents) > 5
    assert {find_table(document).carried for document in documents[1:]} == {(("name", "size"),)}
    assert {find_table(document).alignments for document in documents} == {"lr"}
    for row in (1, 250, 899):
        held = [document for document in documents if document.locate(cell=f"A{row + 1}")]
        assert [find_cell(document, f"B{row + 1}") for document in held] == [str(row)]
    offsets = [document.offset for document in documents]
    assert (
        offsets[1:]
        == [offset + len(document.text) for offset, document in zip(offsets, documents, strict=False)][:-1]
    )


def test_five_hundred_columns_are_one_table() -> None:
    """The last of them is SF."""
    (document,) = read_all(
        make_workbook({"S": {(row, column): f"{row}.{column}x" for row in range(3) for column in range(500)}})
    )
    assert find_table(document).columns == 500
    assert find_cell(document, "SF3") == "2.499x"


@settings(max_examples=15, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 60), st.integers(0, 30)),
        st.from_regex(r"[a-z東][a-z ]{0,6}[a-z]", fullmatch=True),
        min_size=1,
    )
)
def test_every_cell_is_found_at_its_name_and_traced_back_to_it(cells: dict[tuple[int, int], str]) -> None:
    """The source map round-trips, wherever the cells stand."""
    (document,) = read_all(make_workbook({"S": cells}))
    for (row, column), text in cells.items():
        name = f"{'' if column < 26 else 'A'}{chr(ord('A') + column % 26)}{row + 1}"
        ((start, stop),) = document.locate(sheet="S", cell=name)
        assert document.text[start:stop] == text
        assert [place.cell for place in document.trace(start, stop)] == [name]


def test_a_dimension_that_lies_costs_nothing() -> None:
    """Programs write the largest one there is, for two cells."""
    data = make_workbook({"S": {(0, 0): 1, (1, 1): 2}})
    data = change_members(data, {SHEET: lambda xml: re.sub(rb'ref="[^"]*"', b'ref="A1:XFD1048576"', xml)})
    tracemalloc.start()
    (document,) = read_all(data)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert document.text == "S\n\n1\t\n\t2\n\n"


@pytest.mark.parametrize("far", [b"XFD1048576", b"A60000000", b"ZZZZ9", b"A99999999999999999999"])
def test_cells_far_from_all_others_never_reach_the_library(far: bytes) -> None:
    """It would take memory for all cells between them: more than any machine has."""
    data = make_workbook({"S": {(0, 0): 1, (1, 1): 2}, "T": COSTS})
    data = change_members(data, {SHEET: lambda xml: xml.replace(b'r="B2"', b'r="%s"' % far)})
    if far == b"XFD1048576":
        documents = read_all(data)
        assert [document.text[:4] for document in documents] == ["S\n\n1", "T\n\ni"]
        assert "stand far from all others are not read: XFD1048576" in list_defects(documents)[0]
        many = {(row * 5_000, row * 100): row for row in range(150)}
        documents = read_all(make_workbook({"S": many, "T": COSTS}))
        assert [document.text[0] for document in documents] == ["T"]
        assert "sheet 'S' reaches over 11,101,259,901 cells" in list_defects(documents)[0]
    else:
        assert "beyond the last one of any sheet" in complain(data)


def test_cells_without_names_are_counted() -> None:
    """A million short rows and one long one are the same trap."""
    data = make_workbook({"S": {(0, 0): 1}})
    rows = (
        b"<row>" + b"<c><v>1</v></c>" * 2_000 + b"</row>" + b"<row/>" * 50_000 + b"<row><c><v>1</v></c></row>"
    )
    data = change_members(
        data,
        {
            SHEET: lambda xml: re.sub(
                rb"<sheetData>.*</sheetData>", b"<sheetData>" + rows + b"</sheetData>", xml
            )
        },
    )
    assert "no sheet with cells that are read" in complain(data)


def test_a_sheet_beyond_the_limit_of_cells_is_left_out() -> None:
    """The limit holds for all sheets together."""
    cells = {(row, 0): "x" for row in range(60)}
    documents = read_all(make_workbook({"A": cells, "B": cells}), cells=100)
    assert [document.text[0] for document in documents] == ["A"]
    assert "sheet 'B' reaches over 60 cells, more than are left of Limits.cells" in list_defects(documents)[0]


def test_texts_that_cells_share_are_counted_as_often_as_they_stand_there() -> None:
    """One long text in many cells is a bomb of its own."""
    data = make_workbook({"S": {(row, 0): "long" * 250 for row in range(500)}})
    assert "since cells share them" in complain(data, unpacked_bytes=200_000)
    assert len(read_all(data)[0].text) > 500_000


def test_a_zip_bomb_is_refused() -> None:
    """Before it is unpacked."""
    data = change_members(make_workbook({"S": COSTS}), {"xl/media/x.bin": lambda _: bytes(60_000_000)})
    assert "bomb" in complain(data)


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.99])
def test_a_truncated_workbook_is_refused(keep: float) -> None:
    """Its list of members is missing."""
    data = make_workbook({"S": COSTS})
    assert "'costs.xlsx' is no whole zip file" in complain(data[: int(len(data) * keep)])


@pytest.mark.parametrize(
    ("member", "content"),
    [
        (SHEET, b"<worksheet><sheetData><row"),
        (SHEET, b"\xff\xfe\0\0"),
        ("xl/workbook.xml", b"<a>"),
        ("xl/workbook.xml", b""),
        ("sharedStrings.xml", b"<sst><si>"),
    ],
)
def test_broken_members_are_errors_of_ours(member: str, content: bytes) -> None:
    """Whatever the library says of them."""
    complain(change_members(make_workbook({"S": COSTS}), {member: lambda _: content}))


def test_entities_are_refused() -> None:
    """A billion laughs in the list of sheets."""
    bomb = b'<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook>&b;</workbook>'
    assert "entities" in complain(
        change_members(make_workbook({"S": COSTS}), {"xl/workbook.xml": lambda _: bomb})
    )


def test_content_decides_not_the_name() -> None:
    """A workbook named otherwise is one; a picture named so is none."""
    assert read_all(make_workbook({"S": COSTS}), name="a.docx")[0].text.startswith("S\n")
    assert "PNG" in complain(b"\x89PNG\r\n\x1a\n" + bytes(100))


def test_encrypted_workbooks_are_told() -> None:
    """Of both kinds; there is no password to ask for here."""
    assert "'costs.xlsx' is encrypted" in complain(make_compound({"EncryptedPackage": b"x"}))
    assert "'a.xls' is encrypted" in complain(make_xls({(0, 0): 1.0}, extra=b"\x2f\0\2\0\1\0"), "a.xls")


def test_old_workbooks_are_read_and_their_size_is_known_before() -> None:
    """An XLS file may name a cell that takes a hundred gigabytes."""
    (document,) = read_all(make_xls({(1, 1): 2.0, (2, 3): 7.5}), name="a.xls")
    assert (find_cell(document, "B2"), find_cell(document, "D3")) == ("2", "7.5")
    assert "4,294,967,296 cells" in complain(make_xls({(0, 0): 2.0, (65535, 65535): 7.5}), "a.xls")


@pytest.mark.parametrize("cut", [40, 600, 1500, 4000])
def test_broken_old_workbooks_are_errors_of_ours(cut: int) -> None:
    """Sectors that are not there, chains that end nowhere."""
    complain(make_xls({(0, 0): 1.0})[:cut], "a.xls")


def test_chains_that_bite_their_tail_end() -> None:
    """The table of sectors may say anything."""
    data = make_compound({"Workbook": b"x"})
    complain(data[:-512] + bytes(512), "a.xls")


def test_binary_workbooks_are_read_and_their_size_is_known_before() -> None:
    """XLSB is XLSX without XML."""
    (document,) = read_all(make_xlsb([(1, 1, 2.0), (2, 3, 7.5)]), name="a.xlsb")
    assert (find_cell(document, "B2", "Binär"), find_cell(document, "D3")) == ("2", "7.5")
    assert "16,384,016,384 cells" in complain(make_xlsb([(0, 0, 1.0), (1_000_000, 16_383, 1.0)]), "a.xlsb")


def test_ods_is_read_with_what_it_repeats() -> None:
    """Cells and rows stand once in the file, and as often as it says in the table."""
    rows = make_ods_row(make_ods_cell("a"), make_ods_cell("b", repeated=2)) + make_ods_row(
        make_ods_cell("c"), repeated=2
    )
    empty = make_ods_row('<table:table-cell table:number-columns-repeated="16384"/>', repeated=1_048_000)
    (document,) = read_all(make_ods(rows + empty), name="a.ods")
    assert document.text == "Eins\n\na\tb\tb\nc\t\t\nc\t\t\n\n"


@pytest.mark.parametrize(
    "row",
    [
        make_ods_row(make_ods_cell("x", repeated=16_384), repeated=1_048_576),
        make_ods_row(make_ods_cell("x" * 10_000), repeated=1_048_576),
    ],
)
def test_ods_that_repeats_too_much_is_refused(row: str) -> None:
    """Ten kilobytes a million times are ten gigabytes."""
    assert "repeats cells" in complain(make_ods(row), "a.ods")


def test_an_xlsb_with_a_cell_that_has_no_place_is_refused() -> None:
    """The library takes the place from what it read before, asks for terabytes, and the whole process ends."""
    sheet = {"sheet1.bin": lambda data: data.replace(b"\x91\x01\x00", b"\x91\x01\x00\x00\x00", 1)}
    damaged = change_members(make_xlsb([(0, 0, 1.0)]), sheet)
    assert "is broken: it holds a cell without a place" in complain(damaged, "a.xlsb")


def test_an_ods_whose_xml_is_cut_is_refused() -> None:
    """The library that reads cells would look for its end for ever."""
    data = make_ods(make_ods_row(make_ods_cell("a")))
    damaged = change_members(
        data, {"content.xml": lambda xml: xml[: xml.index(b"</table:table>")] + b"</table:table:spreadsheet>"}
    )
    assert "is broken XML" in complain(damaged, "a.ods")


def test_an_ods_without_a_table_is_refused() -> None:
    """As one is whose only table's name is damaged."""
    data = make_ods(make_ods_row(make_ods_cell("a")))
    damaged = change_members(
        data, {"content.xml": lambda xml: re.sub(rb"(</?table:tabl)e(?=[ >])", rb"\1x", xml)}
    )
    assert "a.ods" in complain(damaged, "a.ods")


def format_cell(value: float, number_format: str) -> Document:
    """Return a sheet with one number."""

    def write(book: object, sheet: object) -> None:
        sheet.write(0, 0, value, book.add_format({"num_format": number_format}))  # type: ignore[attr-defined]  # no types

    (document,) = read_all(make_workbook({"S": {(1, 0): "x"}}, change=write))
    return document


def test_what_a_format_takes_away_is_told() -> None:
    """Digits that are rounded; and formats that are not known show what is stored."""
    rounded = format_cell(0.126, "0.0%")
    assert find_cell(rounded, "A1") == "12.6%"
    assert list_defects([rounded]) == []
    assert list_defects([format_cell(0.1264, "0.0%")]) == [
        "guessed: numbers are rounded to the digits that their cells show"
    ]
    fraction = format_cell(0.5, "# ?/?")
    assert find_cell(fraction, "A1") == "0.5"
    assert list_defects([fraction]) == [
        "guessed: numbers are shown as stored; 1 cells of sheet 'S' have a format of another kind"
    ]


@pytest.mark.parametrize("code", ["0." + "0" * 200, "%" * 200 + "0", "0" * 250, '"', ";;;", "[<1]0;0", "\\"])
def test_formats_that_no_program_writes_cost_nothing(code: str) -> None:
    """They show something, or what is stored."""
    sections = parse_format(code)
    assert not sections or show_number(sections, 999_999_999_999_999.0)


def test_cells_far_from_all_others_do_not_cost_the_sheet() -> None:
    """They are told by name; calamine would take memory for all cells between."""
    cells = {(0, 0): "a", (1, 1): "b", (1_048_575, 16_383): "far"}
    (document,) = read_all(make_workbook({"S": cells}))
    assert document.text == "S\n\na\t\n\tb\n\n"
    assert list_defects([document]) == [
        "left out: cells of sheet 'S' that stand far from all others are not read: XFD1048576"
    ]


def test_links_and_text_boxes_are_told() -> None:
    """What a link says is read; where it leads is not."""

    def write(_: object, sheet: object) -> None:
        sheet.write_url(0, 0, "http://x/", string="link")  # type: ignore[attr-defined]  # XlsxWriter has no types
        sheet.insert_textbox("D1", "words")  # type: ignore[attr-defined]  # as above

    (document,) = read_all(make_workbook({"S": {(1, 0): "x"}}, change=write))
    assert find_cell(document, "A1") == "link"
    assert list_defects([document]) == [
        "left out: the workbook's text boxes are not read",
        "left out: 1 cells of sheet 'S' are links; where they lead is not read",
    ]


def test_cells_of_ods_say_what_they_show() -> None:
    """Tabs and line breaks part words, and numbers have their units; notes and links are told."""
    note = "<office:annotation><text:p>note</text:p></office:annotation>"
    number = (
        '<table:table-cell office:value-type="{}" office:value="{}"><text:p>{}</text:p></table:table-cell>'
    )
    money = number.format("currency", 5, "5.00 EUR")
    plain = number.format("float", 0.333, "0.33")
    words = make_ods_cell(
        'b<text:tab/>c<text:line-break/>d  <text:a href="x">e</text:a><text:s text:c="2"/>f &amp;'
    )
    rows = make_ods_row(
        make_ods_cell("a", repeated=2), words.replace("<text:p>", f"{note}<text:p>"), repeated=2
    )
    below = "<table:shapes><text:p>no cell</text:p></table:shapes>"
    (document,) = read_all(make_ods(rows + make_ods_row(plain, money) + below), name="a.ods")
    assert find_cell(document, "C2") == "b\tc\nd e  f &"
    assert (find_cell(document, "B3"), find_cell(document, "A3")) == ("5.00 EUR", "0.333")
    assert list_defects([document]) == [
        "left out: 1 notes of cells are not read",
        "left out: 1 targets of links are not read",
    ]


@pytest.mark.parametrize(
    ("value", "number_format", "shown", "told"),
    [
        (
            45000.5,
            "hh:mm",
            "12:00",
            ["left out: cells that show a time alone hold a date, too, which is not read"],
        ),
        (0.25, "h:mm:ss AM/PM", "06:00:00", []),
        (0.25, "[$-409]h:mm;@", "06:00", []),
        (0.52, "hh:mm", "12:28", ["guessed: numbers are rounded to the digits that their cells show"]),
        (45000.25, "d mmm hh:mm", "2023-03-15 06:00:00", []),
        (45000, "mmm-yy", "2023-03-15", []),
        (1.75, "[h]:mm", "42:00:00", []),
    ],
)
def test_a_time_stands_alone_where_its_cell_shows_it_alone(
    value: float, number_format: str, shown: str, told: list[str]
) -> None:
    """Dates are written as ISO 8601 has them, whatever their format."""
    document = format_cell(value, number_format)
    assert (find_cell(document, "A1"), list_defects([document])) == (shown, told)
