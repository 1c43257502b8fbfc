"""Read a page: find its lines, cut them out, have the network look at them, spell what it found.

Works from pixels alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyph_memory.page import Box
from glyph_memory.readers.nano.looks import Looks
from glyph_memory.readers.nano.network import network
from glyph_memory.readers.nano.sight.image import Source, load
from glyph_memory.readers.nano.sight.ink import ink_of
from glyph_memory.readers.nano.sight.lines import FoundLine, FoundLines, find_lines
from glyph_memory.readers.nano.transcription import ReadAnchor, ReadLine, Transcription

_LABEL = re.compile(r"§(\d{1,9}) (system|user|assistant|tool)\b")
_COLOR, _COLORED = 40, 0.15
"""How far apart the channels of a coloured pixel are, and the share of such pixels in a label."""


def transcribe(source: Source) -> Transcription:
    """Read a page.

    Args:
        source: A `Page`, of which only the pixels are looked at; a file's path or bytes; a Pillow image; or an array
            of shape (height, width) or (height, width, 3), uint8.

    Raises:
        DocumentError: It is no image that can be read, or an absurdly large one.
        ReaderError: The weights are missing or broken.
    """
    pixels = load(source)
    ink = ink_of(pixels)
    found = find_lines(ink)
    seen = np.rint(ink * 255).astype(np.uint8)
    for left, top, right, bottom in found.solid:
        seen[top:bottom, left:right] = 0
    read = Looks(network(), seen, found).read()
    lines = tuple(
        ReadLine(
            text=one.text,
            box=_box(line, found, ink.shape),
            confidence=one.confidence,
            left=one.x,
            column=line.column,
        )
        for line, one in zip(found.lines, read, strict=True)
        if one.text
    )
    return Transcription(
        size=(ink.shape[1], ink.shape[0]), lines=lines, anchors=_anchors(lines, pixels), unread=found.unread
    )


def _box(line: FoundLine, found: FoundLines, shape: tuple[int, ...]) -> Box:
    top, bottom = line.baseline - 0.95 * found.size_px, line.baseline + 0.25 * found.size_px
    return line.left, max(0, round(top)), line.right, min(shape[0], round(bottom))


def _anchors(lines: Sequence[ReadLine], pixels: NDArray[np.uint8]) -> tuple[ReadAnchor, ...]:
    """Find the labels of turns: by words and colour, for content may have the words, but never the colour."""
    found = list[ReadAnchor]()
    for number, line in enumerate(lines):
        for label in _LABEL.finditer(line.text):
            left = int(line.left[label.start()])
            right = int(line.left[label.end()]) if label.end() < len(line.text) else line.box[2]
            box = (left, line.box[1], right, line.box[3])
            if pixels.ndim == 3 and _is_colored(pixels, box):
                least = float(line.confidence[label.start() : label.end()].min())
                found.append(
                    ReadAnchor(number=int(label[1]), role=label[2], line=number, box=box, confidence=least)
                )
    return tuple(found)


def _is_colored(pixels: NDArray[np.uint8], box: Box) -> bool:
    seen = pixels[box[1] : box[3], max(0, box[0]) : box[2]].reshape(-1, 3).astype(np.int16)
    return len(seen) > 0 and bool(((seen.max(axis=1) - seen.min(axis=1)) > _COLOR).mean() > _COLORED)
