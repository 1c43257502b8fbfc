"""Read a text that comes in pieces, and select what touches a part of it.

Knows offsets; knows nothing about pages.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from glyph_memory.typesetting.place import ColorSpan

PIECE = 1 << 15
"""No piece is longer."""


def cut_pieces(pieces: Iterable[str]) -> Iterator[str]:
    """Yield long pieces in shorter ones, so that a text in one piece is not copied again for every block."""
    for piece in pieces:
        for start in range(0, len(piece), PIECE):
            yield piece[start : start + PIECE]


def fill_buffer(source: Iterator[str], buffer: str, size: int) -> tuple[str, bool]:
    """Read until the buffer holds `size` characters; return it, and whether the text ended."""
    parts, held = [buffer], len(buffer)
    while held < size:
        piece = next(source, None)
        if piece is None:
            return "".join(parts), True
        parts.append(piece)
        held += len(piece)
    return "".join(parts), False


def select_offsets(offsets: Sequence[int], start: int, stop: int) -> Sequence[int]:
    """Return the offsets within a part of the text."""
    return offsets[bisect_left(offsets, start) : bisect_left(offsets, stop)]


def select_spans(spans: Sequence[ColorSpan], start: int, stop: int) -> Sequence[ColorSpan]:
    """Return the coloured stretches that touch a part of the text."""
    first = bisect_right(spans, start, key=lambda span: span.stop)
    return spans[first : bisect_left(spans, stop, key=lambda span: span.start)]
