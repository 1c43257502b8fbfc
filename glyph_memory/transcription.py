"""What was read off a page: a `Transcription` of lines with boxes, a confidence for every character, and anchors.

Knows characters and pixels; knows nothing about how they were read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
    def is_blank(self) -> bool:
        """Whether nothing stands on the page."""
        return not self.lines and not self.unread
