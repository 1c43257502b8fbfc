"""What the parts of a text are: headings, list items, tables, code, and what is marked within them.

A block is a stretch of a document's text; the blocks of a document, one after the other, are its text. All offsets are
characters of that text. Knows structure; knows nothing about how it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from glyph_memory.errors import DocumentError, show_value

BlockKind = Literal[
    "text", "paragraph", "heading", "item", "code", "table", "picture", "formula", "footnote", "rule"
]
"""`text` is drawn line for line, as plain text always was; a `rule` is a line across the page, without characters that
are drawn."""

SpanKind = Literal["strong", "emphasis", "code", "link", "struck", "formula", "note"]
"""What is marked within a block; a `note` is the number of a footnote, where it is cited."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of text that is marked; spans may overlap."""

    start: int
    """Offset of its first character."""
    stop: int
    """Offset after its last one."""
    kind: SpanKind
    """What it is."""
    target: str = ""
    """Of a link: where it leads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """A cell that takes the room of several; those that it covers are empty."""

    row: int
    """Of its first row, counted from 0."""
    column: int
    """Of its first column, counted from 0."""
    rows: int = 1
    """How many rows it takes."""
    columns: int = 1
    """How many columns it takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The cells of a table block, row by row; each ends with the one character that parts it from the next."""

    columns: int
    """Cells of each row; shorter rows are filled up with empty cells."""
    starts: tuple[int, ...] = field(repr=False)
    """Offset of each cell's first character, row by row. A cell stops one character before the next one starts; the
    last one stops where the block does, but for newlines."""
    header_rows: int = 0
    """Rows at the top that are drawn again on each page."""
    alignments: str = ""
    """One letter a column: `l`, `r` or `c`; empty for left."""
    merges: tuple[Merge, ...] = ()
    """Cells that take the room of several."""
    carried: tuple[tuple[str, ...], ...] = ()
    """Header rows of the table whose later part this is: drawn above it, though they stand in no text of its own."""

    def __post_init__(self) -> None:
        """Raise an error for cells that are no table.

        Raises:
            DocumentError: The number of cells is no multiple of the columns.
        """
        if self.columns < 1 or len(self.starts) % self.columns:
            raise DocumentError(
                f"{len(self.starts)} cells make no table of {show_value(self.columns)} columns; fill up its short rows"
            )

    @property
    def rows(self) -> int:
        """How many rows it has, header included."""
        return len(self.starts) // self.columns


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture inside a document; the block's text is its caption."""

    data: bytes = field(repr=False)
    """The encoded file: PNG, JPEG, …"""
    width_pt: float | None = None
    """How wide it stands in the original, where that is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A stretch of text that is one thing."""

    start: int
    """Offset of its first character."""
    stop: int
    """Offset after its last one; newlines at its end part it from the next and are not drawn."""
    kind: BlockKind = "paragraph"
    """What it is."""
    level: int = 0
    """Of a heading: 1 for the highest, to 6."""
    indent: int = 0
    """How many lists it stands in, beyond the first: each moves it to the right."""
    quotes: int = 0
    """How many block quotes it stands in."""
    hang: int = 0
    """Characters at its beginning, such as a list's `3. `, that stand left of its other lines."""
    language: str = ""
    """Of code: as Pygments names it; empty where it is not known."""
    first_line: int = 1
    """Of code: the number of its first line."""
    spans: tuple[Span, ...] = ()
    """What is marked in it, by start."""
    table: Table | None = None
    """The cells of a table."""
    picture: Picture | None = None
    """The picture, where its file is known."""


def find_cell(block: Block, text: str, index: int) -> tuple[int, int]:
    """Return start and stop of a table block's cell.

    Args:
        block: One that has a table.
        text: The document's.
        index: The cell's number, row by row.
    """
    assert block.table is not None  # noqa: S101 - for the type checker: who asks for a cell has a table
    starts = block.table.starts
    start = min(starts[index], block.stop)  # of a row that was cut, the empty cells may start behind it
    if index + 1 < len(starts):
        return start, min(max(starts[index + 1] - 1, start), block.stop)
    stop = block.stop
    while stop > start and text[stop - 1] == "\n":
        stop -= 1
    return start, stop


def check_blocks(blocks: tuple[Block, ...], length: int) -> None:
    """Raise an error where blocks are not a text, one after the other.

    Raises:
        DocumentError: There is a gap, an overlap or a stretch outside the text.
    """
    ends = [0, *(block.stop for block in blocks)]
    if any(block.start != end for block, end in zip(blocks, ends, strict=False)) or ends[-1] != length:
        raise DocumentError(
            f"the blocks of a document have to follow each other from 0 to {length}, the length of its text; build it "
            "with glyph_memory.documents.Builder"
        )
    if any(late < early for early, late in pairwise(ends)):
        raise DocumentError("a block stops before it starts; give its offsets in order")
    if broken := next(
        (block for block in blocks if (block.kind == "table") != (block.table is not None)), None
    ):
        raise DocumentError(
            f"a block of kind {show_value(broken.kind)} has a table, or a table has none; give both"
        )
