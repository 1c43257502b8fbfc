"""Cut blocks and a source map out of a document: what a page, or any other stretch of it, has of its structure.

Offsets of what is cut count from the stretch's beginning. Knows blocks and places; knows nothing about documents.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace

from glyph_memory.document.blocks import Block, Merge, Span, Table, find_cell
from glyph_memory.document.source_map import SourceSpan, name_cell, narrow_lines, parse_cell


def cut_blocks(blocks: tuple[Block, ...], text: str, start: int, stop: int) -> tuple[Block, ...]:
    """Return the blocks of a stretch; those at its ends are cut.

    Args:
        blocks: Of the whole document.
        text: Of the whole document.
        start: Offset of the stretch's first character.
        stop: Offset after its last one.
    """
    first = bisect_right(blocks, start, key=lambda block: block.stop)
    last = bisect_left(blocks, stop, key=lambda block: block.start) if start < stop else 0
    return tuple(_cut_block(block, text, start, stop) for block in blocks[first:last])


def cut_source_map(
    source_map: tuple[SourceSpan, ...], blocks: tuple[Block, ...], text: str, start: int, stop: int
) -> tuple[SourceSpan, ...]:
    """Return where a stretch comes from; lines and cells are those of its own first characters.

    Args:
        source_map: Of the whole document.
        blocks: Of the whole document.
        text: Of the whole document.
        start: Offset of the stretch's first character.
        stop: Offset after its last one.
    """
    first = bisect_right(source_map, start, key=lambda place: place.stop)
    last = bisect_left(source_map, stop, key=lambda place: place.start) if start < stop else 0
    begun = bisect_right(blocks, start, key=lambda block: block.stop)
    cut = blocks[begun] if begun < len(blocks) and blocks[begun].start < start else None
    return tuple(
        _move_place(narrow_lines(place, text, start, stop), cut, start) for place in source_map[first:last]
    )


def _move_place(place: SourceSpan, cut: Block | None, start: int) -> SourceSpan:
    """Return a place with offsets from `start`; its cell is that of the first row that the cut left of a table."""
    cell = place.cell
    origin = parse_cell(cell) if cell else None
    if origin and cut is not None and cut.table is not None and place.start < cut.stop:
        cell = name_cell(origin[0] + _find_index(cut.table, start) // cut.table.columns, origin[1])
    return replace(place, start=place.start - start, stop=place.stop - start, cell=cell)


def _cut_block(block: Block, text: str, start: int, stop: int) -> Block:
    begin, end = max(block.start, start), min(block.stop, stop)
    is_begun = begin > block.start
    return replace(
        block,
        start=begin - start,
        stop=end - start,
        hang=0 if is_begun else min(block.hang, end - begin),
        first_line=block.first_line + (text.count("\n", block.start, begin) if block.kind == "code" else 0),
        spans=tuple(_cut_spans(block.spans, begin, end, start)),
        table=None if block.table is None else _cut_table(block, block.table, text, begin, end, start),
        picture=None if is_begun else block.picture,
    )


def _cut_spans(spans: tuple[Span, ...], begin: int, end: int, start: int) -> Iterator[Span]:
    for span in spans:
        if span.start < end and span.stop > begin:
            yield replace(span, start=max(span.start, begin) - start, stop=min(span.stop, end) - start)


def _cut_table(block: Block, table: Table, text: str, begin: int, end: int, start: int) -> Table:
    """Return the rows of a stretch; a row that is cut is filled up with empty cells, so that columns stay columns."""
    if not table.starts:
        return table
    first, last = _find_index(table, begin), _find_index(table, end - 1)
    row, column = divmod(first, table.columns)
    last_row, last_column = divmod(last, table.columns)
    begins = [begin - start] * column
    begins += [max(found, begin) - start for found in table.starts[first : last + 1]]
    missing = table.columns - 1 - last_column
    if missing:  # one after the cell's text, as if what parts it from the next were there
        begins += [min(find_cell(block, text, last)[1], end) + 1 - start] * missing
    heads = min(row, table.header_rows)
    carried = tuple(
        tuple(text[slice(*find_cell(block, text, index))] for index in range(place, place + table.columns))
        for place in range(0, heads * table.columns, table.columns)
    )
    rows = last_row + 1 - row
    return Table(
        columns=table.columns,
        starts=tuple(begins),
        header_rows=min(table.header_rows - heads, rows),
        alignments=table.alignments,
        merges=tuple(_cut_merges(table.merges, row, row + rows)),
        carried=table.carried + carried,
    )


def _cut_merges(merges: tuple[Merge, ...], row: int, stop: int) -> Iterator[Merge]:
    for merge in merges:
        first, last = max(merge.row, row), min(merge.row + merge.rows, stop)
        if first < last and (last - first > 1 or merge.columns > 1):
            yield replace(merge, row=first - row, rows=last - first)


def _find_index(table: Table, offset: int) -> int:
    """Return the number of the cell that holds a character, or ends before it."""
    return max(bisect_right(table.starts, offset) - 1, 0)
