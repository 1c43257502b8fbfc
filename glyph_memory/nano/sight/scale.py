"""The size of letters on a page: from the rhythm of its rows, checked against the heights of letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from glyph_memory.nano.sight.baselines import Baseline, Floats, Profile, find_baselines

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


_ASCENT, _DESCENT = 0.78, 0.26
"""What letters reach above and below the baseline, as shares of the font's size."""
_BAND_AT_MOST = 512
"""Rows of the tallest band of small letters that is looked for: time grows with a picture's height, not its square."""
_FEW_LINES = 6
_ALIKE = 0.9
"""Lines of letters are at least so much like lines of letters. Noise and photographs are up to 0.87, real text from
0.94 on, however small, resampled or noisy."""
_HELD = 0.25
"""Of all ink, they hold at least so much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How large the letters are and how far apart the lines."""

    size_px: float
    """Size of the font."""
    pitch_px: float
    """Usual distance of two baselines."""
    gaps_px: tuple[float, ...]
    """The pitch, and other distances that are not rare: where paragraphs are set apart."""
    dangling: bool = False
    """Whether the few lines there are have much ink under their baselines."""

    @property
    def band_px(self) -> int:
        """Height of the band that small letters fill."""
        return max(2, round(self.size_px * X_HEIGHT))


def measure_scale(profiles: Sequence[Profile], faint: Sequence[Profile]) -> Scale | None:
    """Measure letters and pitch: the guess whose lines look most like lines of letters.

    Args:
        profiles: Of each column.
        faint: The same, with as much of the faint ink at letters' edges as there is no noise.

    Returns:
        None where nothing looks like a line.
    """
    best: tuple[float, Fit, list[list[Baseline]], bool] | None = None
    for band in _band_heights(profiles):
        for dangling in (False, True):
            lines = [
                find_baselines(profile, band_px=band, apart=1.3 * band, dangling=dangling)
                for profile in profiles
            ]
            count = sum(map(len, lines))
            if not count or (dangling and count > _FEW_LINES):
                continue
            fit = _fit(faint, lines, band)
            share = _measure_coverage(faint, lines, fit.size_px)
            if fit.likeness < _ALIKE or share < _HELD:
                continue
            worth = fit.likeness - 0.1 * (1 - share)  # short lines may not be among those found
            if best is None or worth > best[0]:
                best = worth, fit, lines, dangling
    if best is None:
        return None
    _, fit, lines, dangling = best
    gaps = [below.y - above.y for found in lines for above, below in pairwise(found)]
    pitch = _estimate_pitch(gaps, fit.size_px)
    return Scale(
        size_px=fit.size_px, pitch_px=pitch, gaps_px=(pitch, *_other_gaps(gaps, pitch)), dangling=dangling
    )


def _fit(profiles: Sequence[Profile], lines: Sequence[list[Baseline]], band: int) -> Fit:
    sizes = band * np.geomspace(0.85 / CAP_HEIGHT, 1.2 / X_HEIGHT, 24)
    below = int(0.3 * sizes[-1]) + 2
    return fit_letters(_sum_lines(profiles, lines, int(sizes[-1]) + 2, below), below, sizes)


def _band_heights(profiles: Sequence[Profile]) -> list[int]:
    """Guess how many rows the band of small letters has: distances at which rises are followed by falls.

    One of the few that are given may be a stroke's thickness, or the height of capitals.
    """
    count = min(max(map(len, profiles)) // 2, _BAND_AT_MOST)
    if count < 3:
        return [max(count, 1)]
    found = np.zeros(count + 2)
    for profile in profiles:
        steps = np.diff(profile, prepend=0.0, append=0.0)
        rises, falls = np.maximum(steps, 0), np.maximum(-steps, 0)
        for height in range(1, min(count, len(profile)) + 1):
            found[height] += rises[:-height] @ falls[height:]
    hills = 1 + np.flatnonzero((found[1:-1] >= found[:-2]) & (found[1:-1] > found[2:]))
    hills = hills[(hills > 1) & (found[hills] > 0.15 * found[2:].max(initial=0))]
    return hills[:5].tolist() or [max(2, int(found.argmax()))]


def _estimate_pitch(gaps: Sequence[float], size_px: float) -> float:
    """Estimate the pitch: the smallest of the usual gaps, as paragraphs may be set apart.

    Args:
        gaps: Between baselines that are sure. Between two of them there may be lines of dots and dashes.
        size_px: Of the font: the smallest pitch.
    """
    fitting = np.array([gap for gap in gaps if gap > 0.92 * size_px])
    if not len(fitting):
        return 1.12 * size_px
    counts = np.bincount(np.rint(fitting).astype(np.int64), minlength=3)
    near = np.convolve(counts, [0.7, 1.0, 0.7], mode="same")
    usual = int(near.argmax())
    closer = near[
        : max(min(round(0.88 * usual), usual - 2), 0)
    ]  # the hill of the usual gap itself is broader than that
    if len(closer) and closer.max() >= max(0.08 * near[usual], 2.5):
        usual = int(closer.argmax())
    pitch = float(fitting[np.abs(fitting - usual) <= 1.5].mean())
    for part in (5, 4, 3, 2):
        smaller = pitch / part
        off = np.abs(fitting / smaller - np.rint(fitting / smaller))
        if 0.97 * size_px <= smaller <= 1.55 * size_px and (off < 0.12).mean() > 0.85:
            pitch = smaller
            break
    for _ in range(3):
        nth = np.maximum(np.rint(fitting / pitch), 1)
        on = np.abs(fitting - nth * pitch) <= min(0.12 * pitch, max(0.06 * pitch, 1.01))
        if on.any():
            pitch = float(fitting[on].sum() / nth[on].sum())
    return pitch


def _other_gaps(gaps: Sequence[float], pitch: float) -> list[float]:
    """Return distances other than the pitch; of those between which a line of one sign may stand, the half."""
    counts = Counter(round(gap) for gap in gaps if gap > 0.9 * pitch)
    others: list[float] = []
    for rounded, count in counts.most_common(8):
        gap = float(np.mean([one for one in gaps if abs(one - rounded) <= 0.75]))
        if count >= max(2, 0.03 * len(gaps)) and abs(gap - pitch) > 1.5 and gap < 4 * pitch:
            others += [gap] if gap < 1.9 * pitch else [gap, gap / 2]
    return others


def _sum_lines(
    profiles: Sequence[Profile], lines: Sequence[list[Baseline]], above: int, below: int
) -> Floats:
    """Sum the ink of all lines by row, so many rows above and below the baseline, from the top down."""
    laid = np.zeros(above + below)
    for profile, found in zip(profiles, lines, strict=True):
        padded = np.concatenate([np.zeros(above), profile, np.zeros(below + 1)])
        for line in found:
            laid += padded[round(line.y) : round(line.y) + above + below]
    return laid


def _measure_coverage(profiles: Sequence[Profile], lines: Sequence[list[Baseline]], size: float) -> float:
    """Return the share of all ink that stands where lines do."""
    held = whole = 0.0
    for profile, found in zip(profiles, lines, strict=True):
        marks = np.zeros(len(profile) + 1, np.int64)
        for line in found:
            marks[max(round(line.y - _ASCENT * size), 0)] += 1
            marks[min(round(line.y + _DESCENT * size), len(profile))] -= 1
        held += float(profile[np.cumsum(marks)[:-1] > 0].sum())
        whole += float(profile.sum())
    return held / max(whole, 1e-9)
