"""Running heads and page numbers: lines at the edge of a page that return on its neighbours. Knows lines' places.

A line is one only where its neighbours say the same, letter for letter but for a page number that counts along with
the pages. All else stays in the text: an invoice's number, a total, a footnote, the first row of a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from glyph_memory.documents.pdf.lines import Piece

NEIGHBOURS = 4
"""Pages before and after one that are compared with it: right and left pages have running heads of their own."""
_EDGE = 0.13
"""So much of a page's height at its top and bottom may hold them."""
_LINES = 3
"""At an edge."""
_NEAR_PT = 4.0
_FREE_EM = 1.7
"""They stand so far from the text."""
_LEADING_EM = 3.0
"""Lines that are nearer may be those of one text."""
_FREE_LEADINGS = 1.25
"""They stand farther from the text than its own lines from each other."""
_ROW_EM = 2.2
"""The rows of a table are nearer to each other."""
_ROW_LINES = 3
"""A cell of the next row may have several."""
_ALIGNED_PT = 2.0
_LONGEST_NUMBER = 9
_PAGES = 3
"""They return on so many pages; a page number alone on two."""
_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_NOTE_START = re.compile(r"(?:\d{1,3}|[*†‡§¶]{1,2})[.)]?")
_COUNTING = frozenset(
    ("#", "/", "page", "pages", "of", "p", "pp", "seite", "von", "s", "de", "sur", "página", "")
)
"""Words of a line that says nothing but a page number."""


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """A line at an edge of a page."""

    pieces: list[Piece]
    """What stands on it."""
    tokens: tuple[str, ...]
    """Its words, without the marks around them."""
    baseline: float
    """Where it stands, from the top."""
    is_free: bool
    """Whether it stands apart from the next line towards the middle."""


@dataclass(slots=True)
class PageEdges:
    """The lines of a page that may be running heads."""

    page: int
    """Its number."""
    top: list[EdgeLine] = field(default_factory=list)
    """From the outside to the inside."""
    bottom: list[EdgeLine] = field(default_factory=list)
    """From the outside to the inside."""


@dataclass(frozen=True, slots=True)
class Head:
    """A line that is a running head."""

    line: EdgeLine
    """The line."""
    key: str
    """The same for all lines that differ from it in the page number alone: `Page # of 9`, and how it counts."""


def list_edges(pieces: Sequence[Piece], height: float, *, page: int) -> PageEdges:
    """Return the lines at the top and bottom of a page that may be running heads.

    Args:
        pieces: Of the page.
        height: Of the page, in points.
        page: Its number.
    """
    lines = list[list[Piece]]()
    for piece in sorted(pieces, key=lambda one: one.box[1] if one.payload is not None else one.baseline):
        if lines and piece.payload is None and abs(lines[-1][0].baseline - piece.baseline) < 2:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    leading = _find_leading(lines)
    top = _take(lines, lambda line: line[0].baseline <= _EDGE * height, leading)
    bottom = _take(lines[::-1], lambda line: line[0].baseline >= (1 - _EDGE) * height, leading)
    return PageEdges(page, [*top], [line for line in bottom if not _is_note(line)])


def _find_leading(lines: Sequence[list[Piece]]) -> float:
    """Return how far the lines of a page stand from each other, 0 where none are near each other."""
    steps = [
        below[0].baseline - above[0].baseline
        for above, below in pairwise(lines)
        if above[0].payload is None and below[0].payload is None
    ]
    sizes = [line[0].size for line in lines if line[0].payload is None]
    near = [step for step in steps if 0 < step < _LEADING_EM * median(sizes)]
    return median(near) if near else 0.0


def _take(
    lines: Sequence[list[Piece]], is_near: Callable[[list[Piece]], bool], leading: float
) -> Iterator[EdgeLine]:
    for place, line in enumerate(lines[:_LINES]):
        if line[0].payload is not None or not is_near(line):
            return
        words = sorted(line, key=lambda one: one.box[0])
        baseline = words[0].baseline
        inner = lines[place + 1 : place + 1 + _ROW_LINES]
        free = not inner or inner[0][0].payload is not None
        if not free:
            step, size = abs(inner[0][0].baseline - baseline), min(words[0].size, inner[0][0].size)
            is_row = any(_are_rows(words, other, step) for other in inner)
            free = step >= max(_FREE_EM * size, _FREE_LEADINGS * leading) and not is_row
        tokens = tuple(_strip(word) for one in words for word in one.text.replace("/", " / ").split())
        yield EdgeLine(words, tokens, baseline, free)


def _strip(word: str) -> str:
    return word.strip("-–—.,:|()[]·•") or word


def _are_rows(line: Sequence[Piece], other: Sequence[Piece], step: float) -> bool:
    """Return whether two lines are rows of a table: their pieces stand below each other."""
    matched = {
        number for number, one in enumerate(other) for piece in line if _is_aligned(piece.box, one.box)
    }
    return len(matched) > 2 or (len(matched) == 2 and step < _ROW_EM * line[0].size)


def _is_aligned(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    middles = one[0] + one[2] - other[0] - other[2]
    return min(abs(one[0] - other[0]), abs(one[2] - other[2]), abs(middles) / 2) <= _ALIGNED_PT


def _is_note(line: EdgeLine) -> bool:
    """Return whether a line is a footnote: its mark, and what it says, without a gap."""
    words = line.pieces[0].words
    return len(words) > 1 and bool(_NOTE_START.fullmatch(words[0].text))


def find_heads(edges: PageEdges, neighbours: Sequence[PageEdges]) -> Iterator[Head]:
    """Yield the lines of a page that are running heads.

    Args:
        edges: Of the page.
        neighbours: Of pages before and after it; those without lines at their edges, too.
    """
    yield from _find(edges.page, edges.top, {other.page: other.top for other in neighbours})
    yield from _find(edges.page, edges.bottom, {other.page: other.bottom for other in neighbours})


def _find(page: int, lines: list[EdgeLine], neighbours: Mapping[int, list[EdgeLine]]) -> list[Head]:
    """Return the outer lines that return elsewhere, up to one that stands apart."""
    count, found = 0, list[Head]()
    for place, line in enumerate(lines):
        head = _judge(page, line, neighbours)
        if head is None:
            break
        found.append(head)
        if line.is_free:
            count = place + 1
    return found[:count]


def _judge(page: int, line: EdgeLine, neighbours: Mapping[int, list[EdgeLine]]) -> Head | None:
    """Return a line as a running head, where most pages around it, or before it, or after it, have it."""
    like, counting = {page}, set[int]()
    for number, others in neighbours.items():
        for other in others:
            places = _compare(line, other, number - page)
            if places is not None:
                like.add(number)
                counting.update(places)
    folded = ["#" if place in counting else token for place, token in enumerate(line.tokens)]
    is_number = bool(counting) and all(one.lower() in _COUNTING or one.isdigit() for one in folded)
    around = [page, *neighbours]
    windows = (
        around,
        [one for one in around if one <= page],
        [one for one in around if one >= page],
    )
    least = 2 if is_number else _PAGES
    for window in windows:
        count = len(like.intersection(window))
        if count >= least and count * 2 > len(window):
            offsets = [str((read_number(line.tokens[place]) or 0) - page) for place in sorted(counting)]
            return Head(line, " ".join([*folded, "", *offsets]))
    return None


def _compare(line: EdgeLine, other: EdgeLine, pages: int) -> list[int] | None:
    """Return at which words two lines have a number that grows with the pages; None where they differ otherwise."""
    if len(line.tokens) != len(other.tokens) or abs(line.baseline - other.baseline) > _NEAR_PT:
        return None
    places = list[int]()
    for place, (one, two) in enumerate(zip(line.tokens, other.tokens, strict=True)):
        if one == two:
            continue
        first, second = read_number(one), read_number(two)
        if first is None or second is None or second - first != pages:
            return None
        places.append(place)
    return places


def read_number(word: str) -> int | None:
    """Return the number that a word is, in arabic or roman figures; None for any other.

    Example:
        >>> [read_number(word) for word in ("12", "xiv", "IX", "A7", "")]
        [12, 14, 9, None, None]
    """
    if word.isascii() and word.isdigit() and len(word) < _LONGEST_NUMBER:
        return int(word)
    small = word.lower()
    if not small or not (word.islower() or word.isupper()) or not _ROMAN.fullmatch(small):
        return None
    values = [_ROMAN_VALUES[letter] for letter in small]
    return sum(-one if one < two else one for one, two in zip(values, [*values[1:], 0], strict=True))
