"""Which characters have the colour of marks: red, where the line's other letters are not.

Knows pixels and where characters begin; knows nothing about what they say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Box

_INK = 40
"""A pixel so far from the paper's colour is ink."""
_RED = 0.7
"""So much of what sets a red pixel apart from the paper is redness: 1 for pure red, at most 0.55 for the colours that
letters of shipped looks have."""
_MOSTLY = 0.5
"""So much of a mark's ink is red: its neighbours may reach into its columns."""
_LONGEST = 24
"""A line of marks alone has no more characters; a longer one that is red all over is text."""


def find_marks(pixels: NDArray[np.uint8], left: NDArray[np.float32], box: Box) -> NDArray[np.bool_]:
    """Return which characters of a line are drawn in red.

    Args:
        pixels: The page, shape (height, width, 3); on a grey one, shape (height, width), none is.
        left: Where each character begins.
        box: Where the line stands.

    Returns:
        Shape (characters,). None is where nearly the whole line is red: that is the text's own colour.
    """
    none = np.zeros(len(left), np.bool_)
    first, top, right, bottom = box
    part = pixels[max(top, 0) : bottom, max(first, 0) : right].astype(np.int16)
    if pixels.ndim == 2 or not part.size or not len(left):
        return none
    red, green, blue = (part[..., channel] for channel in range(3))
    redness = red - np.maximum(green, blue)
    if int(redness.max()) < _INK:
        return none
    paper = np.median(part.reshape(-1, 3), axis=0)
    apart = np.abs(part - paper).max(axis=2)
    redness = redness - (paper[0] - max(paper[1], paper[2]))
    inked = np.where(apart > _INK, apart, 0)
    total = np.concatenate([[0.0], np.cumsum(inked.sum(axis=0))])
    reds = np.concatenate([[0.0], np.cumsum(np.where(redness > _RED * apart, inked, 0).sum(axis=0))])
    if reds[-1] > 0.9 * total[-1] and len(left) > _LONGEST:
        return none
    starts, which = np.unique(np.rint(left), return_inverse=True)
    edges = np.clip(np.append(starts, right) - max(first, 0), 0, len(total) - 1).astype(np.int64)
    ink, red_ink = np.diff(total[edges]), np.diff(reds[edges])
    is_red: NDArray[np.bool_] = ((ink > 0) & (red_ink > _MOSTLY * ink))[which]
    return is_red
