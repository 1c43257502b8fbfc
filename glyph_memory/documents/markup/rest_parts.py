"""Parts of docutils' tree: cells, terms, lines, links. Knows docutils' nodes; knows nothing about documents."""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.blanks import tidy_runs
from glyph_memory.documents.markup.grid import Cell
from glyph_memory.documents.markup.rest_nodes import Node, read_runs

SILENT = frozenset(("comment", "substitution_definition", "pending", "meta", "docinfo", "colspec", "raw"))
"""Nodes without a text that is shown."""
TITLES = {
    name: name.title()
    for name in ("attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning")
}
"""What stands above a box, by its directive."""


def read_table(node: Node) -> tuple[list[list[Cell]], int]:
    """Return a table's cells, row by row, and how many rows head it."""
    rows, header_rows = list[list[Cell]](), 0
    for group in (child for child in node.children if child.tagname == "tgroup"):
        for part in group.children:
            if part.tagname in {"thead", "tbody"}:
                rows += ([_read_cell(entry) for entry in row.children] for row in part.children)
                header_rows = len(rows) if part.tagname == "thead" else header_rows
    return rows, header_rows


def read_term(node: Node) -> Iterator[Run]:
    """Yield the text of a term, a field's name or a program's options."""
    if node.tagname == "option_group":
        for place, option in enumerate(node.children):
            texts = (f"{child.get('delimiter') or ''}{child.astext()}" for child in option.children)
            yield Run((", " if place else "") + "".join(texts), ("code",))
    else:
        yield from read_runs(node, "strong")
        if node.tagname == "field_name":
            yield Run(":", ("strong",))


def _read_cell(entry: Node) -> Cell:
    """Return a table's cell; blocks in it are lines."""
    runs = list[Run]()
    for line in _list_cell_lines(entry):
        runs += [*([Run("\n")] if runs else []), *line]
    return Cell(
        runs=runs,
        rows=int(str(entry.get("morerows") or 0)) + 1,
        columns=int(str(entry.get("morecols") or 0)) + 1,
    )


def _list_cell_lines(node: Node) -> Iterator[list[Run]]:
    for child in node.children:
        if child.tagname in {"literal_block", "doctest_block"}:
            yield [Run(child.astext(), ("code",))]
        elif child.tagname in {"paragraph", "term", "line", "title", "field_name", "rubric", "caption"}:
            yield tidy_runs(read_runs(child))
        elif child.tagname == "image":
            yield [Run(str(child.get("alt") or ""))]
        elif child.tagname == "list_item":
            for place, line in enumerate(_list_cell_lines(child)):
                yield [*([] if place else [Run("• ")]), *line]
        elif child.tagname not in SILENT and child.tagname != "system_message":
            yield from _list_cell_lines(child)


def list_lines(node: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    """Yield the lines of a line block, and how far each is moved in."""
    for child in node.children:
        if child.tagname == "line_block":
            yield from list_lines(child, depth + 1)
        else:
            yield depth, child


def list_addresses(node: Node) -> Iterator[str]:
    """Yield where the links in a node lead."""
    if node.tagname == "reference":
        yield str(node.get("refuri") or "")
    elif node.tagname != "#text":
        for child in node.children:
            yield from list_addresses(child)


def find_line(node: Node) -> int | None:
    """Return the line that docutils names for a node, or for the first one in it that has any."""
    while node.line is None and node.tagname != "#text" and node.children:
        node = node.children[0]
    return node.line
