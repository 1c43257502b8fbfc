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
        """Return the palette of a style."""
        paper = style.paragraph_color
        inks = (style.newline_color, *(color for _, color in style.role_colors))
        pairs = [(style.font_color, style.page_color), (style.font_color, paper), (style.border_color, paper)]
        pairs += [(ink, paper) for ink in dict.fromkeys(inks)]
        framed = paper.lower() != style.page_color.lower() or style.border_width_pt > 0
        return cls(tuple(pairs), framed, {ink: number for number, (ink, _) in enumerate(pairs) if number > 2})

    def encode_text_pair(self) -> bytes:
        """Return the RGB triples of pair 0's 16 steps."""
        return _steps(self.pairs[0])

    def encode_all_pairs(self) -> bytes:
        """Return the RGB triples of all pairs."""
        return encode_pairs(self.pairs)


def encode_pairs(pairs: Sequence[Pair]) -> bytes:
    """Return the RGB triples of pairs of ink and paper, 16 steps each."""
    return b"".join(map(_steps, pairs))


@lru_cache(maxsize=256)
def _steps(pair: Pair) -> bytes:
    ink, paper = rgb(pair[0]), rgb(pair[1])
    return bytes(
        round(below + (above - below) * step / 15)
        for step in range(16)
        for above, below in zip(ink, paper, strict=True)
    )


def combine(
    content: NDArray[np.uint8],
    layers: Mapping[int, NDArray[np.uint8]],
    width: int,
    boxes: Sequence[Box],
    border_px: tuple[int, int],
) -> bytes:
    """Combine text ink, coloured ink, and paragraphs' papers and frames into one byte per pixel.

    Where the text's own ink meets coloured ink, the pixel is the text's: content never takes a label's colour.

    Args:
        content: Ink of the text, packed: shape (height, (width + 1) // 2), two pixels a byte.
        layers: Ink in other colours, likewise, by the number of the palette's pair.
        width: Of the page.
        boxes: Paragraphs.
        border_px: Thickness of their frames, across and down.
    """
    plane = unpack(content, width)
    for pair, packed in layers.items():
        held = np.flatnonzero(np.bitwise_or.reduce(packed, axis=0))
        if not len(held):
            continue
        # Labels stand at the left: only the columns that hold their ink are looked at.
        first, last = int(held[0]), int(held[-1]) + 1
        ink = unpack(packed[:, first:last], min(2 * last, width) - 2 * first)
        part = plane[:, 2 * first : 2 * first + ink.shape[1]]
        tinted = (ink != 0) & (part == 0)
        part |= ink
        part |= tinted.view(np.uint8) * np.uint8(pair << 4)
    across, down = border_px
    for left, top, right, bottom in boxes:
        part = plane[top:bottom, left:right]
        part[part < 16] |= _IN_PARAGRAPH << 4
        if across:
            for edge in (
                np.s_[top : top + down, left:right],
                np.s_[bottom - down : bottom, left:right],
                np.s_[top:bottom, left : left + across],
                np.s_[top:bottom, right - across : right],
            ):
                plane[edge] = (_FRAME << 4) + 15
    return plane.tobytes()
