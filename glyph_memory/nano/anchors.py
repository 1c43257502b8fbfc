"""Find the labels of turns, `§42 user`, on a page that was read.

Knows words and colours; knows nothing about letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Box
from glyph_memory.transcription import ReadAnchor, ReadLine

_ROLE = re.compile(r"(system|user|assistant|tool)\b")
_LABEL = re.compile(rf"§(\d{{1,9}})(?: +{_ROLE.pattern}|$)")
_INK = 60
"""How far from the paper's colour ink is."""
_COLOR, _COLORED = 40, 0.4
"""How far apart the channels of a coloured pixel are, and the share of such pixels in a label's ink."""


def find_anchors(lines: Sequence[ReadLine], pixels: NDArray[np.uint8]) -> tuple[ReadAnchor, ...]:
    """Find labels by words and colour: a turn's text may have the words, but never the colour.

    Args:
        lines: What was read, in order. A label may be broken: its number ends a line, its role begins the next.
        pixels: The page: shape (height, width, 3), or (height, width), on which no label can be told.
    """
    found = list[ReadAnchor]()
    for number, line in enumerate(lines if pixels.ndim == 3 else ()):
        for label in _LABEL.finditer(line.text):
            role = label[2] or _find_role(lines[number + 1 : number + 2])
            left = int(line.left[label.start()])
            right = int(line.left[label.end()]) if label.end() < len(line.text) else line.box[2]
            box = (left, line.box[1], right, line.box[3])
            if role is not None and _is_colored(pixels, box):
                least = float(line.confidence[label.start() : label.end()].min())
                found.append(
                    ReadAnchor(number=int(label[1]), role=role, line=number, box=box, confidence=least)
                )
    return tuple(found)


def _find_role(lines: Sequence[ReadLine]) -> str | None:
    for line in lines:
        if role := _ROLE.match(line.text):
            return role[1]
    return None


def _is_colored(pixels: NDArray[np.uint8], box: Box) -> bool:
    """Return whether much of the ink in a box has a colour."""
    seen = pixels[box[1] : box[3], max(0, box[0]) : box[2]].reshape(-1, 3).astype(np.int16)
    if not len(seen):
        return False
    ink = seen[np.abs(seen - np.median(seen, axis=0)).max(axis=1) > _INK]
    return len(ink) > 0 and bool((ink.max(axis=1) - ink.min(axis=1) > _COLOR).mean() > _COLORED)
