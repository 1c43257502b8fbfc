"""Look at a page's lines: cut them out, have the network read them, look again where it was not sure.

Knows ink and lines; knows nothing about files or pages' meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glyph_memory.nano.alphabet import ROWS, ROWS_ABOVE, ROWS_BELOW, SIZE_PX, SIZES_PX
from glyph_memory.nano.claims import CLAIMED
from glyph_memory.nano.decode import StripText, decode_strips
from glyph_memory.nano.guesses import mark_guesses
from glyph_memory.nano.network import Detections, Network, join_detections
from glyph_memory.nano.sight.lines import FoundLine, FoundLines

Ink = NDArray[np.uint8]

_SIDE = 24
"""Empty columns at both ends of a strip, of which `EDGE_PX` are not looked at."""
_WIDTHS = 64
"""Strips are brought to widths that are multiples of this, so that many are looked at together."""
_BESIDE = 6
"""Columns beside a line that are seen where another column of text is near."""
_DOUBT = 0.9
"""A line is looked at again where its mean confidence is less."""
_OTHER_SIZES = (0.8, 0.9, 1.12, 1.25)
"""Letters may be so much larger or smaller than they seemed."""
_SAMPLE = 6
_BETTER = 0.05


class LineScanner:
    """Reads the lines of one page, and reads unclear ones again."""

    def __init__(self, network: Network, ink: Ink, found: FoundLines) -> None:
        """Prepare to read a page.

        Args:
            network: Reads strips.
            ink: Shape (height, width), 0 paper to 255.
            found: Its lines.
        """
        self._network, self._ink, self._lines, self._size_px = network, ink, found.lines, found.size_px
        self._apart = bool(found.lines) and found.lines[-1].column > 0
        self._scaled: dict[float, Ink] = {}

    def read(self, *, claimed: Collection[str] = CLAIMED) -> list[StripText]:
        """Read every line.

        Where many lines are unclear, letters may be of another size than they seemed; where single ones are, their
        baseline may be a pixel off. Of all looks at a line, the surest counts.

        Args:
            claimed: The alphabets of which something may be sure.
        """
        read = self._read_lines(self._lines, self._size_px)
        unclear = _find_unclear(read)
        if 2 * len(unclear) > len(read):
            size_px = self._estimate_size([self._lines[number] for number in unclear[:_SAMPLE]])
            if size_px != self._size_px:
                read = self._read_lines(self._lines, size_px)
                self._size_px, unclear = size_px, _find_unclear(read)
        for shift in (-1, 1):
            again = self._read_lines([self._lines[number] for number in unclear], self._size_px, shift=shift)
            for number, one in zip(unclear, again, strict=True):
                if _line_confidence(one) > _line_confidence(read[number]):
                    read[number] = one
        return mark_guesses(read, claimed=claimed)

    def _estimate_size(self, lines: Sequence[FoundLine]) -> float:
        """Return the size at which some lines are read best: the assumed one, or one that is clearly better."""
        seemed = self._size_px
        best, at = _mean_confidence(self._read_lines(lines, seemed)) + _BETTER, seemed
        for factor in _OTHER_SIZES:
            sureness = _mean_confidence(self._read_lines(lines, seemed * factor))
            if sureness > best:
                best, at = sureness, seemed * factor
        return at

    def _read_lines(self, lines: Sequence[FoundLine], size_px: float, *, shift: int = 0) -> list[StripText]:
        """Read lines; those of about the same length are read in one batch.

        Args:
            lines: Which.
            size_px: Of their letters.
            shift: How many rows below their baselines they stand.
        """
        scale = 1.0 if SIZES_PX[0] <= size_px <= SIZES_PX[1] else SIZE_PX / size_px
        strips = [self._cut_strip(line, scale, shift) for line in lines]
        by_width = dict[int, list[int]]()
        for number, strip in enumerate(strips):
            by_width.setdefault(-(-strip.shape[1] // _WIDTHS) * _WIDTHS, []).append(number)
        looks = list[Detections]()
        for width, numbers in by_width.items():
            batch = np.zeros((len(numbers), ROWS, width), np.uint8)
            for row, number in enumerate(numbers):
                batch[row, :, : strips[number].shape[1]] = strips[number]
            looks.append(self._network.find_characters(batch, numbers))
        if not looks:
            return []
        read = decode_strips(join_detections(looks), len(strips), size_px=size_px * scale)
        return [
            replace(one, x=((one.x - _SIDE) / scale + line.left).astype(np.float32))
            for one, line in zip(read, lines, strict=True)
        ]

    def _cut_strip(self, line: FoundLine, scale: float, shift: int) -> Ink:
        """Cut a line out: shape (ROWS, width), with empty columns on both sides."""
        ink = self._resample(scale)
        row = round(line.baseline * scale) + shift
        left, right = int(line.left * scale), int(np.ceil(line.right * scale))
        strip = np.zeros((ROWS, right - left + 2 * _SIDE), np.uint8)
        reach = _BESIDE if self._apart else _SIDE
        rows = slice(max(0, row - ROWS_ABOVE), max(0, min(len(ink), row + ROWS_BELOW)))
        columns = slice(max(0, left - reach), max(0, min(ink.shape[1], right + reach)))
        seen = ink[rows, columns]
        top, side = rows.start - row + ROWS_ABOVE, columns.start - left + _SIDE
        strip[top : top + seen.shape[0], side : side + seen.shape[1]] = seen
        return strip

    def _resample(self, scale: float) -> Ink:
        if scale == 1:
            return self._ink
        if scale not in self._scaled:
            size = max(1, round(self._ink.shape[1] * scale)), max(1, round(self._ink.shape[0] * scale))
            picture = Image.fromarray(self._ink).resize(size, Image.Resampling.BICUBIC)
            self._scaled[scale] = np.asarray(picture)
        return self._scaled[scale]


def _find_unclear(read: Sequence[StripText]) -> list[int]:
    return [number for number, one in enumerate(read) if _line_confidence(one) < _DOUBT]


def _line_confidence(one: StripText) -> float:
    return float(one.confidence.mean()) if len(one.confidence) else 0.0


def _mean_confidence(read: Sequence[StripText]) -> float:
    return sum(map(_line_confidence, read)) / max(1, len(read))
