"""Set blocks: turn each into the pieces that stand on pages, with its place among the others.

Knows kinds of blocks and how they look; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from glyph_memory.document import Block, Document
from glyph_memory.typesetting.blocks import tones
from glyph_memory.typesetting.blocks.coloring import color_spans, color_syntax
from glyph_memory.typesetting.blocks.flow import Placement
from glyph_memory.typesetting.blocks.pictures import draw_formula, scale_picture
from glyph_memory.typesetting.blocks.pieces import (
    Draw,
    Fragment,
    PicturePiece,
    Piece,
    StripPiece,
    TextPiece,
)
from glyph_memory.typesetting.blocks.plate import Plate
from glyph_memory.typesetting.blocks.tables import TablePiece
from glyph_memory.typesetting.blocks.text_box import TextBox, make_offsets
from glyph_memory.typesetting.blocks.tones import Type
from glyph_memory.typesetting.geometry import FIX
from glyph_memory.typesetting.layout import Cursor
from glyph_memory.typesetting.measure import measure
from glyph_memory.typesetting.prepared import PreparedStyle

_STRETCH = 1 << 15
"""Characters of a text or a code that are laid out together, to the next newline."""
_RUNNING = frozenset({"text", "paragraph", "item", "code", "footnote"})
"""Kinds that run on, one behind the other, in a style that draws newlines as marks."""
_UNKNOWN = "[picture]"
"""The caption of a picture of which nothing is known; where the picture is drawn, it would say nothing."""
_CONTINUED_EM = 2
"""By how much the later lines of a line of code are moved to the right."""


class Setter:
    """Turns the blocks of a document into placements."""

    def __init__(self, document: Document, kind: Type) -> None:
        """Prepare to set a document."""
        self._document, self._type = document, kind
        self._width = kind.geometry.column
        self._runs_on = bool(kind.style.newline_mark)

    def list_placements(self) -> Iterator[Placement]:
        """Yield the pieces of all blocks, in order."""
        before: Block | None = None
        for block in self._join_blocks():
            for number, placement in enumerate(self._set_block(block)):
                yield placement if number else replace(placement, gap=self._choose_gap(before, block))
            before = block

    def _join_blocks(self) -> Iterator[Block]:
        """Yield blocks; in a style that draws newlines as marks, those that run on are one."""
        held, is_running = None, False
        for block in self._document.blocks:
            runs = self._runs_on and (block.kind in _RUNNING or self._is_dear(block))
            if held is not None and runs and is_running and held.quotes == block.quotes:
                held = replace(held, stop=block.stop, spans=(*held.spans, *block.spans))
                continue
            if held is not None:
                yield held
            held, is_running = block, runs
            if runs:
                held = replace(block, kind="text", hang=0, indent=0, table=None)
        if held is not None:
            yield held

    def _is_dear(self, block: Block) -> bool:
        """Return whether a table costs more in columns than the style allows over running text."""
        if block.kind != "table" or block.table is None:
            return False
        measured = self._make_table(block, self._width - self._choose_left(block)).measure()
        if measured is None:
            return True
        height, stop = measured
        running = measure(self._document.text[block.start : stop], Cursor(), self._type.body.table)
        lines = int(running.advance.sum()) / self._width
        return height > (1 + self._type.style.line_price) * max(lines, 1) * self._type.pitch

    def _choose_gap(self, before: Block | None, block: Block) -> int:
        """Return the room above a block; less than a blank line, as colours and sizes part blocks, too."""
        pitch = self._type.pitch
        if before is None or (before.kind == block.kind == "text"):
            return 0
        if block.kind == "heading":
            return pitch * 3 // 4
        if before.kind == block.kind and block.kind in {"item", "footnote"}:
            return pitch // 8 if not block.hang else 0
        return pitch * 3 // 8

    def _set_block(self, block: Block) -> Iterator[Placement]:
        text, stop = self._document.text, block.stop
        end = stop
        keeps_blank_lines = block.kind == "text" and not self._runs_on
        while end > block.start and text[end - 1] == "\n" and not keeps_blank_lines:
            end -= 1
        left = self._choose_left(block)
        width = self._width - left
        for piece in self._make_pieces(block, end, width):
            held = _Quoted(piece, block.quotes, left, self._type) if block.quotes else piece
            yield Placement(held, left, 0, stays=block.kind == "heading")

    def _make_pieces(self, block: Block, end: int, width: int) -> Iterator[Piece]:
        document, kind = self._document, self._type
        if block.kind == "table" and block.table is not None:
            yield self._make_table(block, width)
        elif block.kind == "rule":
            yield StripPiece(kind.pitch // 2, (block.start, block.stop), width=width, rule=tones.RULE)
        elif end == block.start:
            return
        elif block.kind in {"code", "text"}:
            yield from self._make_lines(block, end, width)
        elif block.kind == "picture":
            caption = self._make_box(block, block.start, end, width, kind.body, tone=tones.MUTED)
            pixels = scale_picture(block.picture, width, kind) if block.picture is not None else None
            is_known = document.text[block.start : end] != _UNKNOWN
            yield (
                TextPiece(caption)
                if pixels is None
                else PicturePiece(pixels, caption, shows_caption=is_known)
            )
        elif block.kind == "formula":
            box = self._make_box(block, block.start, end, width, kind.mono, tone=tones.CODE)
            ink = draw_formula(document.text[block.start : end], width, kind)
            yield TextPiece(box) if ink is None else PicturePiece(ink, box, is_ink=True, shows_caption=False)
        else:
            prepared, tone = self._choose_type(block)
            yield TextPiece(self._make_box(block, block.start, end, width, prepared, tone=tone))

    def _make_table(self, block: Block, width: int) -> TablePiece:
        assert block.table is not None  # noqa: S101 - for the type checker: whoever makes a table has one
        spans = [self._document.cell_span(block, cell) for cell in range(len(block.table.starts))]
        return TablePiece(self._document.text, block, spans, self._type, width)

    def _choose_type(self, block: Block) -> tuple[PreparedStyle, int]:
        if block.kind == "heading":
            level = min(max(block.level, 1), 3) - 1
            return self._type.headings[level], tones.HEADINGS[level]
        return self._type.body, tones.MUTED if block.kind == "footnote" else tones.TEXT

    def _make_box(
        self, block: Block, start: int, end: int, width: int, prepared: PreparedStyle, *, tone: int
    ) -> TextBox:
        text = self._document.text
        hang = self._measure(text[start : start + block.hang], prepared) if block.hang else 0
        return TextBox(
            text[start:end],
            prepared,
            width,
            offsets=make_offsets(start, end - start, block.stop),
            hang=hang,
            tones=color_spans(block.spans, start, end - start, tone=tone),
            tone=tone,
        )

    def _make_lines(self, block: Block, end: int, width: int) -> Iterator[Piece]:
        """Yield plain text or code, stretch by stretch."""
        kind, is_code = self._type, block.kind == "code"
        prepared = kind.mono if is_code else kind.body
        text = self._document.text[block.start : end]
        colored = color_syntax(text, block.language) if is_code and kind.look.syntax_colors else None
        if not is_code:
            colored = color_spans(block.spans, block.start, len(text), tone=tones.TEXT)
        shows_numbers = is_code and kind.look.line_numbers
        number, start = block.first_line, 0
        gutter = 0
        if shows_numbers:
            gutter = self._measure(f"{number + text.count(chr(10))}  ", prepared)
            gutter = gutter if width - gutter > max(width // 2, prepared.table.widest_escape) else 0
        while start < len(text):
            stop = _find_cut(text, start)
            piece = text[start:stop]
            drawn = piece[:-1] if piece.endswith("\n") else piece
            after = block.stop if stop == len(text) else block.start + stop
            lines = piece.count("\n") + (0 if piece.endswith("\n") else 1)
            if drawn:
                box = TextBox(
                    drawn,
                    prepared,
                    width - gutter,
                    offsets=make_offsets(block.start + start, len(drawn), after),
                    hang=_CONTINUED_EM * kind.em if is_code else 0,
                    hangs_each=is_code,
                    tones=colored[start : start + len(drawn)] if colored is not None else None,
                )
                numbers = self._make_numbers(number, lines, prepared, gutter) if gutter else ()
                yield TextPiece(box, numbers=numbers, gutter=gutter)
            else:
                yield StripPiece(kind.pitch, (block.start + start, after))
            number, start = number + lines, stop

    def _make_numbers(
        self, first: int, count: int, prepared: PreparedStyle, gutter: int
    ) -> tuple[TextBox, ...]:
        return tuple(
            TextBox(
                str(number), prepared, gutter, offsets=make_offsets(0, len(str(number)), 0), tone=tones.MUTED
            )
            for number in range(first, first + count)
        )

    def _measure(self, text: str, prepared: PreparedStyle) -> int:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        return int(prepared.table.advance.take(prepared.table.slots(codes)).sum())

    def _choose_left(self, block: Block) -> int:
        """Return how far a block is moved to the right; deeply nested ones no further than half the column."""
        em = self._type.em
        left = block.indent * em * 3 // 2 + block.quotes * em
        most = min(self._width // 2, self._width - self._type.body.table.widest_escape)
        return max(min(left, most), 0)


class _Quoted:
    """A piece with lines beside it, one for each quote that it stands in."""

    def __init__(self, piece: Piece, quotes: int, left: int, kind: Type) -> None:
        self._piece, self._quotes, self._left, self._type = piece, quotes, left, kind

    @property
    def least(self) -> int:
        return self._piece.least

    @property
    def is_done(self) -> bool:
        return self._piece.is_done

    def take(self, room: int, *, is_forced: bool) -> Fragment | None:
        fragment = self._piece.take(room, is_forced=is_forced)
        if fragment is None:
            return None
        inner: Draw = fragment.draw
        em, most = self._type.em, max(self._left // self._type.em, 1)
        depth = min(self._quotes, most) if self._left else 0

        def draw(plate: Plate, left: int, top: int) -> None:
            for number in range(depth):
                at = left - (number + 1) * em + em // 4
                plate.add_rule(at, top, at + 2 * FIX, top + fragment.height, tones.RULE)
            inner(plate, left, top)

        return replace(fragment, draw=draw)


def _find_cut(text: str, start: int) -> int:
    """Return where a stretch ends: behind a newline, where there is one within twice its length."""
    stop = start + _STRETCH
    if stop >= len(text):
        return len(text)
    found = text.rfind("\n", start, stop) + 1 or text.find("\n", stop, stop + _STRETCH) + 1
    return found or stop
