"""A drawn page and where its characters stand, whoever drew it.

Knows positions and classes; knows nothing about fonts or networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.alphabet import CLASSES, find_class
from glyph_memory.nano.training.marks import GAP

Float = NDArray[np.float32]

_CLASS = np.array([find_class(chr(code)) if code != 10 else 0 for code in range(0x110000)], np.int16)
_MARK = CLASSES.index("⏎")
_GAP = ord(GAP)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A page with its characters."""

    ink: Float
    """Shape (height, width): 0 paper to 1."""
    x: Float
    """Of each character: where it begins, in pixels."""
    number: NDArray[np.int16]
    """Of each: its class."""
    line: NDArray[np.int64]
    """Of each: its line."""
    baselines: NDArray[np.float64]
    """Of each line: the row below the one that letters stand on."""
    unlearned: NDArray[np.float64]
    """Shape (stretches, 3): line, and from where to where what stands there is not learned."""
    size_px: float
    """Size that the letters seem to have, measured by the height of small ones."""


def list_characters(
    codes: NDArray[np.uint32],
    x: NDArray[np.floating],
    stop: NDArray[np.floating],
    line: NDArray[np.int64],
    marked: NDArray[np.bool_],
    mark_space: float = 0,
) -> tuple[Float, NDArray[np.int16], NDArray[np.int64]]:
    """Return where each character begins, its class, its line; one space for several, and one after a line.

    A gap beside a mark is nothing.

    Args:
        codes: Of each character, line by line: its code point.
        x: Where it begins.
        stop: Where it ends.
        line: Its line.
        marked: Whether it is a newline drawn as a mark.
        mark_space: Width of the space that such a mark brings on each side.
    """
    seen = codes != _GAP
    codes, x, stop, line, marked = codes[seen], x[seen], stop[seen], line[seen], marked[seen]
    number = _CLASS[codes]
    number[marked] = _MARK
    place: Float = x.astype(np.float32)
    number[(codes == 10) & ~marked] = 0
    blank = number == 0
    after_blank = np.concatenate([[True], blank[:-1] | (line[1:] != line[:-1])])
    kept = ~(blank & after_blank)
    # A line that does not end in a space gets one where its last character ends; so does a mark that brings its own.
    last = np.flatnonzero(np.append(line[1:] != line[:-1], True))
    last = last[(_CLASS[codes[last]] != 0) | marked[last]]
    more, lines = [stop[last]], [line[last]]
    if mark_space:
        more += [x[marked], stop[marked] - mark_space]
        lines += [line[marked]] * 2
        place += np.float32(mark_space) * marked.astype(np.float32)
    spaces = np.concatenate(more).astype(np.float32)
    return (
        np.concatenate([place[kept], spaces]),
        np.concatenate([number[kept], np.zeros(len(spaces), np.int16)]),
        np.concatenate([line[kept], *lines]),
    )
