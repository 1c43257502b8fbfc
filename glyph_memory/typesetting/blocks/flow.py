"""Fill columns and pages with pieces, one below the other.

Knows heights; knows nothing about what pieces are made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from glyph_memory.typesetting.blocks.pieces import Draw, Piece
from glyph_memory.typesetting.geometry import Geometry


@dataclass(frozen=True, slots=True)
class Placement:
    """A piece and where it stands among others."""

    piece: Piece
    """The piece."""
    left: int
    """How far its left edge is moved to the right."""
    gap: int
    """The room above it, but for the top of a column."""
    stays: bool = False
    """Whether it stays with the piece after it, as a heading does."""


@dataclass(frozen=True, slots=True)
class FilledPage:
    """What stands on one page."""

    draws: tuple[tuple[Draw, int, int], ...]
    """What draws it, each with its left edge and top."""
    stop: int
    """Where in the document the page after it begins."""
    is_last: bool
    """Whether nothing comes after it."""


def fill_pages(placements: Iterator[Placement], geometry: Geometry, columns: int) -> Iterator[FilledPage]:
    """Yield pages as they fill.

    Args:
        placements: The pieces, in order.
        geometry: The page's measures.
        columns: How many columns it has.
    """
    room = geometry.room + geometry.pitch // 1024
    draws, column, y, stop = list[tuple[Draw, int, int]](), 0, 0, 0
    current, after = next(placements, None), next(placements, None)
    while current is not None:
        gap = current.gap if y else 0
        needed = current.piece.least
        if current.stays and after is not None:
            needed += after.gap + after.piece.least
        left = room - y - gap
        fits = needed <= left or not y
        fragment = current.piece.take(left, is_forced=not y) if fits else None
        if fragment is None:
            column, y = column + 1, 0
            if column == columns:
                yield FilledPage(tuple(draws), stop, is_last=False)
                draws, column = [], 0
            continue
        draws.append((fragment.draw, geometry.columns[column] + current.left, geometry.top + y + gap))
        y, stop = y + gap + fragment.height, fragment.stop
        if current.piece.is_done:
            current, after = after, next(placements, None)
    if draws:
        yield FilledPage(tuple(draws), stop, is_last=True)
