"""By how much a page is turned, undone: rows of letters are sharpest in the direction in which they run.

Knows ink and angles; knows nothing about letters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyph_memory.page import Box

TURNS_AT_MOST = 2.0
"""Degrees up to which a page is turned back."""
_LOOKED_AT = 8.0
"""Degrees up to which a turn is told."""
_STEPS = (0.25, 0.05, 0.01)
_BLOCK_PX = 12
"""Ink is summed over so many columns, within which lines are nearly level."""
_AGREED = 0.5
_SHARPER = 1.07
"""Rows are so much sharper at a turned page's angle than level."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A picture turned about its middle, and where its pixels were before."""

    degrees: float
    """Counter-clockwise; by so much the picture was turned to make its lines level."""
    size: tuple[int, int]
    """Width and height of the picture as it was."""
    turned: tuple[int, int]
    """Width and height of the turned one, which holds all of it."""
    up_px: float = 0.0
    """By so much it was moved up, less than a pixel, to make its letters stand on whole rows."""

    @classmethod
    def of(cls, degrees: float, size: tuple[int, int]) -> Turn:
        """Return the turn of a picture of some size."""
        angle = math.radians(degrees)
        across, down = abs(math.cos(angle)), abs(math.sin(angle))
        turned = math.ceil(size[0] * across + size[1] * down), math.ceil(size[0] * down + size[1] * across)
        return cls(degrees=degrees, size=size, turned=turned)

    def apply(self, pixels: NDArray[np.uint8], fill: tuple[int, ...]) -> NDArray[np.uint8]:
        """Return the turned picture.

        Args:
            pixels: Shape (height, width) or (height, width, 3).
            fill: The colour of its new corners.
        """
        angle = math.radians(self.degrees)
        cosine, sine = math.cos(angle), math.sin(angle)
        x, y = self.find_before(0.0, 0.0)
        matrix = (cosine, -sine, x, sine, cosine, y)
        image = Image.fromarray(pixels)
        color = fill if pixels.ndim == 3 else fill[0]
        return np.asarray(
            image.transform(
                self.turned, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=color
            )
        )

    def find_box_before(self, box: Box) -> Box:
        """Return the upright box that holds what a box of the turned picture shows."""
        corners = [self.find_before(x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
        across, down = zip(*corners, strict=True)
        left, top = max(math.floor(min(across)), 0), max(math.floor(min(down)), 0)
        right, bottom = min(math.ceil(max(across)), self.size[0]), min(math.ceil(max(down)), self.size[1])
        return min(left, self.size[0] - 1), min(top, self.size[1] - 1), max(right, 1), max(bottom, 1)

    def find_before(self, x: float, y: float) -> tuple[float, float]:
        """Return where a place of the turned picture was."""
        angle = math.radians(self.degrees)
        across, down = x - self.turned[0] / 2, y + self.up_px - self.turned[1] / 2
        return (
            math.cos(angle) * across - math.sin(angle) * down + self.size[0] / 2,
            math.sin(angle) * across + math.cos(angle) * down + self.size[1] / 2,
        )


def measure_phase(baselines: Sequence[float]) -> float:
    """Return how far below whole rows baselines are on the average, -0.5 to 0.5; 0 where they do not agree."""
    phases = np.exp(2j * np.pi * np.asarray(baselines))
    mean = complex(phases.mean()) if len(phases) else 0j
    return math.atan2(mean.imag, mean.real) / (2 * math.pi) if abs(mean) > _AGREED else 0.0


def estimate_turn(ink: NDArray[np.uint8]) -> float:
    """Estimate by how many degrees, counter-clockwise, a picture has to be turned for its lines to be level.

    Args:
        ink: Shape (height, width), 0 paper to 255.

    Returns:
        0 where no direction is clearly sharper than level. More than `TURNS_AT_MOST` is told, not measured well.
    """
    height, width = ink.shape
    if height < 4 * _BLOCK_PX or width < 4 * _BLOCK_PX:
        return 0.0
    lefts = np.arange(0, width, _BLOCK_PX)
    blocks = np.add.reduceat(ink, lefts, axis=1, dtype=np.float32)
    middles = (lefts + np.minimum(lefts + _BLOCK_PX, width)) / 2 - width / 2
    pad = math.ceil(math.tan(math.radians(_LOOKED_AT + 1)) * width / 2) + 2
    columns = np.pad(blocks.T, ((0, 0), (pad, pad)))
    best, at, found = 0.0, 0.0, 0.0
    level = _sharpness(columns, middles, 0.0, pad, height)
    reach = _LOOKED_AT
    for step in _STEPS:
        for degrees in at + np.arange(-reach, reach + step / 2, step):
            sharpness = _sharpness(columns, middles, float(degrees), pad, height)
            if sharpness > best:
                best, found = sharpness, float(degrees)
        at, reach = found, step
    return at if best > _SHARPER * level and abs(at) > _STEPS[-1] else 0.0


def _sharpness(
    columns: NDArray[np.float32], middles: NDArray[np.float64], degrees: float, pad: int, height: int
) -> float:
    """Return how much the rows' ink changes from one to the next along a direction.

    Args:
        columns: Ink of each block of columns, with empty rows on both ends.
        middles: Of each block: how far right of the picture's middle it is.
        degrees: The direction.
        pad: How many empty rows there are at each end.
        height: How many rows there are between.
    """
    shifts = np.tan(math.radians(degrees)) * middles
    total = np.zeros(height + 1, np.float64)
    for column, shift in zip(columns, shifts.tolist(), strict=True):
        whole = math.floor(shift)
        share = shift - whole
        first = pad + whole
        total[:-1] += (1 - share) * column[first : first + height] + share * column[
            first + 1 : first + 1 + height
        ]
    return float((np.diff(total[:-1]) ** 2).sum())
