"""Columns of text: parted by bands without ink from top to bottom, and equally wide.

Knows where ink is; knows nothing about lines. A table is no pair of columns, nor is indented code.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
"""First column of pixels, and the one after the last."""

_NARROWEST_GAP_PX = 8
_COLUMNS_AT_MOST = 4


def find_columns(inked: NDArray[np.bool_]) -> list[Span]:
    """Find the columns of a page.

    Args:
        inked: Shape (height, width): where there is ink.

    Returns:
        From left to right, together as wide as the page; one where there are no two.
    """
    width = inked.shape[1]
    whole = [(0, width)]
    held = inked.sum(axis=0)
    across = np.flatnonzero(held)
    if not len(across):
        return whole
    rows = int(inked.any(axis=1).sum())
    gaps = _gaps(held <= 0.01 * rows, int(across[0]), int(across[-1]) + 1)
    edges = (int(across[0]), int(across[-1]) + 1)
    while gaps and edges[1] - gaps[-1][1] < 2 * _width(gaps[-1]):
        gaps.pop()  # a few lines end right of it
    if not gaps or rows < 24:
        return whole
    widest_first = sorted(gaps, key=_width, reverse=True)
    for count in range(min(len(gaps), _COLUMNS_AT_MOST - 1), 0, -1):
        chosen, others = sorted(widest_first[:count]), widest_first[count:]
        stands_out = not others or _width(widest_first[count - 1]) > 1.5 * _width(others[0])  # from a table's
        if stands_out and _are_columns(inked, chosen, edges):
            middles = [(left + right) // 2 for left, right in chosen]
            return list(zip([0, *middles], [*middles, width], strict=True))
    return whole


def _width(span: Span) -> int:
    return span[1] - span[0]


def _gaps(is_clear: NDArray[np.bool_], first: int, last: int) -> list[Span]:
    """Return the clear bands between the first ink and the last."""
    marks = np.flatnonzero(np.diff(np.concatenate([[False], is_clear[first:last], [False]]).astype(np.int8)))
    bands = [(first + int(left), first + int(right)) for left, right in marks.reshape(-1, 2)]
    return [band for band in bands if _width(band) >= _NARROWEST_GAP_PX]


def _are_columns(inked: NDArray[np.bool_], gaps: Sequence[Span], edges: Span) -> bool:
    """Return whether gaps separate columns: equally wide, of text that fills them and begins at a common edge."""
    width = inked.shape[1]
    lefts = [edges[0], *(right for _, right in gaps)]
    rights = [*(left for left, _ in gaps), edges[1]]
    steps = np.diff(lefts)
    step = float(np.median(steps[1:])) if len(steps) > 1 else float(steps[0])
    widths = [_width(gap) for gap in gaps]
    # The first column may have lost its beginning with the page's edge; round that there may be a border by now.
    is_cut = edges[0] <= 1 or (len(gaps) > 1 and max(widths) - min(widths) <= 2)
    last = rights[-1] - lefts[-1]
    slack = 3 + 0.02 * step
    if len(steps) > 1 and np.abs(steps[1:] - step).max() > slack:
        return False
    if is_cut and len(steps) == 1:
        step = max(step, float(last))
    if steps[0] > step + slack or (not is_cut and steps[0] < step - slack) or last > step + slack:
        return False
    if last < 0.5 * step and edges[1] < width - 2:
        return False
    if max(widths) > max(0.35 * step, 2 * _NARROWEST_GAP_PX):
        return False
    parts = [inked[:, left:right] for left, right in zip(lefts, rights, strict=True)]
    return all(map(_has_left_edge, parts[1:])) and _are_filled(parts, step)


def _has_left_edge(part: NDArray[np.bool_]) -> bool:
    """Return whether many of a column's rows have ink at its left edge."""
    rows = part.any(axis=1).sum()
    return bool(part[:, :12].any(axis=1).sum() > 0.06 * rows)


def _are_filled(parts: Sequence[NDArray[np.bool_]], step: float) -> bool:
    """Return whether rows reach far to the right, as wrapped lines do: many of one, or some of several."""
    rows = [int(part.any(axis=1).sum()) for part in parts]
    shares = [
        part[:, -max(int(0.35 * step), 8) :].any(axis=1).sum() / count
        for part, count in zip(parts, rows, strict=True)
        if count > 0.25 * max(rows)
    ]
    return max(shares) > 0.2 or (len(shares) > 1 and min(shares) > 0.14)
