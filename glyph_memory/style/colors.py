"""Colours as numbers, and their plain names.

Knows colours; knows nothing about what has them.
"""

from __future__ import annotations

import colorsys

_NAMES = (
    (14, "red"), (24, ""), (42, "orange"), (48, ""), (66, "yellow"), (80, ""), (155, "green"), (200, ""), (250, "blue"),
    (262, ""), (292, "purple"), (345, ""), (360, "red"),
)  # fmt: skip
"""Where each name's hues end, in degrees; between two names lies what people call differently."""
_LEAST_SATURATION, _LEAST_VALUE = 0.5, 0.4


def rgb(color: str) -> tuple[int, int, int]:
    """Return the three numbers, 0 to 255, of a colour `#RRGGBB`."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def name_color(color: str) -> str:
    """Return the plain name of a colour `#RRGGBB`, such as "red"; empty for one that people may call differently.

    Example:
        >>> [name_color(color) for color in ("#FF0000", "#FF6B6B", "#0000FF", "#008800", "#888888", "#00FFFF")]
        ['red', 'red', 'blue', 'green', '', '']
    """
    red, green, blue = (part / 255 for part in rgb(color))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < _LEAST_SATURATION or value < _LEAST_VALUE:
        return ""
    return next(name for stop, name in _NAMES if hue * 360 <= stop)
