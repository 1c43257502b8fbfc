"""A style's palette: every ink on every paper that its pages may show.

A pixel's palette index is `16 * pair + ink`. Knows colours; knows nothing about text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from glyph_memory.style import PageStyle, rgb

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Palette:
    """Pairs of ink and paper. Pair 0 is text on the page, pair 1 text in a paragraph, pair 2 a paragraph's frame."""

    pairs: tuple[Pair, ...]
    """Ink and paper of each pair, as `#RRGGBB`."""
    framed: bool
    """Whether paragraphs show against the page: a colour or a frame of their own."""

    @classmethod
    def of(cls, style: PageStyle) -> Palette:
        """List the pairs of a style."""
        paper = style.paragraph_color
        inks = (style.newline_color, *(color for _, color in style.role_colors))
        pairs = [(style.font_color, style.page_color), (style.font_color, paper), (style.border_color, paper)]
        pairs += [(ink, paper) for ink in dict.fromkeys(inks)]
        return cls(tuple(pairs), paper.lower() != style.page_color.lower() or style.border_width_pt > 0)

    def pair(self, color: str) -> int:
        """Give the number of the pair that a coloured run is drawn in."""
        return next(number for number, (ink, _) in enumerate(self.pairs) if number > 2 and ink == color)

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
