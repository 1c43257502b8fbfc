"""Panels: areas whose paper has another colour than the page's, such as chat bubbles, zebra rows, sidebars, dark bands.

Knows colours and rectangles; knows nothing about letters. A solid area without anything on it is a picture, no panel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.sight.leftover import split_boxes
from glyph_memory.page import Box

Color = tuple[int, ...]
"""One value for a grey, three for a colour."""
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

_STEP = 2
"""Flat places are looked for in every second row and column."""
_ALIKE = 6
"""Colours no further apart are one paper's, in a page that was compressed."""
_COLORS_AT_MOST = 6
_SHARE = 0.002
"""So much of a page is flat and of one colour where that is a panel's."""
_NEAR_PX = 8
"""A panel's own pixels are so near to flat ones; elsewhere the same colour may be a letter's."""
_RUN_PX = 7
"""It has runs of at least so many pixels in each of its rows: padding, or what is behind a line's end."""
_ASKEW_PX, _TEXT_PX, _LETTERED = 12, 24, 0.1
"""Parts of a panel that letters have parted have ends so close, and are so near."""
_NARROWEST, _LOWEST = 16, 8
"""No panel is smaller, in pixels."""
_FULL = 0.3
"""Rows and columns at a panel's sides have at least so much of its colour."""
_RING, _ROUND_PX = 0.65, 5
"""All its four sides have so much in one of the first few rows, as corners may be round; a large letter is open at
one side."""
_PAPER = 0.35
"""So much of it is its paper."""
_FAINT = 96
"""An empty panel that differs more from what is round it is a picture."""
_LETTER_PX, _HOLES = 150, 0.05
"""A letter that is larger is a picture; a smaller one has holes that show the ground, as B has."""
_BORDER_PX, _EDGE_PX = 3, 1
_PANELS_AT_MOST = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """An area with a paper of its own."""

    box: Box
    """Where there may be something on it."""
    color: Color
    """Its paper's colour."""
    outside: Box
    """Where it is with its border, its tail and half-covered edge pixels."""
    cover: Mask
    """Which pixels of that are its own, or its border's."""
    ground: Color
    """The colour round it."""


def find_panels(pixels: Pixels) -> list[Panel]:
    """Find the panels of a page, the smallest first.

    Args:
        pixels: Shape (height, width) or (height, width, 3).

    Returns:
        None for a page of one paper: that costs next to nothing.
    """
    if min(pixels.shape[:2]) < 2 * _LOWEST:
        return []
    deep = pixels if pixels.ndim == 3 else pixels[..., None]
    flat = _find_flat(deep)
    colors = _list_colors(deep[1:-1:_STEP, 1:-1:_STEP][flat], _SHARE * flat.size)
    found = (
        [panel for color in colors for panel in _find_of_color(deep, flat, color)] if len(colors) > 1 else []
    )
    return sorted(found, key=lambda one: _area(one.box))[:_PANELS_AT_MOST]


def fill_outside(part: Pixels, color: Color) -> Pixels:
    """Return a panel's pixels with what lies outside its rounded corners in its own colour."""
    is_own = _is_color(part if part.ndim == 3 else part[..., None], color)
    begun = np.maximum.accumulate(is_own, axis=1)
    beyond = ~(begun & np.maximum.accumulate(is_own[:, ::-1], axis=1)[:, ::-1])
    filled = part.copy()
    filled[beyond] = color if part.ndim == 3 else color[0]
    return filled


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _find_flat(deep: Pixels) -> Mask:
    """Return at which of every second pixel the corners of the square of nine round it have its colour."""
    height, width = (size - 2 for size in deep.shape[:2])
    middle = deep[1 : 1 + height : _STEP, 1 : 1 + width : _STEP].astype(np.int16)
    flat = np.ones(middle.shape[:2], np.bool_)
    for down in (0, 2):
        for across in (0, 2):
            other = deep[down : down + height : _STEP, across : across + width : _STEP]
            apart = np.abs(middle - other)
            for channel in range(deep.shape[2]):
                flat &= apart[..., channel] <= _ALIKE
    return flat


def _list_colors(colors: Pixels, least: float) -> list[Color]:
    """List the frequent colours, the most frequent one first."""
    found = list[Color]()
    rest = colors
    while len(rest) > max(least, 8) and len(found) < _COLORS_AT_MOST:
        bins = np.zeros(len(rest), np.int64)
        for channel in range(rest.shape[1]):
            bins = bins << 5 | rest[:, channel] >> 3
        counts = np.bincount(bins)
        held = rest[bins == counts.argmax()]
        if len(held) < least:
            break
        color = tuple(int(np.bincount(held[:, channel]).argmax()) for channel in range(rest.shape[1]))
        found.append(color)
        rest = rest[~_is_color(rest, color)]
    return found


def _is_color(pixels: Pixels, color: Color) -> Mask:
    """Return which pixels have a colour, or nearly."""
    own = np.ones(pixels.shape[:-1], np.bool_)
    for channel, value in enumerate(color):
        low, high = max(value - _ALIKE, 0), min(value + _ALIKE, 255)
        own &= (pixels[..., channel] >= low) & (pixels[..., channel] <= high)
    return own


def _find_of_color(deep: Pixels, flat: Mask, color: Color) -> Iterator[Panel]:
    own = _is_color(deep, color)
    own &= _spread(flat & own[1:-1:_STEP, 1:-1:_STEP], own.shape)
    opened = _open(own)
    for box in _join(own, split_boxes(opened)):
        trimmed = _trim(own, box)
        if trimmed is None or trimmed == (0, 0, own.shape[1], own.shape[0]):
            continue
        bordered, ground = _measure_ground(deep, trimmed, color)
        if ground is None or _is_letter(deep, flat, trimmed, ground):
            continue
        if _holds_ink(own, trimmed, color, ground):
            outside, cover = _cover(opened, box, bordered)
            yield Panel(box=trimmed, color=color, outside=outside, cover=cover, ground=ground)


def _join(own: Mask, boxes: Sequence[Box]) -> list[Box]:
    """Join boxes that a line of text has parted: it leaves no long run, but paper at its left and between letters."""
    joined = list[Box]()
    for box in sorted(boxes, key=lambda one: one[1]):
        for place in reversed(range(len(joined))):
            other = joined[place]
            left, right, gap = min(box[0], other[0]), max(box[2], other[2]), slice(other[3], box[1])
            is_aligned = max(abs(box[0] - other[0]), abs(box[2] - other[2])) <= _ASKEW_PX
            if is_aligned and 0 < gap.stop - gap.start <= _TEXT_PX:
                inner = max(box[0], other[0])
                if own[gap, inner : inner + 2].mean() >= _RING and own[gap, left:right].mean() >= _LETTERED:
                    joined[place] = (left, other[1], right, box[3])
                    break
        else:
            joined.append(box)
    return joined


def _cover(opened: Mask, box: Box, bordered: Box) -> tuple[Box, Mask]:
    """Return the box of a panel with all that is its own, and which pixels of it are."""
    height, width = opened.shape
    left, top = max(min(box[0], bordered[0]) - _EDGE_PX, 0), max(min(box[1], bordered[1]) - _EDGE_PX, 0)
    right = min(max(box[2], bordered[2]) + _EDGE_PX, width)
    bottom = min(max(box[3], bordered[3]) + _EDGE_PX, height)
    cover = np.zeros((bottom - top, right - left), np.bool_)
    held = opened[box[1] : box[3], box[0] : box[2]]
    for down in range(-_EDGE_PX, _EDGE_PX + 1):
        for across in range(-_EDGE_PX, _EDGE_PX + 1):
            first, begin = box[1] - top + down, box[0] - left + across
            rows = slice(max(first, 0), min(first + held.shape[0], cover.shape[0]))
            columns = slice(max(begin, 0), min(begin + held.shape[1], cover.shape[1]))
            cover[rows, columns] |= held[
                rows.start - first : rows.stop - first, columns.start - begin : columns.stop - begin
            ]
    cover[bordered[1] - top : bordered[3] - top, bordered[0] - left : bordered[2] - left] = True
    return (left, top, right, bottom), cover


def _open(own: Mask) -> Mask:
    """Return the pixels of long runs from left to right: letters of a panel's colour, on another panel, have none."""
    if own.shape[1] < _RUN_PX:
        return np.zeros_like(own)
    total = np.pad(np.cumsum(own, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    full = total[:, _RUN_PX:] - total[:, :-_RUN_PX] == _RUN_PX
    begun = np.pad(np.cumsum(full, axis=1, dtype=np.int32), ((0, 0), (_RUN_PX, _RUN_PX - 1)), mode="edge")
    begun[:, :_RUN_PX] = 0
    opened: Mask = begun[:, _RUN_PX:] > begun[:, :-_RUN_PX]
    return opened


def _spread(flat: Mask, shape: tuple[int, int]) -> Mask:
    """Return which pixels are near a flat one."""
    reach = _NEAR_PX // _STEP
    for axis in (0, 1):
        total = np.cumsum(flat, axis=axis, dtype=np.int32)
        size = flat.shape[axis]
        ends = np.minimum(np.arange(size) + reach, size - 1)
        starts = np.arange(size) - reach - 1
        before = np.take(total, np.maximum(starts, 0), axis=axis)
        before *= np.expand_dims(starts >= 0, 1 - axis)
        flat = np.asarray(np.take(total, ends, axis=axis) > before)
    whole = np.repeat(np.repeat(flat, _STEP, axis=0), _STEP, axis=1)
    down, across = shape[0] - whole.shape[0], shape[1] - whole.shape[1]
    return np.pad(
        whole, ((min(1, down), max(down - 1, 0)), (min(1, across), max(across - 1, 0))), mode="edge"
    )[: shape[0], : shape[1]]


def _trim(own: Mask, box: Box) -> Box | None:
    """Return a box without the rows and columns at its sides that hardly have its colour; `None` if it is no panel."""
    left, top, right, bottom = box
    part = own[top:bottom, left:right]
    for _ in range(2):  # a tail or a letter makes the other direction's rows too long
        rows, columns = part.mean(axis=1) >= _FULL, part.mean(axis=0) >= _FULL
        if not rows.any() or not columns.any():
            return None
        up, down = int(rows.argmax()), len(rows) - int(rows[::-1].argmax())
        near, far = int(columns.argmax()), len(columns) - int(columns[::-1].argmax())
        part = part[up:down, near:far]
        left, top, right, bottom = left + near, top + up, left + far, top + down
    if right - left < _NARROWEST or bottom - top < _LOWEST or part.mean() < _PAPER:
        return None
    down, across = part.mean(axis=1), part.mean(axis=0)
    sides = (down[:_ROUND_PX], down[-_ROUND_PX:], across[:_ROUND_PX], across[-_ROUND_PX:])
    return (left, top, right, bottom) if min(side.max() for side in sides) >= _RING else None


def _measure_ground(deep: Pixels, box: Box, color: Color) -> tuple[Box, Color | None]:
    """Return a panel's box with its border, and the colour beyond that; `None` where there is no clear one."""
    left, top, right, bottom = box
    height, width = deep.shape[:2]
    beyond = [
        side.reshape(-1, deep.shape[2])
        for side in (
            deep[max(top - 2 * _BORDER_PX, 0) : max(top - 1, 0), left:right],
            deep[bottom + 1 : bottom + 2 * _BORDER_PX, left:right],
            deep[top:bottom, max(left - 2 * _BORDER_PX, 0) : max(left - 1, 0)],
            deep[top:bottom, right + 1 : right + 2 * _BORDER_PX],
        )
    ]
    around = np.concatenate(beyond)
    around = around[~_is_color(around, color)]
    if not len(around):
        return box, None
    ground = _list_colors(around, 0)[0] if len(around) > 8 else tuple(int(value) for value in around[0])
    for _ in range(_BORDER_PX):
        sides = (
            (top > 0, deep[max(top - 1, 0), left:right]),
            (bottom < height, deep[min(bottom, height - 1), left:right]),
            (left > 0, deep[top:bottom, max(left - 1, 0)]),
            (right < width, deep[top:bottom, min(right, width - 1)]),
        )
        up, down, near, far = (free and _is_color(side, ground).mean() < 1 - _RING for free, side in sides)
        left, top, right, bottom = left - int(near), top - int(up), right + int(far), bottom + int(down)
    return (left, top, right, bottom), ground


def _is_letter(deep: Pixels, flat: Mask, box: Box, ground: Color) -> bool:
    """Return whether flat places show the ground, as in a large B; what is written on a panel has none."""
    left, top, right, bottom = box
    if max(right - left, bottom - top) > _LETTER_PX:
        return False
    holes = flat[top // _STEP : bottom // _STEP, left // _STEP : right // _STEP].copy()
    holes &= _is_color(
        deep[1:-1:_STEP, 1:-1:_STEP][top // _STEP : bottom // _STEP, left // _STEP : right // _STEP], ground
    )
    return bool(holes.mean() > _HOLES)


def _holds_ink(own: Mask, box: Box, color: Color, ground: Color) -> bool:
    """Return whether something stands on a panel, or it is faint."""
    left, top, right, bottom = box
    if max(abs(one - other) for one, other in zip(color, ground, strict=True)) <= _FAINT:
        return True
    inset = own[top + 1 : bottom - 1, left + 1 : right - 1]
    return bool((~inset).mean() > 0.01)
