"""What of a page's ink is no text: frames, pictures, and what is left over when the lines are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

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
    uprights = [(left, top, right, bottom) for top, left, bottom, right in find_strokes(inked.T, _UPRIGHT_PX)]
    if not uprights:
        return []
    rules = [rule for rule in find_strokes(inked, _RULE_PX) if _has_uprights(rule, uprights)]
    held = [upright for upright in uprights if any(_is_corner(rule, upright) for rule in rules)]
    return [*held, *rules]


def _has_uprights(rule: Box, uprights: list[Box]) -> bool:
    """Return whether a rule has an upright at both its ends."""
    held = [upright[0] - rule[0] <= rule[2] - upright[2] for upright in uprights if _is_corner(rule, upright)]
    return True in held and False in held


def find_strokes(inked: Mask, least: int) -> list[Box]:
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


CELL_PX = 8
"""Areas are looked at in squares of this side."""
_DENSE = 0.85
"""So much of a square of a picture is ink; of a square of letters, less."""
_BOXES_AT_MOST = 100


def find_pictures(inked: Mask) -> list[Box]:
    """Find solid areas larger than letters, with the dark areas next to them.

    Args:
        inked: Shape (height, width): where there is ink.
    """
    shares = _shares(inked)
    dense = shares > _DENSE
    if dense.shape[0] < 3 or dense.shape[1] < 3:
        whole = inked.size >= 16 and min(inked.shape) >= 4 and inked.mean() > 0.97
        return [(0, 0, inked.shape[1], inked.shape[0])] if whole else []
    if not dense.any():
        return []
    core = dense[:-2] & dense[1:-1] & dense[2:]
    core = core[:, :-2] & core[:, 1:-1] & core[:, 2:]
    marked = np.zeros_like(dense)
    for down in range(3):
        for across in range(3):
            marked[down : down + core.shape[0], across : across + core.shape[1]] |= core
    return [_scale_box(_grow_box(shares, box), inked.shape) for box in split_boxes(marked)]


def find_leftover(inked: Mask, covered: Iterable[Box], *, least: float) -> list[Box]:
    """Find ink that lies in none of the given boxes.

    Args:
        inked: Shape (height, width): where there is ink.
        covered: What has been read or is known.
        least: Pixels of ink from which a place is worth mentioning.
    """
    rest = inked.copy()
    for left, top, right, bottom in covered:
        rest[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = False
    if not rest.any():
        return []
    found = []
    for box in split_boxes(_shares(rest) > 0):
        left, top, right, bottom = _scale_box(box, inked.shape)
        part = rest[top:bottom, left:right]
        if part.sum() >= least:
            rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            found.append(
                (
                    left + int(columns[0]),
                    top + int(rows[0]),
                    left + int(columns[-1]) + 1,
                    top + int(rows[-1]) + 1,
                )
            )
    return found


def _shares(inked: Mask) -> NDArray[np.float64]:
    """Return the share of each square that is ink; squares at the right and lower edge may be smaller."""
    height, width = inked.shape
    rows, columns = np.arange(0, height, CELL_PX), np.arange(0, width, CELL_PX)
    down = np.add.reduceat(inked, rows, axis=0, dtype=np.uint16)
    counts = np.add.reduceat(down, columns, axis=1, dtype=np.int64)
    areas = np.outer(np.diff(np.append(rows, height)), np.diff(np.append(columns, width)))
    shares: NDArray[np.float64] = counts / areas
    return shares


def split_boxes(marked: Mask) -> list[Box]:
    """Split marked squares into boxes at empty rows and columns; one box for all where there are too many."""
    found: list[Box] = []
    todo: list[Box] = [(0, 0, marked.shape[1], marked.shape[0])]
    while todo:
        left, top, right, bottom = todo.pop()
        part = marked[top:bottom, left:right]
        rows, columns = _find_spans(part, 1), _find_spans(part, 0)
        if len(rows) == 1 and len(columns) == 1:
            box = (left + columns[0][0], top + rows[0][0], left + columns[0][1], top + rows[0][1])
            found.append(box)
        elif rows and len(rows) * len(columns) + len(todo) + len(found) > 4 * _BOXES_AT_MOST:
            found.append((left + columns[0][0], top + rows[0][0], left + columns[-1][1], top + rows[-1][1]))
        else:
            todo += [(left + a, top + c, left + b, top + d) for c, d in rows for a, b in columns]
    if len(found) > _BOXES_AT_MOST:
        lefts, tops, rights, bottoms = zip(*found, strict=True)
        return [(min(lefts), min(tops), max(rights), max(bottoms))]
    return sorted(found, key=lambda box: (box[1], box[0]))


def _find_spans(part: Mask, axis: Literal[0, 1]) -> list[tuple[int, int]]:
    """Return where the rows, or columns, that hold anything begin and end."""
    marked = np.asarray(part.any(axis=axis))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _grow_box(shares: NDArray[np.float64], box: Box) -> Box:
    """Extend a box as long as half of the squares next to one of its sides are mostly ink."""
    left, top, right, bottom = box
    grows = True
    while grows:
        grows = False
        if left and (shares[top:bottom, left - 1] > 0.5).mean() > 0.5:
            left, grows = left - 1, True
        if top and (shares[top - 1, left:right] > 0.5).mean() > 0.5:
            top, grows = top - 1, True
        if right < shares.shape[1] and (shares[top:bottom, right] > 0.5).mean() > 0.5:
            right, grows = right + 1, True
        if bottom < shares.shape[0] and (shares[bottom, left:right] > 0.5).mean() > 0.5:
            bottom, grows = bottom + 1, True
    return left, top, right, bottom


def _scale_box(box: Box, shape: tuple[int, ...]) -> Box:
    left, top, right, bottom = (side * CELL_PX for side in box)
    return left, top, min(right, shape[1]), min(bottom, shape[0])
