"""From cells to lines of text: which cells hold a character, how sure that is, how many spaces lie between.

Knows what the network found; knows nothing about images.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.alphabet import (
    CLASSES,
    IDEOGRAPH,
    IDEOGRAPHS,
    LEAD_PX,
    NUMBER_OF,
    STEP_PX,
)
from glyph_memory.nano.network import Detections
from glyph_memory.transcription import SURE, UNREADABLE

Float = NDArray[np.float32]

_CHARACTERS = (*CLASSES, *IDEOGRAPHS)
_SPACE, _UNREADABLE = NUMBER_OF[" "], NUMBER_OF[UNREADABLE]
_IDEOGRAPH = NUMBER_OF[IDEOGRAPH]
_ONE = 1.3
"""Two neighbouring cells hold one character between them where the chances that one begins add up to less."""
_WIDE_EMS = 0.6
_SPACE_EMS = 0.32
_LEAST_SPACE_EMS = 0.27
_SPACES_EMS = (0.18, 0.75)
"""A space is so wide in most fonts, and no narrower or wider in any."""
_UNTOLD_PX = 0.6
"""By so much a gap may seem wider than it is, since places are told to the cell."""
_UNDERSCORE = NUMBER_OF["_"]
_UNDERSCORE_EMS = (0.5, 0.602)
"""Advance of an underscore in most fonts, and in those whose characters are all as wide."""
_SIGN, _TWO_SIGNS_EMS = NUMBER_OF["§"], 0.95
"""What lawyers write twice, and is often seen once: one sign is never so wide, two are."""
_COUNTED, _GUESSED = 3, 0.5
"""More underscores than this are counted by guess, and no surer."""
_AROUND = 4
"""Characters to both sides that say how clear a place is."""
_PLAUSIBLE = 5e-4
"""So likely is a second choice that may be right: that of a letter which was read right is a hundred times less."""
_TRUST = 0.2
"""A character is at most so much surer than those around it on the mean."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StripText:
    """The text that was read from one strip."""

    text: str
    """Its characters, from the first that is no space to the last."""
    x: Float
    """Of each: where it begins, in pixels of the strip."""
    confidence: Float
    """Of each, 0 to 1."""
    rivals: str
    """Of each: what else it may well be; itself, where the network had no second choice that is worth a thought."""


def decode_strips(found: Detections, count: int, *, size_px: float) -> list[StripText]:
    """Return the text of each strip; letters that look the same in several scripts are the Latin ones.

    Args:
        found: What the network says of them.
        count: How many strips there are.
        size_px: Of the letters, for the width of a space where the page has none to measure.
    """
    kept, confidence = _pick_characters(found, max(1, round(_WIDE_EMS * size_px / STEP_PX)))
    strip, cell, classes = found.strip[kept], found.cell[kept], found.classes[kept]
    rivals = np.where(found.rival_likelihood >= _PLAUSIBLE, found.rivals, found.classes)[kept]
    x = (cell * STEP_PX - LEAD_PX + STEP_PX / 2).astype(np.float32)
    space_px = _space_px(strip, x, classes, size_px)
    bounds = np.searchsorted(strip, np.arange(count + 1)).tolist()
    return [
        _decode_line(
            x[start:stop],
            classes[start:stop],
            confidence[start:stop],
            rivals[start:stop],
            space_px=space_px,
            size_px=size_px,
        )
        for start, stop in pairwise(bounds)
    ]


def _pick_characters(found: Detections, wide_cells: int) -> tuple[NDArray[np.bool_], Float]:
    """Pick the cells that hold a character: which they are, and how sure each of them is.

    Args:
        found: What the network says.
        wide_cells: Behind an ideograph so many cells hold nothing else.
    """
    begins, classes = found.begins, found.classes
    beside = (np.diff(found.strip) == 0) & (np.diff(found.cell) == 1)
    both = begins[:-1] + begins[1:]
    # One character between two cells: the likelier cell has it. Two that differ, one of them certain, are no such pair.
    shared = beside & (both > 0.5) & (both < _ONE) & (begins[:-1] > 0.1) & (begins[1:] > 0.1)
    shared &= (classes[:-1] == classes[1:]) | (np.maximum(begins[:-1], begins[1:]) < SURE)
    left_wins = begins[:-1] >= begins[1:]
    whole = begins.copy()
    winner = np.where(left_wins, np.arange(len(both)), np.arange(1, len(begins)))[shared]
    loser = np.where(left_wins, np.arange(1, len(begins)), np.arange(len(both)))[shared]
    whole[winner] = np.minimum(both[shared], 1)
    whole[loser] = 0
    whole[_find_covered(found, whole, wide_cells)] = 0
    kept = whole > 0.5
    confidence = whole * found.likelihood
    # What may have been overlooked makes its neighbours less sure.
    doubt = np.where(kept, 0, whole)
    confidence[1:] *= 1 - np.where(beside, doubt[:-1], 0)
    confidence[:-1] *= 1 - np.where(beside, doubt[1:], 0)
    confidence[(classes == _UNREADABLE) | (classes == _IDEOGRAPH)] = 0
    return kept, confidence[kept]


def _find_covered(found: Detections, whole: Float, wide_cells: int) -> NDArray[np.int64]:
    """Return the cells to drop because a more likely character overlaps them and one of the two is an ideograph."""
    wide = (found.classes >= len(CLASSES)) | (found.classes == _IDEOGRAPH)
    if not wide.any():
        return np.zeros(0, np.int64)
    held = np.flatnonzero(whole > 0.5)
    for _ in range(2):  # what is left over may stand within one before it
        near = (np.diff(found.strip[held]) == 0) & (np.diff(found.cell[held]) <= wide_cells) & wide[held[:-1]]
        first = whole[held[:-1]] >= whole[held[1:]]
        drop = np.zeros(len(held), np.bool_)
        drop[1:] |= near & first
        drop[:-1] |= near & ~first
        held = held[~drop]
    return np.setdiff1d(np.flatnonzero(whole > 0.5), held)


def _space_px(strip: NDArray[np.int64], x: Float, classes: NDArray[np.int64], size_px: float) -> float:
    """Measure a single space: the usual width of the narrower gaps, if it may be one at all."""
    gap = np.flatnonzero((classes[:-1] == _SPACE) & (classes[1:] != _SPACE) & (np.diff(strip) == 0))
    widths = x[gap + 1] - x[gap]
    widths = widths[(widths > _SPACES_EMS[0] * size_px) & (widths < _SPACES_EMS[1] * size_px)]
    if not len(widths):
        return _SPACE_EMS * size_px
    narrow = np.quantile(widths, 0.3) + STEP_PX + 0.1  # places are told to the cell
    return max(_LEAST_SPACE_EMS * size_px, float(widths[widths <= narrow].mean()))


def _decode_line(
    x: Float,
    classes: NDArray[np.int64],
    confidence: Float,
    rivals: NDArray[np.int64],
    *,
    space_px: float,
    size_px: float,
) -> StripText:
    inked = np.flatnonzero(classes != _SPACE)
    if not len(inked):
        nothing = np.zeros(0, np.float32)
        return StripText(text="", x=nothing, confidence=nothing, rivals="")
    # How far it is to what begins next, the space behind the line's last character included.
    room = np.append(np.diff(x), np.float32(0))
    seen = slice(int(inked[0]), int(inked[-1]) + 1)
    x, classes, confidence, rivals, room = x[seen], classes[seen], confidence[seen], rivals[seen], room[seen]
    repeats = _count_repeats(x, classes, space_px)
    # Underscores make one rule, in which none can be seen to begin: they are counted by its length.
    wide_px = size_px * _UNDERSCORE_EMS[int(space_px > 0.5 * size_px)]
    ruled = (classes == _UNDERSCORE) & (room > 1.8 * wide_px)
    repeats[ruled] = np.round(room[ruled] / wide_px)
    repeats[(classes == _SIGN) & (room > _TWO_SIGNS_EMS * size_px)] = 2
    confidence = np.minimum(confidence, _average_neighbours(confidence) + np.float32(_TRUST))
    long = ruled & (repeats > _COUNTED)
    confidence[long] = np.minimum(confidence[long], _GUESSED)
    return StripText(
        text=_repeat_characters(classes, repeats),
        x=np.repeat(x, repeats),
        confidence=np.repeat(confidence, repeats),
        rivals=_repeat_characters(rivals, repeats),
    )


def _repeat_characters(numbers: NDArray[np.int64], repeats: NDArray[np.int64]) -> str:
    return "".join(
        _CHARACTERS[number] * times for number, times in zip(numbers.tolist(), repeats.tolist(), strict=True)
    )


def _count_repeats(x: Float, classes: NDArray[np.int64], space_px: float) -> NDArray[np.int64]:
    """Return how often each character stands there: once, but spaces as often as the gap is wide."""
    repeats = np.ones(len(x), np.int64)
    space, inked = np.flatnonzero(classes == _SPACE), np.flatnonzero(classes != _SPACE)
    again = space[classes[space - 1] == _SPACE]
    first = np.setdiff1d(space, again)
    width = x[inked[np.searchsorted(inked, first)]] - x[first]
    repeats[first] = np.maximum(1, np.round((width - _UNTOLD_PX) / space_px))
    repeats[again] = 0
    return repeats


def _average_neighbours(confidence: Float) -> Float:
    """Return the mean confidence of each character and its neighbours: unclear surroundings make it unsure."""
    total = np.concatenate([[0], np.cumsum(confidence, dtype=np.float64)])
    place = np.arange(len(confidence))
    first, stop = np.maximum(place - _AROUND, 0), np.minimum(place + _AROUND + 1, len(confidence))
    mean: Float = ((total[stop] - total[first]) / (stop - first)).astype(np.float32)
    return mean
