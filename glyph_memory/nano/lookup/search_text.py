"""The `SearchText`: what was read off pages, or stands in a text, in one text that knows where each character stands.

Knows where turns, paragraphs and lines begin; knows nothing about questions, nor how lines of a page are joined.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glyph_memory.locks import cached_property
from glyph_memory.page import Box
from glyph_memory.transcription import ReadLine, Transcription

_LINE = re.compile(r"(?<=\n)(?=[^\S\n]*\S)")
"""Where a line of the text begins that is not blank."""

_WRAPPED = 0.7
"""A line of the text goes on in a further line where so much of a line of the page stands before it."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Spot:
    """One line of a search text, and where it stands."""

    start: int
    """Offset of its first character in the strip."""
    line: int
    """Which of its page's lines it is, or of its text's, from 0."""
    page: int | None = None
    """The page's number; None for a text, and for a picture that is no page."""
    image: int | None = None
    """Which of the context's images it stands on, from 0; None for a text."""
    read: ReadLine | None = field(default=None, repr=False)
    """The line as it was read; None for a text."""
    came_with: int | None = None
    """The turn that a picture came with, where it is known; None for a page, and for a text."""
    position: int | None = None
    """Which of that turn's pictures it is, from 1, as its caption says; None where no turn is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """Where a turn or a paragraph begins."""

    start: int
    """Offset of its label, or of its first character."""
    content: int
    """Offset after the label."""
    anchor: str | None
    """What its turn is cited by, `§42 user`; None where there are no turns, or the turn is not known."""
    is_turn: bool
    """Whether a turn begins, rather than a paragraph."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchText:
    """A text in reading order that knows where each character stands."""

    text: str
    """Wrapped lines joined; where a line of the text ends, a newline."""
    confidence: NDArray[np.float32] = field(repr=False)
    """Shape (characters,): how likely each is right; 1 for text, and for what joins lines."""
    spots: tuple[Spot, ...] = field(repr=False)
    """Its lines, in order."""
    cuts: tuple[Cut, ...] = field(repr=False)
    """Where turns and paragraphs begin, in order; the first at 0."""
    loose: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    """Start and stop of each joint of two lines that may be a blank, and may be nothing: nobody can tell."""

    @cached_property
    def line_starts(self) -> NDArray[np.int64]:
        """Shape (lines,): where each line begins: of the text, and of a page where the text's is longer than that."""
        begins, kept = {found.start() for found in _LINE.finditer(self.text)}, list[int]()
        rows = dict(zip(self.starts.tolist(), [*self.starts[1:].tolist(), len(self.text)], strict=True))
        for start in sorted(begins | rows.keys()):
            is_begun = start in begins or not kept or self.text[start - 1] == "\n"
            if is_begun or start - kept[-1] > _WRAPPED * (rows[start] - start):
                kept.append(start)
        return np.array(kept, np.int64)

    def lines(self, start: int, stop: int) -> tuple[int, int]:
        """Return the first and the last of the lines that a range of characters stands on."""
        first, last = np.searchsorted(self.line_starts, [start, max(start, stop - 1)], side="right") - 1
        return int(first), int(last)

    def respell(self, start: int, stop: int) -> str:
        """Return a range of the text with the other spelling where nobody can tell whether a blank stands there."""
        parts, at = list[str](), start
        for begin, end in self.loose[bisect_left(self.loose, (start, start)) :]:
            if end > stop:
                break
            parts += [self.text[at:begin], "" if end > begin else " "]
            at = end
        return "".join([*parts, self.text[at:stop]])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Shape (lines,): where each begins."""
        return np.array([spot.start for spot in self.spots], np.int64)

    def rows(self, start: int, stop: int) -> tuple[int, int]:
        """Return the first and the last of the spots that a range of characters stands on."""
        first, last = np.searchsorted(self.starts, [start, max(start, stop - 1)], side="right") - 1
        return int(first), int(last)

    def box(self, start: int, stop: int) -> Box | None:
        """Return where a range of characters stands, on the page where it begins; None for a text."""
        first, last = self.rows(start, stop)
        boxes = [
            _part_box(spot, start - spot.start, stop - spot.start)
            for spot in self.spots[first : last + 1]
            if spot.image == self.spots[first].image and spot.read is not None
        ]
        if not boxes:
            return None
        left, top, right, bottom = zip(*boxes, strict=True)
        return min(left), min(top), max(right), max(bottom)


def find_unsure_spans(confidence: NDArray[np.float32], least: float) -> tuple[tuple[int, int], ...]:
    """Return the spans of characters whose confidence is too low, each with its start and its stop.

    Args:
        confidence: Shape (characters,).
        least: What is sure.
    """
    doubtful = np.concatenate(([False], confidence < least, [False]))
    edges = np.flatnonzero(doubtful[1:] != doubtful[:-1]).tolist()
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def _part_box(spot: Spot, start: int, stop: int) -> Box:
    assert spot.read is not None  # noqa: S101  whoever calls has looked
    left, top, right, bottom = spot.read.box
    edges = spot.read.left
    if 0 < start < len(edges):
        left = int(edges[start])
    if 0 < stop < len(edges):
        right = int(edges[stop])
    return left, top, max(left + 1, right), bottom


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadImage:
    """An image of a context as it was read, and what is said of it."""

    read: Transcription
    """What stands on it."""
    image: int
    """Which of the context's images it is, from 0."""
    page: int | None
    """The page's number; None for a picture that is no page."""
    anchors: tuple[int, int] | None = None
    """The first and the last turn on a page, where its caption says; of a picture the turn that it came with."""
    position: int | None = None
    """Which of that turn's pictures it is, from 1; None where no turn is known."""
    skipped: int = 0
    """How many of its first lines are a caption of ours."""
    skipped_below: int = 0
    """How many of its last lines are."""
    is_ours: bool = False
    """Whether its pixels are those of a page that we drew: labels on any other image are part of what it shows."""

    @property
    def name(self) -> str:
        """What to call it."""
        return f"page {self.page}" if self.page is not None else f"picture {self.image + 1}"

    @property
    def stop(self) -> int:
        """The place after its last line that is no caption of ours."""
        return len(self.read.lines) - self.skipped_below

    @property
    def came_with(self) -> int | None:
        """The turn that a picture came with, where it is known; None for a page."""
        return self.anchors[0] if self.page is None and self.anchors is not None else None


class SearchTextWriter:
    """Writes a search text, line by line."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.confidence: list[NDArray[np.float32]] = []
        self.spots: list[Spot] = []
        self.cuts: list[Cut] = []
        self.loose: list[tuple[int, int]] = []
        self.length = 0

    def write(self, text: str, confidence: NDArray[np.float32] | None = None) -> None:
        """Write some characters; those without a confidence are sure."""
        self.parts.append(text)
        self.confidence.append(np.ones(len(text), np.float32) if confidence is None else confidence)
        self.length += len(text)

    def write_joint(self, text: str, *, is_certain: bool) -> None:
        """Write what joins two lines."""
        if not is_certain:
            self.loose.append((self.length, self.length + len(text)))
        self.write(text)

    def add_cut(self, start: int, content: int, anchor: str | None, *, is_turn: bool) -> None:
        """Note where a turn or a paragraph begins."""
        if self.cuts and self.cuts[-1].start == start:
            self.cuts.pop()
        self.cuts.append(Cut(start=start, content=content, anchor=anchor, is_turn=is_turn))

    def build(self) -> SearchText:
        """Return what was written."""
        confidence = np.concatenate(self.confidence) if self.confidence else np.ones(0, np.float32)
        return SearchText(
            text="".join(self.parts),
            confidence=confidence,
            spots=tuple(self.spots),
            cuts=tuple(self.cuts),
            loose=tuple(self.loose),
        )


_OURS = re.compile(
    r"§(?P<number>\d+)(?: (?P<role>user|assistant|system|tool)\b.*:$| (?=\"|calls ))"
    r"|§\d+(?:–§\d+)?, (?:identifiers letter for letter|in words)\b.*:$"
    r"|Identifiers on page \d+, letter for letter \(.*:$"
)


def parse_text(text: str, *, anchor: str | None) -> SearchText:
    """Return a text of a context as a search text.

    Lines that begin with an anchor are ours if the first does: no line of a turn can. So is what lists identifiers.

    Args:
        text: Turns that are spelled as text, a ledger, or one message.
        anchor: What a message that is no row of turns is cited by: whose it is.
    """
    writer, is_ours = SearchTextWriter(), text.startswith("§")
    is_ours = is_ours or (anchor is None and text.startswith("Identifiers on page "))
    for index, line in enumerate(text.splitlines()):
        if index:
            writer.write("\n")
        start, label = writer.length, _OURS.match(line) if is_ours else None
        writer.spots.append(Spot(start=start, line=index))
        writer.write(line)
        if label:
            name = f"§{label['number']} {label['role'] or ''}".rstrip() if label["number"] else None
            writer.add_cut(start, start + label.end(), name, is_turn=True)
        elif not writer.cuts or not line.strip():
            own = writer.cuts[-1].anchor if writer.cuts else anchor
            writer.add_cut(start, start, own, is_turn=not writer.cuts)
    return writer.build()
