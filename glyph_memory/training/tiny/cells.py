"""What stands in each cell of a drawn page: its characters in fixed slots, and the tokens that begin in it.

This is what the vision tower learns from, cell by cell, before any language model is asked. Knows where characters
were drawn and how a tokenizer cuts a text; knows nothing about networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glyph_memory.training.tiny.layout import CELL_PX, CellLayout
from glyph_memory.typesetting.trace import Trace, trace_pages

CHARACTERS = "".join(map(chr, range(33, 127)))
"""What can be told of a character, by its number and one: 0 is paper, the last any other character."""
CHARACTER_CLASSES = len(CHARACTERS) + 2
MOST_CHARACTERS = 24
"""Slots of a cell for characters."""
MOST_TOKENS = 8
"""Slots of a cell for tokens; further ones are not learned."""
NOTHING = -1
"""Stands in a token's slot where no token begins."""

_CLASS_OF = np.full(0x110000, len(CHARACTERS) + 1, np.int16)
_CLASS_OF[[ord(character) for character in CHARACTERS]] = np.arange(1, len(CHARACTERS) + 1)
_CLASS_OF[[32, 10, 9]] = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnCells:
    """A page one cell high, and what stands where on it."""

    ink: NDArray[np.uint8] = field(repr=False)
    """Shape (28, 28 * cells): 0 black to 255 white, as the page's image."""
    text: str
    """What stands on it."""
    characters: NDArray[np.int16] = field(repr=False)
    """Shape (cells, `MOST_CHARACTERS`): line by line; 0 for paper, -1 where the layout has none."""
    tokens: NDArray[np.int32] = field(repr=False)
    """Shape (cells, `MOST_TOKENS`): those that begin in a cell, in reading order; `NOTHING` for none."""

    @property
    def cells(self) -> int:
        """Image tokens of the page."""
        return len(self.characters)


def draw_cells(
    text: str, layout: CellLayout, tokens: Sequence[tuple[int, int, int]]
) -> tuple[DrawnCells, ...]:
    """Draw a text and return its pages.

    Args:
        text: Of one paragraph.
        layout: How many characters stand in a cell.
        tokens: Of the text: number, start and stop of each, as a tokenizer gives them.
    """
    pages, start = list[DrawnCells](), 0
    for trace in trace_pages(text, style=layout.style):
        pages.append(label_cells(trace, layout, _cut_tokens(tokens, start, start + len(trace.text))))
        start += len(trace.text)
    return tuple(pages)


def label_cells(trace: Trace, layout: CellLayout, tokens: Sequence[tuple[int, int, int]]) -> DrawnCells:
    """Return what stands in which cell of a page.

    Args:
        trace: The page and where its characters are.
        layout: By which it was drawn.
        tokens: Number, start and stop of each, counted from the page's first character.
    """
    count = trace.page.size[0] // CELL_PX
    column = np.floor((trace.x + 0.6) / layout.advance_px).astype(np.int64)
    cell = np.minimum(column // layout.columns, count - 1)
    characters = np.full((count, MOST_CHARACTERS), NOTHING, np.int16)
    characters[:, : layout.characters] = 0
    slot = np.minimum(trace.line, layout.lines - 1) * layout.columns + column % layout.columns
    codes = np.frombuffer(trace.text.encode("utf-32-le"), np.uint32)
    known = (slot < MOST_CHARACTERS) & (column < count * layout.columns)  # a line's last space may hang out
    characters[cell[known], slot[known]] = _CLASS_OF[codes[known]]
    begun = np.full((count, MOST_TOKENS), NOTHING, np.int32)
    filled = [0] * count
    for number, start, stop in tokens:
        first = start + (stop - start > 1 and trace.text[start] == " ")  # a word begins after its space
        place = int(cell[first])
        if filled[place] < MOST_TOKENS:
            begun[place, filled[place]] = number
            filled[place] += 1
    return DrawnCells(ink=trace.page.array(), text=trace.text, characters=characters, tokens=begun)


def _cut_tokens(tokens: Sequence[tuple[int, int, int]], start: int, stop: int) -> list[tuple[int, int, int]]:
    """Return the tokens that begin on a page, with places on it; one that goes over its end is cut."""
    return [
        (number, first - start, min(last, stop) - start)
        for number, first, last in tokens
        if start <= first < stop
    ]
