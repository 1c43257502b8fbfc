"""The `Document` itself: its text, blocks and source map, as one value.

Knows text and structure; knows nothing about file formats, nor about how a page looks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from glyph_memory.document.blocks import Block, check_blocks, find_cell
from glyph_memory.document.cutting import cut_blocks, cut_source_map
from glyph_memory.document.defect import Defect
from glyph_memory.document.origin import describe_places
from glyph_memory.document.parsing import read_document
from glyph_memory.document.source_map import SourceSpan, name_cell, narrow_lines, parse_cell
from glyph_memory.document.spelling import dump_document


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A long text that is no conversation.

    Example:
        >>> Document(text="It opens at nine.", title="Museum").trace(0, 2)
        ()
    """

    text: str
    """The whole text, verbatim."""
    title: str = ""
    """What to call it."""
    source: str = ""
    """Where it came from: a path, a URL."""
    blocks: tuple[Block, ...] = field(default=(), repr=False)
    """What its parts are, one after the other; where there are none, it is drawn as plain text."""
    source_map: tuple[SourceSpan, ...] = field(default=(), repr=False)
    """Where its parts come from, by start; they do not overlap."""
    media_type: str = ""
    """The MIME type of the file, where it is known."""
    encoding: str = ""
    """How the file's bytes spelled characters, where it is text."""
    defects: tuple[Defect, ...] = ()
    """What was lost or guessed when it was read."""
    part: int = 1
    """Which part of a long file it is, counted from 1: long ones come in several documents."""
    offset: int = 0
    """Where in the text of the whole file this part begins, in characters."""
    original: Path | bytes | None = field(default=None, repr=False, compare=False)
    """The file, of formats whose own pages can be drawn: a PDF."""
    password: str | None = field(default=None, repr=False, compare=False)
    """What opens that file; JSON does not hold it."""

    def __post_init__(self) -> None:
        """Raise an error for blocks that are not the text.

        Raises:
            DocumentError: They leave a gap, overlap or reach beyond it.
        """
        if self.blocks:
            check_blocks(self.blocks, len(self.text))

    def trace(self, start: int, stop: int) -> tuple[SourceSpan, ...]:
        r"""Return where a stretch of the text comes from, in order, each place narrowed to the stretch.

        Args:
            start: Offset of its first character.
            stop: Offset after its last one.

        Example:
            >>> lines = SourceSpan(start=0, stop=8, line=1, counts_lines=True)
            >>> [place.line for place in Document(text="one\ntwo\n", source_map=(lines,)).trace(4, 7)]
            [2]
        """
        first = bisect_right(self.source_map, start, key=lambda place: place.stop)
        last = bisect_left(self.source_map, stop, key=lambda place: place.start)
        found = (narrow_lines(place, self.text, start, stop) for place in self.source_map[first:last])
        return tuple(self._narrow_cell(place) for place in found)

    def locate(
        self,
        *,
        file: str | None = None,
        page: int | None = None,
        sheet: str | None = None,
        cell: str | None = None,
        line: int | None = None,
    ) -> tuple[tuple[int, int], ...]:
        """Return the stretches of the text that come from a place, in order; none where nothing does.

        Args:
            file: Inside an archive, a book or a mail.
            page: Page or slide.
            sheet: The sheet's name.
            cell: As `B7`.
            line: Of the file.
        """
        found = list[tuple[int, int]]()
        for place in self.source_map:
            wanted = ((file, place.file), (page, place.page), (sheet, place.sheet))
            if any(asked is not None and asked != known for asked, known in wanted):
                continue
            stretch: tuple[int, int] | None = (place.start, place.stop)
            if cell is not None:
                stretch = self._locate_cell(place, cell)
            if line is not None and stretch is not None:
                stretch = self._locate_line(place, line)
            if stretch is not None and stretch[0] < stretch[1]:
                found.append(stretch)
        return tuple(found)

    def describe_origin(self, start: int, stop: int) -> str:
        """Return where a stretch comes from, in words; nothing where that is not known.

        Args:
            start: Offset of its first character.
            stop: Offset after its last one.

        Example:
            >>> place = SourceSpan(start=0, stop=9, sheet="Costs", cell="B7")
            >>> Document(text="oak, 12.5", source_map=(place,)).describe_origin(0, 9)
            "sheet 'Costs', cell B7"
        """
        places = self.trace(start, stop)
        ends = (self.trace(place.stop - 1, place.stop) for place in places)
        return describe_places(
            [(place, *end) for place, end in zip(places, ends, strict=True) if len(end) == 1]
        )

    def list_blocks(self, start: int, stop: int) -> tuple[Block, ...]:
        """Return the blocks of which something stands in a stretch of the text.

        Args:
            start: Offset of its first character.
            stop: Offset after its last one.
        """
        first = bisect_right(self.blocks, start, key=lambda block: block.stop)
        last = bisect_left(self.blocks, stop, key=lambda block: block.start)
        return self.blocks[first:last]

    def cell_span(self, block: Block, index: int) -> tuple[int, int]:
        """Return start and stop of a table block's cell.

        Args:
            block: One of `blocks` that has a table.
            index: The cell's number, row by row.
        """
        return find_cell(block, self.text, index)

    def cut(self, start: int, stop: int) -> Document:
        r"""Return a stretch of the text as a document of its own, with its structure and where it comes from.

        Tables are cut, too: rows after the header carry it (`Table.carried`), and a row that is cut is filled up with
        empty cells. A picture goes to the stretch that its caption begins in; defects go to the one that begins at 0.

        Args:
            start: Offset of its first character.
            stop: Offset after its last one; what reaches beyond the text is cut off.

        Example:
            >>> lines = SourceSpan(start=0, stop=8, line=1, counts_lines=True)
            >>> later = Document(text="one\ntwo\n", source_map=(lines,)).cut(4, 8)
            >>> later.text, later.offset, later.trace(0, 3)[0].line
            ('two\n', 4, 2)
        """
        start = min(max(start, 0), len(self.text))
        stop = min(max(stop, start), len(self.text))
        if (start, stop) == (0, len(self.text)):
            return self
        return replace(
            self,
            text=self.text[start:stop],
            blocks=cut_blocks(self.blocks, self.text, start, stop),
            source_map=cut_source_map(self.source_map, self.blocks, self.text, start, stop),
            defects=() if start else self.defects,
            offset=self.offset + start,
        )

    def to_json(self, *, text: bool = True, pictures: bool = False) -> str:
        """Return the document as JSON, short as it can be; `from_json` reads it. `original` is left out.

        Args:
            text: Whether the text is in it; leave it out where it stands beside it.
            pictures: Whether the files of pictures are in it, as base64; else their captions stand for them.
        """
        return dump_document(self, text=text, pictures=pictures)

    @classmethod
    def from_json(cls, spelled: str, *, text: str | None = None) -> Self:
        """Return a document from what `to_json` wrote, by whomever.

        Args:
            spelled: The JSON.
            text: The document's text, where it is not in it.

        Raises:
            DocumentError: It is nothing of the kind, or does not fit the text.
        """
        return cls(**read_document(spelled, text))

    def _block_at(self, offset: int) -> Block | None:
        place = bisect_right(self.blocks, offset, key=lambda block: block.start) - 1
        return self.blocks[place] if place >= 0 else None

    def _narrow_cell(self, place: SourceSpan) -> SourceSpan:
        """Return a place whose cell is that of its first character; the place's own cell is its table's first."""
        block = self._block_at(place.start)
        origin = parse_cell(place.cell) if place.cell else None
        if block is None or block.table is None or origin is None:
            return place
        index = max(bisect_right(block.table.starts, place.start) - 1, 0)
        row, column = divmod(index, block.table.columns)
        return replace(place, cell=name_cell(origin[0] + row, origin[1] + column))

    def _locate_cell(self, place: SourceSpan, cell: str) -> tuple[int, int] | None:
        asked, origin, block = parse_cell(cell), parse_cell(place.cell), self._block_at(place.start)
        if asked is None or origin is None:
            return None
        if block is None or block.table is None:
            return (place.start, place.stop) if asked == origin else None
        row, column = asked[0] - origin[0], asked[1] - origin[1]
        if not (0 <= row < block.table.rows and 0 <= column < block.table.columns):
            return None
        return self.cell_span(block, row * block.table.columns + column)

    def _locate_line(self, place: SourceSpan, line: int) -> tuple[int, int] | None:
        if place.line is None or line < place.line:
            return None
        if not place.counts_lines:
            return (place.start, place.stop) if line == place.line else None
        start = place.start
        for _ in range(line - place.line):
            start = self.text.find("\n", start, place.stop) + 1
            if not start:
                return None
        stop = self.text.find("\n", start, place.stop)
        return (start, place.stop if stop < 0 else stop)
