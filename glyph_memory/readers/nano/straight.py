"""Lines of one stretch stand on a straight grid: what is known of many mends what is not sure of one.

Knows baselines; knows nothing about ink.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glyph_memory.readers.nano.baselines import Baseline, Floats


def settle(lines: Sequence[float], found: Sequence[Baseline], pitch: float) -> list[float]:
    """Put those lines on a straight grid that did not show themselves, and those that stand off their neighbours' grid.

    Args:
        lines: All baselines, from the top down.
        found: Those of them that showed themselves.
        pitch: Usual distance.
    """
    trust = {line.y: line.trust for line in found}
    settled, start = [], 0
    for stop in range(1, len(lines) + 1):
        if stop < len(lines):
            gap = lines[stop] - lines[stop - 1]
            if abs(gap - max(round(gap / pitch), 1) * pitch) <= max(0.1 * pitch, 1.3):
                continue
        settled += _straightened(np.array(lines[start:stop]), trust, pitch)
        start = stop
    return settled


def _straightened(lines: Floats, trust: dict[float, float], pitch: float) -> list[float]:
    known = np.array([trust.get(line, 0.0) for line in lines.tolist()])
    if np.count_nonzero(known) < 3:
        return list(map(float, lines))
    nth = np.concatenate([[0.0], np.cumsum(np.maximum(np.rint(np.diff(lines) / pitch), 1))])
    weights = known
    for _ in range(4):
        middle, slope = np.average(nth, weights=weights), pitch
        if np.count_nonzero(weights) >= 6:
            slope = (weights * (nth - middle) * lines).sum() / (weights * (nth - middle) ** 2).sum()
        fit = np.average(lines, weights=weights) + slope * (nth - middle)
        off = np.abs(lines - fit)
        near = max(0.75, 1.5 * float(np.median(off[known > 0])))  # half of them at the least
        weights = known * (off <= near)
    is_kept = (known > 0) & (off <= 0.3 + 0.5 * known)
    return list(map(float, np.where(is_kept, lines, fit)))
