"""Put right-to-left words where they are read: a small part of the Unicode bidirectional algorithm.

On each line, a stretch from one right-to-left word to another is laid out from right to left; words of other scripts
and numbers inside it keep their own direction. The line itself runs left to right, and explicit direction controls
never act: they are escaped. Embeddings deeper than that, as in quotations within quotations, are not resolved.
"""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.characters import RIGHT_TO_LEFT

Ints = NDArray[np.int64]


def visual_positions(text: str, kind: NDArray[np.uint8], x: Ints, advance: Ints, line: Ints) -> Ints:
    """Return the pen positions in visual order.

    Args:
        text: The characters.
        kind: Their kinds; the first character of a right-to-left run carries its whole advance.
        x: Their positions in logical order, in 2**-20 px.
        advance: Their advances.
        line: The line of each, not decreasing.
    """
    x = x.copy()
    for number in np.unique(line[kind & RIGHT_TO_LEFT != 0]).tolist():
        first, last = np.searchsorted(line, [number, number + 1]).tolist()
        for start, stop in _stretches(text[first:last], kind[first:last]):
            _reverse(text, kind, x, advance, first + start, first + stop)
    return x


def _stretches(text: str, kind: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Find the longest right-to-left stretches that hold no letter of a left-to-right script."""
    found: list[tuple[int, int]] = []
    start = end = -1
    for index, character in enumerate(text):
        if kind[index] & RIGHT_TO_LEFT:
            start, end = (index if start < 0 else start), index + 1
        elif start >= 0 and unicodedata.bidirectional(character) == "L":
            found.append((start, end))
            start = -1
        elif start >= 0 and end == index and unicodedata.bidirectional(character) in ("R", "AL", "NSM"):
            end = index + 1  # drawn as part of the run before it
    if start >= 0:
        found.append((start, end))
    return found


def _reverse(text: str, kind: NDArray[np.uint8], x: Ints, advance: Ints, start: int, stop: int) -> None:
    """Lay out the pieces of a stretch from its right edge; digits stay together."""
    right = int(x[stop - 1] + advance[stop - 1])
    index = start
    while index < stop:
        end = index + 1
        if unicodedata.bidirectional(text[index]) in ("EN", "AN"):
            while end < stop and unicodedata.bidirectional(text[end]) in ("EN", "AN", "CS", "ES"):
                end += 1
        step = int((x[end] if end < stop else x[end - 1] + advance[end - 1]) - x[index])
        x[index:end] += right - step - x[index]
        right -= step
        index = end
