"""Small arithmetic of lengths and colours."""

from __future__ import annotations

import math


def snap(length_px: float, *, at_least: float, multiple: int) -> int:
    """Return the multiple nearest to a length, not below `at_least`; for multiple 1, the length rounded up."""
    if multiple == 1:
        return math.ceil(length_px - 1e-6)
    nearest = math.floor(length_px / multiple + 0.5) * multiple
    return max(nearest, math.ceil((at_least - 1e-6) / multiple) * multiple)


def rgb(color: str) -> tuple[int, int, int]:
    """Return the three numbers, 0 to 255, of a colour `#RRGGBB`."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
