"""Tables that are drawn with rules: pdfplumber finds the cells, words fall into them. Knows rules and words.

pdfplumber reads no file here: it gets the rules that pdfium read, and only of pages that have enough of them. Knows
nothing about files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from glyph_memory.document import Merge
from glyph_memory.documents.inline import Inline
from glyph_memory.documents.needs import load_library
from glyph_memory.documents.pdf.inline import InlineContext, make_runs
from glyph_memory.documents.pdf.lines import Piece, make_lines, make_pieces
from glyph_memory.documents.pdf.word import Rect, Word

_MOST_RULES = 3_000
"""Of a page; one with more is a drawing."""
_MOST_CROSSINGS = 4_000
_SNAP_PT = 3.0
"""Rules that are so near stand for one."""
_FILLED = 0.2
"""So many cells of a table hold words; fewer are a drawing."""


@dataclass(slots=True)
class RuledTable:
    """A table that is drawn with rules."""

    place: Rect
    """Where it stands."""
    rows: list[list[Inline]]
    """The cells; those that a merged cell covers are empty."""
    merges: list[Merge] = field(default_factory=list)
    """Cells that take the room of several."""
    header_rows: int = 0
    """Rows at the top that are written in bold, where the others are not."""
    alignments: str = ""
    """A letter a column: `r` for numbers that stand at the right."""


def may_have_table(rules: Sequence[Rect]) -> bool:
    """Return whether rules are enough for a table: two across and two down, and no drawing's thousands."""
    across = sum(rule[2] - rule[0] > rule[3] - rule[1] for rule in rules)
    return across >= 2 and len(rules) - across >= 2 and len(rules) <= _MOST_RULES


def find_tables(
    rules: Sequence[Rect], words: Sequence[Word], context: InlineContext
) -> tuple[list[RuledTable], list[Word]]:
    """Return the tables of a page, and the words that stand in none.

    Args:
        rules: Straight lines, in the words' frame.
        words: Of the page.
        context: What runs depend on.
    """
    tables, left = list[RuledTable](), list(words)
    for cells in _find_cells(rules):
        found = _fill_cells(cells, left, context)
        if found is not None:
            table, left = found
            tables.append(table)
    return tables, left


def _find_cells(rules: Sequence[Rect]) -> Iterator[list[Rect]]:
    """Yield the cells of each table."""
    finder = load_library("pdfplumber.table", for_="tables in PDFs")
    edges = [
        {
            "x0": left, "x1": right, "top": top, "bottom": bottom, "width": right - left, "height": bottom - top,
            "object_type": "line", "orientation": "h" if right - left > bottom - top else "v",
        }
        for left, top, right, bottom in rules
    ]  # fmt: skip
    merged = finder.merge_edges(edges, _SNAP_PT, _SNAP_PT, _SNAP_PT, _SNAP_PT)
    across = sum(edge["orientation"] == "h" for edge in merged)
    if across * (len(merged) - across) > 100 * _MOST_CROSSINGS:
        return
    crossings = finder.edges_to_intersections(merged, _SNAP_PT, _SNAP_PT)
    if len(crossings) <= _MOST_CROSSINGS:
        yield from finder.cells_to_tables(finder.intersections_to_cells(crossings))


def _fill_cells(
    cells: list[Rect], words: Sequence[Word], context: InlineContext
) -> tuple[RuledTable, list[Word]] | None:
    """Return a table with its words, and the words beside it; None for what is a drawing or a frame."""
    xs = sorted({x for cell in cells for x in (cell[0], cell[2])})
    ys = sorted({y for cell in cells for y in (cell[1], cell[3])})
    columns, rows = len(xs) - 1, len(ys) - 1
    if columns < 2 or rows < 2:
        return None
    place = (xs[0], ys[0], xs[-1], ys[-1])
    inside, outside = list[Word](), list[Word]()
    for word in words:
        x, y = (word.left + word.right) / 2, word.baseline - 0.3 * word.size
        is_inside = place[0] <= x <= place[2] and place[1] <= y <= place[3]
        (inside if is_inside else outside).append(word)
    owners, merges = _place_cells(cells, xs, ys)
    held = dict[tuple[int, int], list[Word]]()
    for word in inside:
        x, y = (word.left + word.right) / 2, word.baseline - 0.3 * word.size
        row = max(sum(edge <= y for edge in ys[:-1]) - 1, 0)
        column = max(sum(edge <= x for edge in xs[:-1]) - 1, 0)
        held.setdefault(owners.get((row, column), (row, column)), []).append(word)
    if len(held) < _FILLED * len(cells) or len({column for _, column in held}) < 2:
        return None
    texts = [
        [_write_cell(held.get((row, column), []), context) for column in range(columns)]
        for row in range(rows)
    ]
    bold = [
        all(word.font.bold for (at, _), cell in held.items() if at == row for word in cell)
        for row in range(rows)
    ]
    header = next((row for row in range(rows) if not bold[row]), 0)
    return (
        RuledTable(
            place,
            texts,
            merges,
            min(header, 3) or 1,
            "".join(_align(column, held, xs, rows) for column in range(columns)),
        ),
        outside,
    )


def _place_cells(
    cells: list[Rect], xs: list[float], ys: list[float]
) -> tuple[dict[tuple[int, int], tuple[int, int]], list[Merge]]:
    """Return which cell takes each place of the grid, and those that take several."""
    column_at = {x: number for number, x in enumerate(xs)}
    row_at = {y: number for number, y in enumerate(ys)}
    owners, merges = dict[tuple[int, int], tuple[int, int]](), list[Merge]()
    for left, top, right, bottom in cells:
        row, column = row_at[top], column_at[left]
        last_row, last_column = row_at[bottom], column_at[right]
        for y in range(row, last_row):
            for x in range(column, last_column):
                owners.setdefault((y, x), (row, column))
        if last_row - row > 1 or last_column - column > 1:
            merges.append(Merge(row=row, column=column, rows=last_row - row, columns=last_column - column))
    return owners, merges


def _write_cell(words: list[Word], context: InlineContext) -> Inline:
    """Return what a cell says, its lines joined to one."""
    if not words:
        return ""
    lines = make_lines(make_pieces(words))
    is_bold = all(word.font.bold for word in words)
    runs = make_runs(
        lines, InlineContext(vocabulary=context.vocabulary, labels=context.labels, is_bold=is_bold)
    )
    return runs[0].text if len(runs) == 1 and not runs[0].kinds else runs


def _align(column: int, held: dict[tuple[int, int], list[Word]], xs: list[float], rows: int) -> str:
    """Return `r` where a column's cells end at one place and do not begin at one."""
    cells = [held[row, column] for row in range(rows) if (row, column) in held]
    if len(cells) < 3:
        return "l"
    starts = [min(word.left for word in cell) for cell in cells[1:]]
    ends = [max(word.right for word in cell) for cell in cells[1:]]
    spread_left, spread_right = max(starts) - min(starts), max(ends) - min(ends)
    return "r" if spread_right < 1.5 < spread_left else "l"


def make_table_pieces(tables: Sequence[RuledTable]) -> list[Piece]:
    """Return tables as pieces, to be ordered among those of words."""
    return [Piece([], payload=table, place=table.place) for table in tables]
