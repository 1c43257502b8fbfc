"""What gaps on a page mean: between words of prose, between cells of a table, or between two blocks of text.

Justified lines have wide gaps between all of their words, a row of a table between its cells alone. Knows places;
knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from glyph_memory.documents.pdf.grids import Strip
from glyph_memory.documents.pdf.lines import MARKER, Piece

_WIDER = 2.0
"""Gaps between cells are so much wider than those within."""
_MOST_ALIKE = 0.25
"""Of the lines of a table, so many at most have gaps that are all alike."""
_PITCH_EM = 1.9
"""Lines of text are no farther from each other."""
_BLOCK_LINES = 3
_FULL = 0.8
"""A line that goes on in the next one fills so much of its column."""
_BLOCK_LETTERS = 25
"""Lines of text that goes on from line to line have so many letters, as a mean."""


def is_prose(strips: Sequence[Strip], columns: Sequence[Sequence[Piece]]) -> bool:
    """Return whether lines are prose: the gaps between their columns are hardly wider than those within."""
    column_of = {id(piece): number for number, column in enumerate(columns) for piece in column}
    alike, rows = 0, 0
    for strip in strips:
        words = sorted(
            ((word, column_of[id(piece)]) for piece in strip.pieces for word in piece.words),
            key=lambda one: one[0].left,
        )
        if any(piece.is_mono for piece in strip.pieces):
            continue
        between, within = list[float](), list[float]()
        for (word, column), (other, beside) in pairwise(words):
            gap = other.left - word.right
            if column != beside:
                between.append(gap)
            elif not (other.glued or MARKER.fullmatch(word.text)) and abs(word.baseline - other.baseline) < 1:
                within.append(gap)
        if between:
            rows += 1
            alike += bool(within) and min(between) < _WIDER * max(within)
    return alike > _MOST_ALIKE * rows


def are_blocks(columns: Sequence[Sequence[Piece]]) -> bool:
    """Return whether columns are blocks of text that know nothing of each other's lines."""
    if len(columns) != 2 or any(piece.payload is not None for column in columns for piece in column):
        return False
    left, right = (sorted(column, key=lambda piece: piece.baseline) for column in columns)
    if min(len(left), len(right)) < _BLOCK_LINES:
        return False
    return _have_own_lines(left, right) or _goes_on(left, right) or _goes_on(right, left)


def _have_own_lines(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Return whether both are set line by line, on other baselines than the other."""
    for column in (left, right):
        steps = [below.baseline - above.baseline for above, below in pairwise(column)]
        size = median(piece.size for piece in column)
        if min(steps) < 0.8 * size or median(steps) > _PITCH_EM * size:
            return False
    fewer, more = sorted((left, right), key=len)
    top, bottom = more[0].baseline - 1.0, more[-1].baseline + 1.0
    beside = [piece for piece in fewer if top <= piece.baseline <= bottom]
    shared = sum(
        any(abs(piece.baseline - other.baseline) < 0.15 * piece.size for other in more) for piece in beside
    )
    return len(beside) >= _BLOCK_LINES and 2 * shared < len(beside)


def _goes_on(text: Sequence[Piece], other: Sequence[Piece]) -> bool:
    """Return whether the sentences of a column go on from line to line, beside lines of something else."""
    if sum(len(piece.text) for piece in text) < _BLOCK_LETTERS * len(text):
        return False
    edge, left = max(piece.box[2] for piece in text), min(piece.box[0] for piece in text)
    beside = [any(abs(piece.baseline - one.baseline) < 1.0 for one in other) for piece in text]
    going, starts = 0, 0
    for place, (above, below) in enumerate(pairwise(text)):
        if not (beside[place] and beside[place + 1]):
            continue
        is_full = above.box[2] - left >= _FULL * (edge - left)
        if is_full and below.text[:1].islower() and above.text[-1:] not in ".!?:;":
            going += 1
            starts += above.text[:1].isupper()
    return going >= 2 and starts >= 1


def list_cuts(strips: Sequence[Strip]) -> Iterator[tuple[list[Strip], list[Strip], bool]]:
    """Yield where strips may be two tables, the widest gaps first, with whether the gap is sure to divide."""
    gaps = [below.baseline - above.baseline for above, below in pairwise(strips)]
    if len(gaps) < 2 * _BLOCK_LINES - 1:
        return
    usual = median(gaps)
    for place in sorted(range(len(gaps)), key=lambda one: -gaps[one])[:8]:
        if gaps[place] < 1.25 * usual:
            return
        upper, lower = [*strips[: place + 1]], [*strips[place + 1 :]]
        if min(map(_count_rows, (upper, lower))) >= _BLOCK_LINES:
            yield upper, lower, gaps[place] > 1.8 * usual


def _count_rows(strips: Sequence[Strip]) -> int:
    return sum(len(strip.pieces) > 1 for strip in strips)
