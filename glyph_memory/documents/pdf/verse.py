"""Lines that end where somebody ended them: those of a verse, an address. Knows places; knows nothing about blocks.

A line of prose ends where the next word does not fit. Where unsure, lines are prose.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from glyph_memory.documents.pdf.lines import Piece, is_bold, is_marked

_LINES = 3
_EARLY = 0.6
"""Of the lines of a verse, more end with room for the next one's first word."""
_EARLY_CAPITALS = 0.25
"""So many do where all lines begin with a capital."""
_SHORT = 0.4
"""Lines that leave so much of their column free are short, however long they are among themselves."""
_FULL = 0.95
_PITCH = 1.08
"""Lines that are so much farther apart than most are paragraphs."""


def find_verse(lines: Sequence[Piece], *, left: float, right: float, step: float) -> set[int]:
    """Return the lines that go on with a verse, by identity; its first line is not among them.

    Args:
        lines: Of a column, from top to bottom.
        left: The column's edge.
        right: The other one.
        step: From line to line, in sizes of their font.
    """
    found, run = set[int](), list[Piece]()
    text = sum(line.payload is None for line in lines)
    for line in [*lines, None]:
        if run and (line is None or not _is_even(run[-1], line, step)):
            full = any(one.box[2] - left >= _FULL * (right - left) for one in run)
            if len(run) >= _LINES and not (full and len(run) < text) and _is_verse(run, left, right):
                found.update(map(id, run[1:]))
            run = []
        if line is not None and line.payload is None and not line.is_mono:
            run.append(line)
    return found


def _is_even(above: Piece, line: Piece, step: float) -> bool:
    """Return whether a line looks as the one above it, and stands right below it."""
    if line.payload is not None or line.is_mono or is_marked(line) or is_bold(line) != is_bold(above):
        return False
    is_near = 0 < line.baseline - above.baseline <= _PITCH * step * above.size
    is_like = abs(line.size - above.size) <= 0.06 * above.size
    return is_near and is_like and abs(line.box[0] - above.box[0]) <= 0.8 * line.size


def _is_verse(run: Sequence[Piece], left: float, right: float) -> bool:
    edge = max(line.box[2] for line in run)
    early = [
        _has_room(above, below, edge)
        or (right - above.box[2] > _SHORT * (right - left) and _has_room(above, below, right))
        for above, below in pairwise(run)
    ]
    if any(not one and line.text[:1].islower() for one, line in zip(early, run[1:], strict=True)):
        return False  # a sentence that goes on where its column is full
    begins = len(run) > _LINES and all(line.text[:1].isupper() and not line.text.isupper() for line in run)
    return fmean(early) > (_EARLY_CAPITALS if begins else _EARLY)


def _has_room(line: Piece, below: Piece, right: float) -> bool:
    """Return whether the first word of the line below would have fit."""
    word = below.words[0]
    return right - line.box[2] > word.right - word.left + 0.5 * line.size
