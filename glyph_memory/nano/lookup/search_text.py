"""The `SearchText`: what was read off pages, or stands in a text, in one text that knows where each character stands.

Joins lines that were only wrapped, and knows where turns and paragraphs begin; knows nothing about questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glyph_memory.nano.lookup.line_joins import choose_joint, count_columns, find_wrap_edges
from glyph_memory.page import Box
from glyph_memory.transcription import ReadLine, Transcription

LINE_MARK = "⏎"
"""Stands on dense pages where a line of the text ends."""
_WIDE_GAP = 1.6
"""A paragraph begins where lines stand so many times further apart than they mostly do."""


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
    """Wrapped lines joined by a blank; where a line ends for good, a newline."""
    confidence: NDArray[np.float32] = field(repr=False)
    """Shape (characters,): how likely each is right; 1 for text, and for what joins lines."""
    spots: tuple[Spot, ...] = field(repr=False)
    """Its lines, in order."""
    cuts: tuple[Cut, ...] = field(repr=False)
    """Where turns and paragraphs begin, in order; the first at 0."""

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


class _Writer:
    """Builds a search text, line by line."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.confidence: list[NDArray[np.float32]] = []
        self.spots: list[Spot] = []
        self.cuts: list[Cut] = []
        self.length = 0

    def write(self, text: str, confidence: NDArray[np.float32] | None = None) -> None:
        self.parts.append(text)
        self.confidence.append(np.ones(len(text), np.float32) if confidence is None else confidence)
        self.length += len(text)

    def add_cut(self, start: int, content: int, anchor: str | None, *, is_turn: bool) -> None:
        if self.cuts and self.cuts[-1].start == start:
            self.cuts.pop()
        self.cuts.append(Cut(start=start, content=content, anchor=anchor, is_turn=is_turn))

    def build(self) -> SearchText:
        confidence = np.concatenate(self.confidence) if self.confidence else np.ones(0, np.float32)
        return SearchText(
            text="".join(self.parts), confidence=confidence, spots=tuple(self.spots), cuts=tuple(self.cuts)
        )


def join_pages(leaves: Sequence[ReadImage]) -> SearchText:
    """Join pages that follow each other: a turn may continue from one to the next."""
    writer, anchor, before, edges = _Writer(), None, None, find_wrap_edges([leaf.read for leaf in leaves])
    for leaf in leaves:
        anchor = _inherit_anchor(anchor, leaf)
        lines, gap = leaf.read.lines, _measure_pitch(leaf.read.lines) * _WIDE_GAP
        labels = sorted([*_find_labels(leaf), *_find_calls(leaf)])
        for index, line in enumerate(lines[leaf.skipped : leaf.stop], leaf.skipped):
            here = [label for label in labels if label[0] == index]
            if writer.length:
                joint = (
                    choose_joint(before, line, edges=edges, columns=count_columns(leaf.read))
                    if before
                    else "\n"
                )
                writer.write("" if joint == " " and writer.parts[-1].endswith(" ") else joint)
            start, above = writer.length, lines[index - 1] if index > leaf.skipped else None
            writer.spots.append(
                Spot(
                    start=start,
                    line=index,
                    page=leaf.page,
                    image=leaf.image,
                    read=line,
                    came_with=leaf.came_with,
                    position=leaf.position,
                )
            )
            writer.write(line.text.replace(LINE_MARK, "\n"), line.confidence)
            is_apart = above is not None and above.column == line.column and line.box[1] - above.box[1] > gap
            if is_apart or not writer.cuts or (index == leaf.skipped and anchor != writer.cuts[-1].anchor):
                writer.add_cut(start, start, anchor, is_turn=not is_apart)
            for _, begin, end, label in here:
                is_call = label == _CALLS
                anchor = anchor if is_call else label or None
                writer.add_cut(start + begin, start + end, anchor, is_turn=not is_call)
            before = line
    return writer.build()


def _inherit_anchor(anchor: str | None, leaf: ReadImage) -> str | None:
    """Return whose turn a page begins with: that of the page before, unless its caption says otherwise."""
    if not leaf.is_ours:
        return None
    if leaf.anchors is None:
        return anchor
    first = f"§{leaf.anchors[0]}"
    return anchor if anchor is not None and anchor.split()[0] == first else first


_CALLS = "calls"
_CALL = re.compile(r"§\d+ (?=calls \w)")


def _find_labels(leaf: ReadImage) -> Iterator[tuple[int, int, int, str]]:
    """Yield the labels of turns: line, start and stop in it, anchor; no anchor where that cannot be.

    Pages have some. What looks like one on somebody's picture is part of the picture.
    """
    for anchor in leaf.read.anchors if leaf.is_ours else ():
        left = leaf.read.lines[anchor.line].left
        begin, end = np.searchsorted(left, [anchor.box[0] - 1, anchor.box[2] - 1]).tolist()
        known = leaf.anchors is None or leaf.anchors[0] <= anchor.number <= leaf.anchors[1]
        yield anchor.line, begin, end, f"§{anchor.number} {anchor.role}" if known else ""


def _find_calls(leaf: ReadImage) -> Iterator[tuple[int, int, int, str]]:
    """Yield the labels of calls, which belong to a turn; only on pages with turns, where they are certain."""
    if leaf.is_ours and (leaf.read.anchors or leaf.anchors):
        for index, line in enumerate(leaf.read.lines[leaf.skipped : leaf.stop], leaf.skipped):
            for found in _CALL.finditer(line.text):
                yield index, found.start(), found.end(), _CALLS


def _measure_pitch(lines: Sequence[ReadLine]) -> float:
    """Return the usual distance of a page's lines, from top to top."""
    gaps = [below.box[1] - above.box[1] for above, below in pairwise(lines) if above.column == below.column]
    return float(np.median(gaps)) if gaps else 1e9


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
    writer, is_ours = _Writer(), text.startswith("§")
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
