"""Text in, pages out, a block at a time: joins measuring, layout and painting.

Holds no more than a block of text and the pages of it that are asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from glyph_memory.errors import DocumentError
from glyph_memory.page import Escape, EscapeReason, Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.characters import ESCAPED
from glyph_memory.typesetting.color import combine
from glyph_memory.typesetting.fit import SAMPLE, ImageTokens, fit_style
from glyph_memory.typesetting.layout import Cursor, LineBreaker, MeasuredText
from glyph_memory.typesetting.measure import measure
from glyph_memory.typesetting.paginate import PageLayout, fill_pages
from glyph_memory.typesetting.paint import Canvas
from glyph_memory.typesetting.pieces import PIECE, cut_pieces, fill_buffer, select_offsets, select_spans
from glyph_memory.typesetting.place import ColorSpan, PlacedColumn, Placer, clip_boxes
from glyph_memory.typesetting.prepared import PreparedStyle, prepare_style
from glyph_memory.typesetting.reference import ReferenceBlock, lay_out_reference


class Block:
    """Turns one block of text into pages."""

    def __init__(
        self,
        text: str,
        cursor: Cursor,
        prepared: PreparedStyle,
        *,
        spans: Sequence[ColorSpan] = (),
        reserved: Sequence[int] = (),
        final: bool,
        setting: ReferenceBlock | None = None,
    ) -> None:
        """Measure and lay out the text; a page is painted only when it is asked for.

        Args:
            text: The block; it begins at a page's beginning.
            cursor: Where that is.
            prepared: The style.
            spans: The coloured stretches that touch the block.
            reserved: Offsets in the whole text of the block's characters that are escaped whatever they are.
            final: Whether the text ends with the block.
            setting: The block as the reference pipeline sets it, for a style that does as that does; what the block
                would be as a text of its own, unless given.
        """
        self._text, self._cursor, self._prepared, self._final = text, cursor, prepared, final
        self._reserved = reserved
        if prepared.style.reference:
            setting = setting or next(
                lay_out_reference(text, prepared.table, reserved=reserved, at_once=True)
            )
            breaker, self._lines, self._layouts = setting.breaker, setting.lines, iter(setting.layouts)
            self._measured = breaker.text
        else:
            places = [offset - cursor.offset for offset in reserved]
            self._measured = measure(text, cursor, prepared.table, reserved=places)
            breaker = LineBreaker(self._measured, prepared.geometry, shrink=prepared.style.space_shrink)
            self._lines = breaker.lines(cursor, final=final)
            self._layouts = fill_pages(
                self._lines, cursor, self._measured, prepared.style, prepared.geometry, final=final
            )
        self._placer = Placer(text, cursor, prepared.style, prepared.geometry, breaker, self._lines, spans)

    def iter_layouts(self) -> Iterator[PageLayout]:
        """Return the layout of each page that the block fills."""
        return self._layouts

    @property
    def measured(self) -> MeasuredText:
        """The block's characters: what each is drawn as, and how wide."""
        return self._measured

    def place_characters(self, layout: PageLayout) -> list[PlacedColumn]:
        """Return where a page's characters stand, column by column."""
        return [self._placer.place(column, nth) for nth, column in enumerate(layout.columns)]

    def page(self, layout: PageLayout, number: int) -> Page:
        """Paint one page.

        Raises:
            FontError: A glyph's outline is broken.
        """
        prepared, start = self._prepared, self._lines.start[layout.columns[0].first]
        stop = layout.next.offset - self._cursor.offset
        placed = self.place_characters(layout)
        layers: dict[int, Canvas] = {0: Canvas(prepared.geometry.page_px)}
        for column in placed:
            self._draw(layers, column)
        boxes = self._placer.boxes(layout, placed) if prepared.palette.framed else []
        size = self._crop(layers.values(), boxes, last=self._final and stop == len(self._text))
        colored = len(layers) > 1 or bool(boxes)
        packed = {pair: canvas.crop(size) for pair, canvas in layers.items()}
        content = packed.pop(0)
        pixels = (
            combine(content, packed, size[0], boxes, prepared.geometry.border_px)
            if colored
            else content.tobytes()
        )
        return Page(
            number=number,
            size=size,
            text=self._text[start:stop],
            start=self._cursor.offset + start,
            line_table=clip_boxes(np.concatenate([column.table for column in placed]), size),
            escaped=self._list_escapes(start, stop),
            reserved=tuple(
                select_offsets(self._reserved, self._cursor.offset + start, self._cursor.offset + stop)
            ),
            pixels=pixels,
            depth=8 if colored else 4,
            palette=prepared.palette.encode_all_pairs() if colored else prepared.palette.encode_text_pair(),
            style=prepared.style,
        )

    def _draw(self, layers: dict[int, Canvas], column: PlacedColumn) -> None:
        """Draw a column's text on layer 0, and its coloured text on the layer of each colour."""
        table, tones = self._prepared.table, self._placer.tones(column, self._prepared.palette.numbers)
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
                layers[pair] = Canvas(self._prepared.geometry.page_px)
            layers[pair].draw(self._prepared.atlas, chosen, column.x.take(drawn), line, baselines)

    def _crop(
        self, layers: Collection[Canvas], boxes: list[tuple[int, int, int, int]], *, last: bool
    ) -> tuple[int, int]:
        style, geometry = self._prepared.style, self._prepared.geometry
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
        table = self._prepared.table
        found = Counter[
            tuple[str, EscapeReason]
        ]()  # several slots may draw one: elsewhere on its line, see `reference`
        for slot, count in zip(slots.tolist(), counts.tolist(), strict=True):
            found[table.escapes[slot]] += count
        return tuple(
            Escape(character=character, count=count, reason=reason)
            for (character, reason), count in sorted(found.items())
        )


def _round_up(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple


_FIRST_BLOCK, _BLOCK = PIECE, 1 << 17
_NO_TEXT = "there is no text to typeset; give at least one character"


def stream_pages(
    pieces: Iterable[str],
    style: PageStyle,
    *,
    first_page: int = 1,
    spans: Sequence[ColorSpan] = (),
    reserved: Sequence[int] = (),
    image_tokens: ImageTokens | None = None,
) -> Iterator[Page]:
    """Typeset a stream of text into pages.

    Args:
        pieces: The text, in pieces of any length; where they are cut makes no difference.
        style: How it looks.
        first_page: Number of the first page.
        spans: Coloured stretches of the whole text, in order.
        reserved: Offsets in the whole text, in order, of the characters that are escaped though they could be drawn.
        image_tokens: What an image costs the model, where the layout is chosen; see `fit_style`.

    Raises:
        DocumentError: There is no text.
        FontError: A font cannot be drawn.
        StyleError: A line is too narrow for one character.
    """
    if style.reference:
        yield from _stream_reference("".join(pieces), style, first_page, spans, reserved)
        return
    source, buffer, cursor, number = cut_pieces(pieces), "", Cursor(), first_page
    size, final = _FIRST_BLOCK, False
    if style.layout == "auto":
        buffer, final = fill_buffer(source, buffer, SAMPLE + 1)
        style = fit_style(style, buffer, image_tokens=image_tokens)
    prepare_style(style)
    while True:
        if not final:
            buffer, final = fill_buffer(source, buffer, size)
        if not buffer:
            break
        begun = cursor.offset
        near = select_spans(spans, begun, begun + len(buffer))
        held = select_offsets(reserved, begun, begun + len(buffer))
        block = Block(buffer, cursor, prepare_style(style), spans=near, reserved=held, final=final)
        for layout in block.iter_layouts():
            yield block.page(layout, number)
            cursor, number = layout.next, number + 1
        buffer = buffer[cursor.offset - begun :]
        # A page may hold more than a block (endless rows of spaces do): then look further.
        size = min(2 * size, _BLOCK) if cursor.offset > begun else 2 * max(size, len(buffer))
    if number == first_page:
        raise DocumentError(_NO_TEXT)


def _stream_reference(
    text: str, style: PageStyle, first_page: int, spans: Sequence[ColorSpan], reserved: Sequence[int]
) -> Iterator[Page]:
    """Yield the pages of a whole text, set by the reference's rules."""
    if not text:
        raise DocumentError(_NO_TEXT)
    prepared = prepare_style(style)
    for setting in lay_out_reference(text, prepared.table, reserved=reserved):
        start, stop = setting.cursor.offset, setting.cursor.offset + len(setting.text)
        block = Block(
            setting.text,
            setting.cursor,
            prepared,
            spans=select_spans(spans, start, stop),
            reserved=select_offsets(reserved, start, stop),
            final=setting.final,
            setting=setting,
        )
        for layout in block.iter_layouts():
            yield block.page(layout, first_page)
            first_page += 1
