"""A block of text on its way to pages: measured, laid out, and painted sheet by sheet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from glyph_memory.page import Escape, Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.atlas import Atlas
from glyph_memory.typesetting.characters import ESCAPED
from glyph_memory.typesetting.color import Palette, combine
from glyph_memory.typesetting.geometry import Geometry
from glyph_memory.typesetting.glyphs import GlyphTable
from glyph_memory.typesetting.layout import Cursor, LineBreaker, MeasuredText
from glyph_memory.typesetting.measure import measure
from glyph_memory.typesetting.paginate import PageLayout, fill_pages
from glyph_memory.typesetting.paint import Canvas
from glyph_memory.typesetting.place import ColorSpan, PlacedColumn, Placer
from glyph_memory.typesetting.reference import lay_out_reference


@dataclass(frozen=True, slots=True)
class PreparedStyle:
    """A style ready for typesetting: its measures, glyphs, ink and colours, shared by all texts of that style."""

    style: PageStyle
    """The style."""
    geometry: Geometry
    """Its measures in pixels."""
    table: GlyphTable
    """Its glyphs."""
    atlas: Atlas
    """Their ink."""
    palette: Palette
    """Its colours."""


class Block:
    """Turns one block of text into pages."""

    def __init__(
        self,
        text: str,
        cursor: Cursor,
        case: PreparedStyle,
        *,
        runs: Sequence[ColorSpan] = (),
        reserved: str = "",
        final: bool,
    ) -> None:
        """Measure and lay out the text; a page is painted only when it is asked for.

        Args:
            text: The block; it begins at a page's beginning.
            cursor: Where that is.
            case: The style.
            runs: The coloured stretches that touch the block.
            reserved: Characters that only coloured stretches may show.
            final: Whether the text ends with the block.
        """
        self._text, self._cursor, self._case, self._final = text, cursor, case, final
        labels = [(max(run.start - cursor.offset, 0), max(run.stop - cursor.offset, 0)) for run in runs]
        self._measured = measure(text, cursor, case.table, reserved=reserved, labels=labels)
        if case.style.reference:
            setting = lay_out_reference(text, self._measured, case.style, case.geometry, case.table)
            breaker, self._lines, self._sheets = setting.breaker, setting.lines, iter(setting.sheets)
            self._measured = breaker.text
        else:
            breaker = LineBreaker(self._measured, case.geometry, shrink=case.style.space_shrink)
            self._lines = breaker.lines(cursor, final=final)
            self._sheets = fill_pages(
                self._lines, cursor, self._measured, case.style, case.geometry, final=final
            )
        self._placer = Placer(text, cursor, case.style, case.geometry, breaker, self._lines, runs)

    def iter_layouts(self) -> Iterator[PageLayout]:
        """Return the layout of each page that the block fills."""
        return self._sheets

    @property
    def measured(self) -> MeasuredText:
        """The block's characters: what each is drawn as, and how wide."""
        return self._measured

    def place_characters(self, sheet: PageLayout) -> list[PlacedColumn]:
        """Return where a page's characters stand, column by column."""
        return [self._placer.place(column, nth) for nth, column in enumerate(sheet.columns)]

    def page(self, sheet: PageLayout, number: int) -> Page:
        """Paint one page.

        Raises:
            FontError: A glyph's outline is broken.
        """
        case, start = self._case, self._lines.start[sheet.columns[0].first]
        stop = sheet.next.offset - self._cursor.offset
        placed = self.place_characters(sheet)
        layers: dict[int, Canvas] = {0: Canvas(case.geometry.page_px)}
        for column in placed:
            self._draw(layers, column)
        boxes = self._placer.boxes(sheet) if case.palette.framed else []
        size = self._crop(layers.values(), boxes, last=self._final and stop == len(self._text))
        colored = len(layers) > 1 or bool(boxes)
        packed = {pair: canvas.crop(size) for pair, canvas in layers.items()}
        content = packed.pop(0)
        pixels = (
            combine(content, packed, size[0], boxes, case.geometry.border_px)
            if colored
            else content.tobytes()
        )
        return Page(
            number=number,
            size=size,
            text=self._text[start:stop],
            start=self._cursor.offset + start,
            line_table=np.concatenate([column.table for column in placed])
            if len(placed) > 1
            else placed[0].table,
            escaped=self._list_escapes(start, stop),
            pixels=pixels,
            depth=8 if colored else 4,
            palette=case.palette.encode_all_pairs() if colored else case.palette.encode_text_pair(),
        )

    def _draw(self, layers: dict[int, Canvas], column: PlacedColumn) -> None:
        """Draw a column's text on layer 0, and its coloured text on the layer of each colour."""
        table, tones = self._case.table, self._placer.tones(column, self._case.palette.numbers)
        slots = self._measured.slots[column.start : column.stop]
        inked = table.inked.take(slots)
        for pair in (0,) if tones is None else np.unique(tones).tolist():
            drawn = np.flatnonzero(inked if tones is None else inked & (tones == pair))
            if not len(drawn):
                continue
            chosen = slots.take(drawn)
            line, baselines = column.line.take(drawn), column.baselines
            if pair:  # few lines have labels
                held, line = np.unique(line, return_inverse=True)
                baselines = baselines.take(held)
            if pair not in layers:
                layers[pair] = Canvas(self._case.geometry.page_px)
            layers[pair].draw(self._case.atlas, chosen, column.x.take(drawn), line, baselines)

    def _crop(
        self, layers: Collection[Canvas], boxes: list[tuple[int, int, int, int]], *, last: bool
    ) -> tuple[int, int]:
        style, geometry = self._case.style, self._case.geometry
        width, height = geometry.page_px
        if style.crop_width:
            ink = max((*(canvas.ink_width() for canvas in layers), *(box[2] for box in boxes)))
            width = min(width, _round_up(ink + geometry.margins_px[0], style.snap_px))
        if style.crop_last_page and last:
            ink = max((*(canvas.ink_height() for canvas in layers), *(box[3] for box in boxes)))
            height = min(height, _round_up(ink + geometry.margins_px[1], style.snap_px))
        return max(width, 1), max(height, 1)

    def _list_escapes(self, start: int, stop: int) -> tuple[Escape, ...]:
        kind = self._measured.kind[start:stop]
        if not np.bitwise_or.reduce(kind) & ESCAPED:
            return ()
        slots, counts = np.unique(self._measured.slots[start:stop][kind & ESCAPED != 0], return_counts=True)
        table = self._case.table
        found = [
            Escape(character=table.escapes[slot][0], count=count, reason=table.escapes[slot][1])
            for slot, count in zip(slots.tolist(), counts.tolist(), strict=True)
        ]
        return tuple(sorted(found, key=lambda escape: (escape.character, escape.reason)))


def _round_up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple
