"""Frames round paragraphs: long thin uprights, and the rules that meet them.

Knows where ink is; knows nothing about letters. A rule that meets no upright is left alone: it may be underscores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Box

_UPRIGHT_PX, _RULE_PX = 13, 60
"""Strokes of frames are at least so long."""
_THICK_PX = 4
"""Strokes of frames are no thicker."""
_MEETS_PX = 3
_PIXELS_AT_MOST = 8_000_000
"""Larger images are no pages with frames, and not looked through."""

Mask = NDArray[np.bool_]


def find_frames(inked: Mask) -> list[Box]:
    """Find the strokes of frames.

    Args:
        inked: Shape (height, width): where there is ink.

    Returns:
        Uprights, then rules; none where no rule meets an upright.
    """
    if inked.size > _PIXELS_AT_MOST or min(inked.shape) < _UPRIGHT_PX:
        return []
    uprights = [
        (left, top, right, bottom) for top, left, bottom, right in _find_strokes(inked.T, _UPRIGHT_PX)
    ]
    if not uprights:
        return []
    rules = [rule for rule in _find_strokes(inked, _RULE_PX) if _has_uprights(rule, uprights)]
    held = [upright for upright in uprights if any(_is_corner(rule, upright) for rule in rules)]
    return [*held, *rules]


def _has_uprights(rule: Box, uprights: list[Box]) -> bool:
    """Return whether a rule has an upright at both its ends."""
    held = [upright[0] - rule[0] <= rule[2] - upright[2] for upright in uprights if _is_corner(rule, upright)]
    return True in held and False in held


def _find_strokes(inked: Mask, least: int) -> list[Box]:
    """Find thin strokes from left to right that are at least so long."""
    height, width = inked.shape
    if width < least:
        return []
    sums = np.zeros((height, width + 1), np.int32)
    np.cumsum(inked, axis=1, out=sums[:, 1:])
    full = sums[:, least:] - sums[:, :-least] == least
    found = list[Box]()
    rows = np.flatnonzero(full.any(axis=1))
    for group in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        if 0 < len(group) <= _THICK_PX:
            begins = full[group[0] : group[-1] + 1].any(axis=0)
            edges = np.flatnonzero(np.diff(np.concatenate([[False], begins, [False]]).astype(np.int8)))
            found += [
                (int(first), int(group[0]), int(end) - 1 + least, int(group[-1]) + 1)
                for first, end in edges.reshape(-1, 2)
            ]
    return found


def _is_corner(rule: Box, upright: Box) -> bool:
    """Return whether a rule and an upright make a corner."""
    left, top, right, bottom = upright
    across = min(abs(rule[0] - left), abs(rule[2] - right)) <= _MEETS_PX
    return across and min(abs(rule[1] - top), abs(rule[3] - bottom)) <= _MEETS_PX
