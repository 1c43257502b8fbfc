"""Zoom: a turn or a page exactly, and drawn larger where that helps."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from glyph_memory.context import Binder
from glyph_memory.errors import StoreError
from glyph_memory.folding import Seal, SealedPage
from glyph_memory.memory.recall import ZoomResult
from glyph_memory.memory.session_fold import SessionFold
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset

if TYPE_CHECKING:
    from glyph_memory.store import SessionStore

_ANCHOR = re.compile(r"\s*§?\s*([0-9]{1,18})\s*")
_PAGE = re.compile(r"\s*p(?:age|\.)?\s*([0-9]{1,18})\s*", re.IGNORECASE)


class ZoomTarget(NamedTuple):
    """What to zoom into: a turn or a page."""

    number: int
    """A turn's anchor, or a page's number."""
    is_page: bool
    """Which of the two."""


def parse_target(what: int | str) -> ZoomTarget | None:
    """Parse `42`, "§42", "page 7" or "p. 7"; return None for anything else."""
    page, anchor = _PAGE.fullmatch(str(what)), _ANCHOR.fullmatch(str(what))
    if page is not None:
        return ZoomTarget(int(page[1]), is_page=True)
    return ZoomTarget(int(anchor[1]), is_page=False) if anchor else None


def zoom(
    what: int | str, *, shelf: SessionStore, live: SessionFold, binder: Binder, dpi: float | None
) -> ZoomResult:
    """Return a turn by its anchor, or a page by its number.

    Raises:
        StoreError: There is no such turn or page.
        StyleError: Nothing can be drawn at that resolution.
    """
    style = None if dpi is None else replace(binder.style, dpi=dpi)
    asked = parse_target(what)
    if asked is not None and asked.is_page:
        return _zoom_page(asked.number, live, binder, style)
    turn = shelf.turn(asked.number) if asked else None
    if turn is None:
        raise StoreError(
            f"no turn {what!r} in session {shelf.name!r}; give an anchor such as '§42', or 'page 7'"
        )
    return ZoomResult(text=turn.full_text, turns=(turn,), pages=_draw_turns([turn], style))


def _zoom_page(number: int, live: SessionFold, binder: Binder, style: PageStyle | None) -> ZoomResult:
    found = _find_page(live, number)
    if found is None:
        last = max((page.number for seal in live.refresh().seals for page in seal.pages), default=0)
        raise StoreError(f"no page {number} in this session; its pages are numbered 1 to {last}")
    seal, sealed = found
    turns = live.turns(seal)
    pages, place = binder.pages(seal, turns), sealed.number - seal.pages[0].number
    if place >= len(pages):  # fonts changed unseen, and what was three pages is two now
        live.redraw()
        return _zoom_page(number, live, binder, style)
    page = pages[place]
    first, last = sealed.anchors
    shown = [turn for turn in turns if first <= (turn.anchor or 0) <= last]
    return ZoomResult(text=page.text, turns=tuple(shown), pages=_draw_turns(shown, style))


def _find_page(live: SessionFold, number: int) -> tuple[Seal, SealedPage] | None:
    for seal in reversed(live.refresh().seals):
        for page in seal.pages:
            if page.number == number:
                return seal, page
    return None


def _draw_turns(turns: list[Turn], style: PageStyle | None) -> tuple[Page, ...]:
    return () if style is None else tuple(typeset(Transcript(tuple(turns)), style=style))
