"""Transcribe one picture of a page: find its lines, read them, find the anchors of turns among them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.claims import CLAIMED
from glyph_memory.nano.line_scanner import LineScanner
from glyph_memory.nano.network import WEIGHTS, load_network
from glyph_memory.nano.sight.image import Source, load
from glyph_memory.nano.sight.ink import measure_ink
from glyph_memory.nano.sight.lines import FoundLine, FoundLines, find_lines
from glyph_memory.page import Box
from glyph_memory.transcription import ReadAnchor, ReadLine, Transcription

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


def transcribe(
    source: Source, *, weights: Path = WEIGHTS, claimed: Collection[str] = CLAIMED
) -> Transcription:
    """Read a page.

    Args:
        source: A `Page`, of which only the pixels are looked at; a file's path or bytes; a Pillow image; or an array
            of shape (height, width) or (height, width, 3), uint8.
        weights: A safetensors file of the network's; the package's own unless another is given.
        claimed: Names of the `ALPHABETS` of which something may be sure; those that the package's weights read well
            unless others are given.

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
    read = LineScanner(load_network(weights), seen, found).read(claimed=claimed)
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
