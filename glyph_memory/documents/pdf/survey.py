"""How a document looks as a whole: its body's size, its headings' sizes, its outline. Knows sizes and titles.

A few pages, spread over the document, are enough to know. Knows nothing about how a page is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from glyph_memory.documents.pdf.file import PDFIUM, PdfFile
from glyph_memory.documents.pdf.lines import Piece
from glyph_memory.documents.pdf.paragraphs import Look, fold_title
from glyph_memory.documents.pdf.regions import order_pieces
from glyph_memory.documents.pdf.word import Word

_PAGES = 8
_OUTLINE = 20_000
"""Entries of an outline that are read; one that goes round in circles has no end."""
_LARGER = 1.12


@dataclass(slots=True)
class Outline:
    """The headings that a file lists."""

    pages: dict[int, dict[str, int]] = field(default_factory=dict)
    """By page, counted from 1: the level of each title, by `fold_title`."""


def choose_samples(pages: int) -> list[int]:
    """Return numbers of pages to look at, spread over a document; of a short one all."""
    if pages <= _PAGES:
        return list(range(1, pages + 1))
    return sorted({1 + round(place * (pages - 1) / (_PAGES - 1)) for place in range(_PAGES)})


def make_look(pages: Sequence[Sequence[Piece]]) -> Look:
    """Return how a document looks, by a few pages: its body is what most is written in outside of tables.

    Args:
        pages: The pieces of each.
    """
    everything = [word for pieces in pages for piece in pieces for word in piece.words]
    if not everything:
        return Look(size=10.0)
    body = _find_body(_weigh(everything))
    text = [
        word
        for pieces in pages
        for region in order_pieces(pieces, size=body)
        for line in region.lines
        for word in line.words
    ]
    sizes, bold = _weigh(text or everything), Counter[bool]()
    for word in text or everything:
        bold[word.font.bold] += len(word.text)
    body = _find_body(sizes)
    larger = sorted((size for size in sizes if size >= _LARGER * body and sizes[size] >= 3), reverse=True)
    groups = list[float]()
    for size in larger:
        if not groups or groups[-1] - size > 0.75:
            groups.append(size)
    levels = {size: min(1 + _rank(size, groups), 6) for size in larger}
    return Look(size=body, levels=levels, is_bold=bold[True] > bold[False])


def _weigh(words: Iterable[Word]) -> Counter[float]:
    """Return how many characters are written in each size, to half a point."""
    sizes = Counter[float]()
    for word in words:
        sizes[round(word.size * 2) / 2] += len(word.text)
    return sizes


def _find_body(sizes: Counter[float]) -> float:
    return max(sizes, key=lambda size: (sizes[size], size))


def _rank(size: float, groups: list[float]) -> int:
    return min(range(len(groups)), key=lambda place: abs(groups[place] - size))


def read_outline(file: PdfFile) -> Outline:
    """Return the outline of a file; empty where it has none, or a broken one."""
    found = Outline()
    with PDFIUM:
        try:
            for mark in islice(file.document.get_toc(max_depth=8), _OUTLINE):
                destination = mark.get_dest()
                page = destination.get_index() if destination is not None else None
                title = fold_title(mark.get_title())
                if page is not None and title:
                    found.pages.setdefault(page + 1, {})[title] = min(mark.level + 1, 6)
        except (RuntimeError, ValueError, RecursionError):  # broken: what was read of it counts
            pass
    return found
