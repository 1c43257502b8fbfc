"""Runs of low signs, dot leaders, dashes, rules: ink that does not tell where lines stand nor how large they are.

Knows where ink is; knows nothing about lines.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_TALL_PX = 4
"""Stems of small letters are so tall; dots, commas and strokes of dashes are lower."""
_CELL = (2, 8)
"""Rows and columns of the squares in which stems are looked for."""
_REACH = (2, 1)
"""Squares below and above, and beside one with a stem, hold ink of the same letters."""
_LEAST = 0.08
"""A smaller share of a page's ink does no harm; a smaller share is too little to tell anything, as in noise."""


def find_low_runs(inked: Mask) -> Mask | None:
    """Find ink that is far from any stem.

    Args:
        inked: Shape (height, width): where there is ink.

    Returns:
        Where it is, shape (height, width); `None` where there is little of it, or nothing else.
    """
    height, width = inked.shape
    if height < 2 * _TALL_PX or width < 2 * _CELL[1]:
        return None
    tall = inked[: 1 - _TALL_PX].copy()
    for row in range(1, _TALL_PX):
        tall &= inked[row : height - _TALL_PX + 1 + row]
    rows, columns = -(-height // _CELL[0]), -(-width // _CELL[1])
    padded = np.zeros((rows * _CELL[0], columns * _CELL[1]), np.bool_)
    padded[1 : 1 + len(tall), :width] = tall  # a stem counts from its second row on
    near = np.asarray(padded.reshape(rows, _CELL[0], columns, _CELL[1]).any(axis=(1, 3)))
    for axis, reach in enumerate(_REACH):
        near = _dilate(near, axis, reach)
    around = np.repeat(np.repeat(near, _CELL[0], axis=0), _CELL[1], axis=1)[:height, :width]
    low = inked & ~around
    found, whole = np.count_nonzero(low), np.count_nonzero(inked)
    return ~around if whole * _LEAST < found < whole * (1 - _LEAST) else None


def _dilate(mask: Mask, axis: int, reach: int) -> Mask:
    """Return a mask that is true wherever it was true so far or nearer along an axis."""
    wide = mask.copy()
    for step in range(1, reach + 1):
        first, last = [slice(None)] * 2, [slice(None)] * 2
        first[axis], last[axis] = slice(step, None), slice(None, -step)
        wide[tuple(first)] |= mask[tuple(last)]
        wide[tuple(last)] |= mask[tuple(first)]
    return wide
