"""What recall and zoom return: exact passages of what was said, where they stand, and turns or pages drawn larger."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from glyph_memory.context import Binder
from glyph_memory.errors import StoreError
from glyph_memory.folding import Fold, Seal, SealedPage
from glyph_memory.memory.session_fold import SessionFold
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset

if TYPE_CHECKING:
    from glyph_memory.store import SessionStore


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
    if seal.number < fold.oldest or seal.kind == "named":
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


_ANCHOR = re.compile(r"\s*\[?\s*(?:§\\?)?\s*([0-9]{1,18})\s*\]?\s*")
_PAGE = re.compile(r"\s*p(?:age|\.)?\s*([0-9]{1,18})\s*", re.IGNORECASE)


class ZoomTarget(NamedTuple):
    """What to zoom into: a turn or a page."""

    number: int
    """A turn's anchor, or a page's number."""
    is_page: bool
    """Which of the two."""


def parse_target(what: int | str) -> ZoomTarget | None:
    """Parse `42`, "§42", "page 7" or "p. 7"; return None for anything else.

    Also an anchor as it stands in a tool's result, where its sign is escaped.
    """
    page, anchor = _PAGE.fullmatch(str(what)), _ANCHOR.fullmatch(str(what))
    if page is not None:
        return ZoomTarget(int(page[1]), is_page=True)
    return ZoomTarget(int(anchor[1]), is_page=False) if anchor else None


def zoom(
    what: int | str,
    *,
    session_store: SessionStore,
    session_fold: SessionFold,
    binder: Binder,
    dpi: float | None,
) -> ZoomResult:
    """Return a turn by its anchor, or a page by its number.

    Raises:
        StoreError: There is no such turn or page.
        StyleError: Nothing can be drawn at that resolution.
    """
    style = None if dpi is None else replace(binder.style, dpi=dpi)
    asked = parse_target(what)
    if asked is not None and asked.is_page:
        return _zoom_page(asked.number, session_fold, binder, style)
    turn = session_store.turn(asked.number) if asked else None
    if turn is None:
        raise StoreError(
            f"no turn {what!r} in session {session_store.name!r}; give an anchor such as '§42', or 'page 7'"
        )
    return ZoomResult(text=turn.full_text, turns=(turn,), pages=_draw_turns([turn], style))


def _zoom_page(number: int, session_fold: SessionFold, binder: Binder, style: PageStyle | None) -> ZoomResult:
    found = _find_page(session_fold, number)
    if found is None:
        last = max((page.number for seal in session_fold.refresh().seals for page in seal.pages), default=0)
        has = (
            f"its pages are numbered 1 to {last}"
            if last
            else "it has no pages yet; zoom takes an anchor, too"
        )
        raise StoreError(f"no page {number} in this session; {has}")
    seal, sealed = found
    turns = session_fold.turns(seal)
    pages, place = binder.pages(seal, turns), sealed.number - seal.pages[0].number
    if place >= len(pages):  # fonts changed unseen, and what was three pages is two now
        session_fold.redraw()
        return _zoom_page(number, session_fold, binder, style)
    page = pages[place]
    first, last = sealed.anchors
    shown = [turn for turn in turns if first <= (turn.anchor or 0) <= last]
    return ZoomResult(text=page.text, turns=tuple(shown), pages=_draw_turns(shown, style))


def _find_page(session_fold: SessionFold, number: int) -> tuple[Seal, SealedPage] | None:
    for seal in reversed(session_fold.refresh().seals):
        for page in seal.pages:
            if page.number == number:
                return seal, page
    return None


def _draw_turns(turns: list[Turn], style: PageStyle | None) -> tuple[Page, ...]:
    return () if style is None else tuple(typeset(Transcript(tuple(turns)), style=style))
