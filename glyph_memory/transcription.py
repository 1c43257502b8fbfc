"""What was read off a page: a `Transcription` of lines with boxes, a confidence for every character, and anchors.

`spell_marks` turns a line's red marks and counts back into the newlines, spaces and tabs that they stand for, and
`spell_line` does so for a whole line with its places. Knows characters and pixels; knows nothing about how they were
read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from glyph_memory.locks import cached_property
from glyph_memory.page import Box

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""Stands in a line's text where there is something that could not be read."""

SURE = 0.9
"""A character is sure from this confidence on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadLine:
    """One line as it was read."""

    text: str
    """Its characters; `UNREADABLE` where something stands that could not be read. Spaces as wide as they look."""
    box: Box
    """Where its ink stands, in pixels of the image."""
    confidence: NDArray[np.float32] = field(repr=False)
    """Shape (characters,): of each, how likely it is right, 0 to 1."""
    left: NDArray[np.float32] = field(repr=False)
    """Shape (characters,): where each begins, in pixels of the image."""
    column: int = 0
    """Which column of the page it stands in, from the left; lines come column by column."""
    is_mark: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_), repr=False)
    """Shape (characters,): which have the colour of marks and counts, as `spell_marks` takes them. None has, for a
    reader that does not know."""

    def __post_init__(self) -> None:
        """Mark no character where nothing is known of marks."""
        if len(self.is_mark) != len(self.text):
            object.__setattr__(self, "is_mark", np.zeros(len(self.text), np.bool_))

    @property
    def is_sure(self) -> bool:
        """Whether every character is."""
        return bool((self.confidence >= SURE).all())


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadAnchor:
    """The label of a turn, `§42 user`, where it was read."""

    number: int
    """The turn's number."""
    role: str
    """`system`, `user`, `assistant` or `tool`."""
    line: int
    """Which of the transcription's lines it stands on, from 0."""
    box: Box
    """Where, in pixels of the image."""
    confidence: float
    """Of its least sure character."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Transcription:
    """A page as it was read, from its pixels alone."""

    size: tuple[int, int]
    """Width and height of the image in pixels."""
    lines: tuple[ReadLine, ...]
    """In reading order; empty where there is nothing to read."""
    anchors: tuple[ReadAnchor, ...] = ()
    """Labels of turns, in reading order."""
    unread: tuple[Box, ...] = ()
    """Where there is ink of which no line could be made: pictures, noise. Nothing there is not the same as not
    being able to read it."""
    reason: str = ""
    """Why the reader cannot vouch for what it read: the page is unlike those it knows. Empty where it can. On a page
    that nobody vouches for, no character is sure."""

    @cached_property
    def text(self) -> str:
        """The lines, each on one of its own."""
        return "\n".join(line.text for line in self.lines)

    @cached_property
    def confidence(self) -> float:
        """The mean over all characters, 0 to 1; 1 for a page with nothing on it, 0 where there is only unread ink."""
        values = [line.confidence for line in self.lines if len(line.confidence)]
        if values:
            return float(np.concatenate(values).mean())
        return 0.0 if self.unread else 1.0

    @property
    def is_vouched(self) -> bool:
        """Whether the page is like those that the reader knows."""
        return not self.reason

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands on the page."""
        return not self.lines and not self.unread


_COUNT = r"(\d{1,5})"
"""No count is longer: a misread one must not make a line of a gigabyte."""
_PIECE = re.compile(
    rf"(?P<newline>⏎|\\?n)|×{_COUNT}|(\d{{0,5}})→|·{_COUNT}|{_COUNT}|(?P<gap> +)"
)  # a newline, times, tabs, spaces within a line, spaces after a newline, what lies between pieces


def spell_marks(text: str, is_mark: Sequence[bool] | NDArray[np.bool_]) -> str:
    r"""Return a line's text with its marks and counts spelled out as what was typeset.

    A mark `⏎` or `\n` is a newline and `⏎×5` five; a number behind it, `⏎8`, is so many spaces, `⏎2→` so many tabs,
    `⏎8 2→` both. Elsewhere `·12` is twelve spaces, and `=×80` is that sign eighty times. The spaces round
    ` \n ` are drawn with it and fall away. What is marked and makes no sense stays as it was read.

    Args:
        text: A line's characters.
        is_mark: Of each, whether it has the colour of marks; `ReadLine.is_mark`.

    Example:
        >>> spell_marks("if x:⏎4return", [False] * 5 + [True] * 2 + [False] * 6)
        'if x:\n    return'
    """
    return _trace_marks(text, is_mark)[0]


def spell_line(line: ReadLine) -> ReadLine:
    """Return a line as it was typeset, as `spell_marks` does, each character with the place of what stands for it.

    What a mark and its count stand for is as sure as the least sure of their characters.
    """
    if not line.is_mark.any():
        return line
    text, spans = _trace_marks(line.text, line.is_mark)
    starts, stops = np.array(spans, np.int64).reshape(-1, 2).T
    confidence = line.confidence[starts]
    for place in np.flatnonzero(stops - starts > 1).tolist():
        confidence[place] = line.confidence[starts[place] : stops[place]].min()
    return replace(
        line, text=text, confidence=confidence, left=line.left[starts], is_mark=np.zeros(len(text), np.bool_)
    )


def _trace_marks(text: str, is_mark: Sequence[bool] | NDArray[np.bool_]) -> tuple[str, list[tuple[int, int]]]:
    """Return a line's text spelled out, and of each character of it the start and stop of what stands for it."""
    spelled, at, spans = "", 0, list[tuple[int, int]]()
    signs = "".join(
        "m" if marked else "s" if sign == " " else "." for sign, marked in zip(text, is_mark, strict=True)
    )
    for group in re.finditer(r"m(?:[ms]*m)?", signs):
        before, marks = spelled + text[at : group.start()], text[group.start() : group.end()]
        spans += [(place, place + 1) for place in range(at, group.start())]
        at = group.end()
        if "\\n" in marks:  # the spaces round it are drawn with it
            before = before.removesuffix(" ")
            at += text.startswith(" ", at)
        del spans[len(before) :]
        spelled = _spell_group(before, marks) or ""
        if spelled:
            spans += [group.span()] * (len(spelled) - len(before))
        else:
            spelled = before + marks
            spans += [(place, place + 1) for place in range(*group.span())]
        if spelled.endswith(
            ("\n", " ")
        ):  # all spaces that were there are counted; what else is seen is the mark's own
            at = len(text) - len(text[at:].lstrip(" "))
    return spelled + text[at:], [*spans, *((place, place + 1) for place in range(at, len(text)))]


def _spell_group(before: str, marks: str) -> str | None:
    """Return what stands before a group of marks with what the group stands for; `None` where it makes no sense."""
    spelled, at, follows_newline = before, 0, False
    while at < len(marks):
        piece = _PIECE.match(marks, at)
        if piece is None:
            return None
        times, tabs, gap, spaces = piece.groups()[1:5]
        if piece["newline"]:
            spelled, follows_newline = spelled + "\n", True
        elif times and spelled and (at == 0 or marks[at - 1] in "⏎n"):
            spelled += spelled[-1] * (int(times) - 1)
        elif tabs is not None:
            spelled += "\t" * int(tabs or 1)
        elif gap:
            spelled += " " * int(gap)
        elif spaces and follows_newline:
            spelled += " " * int(spaces)
        elif not piece["gap"]:
            return None
        at = piece.end()
    return spelled
