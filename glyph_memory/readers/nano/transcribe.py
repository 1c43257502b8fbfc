"""Read a page: find its lines, cut them out, have the network look at them, spell what it found.

Works from pixels alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyph_memory.page import Box
from glyph_memory.readers.nano.alphabet import ROWS, ROWS_ABOVE, ROWS_BELOW, SIZE_PX, SIZES_PX
from glyph_memory.readers.nano.decode import Spelled, spelled
from glyph_memory.readers.nano.image import Source, load
from glyph_memory.readers.nano.ink import ink_of
from glyph_memory.readers.nano.lines import FoundLine, FoundLines, find_lines
from glyph_memory.readers.nano.network import Found, Network, joined, network
from glyph_memory.readers.nano.transcription import ReadAnchor, ReadLine, Transcription

Ink = NDArray[np.uint8]

_SIDE = 24
"""Empty columns at both ends of a strip, of which `EDGE_PX` are not looked at."""
_LABEL = re.compile(r"§(\d{1,9}) (system|user|assistant|tool)\b")
_WIDTHS = 64
"""Strips are brought to widths that are multiples of this, so that many are looked at together."""
_BESIDE = 6
"""Columns beside a line that are seen where another column of text is near."""
_COLOR, _COLORED = 40, 0.15
"""How far apart the channels of a coloured pixel are, and the share of such pixels in a label."""


def transcribe(source: Source) -> Transcription:
    """Read a page.

    Args:
        source: A `Page`, of which only the pixels are looked at; a file's path or bytes; a Pillow image; or an array
            of shape (height, width) or (height, width, 3), uint8.

    Raises:
        DocumentError: It is no image that can be read, or an absurdly large one.
        ReaderUnavailable: The weights are missing or broken.
    """
    pixels = load(source)
    ink = ink_of(pixels)
    found = find_lines(ink)
    read = _read(network(), np.rint(ink * 255).astype(np.uint8), found)
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


def _read(reader: Network, ink: Ink, found: FoundLines) -> list[Spelled]:
    """Read every line; those of about the same length are looked at together."""
    ink, scale = _scaled(ink, found.size_px)
    strips = [_strip(ink, line, scale, apart=found.lines[-1].column > 0) for line in found.lines]
    by_width = dict[int, list[int]]()
    for number, strip in enumerate(strips):
        by_width.setdefault(-(-strip.shape[1] // _WIDTHS) * _WIDTHS, []).append(number)
    looks = list[Found]()
    for width, numbers in by_width.items():
        batch = np.zeros((len(numbers), ROWS, width), np.uint8)
        for row, number in enumerate(numbers):
            batch[row, :, : strips[number].shape[1]] = strips[number]
        looks.append(reader.find(batch, numbers))
    if not looks:
        return []
    read = spelled(joined(looks), len(strips), size_px=found.size_px * scale)
    return [
        replace(one, x=((one.x - _SIDE) / scale + line.left).astype(np.float32))
        for one, line in zip(read, found.lines, strict=True)
    ]


def _scaled(ink: Ink, size_px: float) -> tuple[Ink, float]:
    """Give the page with letters of a size that the network knows, and how much larger it became."""
    if SIZES_PX[0] <= size_px <= SIZES_PX[1]:
        return ink, 1.0
    scale = SIZE_PX / size_px
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    return np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC)), scale


def _strip(ink: Ink, line: FoundLine, scale: float, *, apart: bool) -> Ink:
    """Cut a line out: shape (ROWS, width), with empty columns on both sides.

    Args:
        ink: The page as the network wants it.
        line: Where the line stands on the page as it was.
        scale: From the one to the other.
        apart: Whether other columns of text stand beside it, which must not be seen.
    """
    row = round(line.baseline * scale)
    left, right = int(line.left * scale), int(np.ceil(line.right * scale))
    strip = np.zeros((ROWS, right - left + 2 * _SIDE), np.uint8)
    reach = _BESIDE if apart else _SIDE
    rows = slice(max(0, row - ROWS_ABOVE), max(0, min(len(ink), row + ROWS_BELOW)))
    columns = slice(max(0, left - reach), max(0, min(ink.shape[1], right + reach)))
    seen = ink[rows, columns]
    top, side = rows.start - row + ROWS_ABOVE, columns.start - left + _SIDE
    strip[top : top + seen.shape[0], side : side + seen.shape[1]] = seen
    return strip


def _box(line: FoundLine, found: FoundLines, shape: tuple[int, ...]) -> Box:
    top, bottom = line.baseline - 0.95 * found.size_px, line.baseline + 0.25 * found.size_px
    return line.left, max(0, round(top)), line.right, min(shape[0], round(bottom))


def _anchors(lines: Sequence[ReadLine], pixels: NDArray[np.uint8]) -> tuple[ReadAnchor, ...]:
    """Find the labels of turns: by their words, and by their colour where the image has colours."""
    found = list[ReadAnchor]()
    for number, line in enumerate(lines):
        for label in _LABEL.finditer(line.text):
            left = int(line.left[label.start()])
            right = int(line.left[label.end()]) if label.end() < len(line.text) else line.box[2]
            box = (left, line.box[1], right, line.box[3])
            if pixels.ndim == 2 or _is_colored(pixels, box):
                least = float(line.confidence[label.start() : label.end()].min())
                found.append(
                    ReadAnchor(number=int(label[1]), role=label[2], line=number, box=box, confidence=least)
                )
    return tuple(found)


def _is_colored(pixels: NDArray[np.uint8], box: Box) -> bool:
    seen = pixels[box[1] : box[3], max(0, box[0]) : box[2]].reshape(-1, 3).astype(np.int16)
    return len(seen) > 0 and bool(((seen.max(axis=1) - seen.min(axis=1)) > _COLOR).mean() > _COLORED)
