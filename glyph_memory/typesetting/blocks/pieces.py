"""Pieces: what a block becomes on its way to the page. Each hands out as much of itself as fits into the room left.

Knows boxes of text, rules and pictures; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from glyph_memory.typesetting.blocks.plate import Pixels, Plate
from glyph_memory.typesetting.blocks.text_box import TextBox
from glyph_memory.typesetting.geometry import FIX

Draw = Callable[[Plate, int, int], None]
"""Draws on a plate, at a left edge and a top."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """The part of a piece that stands in one column."""

    height: int
    """How much room it takes."""
    stop: int
    """Where in the document what comes after it begins."""
    draw: Draw
    """Draws it."""


class Piece(Protocol):
    """Something that stands in a column, or in several, one part in each."""

    @property
    def least(self) -> int:
        """The room that its next part takes at the least."""

    @property
    def is_done(self) -> bool:
        """Whether all of it was taken."""

    def take(self, room: int, *, is_forced: bool) -> Fragment | None:
        """Return the next part; None where nothing of it fits.

        Args:
            room: How much there is.
            is_forced: Whether something has to be taken, since no column has more room.
        """


class TextPiece:
    """Lines of text."""

    def __init__(self, box: TextBox, *, numbers: tuple[TextBox, ...] = (), gutter: int = 0) -> None:
        """Begin with its first line.

        Args:
            box: The text.
            numbers: Of code with line numbers: a box for each line of the file.
            gutter: Room for them at the left.
        """
        self._box, self._line, self._numbers, self._gutter = box, 0, numbers, gutter
        self._numbered = box.find_opening_lines() if numbers else ()

    @property
    def least(self) -> int:
        """The height of a line."""
        return self._box.pitch

    @property
    def is_done(self) -> bool:
        """Whether all lines were taken."""
        return self._line == self._box.count

    def take(self, room: int, *, is_forced: bool) -> Fragment | None:
        """Return as many lines as fit."""
        box, first = self._box, self._line
        last = min(first + max(room // box.pitch, int(is_forced)), box.count)
        if last == first:
            return None
        self._line = last

        def draw(plate: Plate, left: int, top: int) -> None:
            box.draw(plate, first, last, left + self._gutter, top)
            for number, line in zip(self._numbers, self._numbered, strict=False):
                if first <= line < last:
                    number.draw_decoration(plate, left, top + (line - first) * box.pitch)

        return Fragment((last - first) * box.pitch, box.get_offset(last), draw)


class StripPiece:
    """A strip across the column: a blank line, or a rule in the middle of it."""

    def __init__(
        self, height: int, span: tuple[int, int], *, width: int = 0, rule: int | None = None
    ) -> None:
        """Prepare a strip.

        Args:
            height: Its height.
            span: The stretch of the document that it stands for.
            width: How far its line of the page reaches.
            rule: The colour of the rule; without one, it is blank.
        """
        self._height, self._span, self._width, self._rule = height, span, width, rule
        self._is_done = False

    @property
    def least(self) -> int:
        """Its height."""
        return self._height

    @property
    def is_done(self) -> bool:
        """Whether it was taken."""
        return self._is_done

    def take(self, room: int, *, is_forced: bool) -> Fragment | None:
        """Return the strip."""
        if room < self._height and not is_forced:
            return None
        self._is_done = True

        def draw(plate: Plate, left: int, top: int) -> None:
            right, middle = left + self._width, top + self._height // 2
            if self._rule is not None:
                plate.add_rule(left, middle, right, middle + FIX, self._rule)
            plate.add_line(*self._span, (left, top, right, top + self._height))

        return Fragment(self._height, self._span[1], draw)


class PicturePiece:
    """A picture and, below it, its caption; both on one page."""

    def __init__(
        self, pixels: Pixels, caption: TextBox, *, is_ink: bool = False, shows_caption: bool = True
    ) -> None:
        """Prepare a picture.

        Args:
            pixels: Shape (height, width, 3); of ink, (height, width), 0 to 15.
            caption: What it shows.
            is_ink: Whether it is drawn in the text's colour.
            shows_caption: Whether the caption is drawn; else the picture is the line of the page that it stands on.
        """
        self._pixels, self._caption, self._is_ink, self._is_done = pixels, caption, is_ink, False
        self._shows_caption = shows_caption

    @property
    def least(self) -> int:
        """The height of both."""
        words = self._caption.count * self._caption.pitch if self._shows_caption else 0
        return int(self._pixels.shape[0]) * FIX + words + self._caption.pitch // 4

    @property
    def is_done(self) -> bool:
        """Whether it was taken."""
        return self._is_done

    def take(self, room: int, *, is_forced: bool) -> Fragment | None:
        """Return the picture and its caption."""
        height, caption = self.least, self._caption
        if room < height and not is_forced:
            return None
        self._is_done = True
        below = self._pixels.shape[0] * FIX + caption.pitch // 4

        def draw(plate: Plate, left: int, top: int) -> None:
            if self._is_ink:
                plate.add_stamp(self._pixels, left, top)
            else:
                plate.add_picture(self._pixels, left, top)
            if self._shows_caption:
                caption.draw(plate, 0, caption.count, left, top + below)
            else:
                high, wide = (side * FIX for side in self._pixels.shape[:2])
                # A formula is one line of the page, however long its LaTeX is.
                span = caption.get_offset(0), caption.get_offset(caption.count)
                plate.add_line(*span, (left, top, left + wide, top + high))

        return Fragment(height, caption.get_offset(caption.count), draw)
