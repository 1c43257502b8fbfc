"""Where the ink is: any two colours, light on dark or dark on light, become 0 for paper and 1 for full ink.

Each panel has a paper of its own. Knows colours; knows nothing about letters. Light that falls unevenly is out of its
scope.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.sight.panels import Color, fill_outside, find_panels

Levels = NDArray[np.uint8]
"""Shape (height, width): how far each pixel's colour is from the paper's, 0 to 255, in the channel where it is most."""

_FAINT = 24
"""Colours no further apart than this may both be paper."""
_SAMPLE_PX = 50_000
"""Colours are estimated from about so many pixels."""
_LADDER = 15
"""A typeset page's ink has so many steps; see `Page`."""

_FRAMES_AT_MOST = 3
"""A page in a border in another border is found."""


def measure_ink(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how much ink each pixel has.

    The paper's colour is the most frequent one. Full ink is what the text's grey edges are steps of; where there are no
    steps, because the page was resampled or photographed, black. A border of another colour round the page is no ink.

    Args:
        pixels: Shape (height, width) or (height, width, 3).

    Returns:
        Shape (height, width), 0 for paper to 1 for full ink.
    """
    panels = find_panels(pixels)
    if not panels:
        return _measure_ground(pixels)
    rest, inks = pixels.copy(), list[NDArray[np.float32]]()
    for panel in panels:  # the smallest first: a panel in another is out of the way
        left, top, right, bottom = panel.box
        inks.append(_measure_page(fill_outside(rest[top:bottom, left:right], panel.color), panel.color))
        left, top, right, bottom = panel.outside
        rest[top:bottom, left:right][panel.cover] = panel.ground if pixels.ndim == 3 else panel.ground[0]
    ink = _measure_ground(rest)
    for panel, own in zip(reversed(panels), reversed(inks), strict=True):
        left, top, right, bottom = panel.box
        ink[top:bottom, left:right] = own
    return ink


def _measure_ground(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the ink of a page of one paper, which may lie on a ground of another colour."""
    top, left, page = 0, 0, pixels
    for _ in range(_FRAMES_AT_MOST):
        rows, columns = _find_page(page, _mode(_sample(page)))
        inner = page[rows, columns]
        if inner.shape == page.shape:
            break
        top, left, page = top + rows.start, left + columns.start, inner
    if page is pixels:
        return _measure_page(pixels)
    ink = np.zeros(pixels.shape[:2], np.float32)
    ink[top : top + page.shape[0], left : left + page.shape[1]] = _measure_page(page)
    return ink


def _measure_page(pixels: NDArray[np.uint8], paper: Color | None = None) -> NDArray[np.float32]:
    sample = _sample(pixels)
    paper = paper or _mode(sample)
    levels = _levels(sample, paper)
    second = _find_second_paper(levels)
    full: float = _find_full_level(_count_levels(sample, levels, second))
    if second and not full:  # the text's steps tell on which of the two papers it stands
        other = _mode(sample[levels == second][:, None])
        other_levels = _levels(sample, other)
        full = _find_full_level(_count_levels(sample, other_levels, second))
        paper, levels = (other, other_levels) if full else (paper, levels)
    full = full or _estimate_full_level(_count_levels(sample, levels, second), paper)
    found = _levels(pixels, paper)
    if second:
        found[found <= second + 1] = 0
    ink = np.divide(found, np.float32(full), dtype=np.float32)
    return np.minimum(ink, np.float32(1), out=ink)


def _sample(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = int(np.sqrt(pixels.shape[0] * pixels.shape[1] / _SAMPLE_PX)) | 1  # odd: most pitches are even
    return pixels[::step, ::step]


def _mode(pixels: NDArray[np.uint8]) -> Color:
    """Return the most frequent colour: of the fullest of 32 bins a channel, the most frequent value of each channel."""
    if pixels.ndim == 2:
        counts = np.bincount(pixels.ravel(), minlength=256)
        fullest = int(counts.reshape(32, 8).sum(axis=1).argmax())
        return (8 * fullest + int(counts[8 * fullest : 8 * fullest + 8].argmax()),)
    bins = (pixels >> 3).astype(np.uint16)
    numbers = (bins[..., 0] << 10 | bins[..., 1] << 5 | bins[..., 2]).ravel()
    held = pixels.reshape(-1, 3)[numbers == np.bincount(numbers).argmax()]
    return tuple(int(np.bincount(held[:, channel]).argmax()) for channel in range(3))


def _levels(pixels: NDArray[np.uint8], color: Color) -> Levels:
    """Return each pixel's distance from a colour."""
    height, width = pixels.shape[:2]
    wanted = np.tile(
        np.array(color, np.uint8), width
    )  # as long as a row: broadcast along three values, it crawls
    flat = pixels.reshape(height, -1)
    apart = np.maximum(flat, wanted)
    apart -= np.minimum(flat, wanted)
    if pixels.ndim == 2:
        return apart
    return np.maximum(np.maximum(apart[:, 0::3], apart[:, 1::3]), apart[:, 2::3])


def _count_levels(sample: NDArray[np.uint8], levels: Levels, second: int) -> NDArray[np.int64]:
    """Count the text's levels of ink, shape (256,): of the grey pixels where there are enough, without paper."""
    if sample.ndim == 3:  # labels have colours of their own; text mostly has none
        colors, levels = sample[levels > 0], levels[levels > 0]
        is_grey = colors.max(axis=1) - colors.min(axis=1) <= _FAINT
        if is_grey[levels > 100].sum() > 0.3 * (levels > 100).sum():
            levels = levels[is_grey]
    counts = np.bincount(levels.ravel(), minlength=256)
    counts[: second + 2 if second else 1] = 0
    return counts


def _find_second_paper(levels: Levels) -> int:
    """Return the level of a faint colour that covers much more than any step of ink does; 0 where there is none."""
    counts = np.bincount(levels.ravel(), minlength=256)
    level = 2 + int(counts[2 : _FAINT + 1].argmax())
    is_one = counts[level] > 0.05 * levels.size and counts[level] > 2.5 * counts[level + 4 :].max(initial=0)
    return level if is_one else 0


def _find_full_level(counts: NDArray[np.int64]) -> int:
    """Return the level of full ink where nearly all ink lies on the 15 steps up to it, else 0.

    Small type hardly ever has a pixel that is all ink: the highest level seen is not the level of full ink.
    """
    found = np.flatnonzero(counts)
    if not len(found):
        return 0
    full = np.arange(max(int(found[-1] * 0.9), 32), 256)
    steps = np.rint(np.arange(1, _LADDER + 1) * full[:, None] / _LADDER).astype(np.int64)
    shares = counts[steps].sum(axis=1) / counts.sum()
    return int(full[shares.argmax()]) if shares.max() > 0.97 else 0


def _estimate_full_level(counts: NDArray[np.int64], paper: Color) -> float:
    """Estimate the level of full ink where there are no steps: black on white unless the text is far from that."""
    counts[:_FAINT] = 0
    if not counts.any():
        return 255.0
    high = float(np.searchsorted(np.cumsum(counts), 0.995 * counts.sum()))
    if min(paper) >= 240 and high >= 0.7 * 255:
        return 255.0
    return max(1.05 * high, 32.0)


def _find_page(pixels: NDArray[np.uint8], commonest: Color) -> tuple[slice, slice]:
    """Return the rows and columns of the page inside a border of another colour.

    The commonest colour is the paper's, or, where a small page lies on a large ground, the ground's.
    """
    levels = _levels(pixels, commonest)
    top, bottom = _peel_border(levels)
    left, right = _peel_border(levels[top:bottom].T)
    inner = slice(top, bottom), slice(left, right)
    if (bottom - top, right - left) != pixels.shape[:2]:
        return inner
    for faint in (_FAINT, 2 * _FAINT):  # a ground of much noise is told from the page by more
        marked = levels > faint
        rows = np.flatnonzero(marked.mean(axis=1) > 0.02)
        columns = np.flatnonzero(marked.mean(axis=0) > 0.02)
        if len(rows) < 8 or len(columns) < 8:
            return inner
        page = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
        if _is_page(pixels[page], commonest):
            return page
    return inner


def _is_page(part: NDArray[np.uint8], ground: Color) -> bool:
    """Return whether a part has margins of one colour, not the ground's, and something on them."""
    edges = (part[1:3], part[-3:-1], part[:, 1:3], part[:, -3:-1])
    ring = np.concatenate([edge.reshape(-1, 1, *part.shape[2:]) for edge in edges])
    values = np.atleast_1d(np.median(ring, axis=(0, 1)))  # steadier than the commonest where there is noise
    color = tuple(int(value) for value in values)
    apart = max(abs(one - other) for one, other in zip(color, ground, strict=True))
    share = (_levels(_sample(part), color) <= 2 * _FAINT).mean()
    is_uniform = (_levels(ring, color) <= 2 * _FAINT).mean() > 0.85
    return bool(apart > _FAINT and is_uniform and 0.5 < share < 0.9995)


def _peel_border(levels: Levels) -> tuple[int, int]:
    """Return the first and the last row that are neither border nor one of two rows mixed with its colour."""
    ends = []
    for side in (levels, levels[::-1]):
        color, deep = int(np.median(side[0])), 0
        while color > 4 and deep < len(side) and _is_border(side[deep], color):
            deep += 1
        if deep:
            deep += sum(bool((row > 8).mean() > 0.9) for row in side[deep : deep + 2])
        ends.append(deep)
    return (ends[0], len(levels) - ends[1]) if sum(ends) < len(levels) else (0, len(levels))


def _is_border(row: NDArray[np.uint8], color: int) -> bool:
    return bool((np.abs(row.astype(np.int16) - color) <= min(color // 2, 2 * _FAINT)).mean() > 0.98)
