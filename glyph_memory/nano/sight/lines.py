"""Find the lines of a page: columns, baselines and the size of the letters, from its ink alone.

Knows ink; knows nothing about characters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.sight.baselines import Profile, find_baselines
from glyph_memory.nano.sight.columns import Span, find_columns
from glyph_memory.nano.sight.grid import Rows, fill
from glyph_memory.nano.sight.leftover import find_frames, find_leftover, find_pictures
from glyph_memory.nano.sight.runs import find_low_runs
from glyph_memory.nano.sight.scale import Scale, measure_scale
from glyph_memory.page import Box

Ink = NDArray[np.float32]
"""Shape (height, width), 0 for paper to 1 for full ink."""

_INK, _NOISY_INK = 0.25, 0.35
"""What has more ink than this is seen as ink, on clean pages and on others."""
_SURE_INK = 0.2
"""What has less is seen as none while the first lines are looked for."""
_STRIP_PX = 4_000_000
"""Rows are summed in strips of so many pixels."""
_RULE_PX = 2
"""Underscores and dashes are so thick at the most."""
_UPRIGHT = 0.6
_USUAL_PX = 9.0, 10.0
"""Size of letters and pitch where nothing tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundLine:
    """A line of text before it is read."""

    baseline: float
    """In pixels from the top: the edge below the row on which letters like `x` stand. A fraction on resampled pages."""
    left: int
    """First column of its ink."""
    right: int
    """Column after its ink."""
    column: int
    """Which column of the page it stands in, from the left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundLines:
    """The lines of a page."""

    lines: tuple[FoundLine, ...]
    """In reading order: column by column, top to bottom."""
    pitch_px: float
    """Usual distance of two baselines."""
    size_px: float
    """About the size of the font's em square."""
    unread: tuple[Box, ...]
    """Ink that is no line of text: pictures, noise, solid areas, frames."""
    solid: tuple[Box, ...] = ()
    """Those of them that may touch lines, and have to be taken out before these are read."""


def find_lines(ink: Ink, *, is_table: bool = False) -> FoundLines:
    """Find lines.

    Args:
        ink: Shape (height, width), 0 for paper to 1 for full ink.
        is_table: Whether gaps from top to bottom part cells, and no columns.

    Returns:
        None, and nothing unread, where there is no ink.
    """
    floor = _estimate_noise(ink)
    inked = ink > (_INK if floor < _SURE_INK else _NOISY_INK)
    solid = [*find_pictures(inked), *((a - 1, b - 1, c + 1, d + 1) for a, b, c, d in find_frames(inked))]
    solid = [(max(left, 0), max(top, 0), right, bottom) for left, top, right, bottom in solid]
    if solid:
        ink = ink.copy()
        for left, top, right, bottom in solid:
            ink[top:bottom, left:right] = 0
            inked[top:bottom, left:right] = False
    spans = [(0, ink.shape[1])] if is_table else find_columns(inked)
    sure, faint = _profiles(ink, spans, _SURE_INK), _profiles(ink, spans, floor)
    low = find_low_runs(inked)
    if low is None:
        scale = measure_scale(sure, faint)
    else:  # the rest of the page tells where its lines are
        letters = np.where(low, np.float32(0), ink)
        sure = _profiles(letters, spans, _SURE_INK)
        scale = measure_scale(sure, _profiles(letters, spans, floor))
    lines: list[FoundLine] = []
    if scale is not None:
        for number, span in enumerate(spans):
            baselines = _baselines(sure[number], faint[number], scale)
            found = _measure_lines(ink, floor, baselines, span, number, scale)
            lines += [line for line in found if _is_text(inked, line, scale, low)]
    size, pitch = (scale.size_px, scale.pitch_px) if scale else _USUAL_PX
    held = [_reach(line, size) for line in lines]
    rest = find_leftover(inked, held, least=max(9.0, 0.3 * size**2) if lines else 1.0)
    unread = tuple(sorted([*solid, *rest]))
    return FoundLines(lines=tuple(lines), pitch_px=pitch, size_px=size, unread=unread, solid=tuple(solid))


def _estimate_noise(ink: Ink) -> float:
    """Return the ink below which there is noise: hardly any, except on photographed or compressed pages."""
    sample = ink[::3, ::3]
    return 0.04 if np.mean((sample > 0) & (sample < 0.06)) < 0.08 else _SURE_INK


def _profiles(ink: Ink, spans: list[Span], floor: float) -> list[Profile]:
    """Return the ink of each row of each column, without what is below `floor`."""
    profiles = np.zeros((len(spans), len(ink)))
    rows = max(1, _STRIP_PX // ink.shape[1])
    for first in range(0, len(ink), rows):
        strip = np.maximum(ink[first : first + rows], np.float32(floor))
        for profile, (left, right) in zip(profiles, spans, strict=True):
            profile[first : first + rows] = strip[:, left:right].sum(axis=1, dtype=np.float64) - floor * (
                right - left
            )
    return list(np.maximum(profiles, 0))


def _baselines(sure: Profile, faint: Profile, scale: Scale) -> list[float]:
    """Return the baselines of one column."""
    found = find_baselines(
        sure,
        band_px=scale.band_px,
        apart=0.95 * scale.size_px,
        pitch=scale.pitch_px,
        dangling=scale.dangling,
    )
    if not found:
        return []
    long = [line.y for line in found if line.trust > 0.7] or [line.y for line in found]
    short = [line.y for line in found if line.y not in long]
    return fill(Rows(faint, scale), long, short, scale)


def _measure_lines(
    ink: Ink, floor: float, baselines: list[float], span: Span, column: int, scale: Scale
) -> Iterator[FoundLine]:
    """Yield each line with its left and right end, from the rows that no neighbour's letters reach."""
    size, (left, right) = scale.size_px, span
    bounds = [-np.inf, *baselines, np.inf]
    for above, baseline, below in zip(bounds[:-2], baselines, bounds[2:], strict=True):
        top, bottom = (
            max(baseline - 0.76 * size, above + 0.26 * size),
            min(baseline + 0.34 * size, below - 0.76 * size),
        )
        part = ink[max(math.ceil(top), 0) : max(math.floor(bottom), round(baseline), 0), left:right]
        held = np.flatnonzero(part.max(axis=0, initial=0) > floor + 0.1)
        if len(held):
            yield FoundLine(
                baseline=baseline, left=left + int(held[0]), right=left + int(held[-1]) + 1, column=column
            )


def _is_text(
    inked: NDArray[np.bool_], line: FoundLine, scale: Scale, low: NDArray[np.bool_] | None = None
) -> bool:
    """Return whether ink and paper alternate along a line, as with letters, or it is underscores.

    Args:
        inked: Shape (height, width): where there is ink.
        line: Which.
        scale: Of its letters.
        low: Where runs of low signs may stand; rules among letters do not count.
    """
    _, top, _, bottom = _reach(line, scale.size_px)
    rows = slice(max(top, 0), max(bottom, 0))
    part = inked[rows, line.left : line.right]
    if not len(part):
        return True
    begins = np.count_nonzero(part[:, 1:] & ~part[:, :-1], axis=1) + part[:, 0]
    heights = part.sum(axis=0)
    letters = part if low is None else part & ~low[rows, line.left : line.right]
    width = np.count_nonzero(letters.any(axis=0) if letters.any() else heights) / scale.size_px
    turns = begins.max() >= 0.9 * width or width < 1.5
    if not turns and np.count_nonzero(heights > _RULE_PX) < 1.5 * scale.size_px:
        turns = not _is_framed(inked[rows], line)
    return bool(turns and begins.mean() <= 4.5 * (line.right - line.left) / scale.size_px + 1)


def _is_framed(rows: NDArray[np.bool_], line: FoundLine) -> bool:
    """Return whether a rule meets an upright at an end, as those of frames do."""
    ends = (rows[:, max(line.left - 2, 0) : line.left + 3], rows[:, max(line.right - 3, 0) : line.right + 2])
    return any(end.any(axis=1).mean() > _UPRIGHT for end in ends)


def _reach(line: FoundLine, size: float) -> Box:
    """Return the box where a line's ink may be, tails and accents included."""
    top, bottom = round(line.baseline - 0.98 * size), round(line.baseline + 0.4 * size) + 1
    return line.left - 2, top, line.right + 2, bottom
