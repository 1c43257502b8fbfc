"""The size in pixels of a picture that has to be legible, keep to a token budget, and is not resampled.

Knows a model's rule for images; knows nothing about what a picture shows.
"""

from __future__ import annotations

from math import ceil

from glyph_memory.errors import DocumentError, ProfileError
from glyph_memory.tokens import GridRule, ModelProfile, RowRule

LEAST_EM_PX = 12.0
"""Letters of a common serif that are as tall as the default style's, at 9 px: an x is 0.43 of the size there, and 0.55
of DejaVu Sans."""
_MOST_EM_PX = 24.0
"""Larger letters are read no better."""
_STEP_PX = 8
"""Sizes that are tried of models that resample every picture."""
_PADDINGS = 200

Size = tuple[int, int]


def choose_size(
    area: tuple[float, float], *, profile: ModelProfile, least: float, tokens: int | None = None
) -> tuple[Size, float]:
    """Return width and height in pixels, and how many pixels a unit of the area gets.

    Args:
        area: Width and height of what is drawn, in any unit.
        profile: The model that will read.
        least: Pixels a unit at which letters are as large as those of the default style.
        tokens: What the picture may cost; unless given, what the least costs.

    Raises:
        DocumentError: No picture costs so little.
    """
    if tokens is None:
        size = _pad(_snap(area, least, profile.snap_px), profile)
        if size is not None:
            return size, _fit(area, size)
    best: tuple[Size, float] | None = None
    cheapest: int | None = None
    most = least * (_MOST_EM_PX / LEAST_EM_PX if tokens is not None else 1.0)
    for scale in _list_scales(area, most, profile.snap_px):
        size = _pad(_snap(area, scale, profile.snap_px), profile)
        if size is None:
            continue
        cost = profile.image_tokens(size, images=2)
        cheapest = cost if cheapest is None else min(cheapest, cost)
        if tokens is None or cost <= tokens:
            best = size, min(_fit(area, size), max(most, scale))
            break
    if best is None:
        raise DocumentError(
            f"no picture costs {profile.name!r} as little as {tokens} tokens; give {cheapest} or more"
        )
    return best


def _list_scales(area: tuple[float, float], most: float, snap: int) -> list[float]:
    """Return pixels a unit, from many to few, at which one of the sides is a whole number of cells."""
    step = max(snap, _STEP_PX)
    scales = {most}
    for side in area:
        scales.update(cells * step / side for cells in range(1, min(ceil(most * side / step), 2_000) + 1))
    return sorted((scale for scale in scales if scale <= most * 1.0001), reverse=True)


def _snap(area: tuple[float, float], scale: float, snap: int) -> Size:
    """Return the sides in pixels, rounded up to whole cells; a hair's breadth more is none."""
    wide, high = (max(ceil(side * scale / snap - 1e-6), 1) * snap for side in area)
    return wide, high


def _fit(area: tuple[float, float], size: Size) -> float:
    return min(size[0] / area[0], size[1] / area[1])


def _pad(size: Size, profile: ModelProfile) -> Size | None:
    """Return a size with paper added until the model takes it as it is; None where it is too large for that."""
    snap, ratio = profile.snap_px, profile.max_aspect_ratio
    wide, high = size
    if ratio is not None:
        wide = max(wide, ceil(high / ratio / snap) * snap)
        high = max(high, ceil(wide / ratio / snap) * snap)
    for _ in range(_PADDINGS):
        change = _resampling(profile, (wide, high))
        if change == 0:
            return wide, high
        if change < 0:
            return None
        wide, high = (wide + snap, high) if wide <= high else (wide, high + snap)
    return None


def _resampling(profile: ModelProfile, size: Size) -> int:
    """Return 1 where the processor would enlarge a picture, -1 where it would shrink it, 0 where it does neither."""
    rule = profile.image_rule
    try:
        if isinstance(rule, GridRule):
            taken = rule.resize(size)
            return (taken > size) - (taken < size)
        if isinstance(rule, RowRule):
            return -1 if max(size) > rule.longest_px else 0
        profile.image_tokens(size)
    except ProfileError:
        return -1
    return 0
