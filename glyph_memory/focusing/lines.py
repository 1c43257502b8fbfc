"""What lines are chosen from: turns, pages, or lines of somebody; and the pieces that long lines are cut to.

Knows turns and pages; knows nothing about questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from glyph_memory.context import TextCleaner
from glyph_memory.errors import TurnError, show_value
from glyph_memory.page import Page
from glyph_memory.search import is_unspaced
from glyph_memory.transcript import Role, Turn

_LONGEST, _LONGEST_UNSPACED = 240, 96
"""Characters of a piece; of one in a script without spaces, whose characters are words, fewer."""
_BLANKS = re.compile(r"\s*")
_SENTENCE = re.compile(r"[.!?](?= )|[。！？]")


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLine:
    """A line of what stands behind the pages, and where it comes from.

    Example:
        >>> SourceLine(text="The code for the gate is 4711-B.", anchor=12, role="user").anchor
        12
    """

    text: str
    """The line, word for word, without its end."""
    anchor: int | None = None
    """The turn that it comes from, §12; None in a document."""
    page: int | None = None
    """The page that it begins on; None where that is not known, as of a turn, whose page the context tells."""
    role: Role | None = None
    """Who said it; None in a document."""
    name: str = ""
    """The speaker's or the tool's name, where there is one."""
    weight: float = 0.0
    """What a search said of how well its turn fits the question; counts as much as the line's own score."""

    def __post_init__(self) -> None:
        """Check that a line is text, and one of a turn says whose turn it is.

        Raises:
            TurnError: It does not.
        """
        if not isinstance(self.text, str):
            raise TurnError(f"text={show_value(self.text)} of a line is no text; give a str")
        if self.anchor is not None and self.role not in get_args(Role):
            raise TurnError(
                f"role={show_value(self.role)} of a line of §{self.anchor} is none; give one of "
                f"{', '.join(get_args(Role))}"
            )


FocusSource = Iterable[Turn | Page | SourceLine]
"""What lines are chosen from: turns, as a `Transcript` has them; pages, in order; or lines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A line, or a part of a long one."""

    line: int
    """Which line it is of, from 0."""
    start: int
    """Offset in the line."""
    stop: int
    """Offset after it."""


def read_lines(source: FocusSource, *, cleaner: TextCleaner, weight: float = 0.0) -> list[SourceLine]:
    """Return the lines of a source that are not blank, in order.

    Args:
        source: A turn without an anchor has its place among all for one, counted from 1.
        cleaner: Takes out of turns what is not drawn.
        weight: What a search said of how well the turns fit.

    Raises:
        TurnError: Something in it is no turn, page or line.
    """
    lines, begun = list[SourceLine](), _BegunLine()
    for place, one in enumerate(source, 1):
        if isinstance(one, Page):
            lines += begun.read(one)
            continue
        lines += begun.end()
        if isinstance(one, SourceLine):
            lines += [replace(one, text=text) for text in one.text.splitlines()]
        elif isinstance(one, Turn):
            lines += _read_turn(one, place if one.anchor is None else one.anchor, cleaner, weight)
        else:
            raise TurnError(
                f"{show_value(one)} is no source of lines; give turns, pages as `typeset` draws them, or `SourceLine`s"
            )
    lines += begun.end()
    return [line for line in lines if line.text.strip()]


def _read_turn(turn: Turn, anchor: int, cleaner: TextCleaner, weight: float) -> Iterator[SourceLine]:
    for text in cleaner.show_turn(turn).full_text.splitlines():
        yield SourceLine(
            text=text.rstrip(), anchor=anchor, role=turn.role, name=turn.name or "", weight=weight
        )


class _BegunLine:
    """The line that a page ends in: it goes on on the next one."""

    def __init__(self) -> None:
        self._parts, self._page = list[str](), 0

    def read(self, page: Page) -> Iterator[SourceLine]:
        """Yield the lines that end on a page."""
        for text in page.text.splitlines(keepends=True):
            self._page = self._page if self._parts else page.number
            self._parts.append(text)
            if text.splitlines()[0] != text:  # with its line break
                yield from self.end()

    def end(self) -> Iterator[SourceLine]:
        """Yield the line as far as it came, if there is one."""
        if self._parts:
            yield SourceLine(text="".join(self._parts).rstrip(), page=self._page)
        self._parts = []


def cut_lines(lines: Sequence[SourceLine], *, whole: Sequence[str] = ()) -> list[Piece]:
    """Return lines as pieces: most are one; a long one is cut behind sentences, or between words.

    Args:
        lines: What is cut.
        whole: Texts that are not cut apart, as an identifier that is asked for; in small letters.
    """
    return [
        Piece(line=number, start=start, stop=stop)
        for number, line in enumerate(lines)
        for start, stop in _cut(line.text, whole)
    ]


def _cut(text: str, whole: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    small = text.casefold() if whole and len(text) > _LONGEST_UNSPACED else ""
    while len(text) - start > (longest := _measure_piece(text, start)):
        stop = start + longest
        ends = [found.end() for found in _SENTENCE.finditer(text, start, stop)]
        space = text.rfind(" ", start + longest // 2, stop)
        # A sentence or two: the first end that leaves no scrap.
        end = next((end for end in ends if end - start >= longest // 3), ends[-1] if ends else 0)
        stop = end or (space if space > 0 else stop)
        # Else some letter has another length when small, and places are not the same.
        if len(small) == len(text):
            stop = _move_behind(small, stop, whole)
        yield start, stop
        blanks = _BLANKS.match(text, stop)
        start = blanks.end() if blanks is not None else stop
    if start < len(text):
        yield start, len(text)


def _measure_piece(text: str, start: int) -> int:
    """Return how many characters a piece has at the most that begins at a place."""
    if text.isascii():
        return _LONGEST
    unspaced = sum(map(is_unspaced, text[start : start + _LONGEST_UNSPACED]))
    return _LONGEST_UNSPACED if 2 * unspaced > _LONGEST_UNSPACED else _LONGEST


def _move_behind(text: str, place: int, whole: Sequence[str]) -> int:
    """Return a place, or the end of a text that is not cut apart, where it would be."""
    for one in whole:
        found = text.find(one, max(0, place - len(one) + 1), place + len(one) - 1)
        if 0 <= found < place < found + len(one):
            return found + len(one)
    return place
