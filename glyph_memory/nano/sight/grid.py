"""Lines that hardly show themselves, a lone brace or a row of dashes, found from where the lines round them stand.

Knows baselines and rows; knows nothing about letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from glyph_memory.nano.sight.baselines import Profile, find_edges
from glyph_memory.nano.sight.scale import Scale

BODY = 0.72
"""So much of the font's size above a baseline is that line's own: no tail reaches there, nor an accent."""
_APART_PX = 1.3
_REACH = (0.27, 0.98)
"""How far a line's tails and its accents reach, as shares of the font's size."""


class Rows:
    """The rows of one column, and which of them belong to one line alone."""

    def __init__(self, profile: Profile, scale: Scale) -> None:
        """Prepare the rows of a column from its ink, faint ink included."""
        self._total = np.concatenate([[0.0], np.cumsum(profile)])
        self._scale = scale
        self.least = 0.5 * (scale.size_px / 9) ** 1.5
        self.inked = np.flatnonzero(profile > 0.3 * self.least)
        self.edges = find_edges(profile, scale.band_px)

    def ink(self, top: float, bottom: float) -> float:
        """Return the ink from one row to another."""
        last = len(self._total) - 1
        first, end = (round(min(max(row, 0.0), last)) for row in (top, bottom))
        return float(self._total[max(end, first)] - self._total[first])

    def find_cluster(self, row: int, step: int) -> tuple[int, int]:
        """Return the first and the last of the adjacent inked rows from a row on, down or up."""
        at = int(np.searchsorted(self.inked, row))
        end = at
        while 0 <= end + step < len(self.inked) and self.inked[end + step] - self.inked[end] == step:
            end += step
        first, last = sorted((at, end))
        return int(self.inked[first]), int(self.inked[last])

    def measure_stray_ink(self, lines: Sequence[float]) -> float:
        """Return the ink between the first line and the last that belongs to none of them."""
        size, reached, ink = self._scale.size_px, lines[0] + (_REACH[0] + 0.05) * self._scale.size_px, 0.0
        for line in lines[1:-1]:
            ink += self.ink(reached, line - 0.8 * size)
            reached = max(reached, line + (_REACH[0] + 0.05) * size)
        return ink + self.ink(reached, lines[-1] - _REACH[1] * size)

    def holds_line(self, baseline: float, below: float = np.inf) -> bool:
        """Return whether a baseline has ink of its own: on it, or hanging just under it, as `_` does."""
        size = self._scale.size_px
        if self.ink(baseline - BODY * size + 0.3, baseline) >= self.least:
            return True
        rule = self.ink(baseline + 0.1 * size, min(baseline + 0.3 * size, below - 0.8 * size))
        return rule >= max(0.1 * size, self.least) and below - baseline > size


def fill(rows: Rows, sure: Sequence[float], likely: Sequence[float], scale: Scale) -> list[float]:
    """Add the baselines between, above and below the sure ones.

    Args:
        rows: The column.
        sure: Baselines of long lines.
        likely: Baselines of short ones; asterisks seem to stand where they do not.
        scale: Of letters and lines.
    """
    lines: list[float] = []
    for above, below in pairwise(sure):
        lines += _fill_gap(rows, above, below, scale, likely)
    lines += _search_down(rows, sure[-1], np.inf, scale, likely)
    lines += _search_up(rows, sure[0], scale, likely)
    return sorted({*sure, *(_snap(line, likely) for line in lines)})


def _snap(line: float, seen: Sequence[float]) -> float:
    """Return the seen baseline next to an expected one, if any: pitches may be no whole pixels."""
    return min(
        (other for other in seen if abs(line - other) < _APART_PX),
        key=lambda other: abs(line - other),
        default=line,
    )


def _fill_gap(rows: Rows, above: float, below: float, scale: Scale, likely: Sequence[float]) -> list[float]:
    apart = below - above
    count = round(apart / scale.pitch_px)
    if count < 2 and apart < 1.7 * scale.size_px:
        return []
    found = []
    if abs(apart - count * scale.pitch_px) <= max(0.12 * scale.pitch_px, 1.0):
        even = [above + apart * nth / count for nth in range(1, count)]
        found = [line for line in even if rows.holds_line(line, below)]
        if rows.measure_stray_ink([above, *found, below]) < rows.least:
            return found
    other = _search_down(rows, above, below, scale, likely)
    return min(found, other, key=lambda lines: rows.measure_stray_ink([above, *lines, below]))


def _search_down(
    rows: Rows, above: float, below: float, scale: Scale, likely: Sequence[float]
) -> list[float]:
    """Find lines from the top down, one after the other."""
    found: list[float] = []
    size, first = scale.size_px, above + _REACH[0] * scale.size_px + 0.5
    while True:
        end = below - _REACH[1] * size
        ink = rows.inked[(rows.inked >= first) & (rows.inked < end)]
        if not len(ink) or rows.ink(first, end) < rows.least:
            return found
        cluster = rows.find_cluster(int(ink[0]), 1)
        line = _choose_baseline(rows, cluster, 1, (above, below), scale, likely)
        if line is not None:
            found.append(line)
            above = line
        first = max(above + _REACH[0] * size + 0.5, cluster[0] + 1 if line else min(cluster[1] + 1, end))


def _search_up(rows: Rows, below: float, scale: Scale, likely: Sequence[float]) -> list[float]:
    """Find lines from the first line up, one after the other."""
    found: list[float] = []
    size, end = scale.size_px, below - _REACH[1] * scale.size_px
    while True:
        ink = rows.inked[rows.inked < end]
        if not len(ink) or rows.ink(0, end) < rows.least:
            return found
        cluster = rows.find_cluster(int(ink[-1]), -1)
        line = _choose_baseline(rows, cluster, -1, (-np.inf, below), scale, likely)
        if line is not None:
            found.append(line)
            below = line
        end = min(below - _REACH[1] * size, cluster[1] if line else cluster[0])


def _choose_baseline(
    rows: Rows,
    cluster: tuple[int, int],
    step: int,
    neighbours: tuple[float, float],
    scale: Scale,
    likely: Sequence[float],
) -> float | None:
    """Choose the baseline to which inked rows belong, the first of them if `step` is 1, the last if -1.

    It stands in one of the usual distances from its neighbours, if it can; from both of them, if it can.
    """
    size, (above, below), row = scale.size_px, neighbours, cluster[0 if step > 0 else 1]
    multiples = [*scale.gaps_px, *(nth * scale.pitch_px for nth in range(2, 6))]
    expected = [(above + gap, nth) for nth, gap in enumerate(multiples)]
    expected += [(below - gap, nth) for nth, gap in enumerate(multiples)]
    expected += [(line, 1) for line in likely]
    near = [
        (line, nth)
        for line, nth in expected
        if line - above > 0.85 * size
        and below - line > 0.85 * size
        and line - 0.8 * size - 1 <= row < line + 0.3 * size + 1
        and rows.holds_line(line, below)
    ]
    if not near:
        return None
    top, bottom = max(cluster[0], above + _REACH[0] * size), min(cluster[1] + 1, below - _REACH[1] * size)

    def rank(option: tuple[float, int]) -> tuple[int, int, int, float]:
        line, nth = option
        outside = rows.ink(top, line - 0.8 * size) + rows.ink(line + 0.28 * size, bottom)
        agreed = sum(abs(line - other) < 0.8 for other, often in near if often < len(scale.gaps_px))
        agreed += 2 * bool((np.abs(rows.edges - line) < 0.8).any())
        return round(outside / rows.least), -agreed, nth, line

    return min(near, key=rank)[0]
