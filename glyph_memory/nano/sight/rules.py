"""The rules of a bordered table, taken out, so that what stands in its cells can be read.

Knows strokes; knows nothing about letters. Tables that are drawn with characters have rules, too, and are read with
them: only where that fails is this worth a try.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.sight.leftover import find_strokes

_INK = 12
"""Rules may be so faint, of 255."""
_FAINT = 100
"""Half-covered pixels beside a rule have less ink than this."""
_RULE_PX, _UPRIGHT_PX = 40, 14
"""Rules are at least so long; uprights, too, and no letter of the sizes that are read is so tall and so thin."""
_FEWEST = 3
_PIXELS_AT_MOST = 8_000_000


def remove_rules(ink: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return a page's ink without its rules.

    Args:
        ink: Shape (height, width), 0 paper to 255.

    Returns:
        `None` where there are hardly any.
    """
    inked = ink > _INK
    if ink.size > _PIXELS_AT_MOST:
        return None
    rules = find_strokes(inked, _RULE_PX)
    uprights = [(left, top, right, bottom) for top, left, bottom, right in find_strokes(inked.T, _UPRIGHT_PX)]
    if len(rules) < _FEWEST and len(uprights) < _FEWEST:
        return None
    cleared = ink.copy()
    for left, top, right, bottom in rules:
        around = cleared[max(top - 1, 0) : bottom + 1, left:right]
        around[around < _FAINT] = 0
        cleared[top:bottom, left:right] = 0
    for left, top, right, bottom in uprights:
        around = cleared[top:bottom, max(left - 1, 0) : right + 1]
        around[around < _FAINT] = 0
        cleared[top:bottom, left:right] = 0
    return cleared
