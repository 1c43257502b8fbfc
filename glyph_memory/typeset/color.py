"""A style's palette: every ink on every paper that its pages may show.

A pixel's palette index is `16 * pair + ink`. Knows colours; knows nothing about text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Box, unpack
from glyph_memory.style import PageStyle, rgb

Pair = tuple[str, str]


_IN_PARAGRAPH, _FRAME = 1, 2


@dataclass(frozen=True, slots=True)
class Tint:
    """A box whose ink has a colour of its own."""

    box: Box
    """Where, in pixels."""
    pair: int
    """The palette's pair it is drawn in."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Pairs of ink and paper. Pair 0 is text on the page, pair 1 text in a paragraph, pair 2 a paragraph's frame."""

    pairs: tuple[Pair, ...]
    """Ink and paper of each pair, as `#RRGGBB`."""
    framed: bool
    """Whether paragraphs show against the page: a colour or a frame of their own."""

    numbers: Mapping[str, int]
    """Number of the pair that a coloured run is drawn in, by its colour."""

    @classmethod
    def of(cls, style: PageStyle) -> Palette:
        """List the pairs of a style."""
        paper = style.paragraph_color
        inks = (style.newline_color, *(color for _, color in style.role_colors))
        pairs = [(style.font_color, style.page_color), (style.font_color, paper), (style.border_color, paper)]
        pairs += [(ink, paper) for ink in dict.fromkeys(inks)]
        framed = paper.lower() != style.page_color.lower() or style.border_width_pt > 0
        return cls(tuple(pairs), framed, {ink: number for number, (ink, _) in enumerate(pairs) if number > 2})

    def plain(self) -> bytes:
        """RGB triples of pair 0's 16 steps."""
        return _steps(self.pairs[0])

    def full(self) -> bytes:
        """RGB triples of all pairs."""
        return b"".join(_steps(pair) for pair in self.pairs)


@lru_cache(maxsize=256)
def _steps(pair: Pair) -> bytes:
    ink, paper = rgb(pair[0]), rgb(pair[1])
    return bytes(
        round(below + (above - below) * step / 15)
        for step in range(16)
        for above, below in zip(ink, paper, strict=True)
    )


def tint(
    packed: NDArray[np.uint8],
    width: int,
    tints: Sequence[Tint],
    boxes: Sequence[Box],
    border_px: tuple[int, int],
) -> bytes:
    """Turn packed ink into a byte a pixel, with paragraphs' papers and frames, and coloured stretches.

    Args:
        packed: Shape (height, (width + 1) // 2), two pixels a byte.
        width: Of the page.
        tints: Coloured boxes.
        boxes: Paragraphs.
        border_px: Thickness of their frames, across and down.
    """
    plane = unpack(packed, width)
    across, down = border_px
    for left, top, right, bottom in boxes:
        plane[top:bottom, left:right] |= _IN_PARAGRAPH << 4
        if across:
            for edge in (
                np.s_[top : top + down, left:right],
                np.s_[bottom - down : bottom, left:right],
                np.s_[top:bottom, left : left + across],
                np.s_[top:bottom, right - across : right],
            ):
                plane[edge] = (_FRAME << 4) + 15
    for piece in tints:
        left, top, right, bottom = piece.box
        part = plane[top:bottom, max(left, 0) : right]
        if boxes:
            part &= 15
        part |= piece.pair << 4
    return plane.tobytes()
