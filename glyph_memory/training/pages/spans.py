"""Cut texts into the spans that samples are made of: in order, at ends of paragraphs or lines, nothing twice.

Knows characters and rows of a page; knows nothing about samples. Short texts share a span, a blank line between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from glyph_memory.style import PageStyle
from glyph_memory.training.pages.sources import TextPiece

_BETWEEN = "\n\n"
_WIDE = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\U0001f000-\U0003ffff]"
)
_SENTENCE = re.compile(r"[.!?。！？][\"'”’)]?\s|[。！？]")
_FULL = 0.94
"""Which share of a sample's rows a span fills, as they are estimated: a word that wraps needs room."""
_LATE = 0.7
"""From which share of a span on the end of a paragraph is a good place to cut."""
_EM = {"mono": 0.605}
_EM_OF_TEXT = 0.54
"""How wide a character is on the average, as a share of the font's size."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanRoom:
    """How much text a span may hold."""

    rows: int
    """Lines of the page, all pages together."""
    columns: int
    """Characters on a line."""
    mark_columns: int = 0
    """How wide the mark for a newline is, where lines do not end; 0 where they do."""

    @classmethod
    def of_style(cls, style: PageStyle, pages: int) -> SpanRoom:
        """Return the room on so many pages of a style.

        Example:
            >>> SpanRoom.of_style(PageStyle.glyph(), 2)
            SpanRoom(rows=152, columns=115, mark_columns=0)
        """
        spacing = (style.space_before_pt + style.space_after_pt) / style.line_height_pt
        frame = 2 * (style.border_padding_pt + style.border_width_pt) / style.line_height_pt
        lines = style.lines_per_column * style.columns / (1 + (spacing + frame) / 3)
        width = style.column_px - style.to_horizontal_px(style.left_indent_pt + style.right_indent_pt)
        em = style.to_horizontal_px(
            style.font_size_pt * _EM.get(style.font, _EM_OF_TEXT) + style.letter_spacing_pt
        )
        return cls(
            rows=max(int(lines * pages * _FULL), 1),
            columns=max(int(width / em), 1),
            mark_columns=len(style.newline_mark) + 1 if style.newline_mark.strip() else 0,
        )

    @property
    def characters(self) -> int:
        """How many characters fit at the most."""
        return self.rows * self.columns

    def find_end(self, text: str, *, final: bool) -> int:
        """Return where a span ends that begins with a text: its length, or the best place before the room is full.

        Args:
            text: The text, longer than the room where there is more.
            final: Whether the text ends here.
        """
        fits = self._measure(text)
        if fits >= len(text) and final:
            return len(text)
        fits = max(min(fits, len(text)), 1)
        return _find_break(text, fits)

    def _measure(self, text: str) -> int:
        """Return how many characters fit, counted line by line."""
        rows, place, used = float(self.rows), 0, 0.0
        while place < len(text):
            end = text.find("\n", place)
            end = len(text) if end < 0 else end + 1
            line = text[place:end]
            width = len(line) if line.isascii() else len(line) + len(_WIDE.findall(line))
            if self.mark_columns:
                cost = (width + self.mark_columns) / self.columns
            else:
                cost = float(max(-(-(width - 1) // self.columns), 1))
            if used + cost > rows:
                share = (rows - used) / cost
                return place + int(len(line) * share) if cost > rows / 8 else place
            used, place = used + cost, end
        return place


def _find_break(text: str, at_most: int) -> int:
    """Return the last good place to cut before one: behind a paragraph, a line, a sentence, a word; or there."""
    late = int(at_most * _LATE)
    paragraph = text.rfind("\n\n", late, at_most)
    if paragraph > 0:
        return paragraph + 2
    line = text.rfind("\n", late, at_most)
    if line > 0:
        return line + 1
    sentences = [found.end() for found in _SENTENCE.finditer(text, late, at_most)]
    if sentences:
        return sentences[-1]
    space = text.rfind(" ", late, at_most)
    return space + 1 if space > 0 else at_most


@dataclass(frozen=True, kw_only=True, slots=True)
class TextSpan:
    """A stretch of the texts."""

    text: str = field(repr=False)
    """The characters, without blank lines at either end."""
    sources: tuple[str, ...] = ()
    """Which texts it is of."""


class SpanCutter:
    """Gives one span after another, as large as it is asked for.

    Example:
        >>> cutter = SpanCutter(iter([TextPiece("a", "one two three four", ends=True)]))
        >>> room = SpanRoom(rows=1, columns=10)
        >>> [cutter.cut(room).text, cutter.cut(room).text, cutter.cut(room)]
        ['one two ', 'three four', None]
    """

    def __init__(self, pieces: Iterator[TextPiece]) -> None:
        """Begin with the first piece; they are read as spans are asked for."""
        self._pieces = pieces
        self._buffer = ""
        self._sources: list[tuple[int, str]] = []  # where each begins in the buffer
        self._is_between = False
        self._is_final = False
        self.characters = 0
        """How many were given out so far, blank ones at the ends of spans included."""

    def cut(self, room: SpanRoom) -> TextSpan | None:
        """Return the next span; None where no text is left."""
        while True:
            self._fill(2 * room.characters + 1)
            if not self._buffer:
                return None
            stop = room.find_end(self._buffer, final=self._is_final)
            held = len(self._buffer)
            span = self._take(stop)
            assert len(self._buffer) < held, "a span takes nothing, and would be cut for ever"  # noqa: S101 - ours
            if span.text.strip():
                return span

    def _fill(self, characters: int) -> None:
        parts, length = [self._buffer], len(self._buffer)
        while length < characters and not self._is_final:
            piece = next(self._pieces, None)
            if piece is None:
                self._is_final = True
                break
            if piece.text:
                if self._is_between:
                    parts.append(_BETWEEN)
                    length += len(_BETWEEN)
                if not self._sources or self._sources[-1][1] != piece.source:
                    self._sources.append((length, piece.source))
                parts.append(piece.text)
                length += len(piece.text)
                self._is_between = False
            self._is_between |= piece.ends and length > 0
        self._buffer = "".join(parts)

    def _take(self, stop: int) -> TextSpan:
        text, self._buffer = self._buffer[:stop], self._buffer[stop:]
        self.characters += stop
        ends = [*(begin for begin, _ in self._sources[1:]), stop + 1]
        names = tuple(
            name for (begin, name), end in zip(self._sources, ends, strict=True) if begin < min(end, stop)
        )
        self._sources = [
            (max(begin - stop, 0), name)
            for (begin, name), end in zip(self._sources, ends, strict=True)
            if end > stop
        ]
        return TextSpan(text=text.strip("\n"), sources=names)
