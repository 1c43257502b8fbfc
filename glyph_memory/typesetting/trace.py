"""Return where every character of a page was drawn: what a reader that learns from pages has to be told.

Knows positions; knows nothing about who learns from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript
from glyph_memory.typesetting.characters import ESCAPED
from glyph_memory.typesetting.geometry import FIX
from glyph_memory.typesetting.glyphs import EMPTY
from glyph_memory.typesetting.layout import Cursor
from glyph_memory.typesetting.pages import compose
from glyph_memory.typesetting.prepared import prepare_style
from glyph_memory.typesetting.stream import Block


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """Where a page's characters stand; all arrays are as long as `text`."""

    page: Page
    """The page."""
    text: str = field(repr=False)
    """The page's characters. Those drawn as a part of the one before are left out; a newline that is drawn as a
    mark stands as a newline."""
    x: NDArray[np.float64] = field(repr=False)
    """Of each character: its pen position as drawn, in pixels from the left edge, in steps of a quarter."""
    advance: NDArray[np.float64] = field(repr=False)
    """Of each character: how far it moves the pen, in pixels."""
    line: NDArray[np.int64] = field(repr=False)
    """Of each character: number of its line on the page, in reading order."""
    marked: NDArray[np.bool_] = field(repr=False)
    """Of each character: whether it is a newline drawn as the style's mark."""
    escaped: NDArray[np.bool_] = field(repr=False)
    """Of each character: whether it is spelled as its number, `\\u{…}`, from `x` on."""
    baselines: NDArray[np.int64] = field(repr=False)
    """Shape (lines,): the pixel row below the one that letters such as `x` stand on."""


def trace_pages(source: str | Transcript, *, style: PageStyle) -> Iterator[Trace]:
    """Typeset a text as `typeset` does, and yield where every character stands.

    Args:
        source: A text, no longer than fits in memory a few times over, or a transcript.
        style: How it looks.

    Raises:
        FontError: A font is missing or cannot be drawn.
        StyleError: The page is too narrow for a single character.
    """
    composed = compose(source, style=style) if isinstance(source, Transcript) else None
    text = composed.text if composed else str(source)
    block = Block(
        text,
        Cursor(),
        prepare_style(style),
        spans=composed.labels if composed else (),
        reserved=composed.reserved if composed else (),
        final=True,
    )
    characters = np.array(list(text))
    for number, layout in enumerate(block.iter_layouts(), 1):
        placed = block.place_characters(layout)
        first_line = np.cumsum([0, *(len(column.baselines) for column in placed)])
        where = np.concatenate([np.arange(column.start, column.stop) for column in placed])
        x = np.concatenate([column.x for column in placed])
        line = np.concatenate(
            [column.line + first for column, first in zip(placed, first_line, strict=False)]
        )
        measured = block.measured
        shown = measured.slots[where] != EMPTY
        where, x, line = where[shown], x[shown], line[shown]
        yield Trace(
            page=block.page(layout, number),
            text="".join(characters[where].tolist()),
            x=(x * 4 // FIX) / 4,
            advance=measured.advance[where] / FIX,
            line=line,
            marked=measured.marked[where],
            escaped=measured.kind[where] & ESCAPED != 0,
            baselines=np.concatenate([column.baselines for column in placed]),
        )
