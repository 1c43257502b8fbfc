"""What recall and zoom give: exact passages of what was said, and where they stand."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from glyph_memory.folding import Fold, Seal
from glyph_memory.page import Page
from glyph_memory.transcript import Turn

Place = Literal["head", "text", "page", "evicted"]
"""Where a turn is shown: in the head, as recent text, sealed (on a page, or in a text seal), or no longer."""

_PASSAGE = 1_200
"""Characters of a turn that are given whole; of a longer one, the passage that fits the query best."""
_HITS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """Something that was said, word for word."""

    text: str
    """The exact text: `turn.said[start:stop]`."""
    anchor: int
    """The turn's number, as it stands on pages: §42."""
    turn: Turn = field(repr=False)
    """The whole turn."""
    page: int | None
    """Number of the page on which the turn begins, where it is shown on one."""
    place: Place
    """Where the turn is shown."""
    score: float
    """How well it fits the query; more is better, and only the order means something."""
    start: int = 0
    """Offset of the passage in what the turn says, in characters."""

    @property
    def stop(self) -> int:
        """Offset after it."""
        return self.start + len(self.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoomResult:
    """A turn or a page, looked at closely."""

    text: str
    """Exactly what was said, or what stands on the page."""
    turns: tuple[Turn, ...] = field(repr=False)
    """The turn, or those that stand on the page."""
    pages: tuple[Page, ...] = ()
    """The same drawn larger, where a resolution was asked for."""


def cut_passage(turn: Turn, query: str, *, score: float, fold: Fold) -> Passage:
    """Return the passage of a turn that fits a query best."""
    text, anchor = turn.full_text, turn.anchor or 0
    start, stop = _window(text, query)
    place, page = locate(fold, anchor)
    return Passage(
        text=text[start:stop], anchor=anchor, turn=turn, page=page, place=place, score=score, start=start
    )


def locate(fold: Fold, anchor: int) -> tuple[Place, int | None]:
    """Return where a turn is shown, and on which page it begins."""
    if any(turn.anchor == anchor for turn in fold.head):
        return "head", None
    if any(first <= anchor <= last for first, last in fold.compacted_anchors):
        return "evicted", None
    seal = seal_of(fold, anchor)
    if seal is None:
        return "text", None
    if seal.number < fold.oldest:
        return "evicted", None
    page = next((page.number for page in seal.pages if page.anchors[0] <= anchor <= page.anchors[1]), None)
    return "page", page


def seal_of(fold: Fold, anchor: int) -> Seal | None:
    """Find the seal of a turn."""
    return next(
        (seal for seal in reversed(fold.seals) if seal.anchors[0] <= anchor <= seal.anchors[-1]), None
    )


def _window(text: str, query: str) -> tuple[int, int]:
    """Choose the stretch that holds the most and rarest words of the query, and cut it where lines or words end."""
    if len(text) <= _PASSAGE:
        return 0, len(text)
    hits = _find_words(text, query)
    if not hits:
        return 0, _snap_end(text, _PASSAGE)
    often = Counter(word for _, word in hits)
    best, first, inside, held = (0.0, 0), 0, deque[tuple[int, str]](), Counter[str]()
    for place, word in hits:
        inside.append((place, word))
        held[word] += 1
        while place - inside[0][0] > _PASSAGE // 2:
            _, gone = inside.popleft()
            held[gone] -= 1
        score = sum(1 / often[word] for word, count in held.items() if count)
        if (score, len(inside)) > best:
            best, first = (score, len(inside)), inside[0][0]
    begin = _snap_start(text, max(0, first - _PASSAGE // 4))
    return begin, _snap_end(text, min(len(text), begin + _PASSAGE))


def _find_words(text: str, query: str) -> list[tuple[int, str]]:
    """Find the query's longest words wherever they stand in a text, up to a limit of hits."""
    words = sorted(set(re.findall(r"\w+", query)), key=lambda word: (-len(word), word))[:32]
    if not words:
        return []
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    return [(found.start(), found[0].casefold()) for found in islice(pattern.finditer(text), _HITS)]


def _snap_start(text: str, place: int) -> int:
    if place == 0:
        return 0
    line = text.find("\n", place, place + 200)
    space = text.find(" ", place, place + 40)
    return line + 1 if line >= 0 else space + 1 if space >= 0 else place


def _snap_end(text: str, place: int) -> int:
    if place >= len(text):
        return len(text)
    line = text.rfind("\n", place - 200, place)
    space = text.rfind(" ", place - 40, place)
    return line + 1 if line >= 0 else space + 1 if space >= 0 else place
