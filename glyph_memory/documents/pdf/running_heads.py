"""Running heads and page numbers: lines at the edge of a page that return on its neighbours. Knows lines' places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from glyph_memory.documents.pdf.lines import Piece

_EDGE = 0.13
"""So much of a page's height at its top and bottom may hold them."""
_LINES = 3
"""At an edge."""
_NEAR_PT = 4.0
_FREE_EM = 1.7
"""They stand so far from the text."""
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """A line at an edge of a page."""

    pieces: list[Piece]
    """What stands on it."""
    folded: str
    """What it says, its numbers left out."""
    baseline: float
    """Where it stands, from the top."""
    is_free: bool
    """Whether it stands apart from the next line towards the middle."""


@dataclass(slots=True)
class PageEdges:
    """The lines of a page that may be running heads."""

    top: list[EdgeLine] = field(default_factory=list)
    """From the outside to the inside."""
    bottom: list[EdgeLine] = field(default_factory=list)
    """From the outside to the inside."""


def list_edges(pieces: Sequence[Piece], height: float) -> PageEdges:
    """Return the lines at the top and bottom of a page that may be running heads.

    Args:
        pieces: Of the page.
        height: Of the page, in points.
    """
    lines = list[list[Piece]]()
    for piece in sorted(pieces, key=lambda one: one.box[1] if one.payload is not None else one.baseline):
        if lines and piece.payload is None and abs(lines[-1][0].baseline - piece.baseline) < 2:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return PageEdges(
        [*_take(lines, lambda line: line[0].baseline <= _EDGE * height)],
        [*_take(lines[::-1], lambda line: line[0].baseline >= (1 - _EDGE) * height)],
    )


def _take(lines: Sequence[list[Piece]], is_near: Callable[[list[Piece]], bool]) -> Iterator[EdgeLine]:
    for line, inner in zip(lines[:_LINES], [*lines[1:], None], strict=False):
        if line[0].payload is not None or not is_near(line):
            return
        words = sorted(line, key=lambda one: one.box[0])
        baseline = words[0].baseline
        free = inner is None or inner[0].payload is not None
        if inner is not None and not free:
            free = abs(inner[0].baseline - baseline) >= _FREE_EM * min(words[0].size, inner[0].size)
        yield EdgeLine(words, fold_numbers(" ".join(one.text for one in words)), baseline, free)


def fold_numbers(text: str) -> str:
    """Return a line with its numbers as `#`, so that page 7's is page 8's."""
    return " ".join(_NUMBER.sub("#", text).split())


def find_heads(edges: PageEdges, neighbours: Sequence[PageEdges]) -> Iterator[EdgeLine]:
    """Yield the lines of a page that are running heads.

    Args:
        edges: Of the page.
        neighbours: Of pages before and after it; right and left pages may have heads of their own.
    """
    yield from _find(edges.top, [page.top for page in neighbours])
    yield from _find(edges.bottom, [page.bottom for page in neighbours])


def _find(lines: list[EdgeLine], neighbours: list[list[EdgeLine]]) -> list[EdgeLine]:
    """Return the outer lines that return elsewhere, up to one that stands apart."""
    count = 0
    for place, line in enumerate(lines):
        if not any(_is_like(line, other) for page in neighbours for other in page):
            break
        if line.is_free:
            count = place + 1
    return lines[:count]


def _is_like(line: EdgeLine, other: EdgeLine) -> bool:
    return line.folded == other.folded and abs(line.baseline - other.baseline) <= _NEAR_PT
