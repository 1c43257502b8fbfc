"""Read a page: find its lines, cut them out, have the network look at them, spell what it found.

Works from pixels alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glyph_memory.nano.anchors import find_anchors
from glyph_memory.nano.looks import LineScanner
from glyph_memory.nano.network import WEIGHTS, load_network
from glyph_memory.nano.sight.image import Source, load
from glyph_memory.nano.sight.ink import measure_ink
from glyph_memory.nano.sight.lines import FoundLine, FoundLines, find_lines
from glyph_memory.page import Box
from glyph_memory.transcription import ReadLine, Transcription


def transcribe(source: Source, *, weights: Path = WEIGHTS) -> Transcription:
    """Read a page.

    Args:
        source: A `Page`, of which only the pixels are looked at; a file's path or bytes; a Pillow image; or an array
            of shape (height, width) or (height, width, 3), uint8.
        weights: A safetensors file of the network's; the package's own unless another is given.

    Raises:
        DocumentError: It is no image that can be read, or an absurdly large one.
        ReaderError: The weights are missing or broken.
    """
    pixels = load(source)
    ink = measure_ink(pixels)
    found = find_lines(ink)
    seen = np.rint(ink * 255).astype(np.uint8)
    for left, top, right, bottom in found.solid:
        seen[top:bottom, left:right] = 0
    read = LineScanner(load_network(weights), seen, found).read()
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
        size=(ink.shape[1], ink.shape[0]),
        lines=lines,
        anchors=find_anchors(lines, pixels),
        unread=found.unread,
    )


def _box(line: FoundLine, found: FoundLines, shape: tuple[int, ...]) -> Box:
    top, bottom = line.baseline - 0.95 * found.size_px, line.baseline + 0.25 * found.size_px
    return line.left, max(0, round(top)), line.right, min(shape[0], round(bottom))
