"""Lines become blocks: headings, paragraphs, items, code, footnotes. Knows a region's lines; no files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Literal

from glyph_memory.documents.pdf.lines import Piece, is_bold, is_bullet, is_marked
from glyph_memory.documents.pdf.verse import find_verse

Part = Literal["paragraph", "heading", "item", "code", "footnote", "payload"]
"""What lines become."""

_LARGER = 1.12
"""A heading's letters are so much larger than the body's."""
_SMALLER = 0.93
_HEADING_LINES = 4
_HEADING_LETTERS = 200
_NOTE_START = re.compile(r"(?:\d{1,3}|[*†‡§¶]{1,2})")
_ENDS = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")
_SENTENCE = re.compile(r"(?:[^.]\.|。)[\"'”’)\]]*$")
"""What ends so, on a line of several, is no heading."""
_LEADERS = re.compile(r"(?:\s?\.){5,}")
"""A line of a table of contents has them, and no heading."""
_LISTED = re.compile(r"(?:\s?[.·…_]){5,}\s*[\divxlc]{1,6}$", re.IGNORECASE)
"""So ends a line of a table of contents."""
_SHORT = 0.4
"""A line that leaves so much of its column free ends a paragraph, whatever it ends with."""
_CITED = re.compile(r"\[\d{1,3}\]")
_INITIAL = re.compile(r"[A-Z]\.")
_NUMBERED = re.compile(r"(?:\d{1,2}\.){0,4}\d{1,2}\.?|[A-Z]\.?|[IVX]+\.|Appendix|Chapter|Section|Part")


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How a document's body and headings look."""

    size: float
    """Of the body's font."""
    levels: Mapping[float, int] = field(default_factory=dict)
    """Of a heading, by the size of its font, to half a point."""
    is_bold: bool = False
    """Whether the body itself is bold."""

    def level_of(self, size: float) -> int:
        """Return the level of a heading of a size; one that was not seen before goes between its neighbours."""
        near = round(size * 2) / 2
        if near in self.levels:
            return self.levels[near]
        return min(1 + sum(1 for known in self.levels if known > near), 6)


@dataclass(slots=True)
class Paragraph:
    """Lines that are one block."""

    part: Part
    """What they are."""
    lines: list[Piece]
    """From top to bottom."""
    level: int = 0
    """Of a heading."""
    indent: int = 0
    """Of an item: how many lists it stands in, beyond the first."""
    marker: str = ""
    """Of an item or a footnote: what stands before it."""
    ends: frozenset[int] = frozenset()
    """The numbers of its lines that end where somebody ended them, not where the column was full."""


def make_paragraphs(
    lines: Sequence[Piece], look: Look, outline: Mapping[str, int], *, foot: float
) -> Iterator[Paragraph]:
    """Yield the blocks of a region.

    Args:
        lines: Of the region, from top to bottom.
        look: How the document looks.
        outline: The levels of headings that its outline names on this page, by `fold_title`.
        foot: Where on the page footnotes may begin.
    """
    if not lines:
        return
    column = _Column(lines, look)
    start = 0
    notes = _find_notes(lines, look, foot)
    while start < len(lines):
        stop = start + 1
        first = lines[start]
        if first.payload is not None:
            yield Paragraph("payload", [first])
        elif found := _match_outline(lines, start, outline):
            stop, level = found
            yield Paragraph("heading", [*lines[start:stop]], level=level)
        else:
            end = notes if start < notes else len(lines)
            while stop < end and column.goes_on(lines[start:stop], lines[stop]):
                if _match_outline(lines, stop, outline):
                    break
                stop += 1
            yield column.name([*lines[start:stop]], is_note=start >= notes)
        start = stop


def fold_title(text: str) -> str:
    """Return a heading's letters and digits alone, in small letters: outlines leave out numbers and marks."""
    folded = re.sub(r"[\W_]+", "", text.lower())
    return re.sub(r"^(?:appendix|chapter|section|part)?\d+", "", folded) or folded


def _match_outline(lines: Sequence[Piece], start: int, outline: Mapping[str, int]) -> tuple[int, int] | None:
    """Return after which line a heading of the outline ends, and its level."""
    text = ""
    for stop in range(start, min(start + 3, len(lines)) if outline else start):
        if lines[stop].payload is not None or abs(lines[stop].size - lines[start].size) > 0.5:
            break
        text += " " + lines[stop].text
        if (level := outline.get(fold_title(text))) is not None:
            return stop + 1, level
    return None


def _find_notes(lines: Sequence[Piece], look: Look, foot: float) -> int:
    """Return at which line the footnotes begin: small lines at the end, the first of them with a mark."""
    first = len(lines)
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if line.payload is not None or line.size > _SMALLER * look.size or line.box[1] < foot:
            break
        if _note_mark(line):
            first = place
    return first


def _note_mark(line: Piece) -> str:
    word = line.words[0]
    if not _NOTE_START.fullmatch(word.text) or len(line.words) < 2:
        return ""
    is_raised = word.size < 0.86 * line.size or word.baseline < line.baseline - 0.1 * line.size
    return word.text if is_raised or not word.text.isdigit() else ""


class _Column:
    """What is usual in a column: its edges and the distance of its lines."""

    def __init__(self, lines: Sequence[Piece], look: Look) -> None:
        self._look = look
        text = [line for line in lines if line.payload is None]
        lefts = Counter(round(line.box[0]) for line in text)
        self._left = min((left for left, count in lefts.items() if count * 5 >= len(text)), default=0)
        self._right = max((line.box[2] for line in text), default=0.0)
        steps = [
            (below.baseline - above.baseline) / below.size
            for above, below in pairwise(text)
            if abs(above.size - below.size) < 0.5 and 0 < below.baseline - above.baseline < 2.2 * below.size
        ]
        self._step = median(steps) if steps else 1.2
        self._verse = find_verse(lines, left=self._left, right=self._right, step=self._step)

    def goes_on(self, block: Sequence[Piece], line: Piece) -> bool:
        """Return whether a line belongs to the block above it."""
        last = block[-1]
        if line.payload is not None or abs(line.size - last.size) > 0.06 * last.size:
            return False
        gap = (line.baseline - last.baseline) / last.size
        if line.is_mono and last.is_mono:
            return 0 < gap < 3 * self._step
        if gap <= 0 or gap > self._step * 1.25 + 0.12 or self._changes(block, line):
            return False
        if self._is_heading(block) and self._is_heading([line]):
            return True
        if not self._lies_below(block, line):
            return False
        ends = _ENDS.search(last.text) or self._is_short(last)
        return id(line) in self._verse or not (ends and self._ends_short(last, line))

    def _changes(self, block: Sequence[Piece], line: Piece) -> bool:
        """Return whether a line is of another kind than those above it: code, an item, a heading in bold."""
        first, last = block[0], block[-1]
        is_other = line.is_mono != last.is_mono
        if is_other and (
            all(one.is_mono for one in block) or (line.is_mono and self._ends_short(last, line))
        ):
            return True
        if (
            is_marked(line)
            and not _is_initial(first, line)
            and (is_marked(first) or self._ends_short(last, line) or is_bullet(line))
        ):
            return True
        is_edge = len(block) < 3 and (self._ends_short(last, line) or is_bold(first))
        return is_edge and is_bold(line) != is_bold(last)

    def _lies_below(self, block: Sequence[Piece], line: Piece) -> bool:
        """Return whether a line begins where a paragraph's next line does."""
        first, last = block[0], block[-1]
        hangs = line.box[0] - first.box[0] > 0.8 * line.size
        if len(block) == 1 and hangs and not self._is_indented(first):
            return True  # a hanging indent
        if line.box[0] - last.box[0] > 0.8 * line.size and not hangs:
            return False
        return not self._is_indented(line) or self._is_indented(last) or is_marked(first)

    def name(self, block: list[Piece], *, is_note: bool) -> Paragraph:
        """Return what a block is."""
        first = block[0]
        if is_note and (mark := _note_mark(first)):
            return Paragraph("footnote", block, marker=mark)
        if all(line.is_mono for line in block) and (len(block) > 1 or self._is_indented(first)):
            return Paragraph("code", block)
        if self._is_heading(block):
            return Paragraph("heading", block, level=self._look.level_of(first.size))
        if is_marked(first) and not (first.words[0].text[0] in "-–—" and len(first.words) < 2):
            indent = round(max(first.box[0] - self._left, 0) / (2 * first.size))
            return Paragraph("item", block, marker=first.words[0].text, indent=min(indent, 4))
        listed = {number for number, line in enumerate(block) if _LISTED.search(line.text)}
        if not listed and any(id(line) in self._verse for line in block[1:]):
            listed.update(range(len(block)))
        return Paragraph("paragraph", block, ends=frozenset(listed))

    def _ends_short(self, line: Piece, below: Piece) -> bool:
        """Return whether a line leaves room at its end, enough for the next line's first word."""
        word, free = below.words[0], self._right - line.box[2]
        is_short = free > 1.5 * line.size + 0.04 * (self._right - self._left)
        return is_short and free > word.right - word.left + 0.3 * line.size

    def _is_short(self, line: Piece) -> bool:
        return self._right - line.box[2] > _SHORT * (self._right - self._left)

    def _is_indented(self, line: Piece) -> bool:
        return line.box[0] - self._left > 0.8 * line.size

    def _is_heading(self, block: Sequence[Piece]) -> bool:
        text = " ".join(line.text for line in block)
        if len(text) > _HEADING_LETTERS or not any(map(str.isalpha, text)) or _LEADERS.search(text):
            return False
        if block[0].is_mono and not is_bold(block[0]):
            return False
        if len(block) > _HEADING_LINES or (len(block) > 1 and _SENTENCE.search(text)):
            return False
        if block[0].size >= _LARGER * self._look.size:
            return True
        if self._look.is_bold or not all(map(is_bold, block)) or len(block) > 2:
            return False
        is_named = bool(_NUMBERED.fullmatch(block[0].words[0].text))
        return block[0].size >= 0.97 * self._look.size and (is_named or not _ENDS.search(text))


def _is_initial(first: Piece, line: Piece) -> bool:
    """Return whether a line of a bibliography begins with a name, not with the marker of an item."""
    return bool(_CITED.fullmatch(first.words[0].text) and _INITIAL.fullmatch(line.words[0].text))
