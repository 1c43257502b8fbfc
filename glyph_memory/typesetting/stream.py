"""The press: text in, pages out, a block at a time.

Joins measuring, layout and painting; holds no more than a block of text and the pages of it that are asked for.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from glyph_memory.errors import DocumentError, StyleError
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.typesetting.atlas import Atlas
from glyph_memory.typesetting.block import Block, PreparedStyle
from glyph_memory.typesetting.color import Palette
from glyph_memory.typesetting.geometry import Geometry
from glyph_memory.typesetting.glyphs import GlyphTable
from glyph_memory.typesetting.layout import Cursor
from glyph_memory.typesetting.place import ColorSpan

_FIRST_BLOCK, _BLOCK = 1 << 15, 1 << 17


@lru_cache(maxsize=16)
def _build_prepared_style(style: PageStyle, generation: int) -> PreparedStyle:
    del generation  # a new one makes a new case
    table, geometry = GlyphTable(style), Geometry.of(style)
    if table.widest_escape > table.line:
        raise StyleError(
            f"a line of {style.column_px:.0f} px is too narrow for one escaped character at font_size_pt="
            f"{style.font_size_pt!r}; make the page wider or the font smaller"
        )
    return PreparedStyle(style, geometry, table, Atlas(table), Palette.of(style))


_generation: Counter[PageStyle] = Counter()


def prepare_style(style: PageStyle) -> PreparedStyle:
    """Return the prepared style, a fresh one where the old one holds too many different characters."""
    case = _build_prepared_style(style, _generation[style])
    if case.table.full:
        _generation[style] += 1
        case = _build_prepared_style(style, _generation[style])
    return case


def stream_pages(
    pieces: Iterable[str],
    style: PageStyle,
    *,
    first_page: int = 1,
    runs: Sequence[ColorSpan] = (),
    reserved: str = "",
) -> Iterator[Page]:
    """Typeset a stream of text into pages.

    Args:
        pieces: The text, in pieces of any length; where they are cut makes no difference.
        style: How it looks.
        first_page: Number of the first page.
        runs: Coloured stretches of the whole text, in order.
        reserved: Characters that only coloured runs may show.

    Raises:
        DocumentError: There is no text.
        FontError: A font cannot be drawn.
        StyleError: A line is too narrow for one character.
    """
    source, buffer, cursor, number = _cut(pieces), "", Cursor(), first_page
    size, final = sys.maxsize if style.reference else _FIRST_BLOCK, False  # the reference sets whole texts
    prepare_style(style)
    while True:
        if not final:
            buffer, final = _fill(source, buffer, size)
        if not buffer:
            break
        begun = cursor.offset
        near = runs[
            bisect_right(runs, begun, key=lambda run: run.stop) : bisect_left(
                runs, begun + len(buffer), key=lambda run: run.start
            )
        ]
        block = Block(buffer, cursor, prepare_style(style), runs=near, reserved=reserved, final=final)
        for sheet in block.iter_layouts():
            yield block.page(sheet, number)
            cursor, number = sheet.next, number + 1
        buffer = buffer[cursor.offset - begun :]
        # A page may hold more than a block (endless runs of spaces do): then look further.
        size = min(2 * size, _BLOCK) if cursor.offset > begun else 2 * max(size, len(buffer))
    if number == first_page:
        raise DocumentError("there is no text to typeset; give at least one character")


def _cut(pieces: Iterable[str]) -> Iterator[str]:
    """Cut long pieces, so that a text in one piece is not copied again for every block."""
    for piece in pieces:
        for start in range(0, len(piece), _FIRST_BLOCK):
            yield piece[start : start + _FIRST_BLOCK]


def _fill(source: Iterator[str], buffer: str, size: int) -> tuple[str, bool]:
    """Read until the buffer holds `size` characters; return it, and whether the text ended."""
    parts, held = [buffer], len(buffer)
    while held < size:
        piece = next(source, None)
        if piece is None:
            return "".join(parts), True
        parts.append(piece)
        held += len(piece)
    return "".join(parts), False
