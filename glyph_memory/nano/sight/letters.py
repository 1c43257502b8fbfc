"""How large letters are, from how much ink lines of text have at each height.

Knows how letters of the DejaVu fonts are built; knows nothing about pages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

X_HEIGHT, CAP_HEIGHT = 0.547, 0.729
"""Height of small letters and of capitals, as shares of the font's size."""

_STEP, _LOWEST = 40, -10
# Ink at each height of DejaVu Sans, from a quarter of the size below the baseline to four fifths above it, in
# fortieths: small letters as often as English has them; digits, and capitals a quarter as often.
_SMALL = (
    0, 1, 4, 5, 5, 3, 2, 2, 2, 14, 71, 85, 83, 61, 53, 51, 49, 49, 49, 50, 68, 73, 70, 54, 50, 52, 54, 58, 67, 100, 98,
    78, 18, 8, 8, 8, 10, 10, 8, 8, 3, 0,
)  # fmt: skip
_TALL = (
    0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 80, 92, 93, 61, 48, 46, 46, 55, 55, 56, 53, 53, 59, 62, 71, 68, 72, 61, 55, 48, 46,
    46, 47, 48, 51, 62, 100, 100, 87, 23, 0, 0,
)  # fmt: skip
_ABOVE, _BELOW = 0.95, 0.2
_RARE = 0.01
"""So much less alike is what is all capitals and digits taken to be, which look much like small letters of a larger
font."""
_SHIFTS = np.linspace(-0.6, 0.6, 7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """The size of letters that fits the measured ink best."""

    size_px: float
    """Of the font."""
    shift_px: float
    """How far below the assumed baselines the real ones are."""
    likeness: float
    """Share of the ink's energy that letters of that size have where it is, 0 to 1."""


def fit_letters(laid: Floats, below: int, sizes: Floats) -> Fit:
    """Fit the size of letters.

    Args:
        laid: Ink of the rows round baselines, many lines laid over each other, from the top down.
        below: How many of the rows are below the baseline.
        sizes: Sizes to try, in pixels.
    """
    size, shift = sizes[:, None, None], _SHIFTS[None, :, None]
    edges = len(laid) - below - np.arange(len(laid) + 1.0)  # rows' edges, in pixels above the baseline
    bounds = (edges + shift) / size
    is_near = (edges[:-1] <= _ABOVE * size + 1) & (edges[1:] >= -_BELOW * size - 1)
    small, tall = (-np.diff(np.interp(bounds, _HEIGHTS, total)) * is_near for total in _TOTALS)
    wanted = laid * is_near
    energy = (wanted**2).sum(axis=-1)
    explained, tall_share = _measure_explained(small, tall, wanted)
    likeness = explained / np.maximum(energy, 1e-9)
    liked = likeness - _RARE * tall_share
    best = np.unravel_index(int(liked.argmax()), liked.shape)
    return Fit(
        size_px=float(sizes[best[0]]), shift_px=float(_SHIFTS[best[1]]), likeness=float(likeness[best])
    )


def _measure_explained(small: Floats, tall: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Return how much of the rows' energy two kinds of letters explain, in amounts not below zero.

    Returns:
        The energy, and what share of the ink is the tall kind's.
    """
    one, both, other = (small**2).sum(-1), (small * tall).sum(-1), (tall**2).sum(-1)
    first, second = (small * wanted).sum(-1), (tall * wanted).sum(-1)
    free = np.maximum(one * other - both**2, 1e-12)
    weights = (other * first - both * second) / free, (one * second - both * first) / free
    is_mixed = (weights[0] >= 0) & (weights[1] >= 0)
    alone = first**2 / np.maximum(one, 1e-9), second**2 / np.maximum(other, 1e-9)
    share = np.where(is_mixed, weights[1] / np.maximum(weights[0] + weights[1], 1e-9), alone[1] > alone[0])
    energy = np.where(is_mixed, weights[0] * first + weights[1] * second, np.maximum(*alone))
    return energy, share


_HEIGHTS = np.arange(_LOWEST, _LOWEST + len(_SMALL) + 1) / _STEP
_TOTALS = [np.concatenate([[0.0], np.cumsum(kind)]) for kind in (_SMALL, _TALL)]
