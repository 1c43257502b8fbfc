"""A stretch of text in one style, broken into lines of a width, and drawn wherever its lines come to stand.

Knows text, widths and colours; knows nothing about blocks and pages.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.typesetting.blocks.plate import Plate
from glyph_memory.typesetting.characters import NEWLINE, RIGHT_TO_LEFT
from glyph_memory.typesetting.layout import Cursor, Ints, LineBreaker
from glyph_memory.typesetting.measure import measure
from glyph_memory.typesetting.prepared import PreparedStyle
from glyph_memory.typesetting.shaping import visual_positions

Tones = NDArray[np.uint8]
"""The number of each character's colour."""


class TextBox:
    """Text that is broken into lines."""

    def __init__(
        self,
        text: str,
        prepared: PreparedStyle,
        width: int,
        *,
        offsets: Ints,
        hang: int = 0,
        hangs_each: bool = False,
        tones: Tones | None = None,
        tone: int = 0,
    ) -> None:
        """Measure and break a text.

        Args:
            text: The text, at least one character; its newlines are line breaks, or marks where the style has one.
            prepared: The style.
            width: Of its lines.
            offsets: Of each character, and of the end: its place in the document. Characters that are not the
                document's have the place of what they stand before.
            hang: By how much all lines but the first are moved to the right.
            hangs_each: Whether the first line after each newline stands at the left, too, as in code.
            tones: Colours; `tone` unless given.
            tone: The colour of all characters.
        """
        self._text, self._prepared = text, prepared
        self._tones, self._tone, self._offsets = tones, tone, offsets
        self._measured = measured = measure(text, Cursor(), prepared.table)
        newline = measured.kind & NEWLINE != 0
        self._marks = measured.marked if prepared.style.newline_mark else None
        self._cumulative = np.zeros(len(text) + 1, np.int64)
        np.cumsum(measured.advance, out=self._cumulative[1:])
        if self._cumulative[-1] <= width and not newline.any():  # most cells, items and headings are one line
            self._starts, self._indents = np.array([0, len(text)]), np.zeros(1, np.int64)
            self._stops = np.array([len(text.rstrip(" \t\u3000"))])
            return
        if width - hang < max(
            int(measured.advance.max()), width // 2
        ):  # a glyph would not fit, or hardly a word
            hang = 0
        opens = newline if hangs_each else np.zeros(len(newline), np.bool_)
        geometry = replace(
            prepared.geometry, column=width - hang, indents=(0, 0), frame=(0, 0), first_indent=-hang
        )
        breaker = LineBreaker(
            replace(measured, ends_paragraph=opens), geometry, shrink=prepared.style.space_shrink
        )
        self._starts = np.array(breaker.lines(Cursor(), final=True).start, np.int64)
        self._stops = np.maximum(breaker.inked.take(self._starts[1:]), self._starts[:-1])
        before = self._starts[:-1] - 1
        self._indents = np.where((before < 0) | opens[before], 0, hang)

    @property
    def count(self) -> int:
        """How many lines it has."""
        return len(self._starts) - 1

    @property
    def pitch(self) -> int:
        """From one line to the next."""
        return self._prepared.geometry.pitch

    def get_width(self) -> int:
        """Return the width of its longest line."""
        widths = self._cumulative.take(self._stops) - self._cumulative.take(self._starts[:-1]) + self._indents
        return int(widths.max())

    def find_line(self, index: int) -> int:
        """Return the number of the line on which a character stands."""
        return int(np.searchsorted(self._starts, index, "right")) - 1

    def get_offset(self, line: int) -> int:
        """Return where in the document a line begins; the end, for the line after the last."""
        return int(self._offsets[self._starts[line]])

    def find_opening_lines(self) -> tuple[int, ...]:
        """Return the numbers of the lines that begin with the text or after a newline of it."""
        before = self._starts[:-1] - 1
        newline = self._measured.kind.take(np.maximum(before, 0)) & NEWLINE != 0
        return tuple(np.flatnonzero((before < 0) | newline).tolist())

    def draw_decoration(self, plate: Plate, left: int, top: int) -> None:
        """Draw all of it, as something that is not the document's own: it stands on no line of the page."""
        measured, bounds = self._measured, self._starts
        lengths = np.diff(bounds)
        x = self._cumulative[:-1] - np.repeat(
            self._cumulative.take(bounds[:-1]) - left - self._indents, lengths
        )
        tops = np.repeat(top + np.arange(self.count) * self.pitch, lengths)
        plate.add_glyphs(self._prepared, measured.slots, x, tops, self._get_tones(0, len(measured.slots)))

    def draw(self, plate: Plate, first: int, last: int, left: int, top: int) -> None:
        """Draw some of its lines.

        Args:
            plate: Where.
            first: Number of the first line.
            last: Number after the last one.
            left: Of the text.
            top: Of the first line.
        """
        bounds = self._starts[first : last + 1]
        a, b = int(bounds[0]), int(bounds[-1])
        begin = self._cumulative.take(bounds[:-1])
        natural = self._cumulative.take(self._stops[first:last]) - begin
        lefts = left + self._indents[first:last]
        line = np.repeat(np.arange(last - first), bounds[1:] - bounds[:-1])
        x = self._cumulative[a:b] - (begin - lefts).take(line)
        kind = self._measured.kind[a:b]
        if np.bitwise_or.reduce(kind) & RIGHT_TO_LEFT:
            x = visual_positions(self._text[a:b], kind, x, self._measured.advance[a:b], line)
        tops = top + np.arange(last - first) * self.pitch
        plate.add_glyphs(self._prepared, self._measured.slots[a:b], x, tops.take(line), self._get_tones(a, b))
        places = self._offsets.take(bounds)
        plate.add_lines(
            places[:-1], places[1:], lefts, tops, lefts + natural, self._prepared.geometry.pitch_px
        )
        plate.add_escapes(self._prepared, self._measured.slots[a:b], kind)

    def _get_tones(self, start: int, stop: int) -> Tones | int:
        if self._tones is None and self._marks is None:
            return self._tone
        tones = (
            np.full(stop - start, self._tone, np.uint8) if self._tones is None else self._tones[start:stop]
        )
        if self._marks is not None and self._marks[start:stop].any():
            tones = np.where(self._marks[start:stop], np.uint8(15), tones)
        return tones


def make_offsets(start: int, length: int, stop: int) -> Ints:
    """Return the places of characters that follow each other in the document.

    Args:
        start: Of the first.
        length: How many there are.
        stop: Where what follows begins: newlines that are not drawn may stand between.
    """
    offsets = np.arange(start, start + length + 1)
    offsets[-1] = stop
    return offsets
