"""Where lines of letters stand: baselines, from how much ink each row of a column has.

Letters stand on the baseline: above it is the band of small letters, full of ink, below it hardly any. That step is
what is looked for. Knows rows; knows nothing about where in a row its ink is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Profile = Floats
"""Shape (height,): ink of each row of a column, in pixels."""

_LEAST = 0.15
"""A step that looks less like a baseline is none; 1 is how most look."""
_NOISE, _FEW = 0.4, 2
"""More than a few lines that look no better than this on the average are noise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """A baseline that the ink shows."""

    y: float
    """The edge below the row on which letters stand, in pixels from the top."""
    trust: float
    """1 where there are some ten letters or more, else less."""


def find_baselines(
    profile: Profile, *, band_px: int, apart: float, pitch: float = 0.0, dangling: bool = False
) -> list[Baseline]:
    """Find the baselines on which letters stand.

    Args:
        profile: Of one column.
        band_px: Height of the band of small letters.
        apart: No two are closer.
        pitch: They are likelier in this distance; 0 where it is not known.
        dangling: Whether a step counts although there is much ink under it, as in a word like `Typing`.

    Returns:
        From the top down. Rows of dashes and dots are left out, unless there is nothing else.
    """
    scores, ink = _scores(profile, band_px, dangling=dangling)
    at = _peaks(scores)
    at = at[ink[at] > 0.25 * band_px]
    if not len(at):
        return []
    worth = (scores[at] - _LEAST) * np.minimum(1.0, 0.3 + ink[at] / (6 * band_px**2))
    chosen = at[_choose(at, worth, apart=apart, pitch=pitch)].tolist()
    sure = [edge for edge in chosen if _is_filled(profile[max(edge - band_px, 0) : edge], band_px)]
    padded = np.concatenate([[0.0, 0.0], profile, [0.0, 0.0]])
    found = np.array(sure or chosen)
    trust = np.minimum(1.0, 0.05 + ink[found] / (5 * band_px**2))
    if len(found) > _FEW and np.average(scores[found], weights=trust) < _NOISE:
        return []
    return [
        Baseline(y=_refine_edge(padded, edge), trust=share)
        for edge, share in zip(found.tolist(), trust.tolist(), strict=True)
    ]


def find_edges(profile: Profile, band_px: int) -> NDArray[np.int64]:
    """Return all edges that look a little like a baseline, those under dots and dashes among them."""
    scores, _ = _scores(profile, band_px, dangling=True)
    return _peaks(scores)


def _means(profile: Profile, rows: int) -> tuple[Floats, Floats]:
    """Return, for each edge between rows, the mean of so many rows above it and below it."""
    total = np.concatenate([np.zeros(rows + 1), np.cumsum(profile), np.full(rows, profile.sum())])
    edges = np.arange(len(profile) + 1) + rows
    return (total[edges] - total[edges - rows]) / rows, (total[edges + rows] - total[edges]) / rows


def _scores(profile: Profile, band_px: int, *, dangling: bool) -> tuple[Floats, Floats]:
    """Return how much each edge looks like a baseline, and how much ink the band above it has."""
    band, _ = _means(profile, band_px)
    above, below = _means(profile, max(1, round(band_px / 6)))
    _, under = _means(profile, max(1, round(0.3 * band_px)))
    step = np.clip((above - below) / (band + 1e-3), 0, 1.2)
    contrast = np.clip((3 if dangling else 1) * (band - under) / (band + under + 1e-3), 0, 1)
    return step * contrast, band * band_px


def _peaks(scores: Floats) -> NDArray[np.int64]:
    """Return the edges whose score is above its neighbours'."""
    padded = np.concatenate([[-1.0], scores, [-1.0]])
    return np.flatnonzero((scores >= _LEAST) & (scores > padded[:-2]) & (scores >= padded[2:]))


def _choose(at: NDArray[np.int64], worth: Floats, *, apart: float, pitch: float = 0.0) -> list[int]:
    """Choose the edges that are worth most together, none closer than `apart`; `pitch` adds to the worth.

    Returns:
        Indices into `at`.
    """
    best = worth.astype(np.float64).copy()
    before = np.full(len(at), -1)
    top = np.full(len(at) + 1, -np.inf)  # best of all up to here
    top_at = np.full(len(at) + 1, -1)
    firsts = np.searchsorted(at, at - apart, side="right")
    for here in range(len(at)):
        first = int(firsts[here])
        if first and top[first] > 0:
            best[here] += top[first]
            before[here] = top_at[first]
        if pitch:
            low = int(np.searchsorted(at, at[here] - pitch - 1.01))
            for one in range(low, first):
                if abs(at[here] - at[one] - pitch) <= 1.01:
                    value = worth[here] + best[one] + 0.2
                    if value > best[here]:
                        best[here], before[here] = value, one
        better = best[here] > top[here]
        top[here + 1], top_at[here + 1] = (best[here], here) if better else (top[here], top_at[here])
    chosen = []
    one = int(top_at[-1])
    while one >= 0 and len(at):
        chosen.append(one)
        one = int(before[one])
    return chosen[::-1]


def _is_filled(rows: Profile, band_px: int) -> bool:
    """Return whether a band is filled from top to bottom, as letters fill it and dashes do not."""
    total = rows.sum()
    share = 0.63 if band_px < 4 else max(1.95 / band_px, 0.3)
    return bool(total > 0.9 * band_px**2 and rows.max() < share * total)


def _refine_edge(padded: Floats, edge: int) -> float:
    """Return the middle of the step at an edge: between two rows, where the page was resampled."""
    rows = padded[edge : edge + 4]
    falls = np.maximum(rows[:-1] - rows[1:], 0)
    return edge + float(falls[2] - falls[0]) / max(float(falls.sum()), 1e-9)
