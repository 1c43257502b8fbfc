"""The `RunDrawer`: draws runs of turns as pages, in one style or each kind of text in its own.

Knows the typesetter; keeps no files, and knows nothing about what text costs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from glyph_memory.context.canaries import draw_code, has_code
from glyph_memory.context.decay_rule import OLD
from glyph_memory.context.kind_styles import KindStyles
from glyph_memory.context.wording import caption_page
from glyph_memory.folding import Seal, run_digest
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import (
    Composition,
    ImageTokens,
    add_caption,
    compose,
    iter_pages,
    iter_stretches,
)

DrawnPage = tuple[Page, tuple[int, int]]
"""A page, and the anchors of the first and the last turn on it."""


class RunDrawer:
    """Draws turns for one style.

    Args:
        style: How pages look.
        image_tokens: What an image of a size costs the model.
        captioned: Whether pages carry their caption themselves.
        kinds: The styles of kinds of text, where a calibration has several.
        show_turn: Returns a turn with the text that is drawn of it.
        canaries: Of the pages of seals each so-many-th carries a code; None: none does.
        old_style: How pages look that have grown old; None where none do.
    """

    def __init__(
        self,
        style: PageStyle,
        *,
        image_tokens: ImageTokens,
        captioned: bool,
        kinds: KindStyles | None,
        show_turn: Callable[[Turn], Turn],
        canaries: int | None = None,
        old_style: PageStyle | None = None,
    ) -> None:
        self._style, self._image_tokens, self._captioned = style, image_tokens, captioned
        self._kinds, self._show_turn, self._canaries = kinds, show_turn, canaries
        self._old_style = old_style

    def draw(
        self, turns: Sequence[Turn], first_page: int, *, style: PageStyle | None = None, run: str = ""
    ) -> Iterator[DrawnPage]:
        """Draw turns in one style; yield each page as it is done.

        Args:
            turns: What is drawn.
            first_page: The number of the first page.
            style: How pages look; as everywhere unless given.
            run: The digest of a seal's turns, whose canary pages get their codes; no page gets one without.
        """
        style, shown = style or self._style, Transcript(tuple(map(self._show_turn, turns)))
        composed = compose(shown, style=style)
        pages = iter_pages(shown, style=style, first_page=first_page, image_tokens=self._image_tokens)
        return self._finish_pages(pages, turns, composed, style, run)

    def draw_cheapest(self, turns: Sequence[Turn], first_page: int) -> Iterator[DrawnPage]:
        """Draw turns in one style, or each kind of text in its own where that costs less, captions included."""
        run, kinds = run_digest(turns), self._kinds
        by_kind = self._draw_by_kind(turns, first_page, run)
        if by_kind is None or kinds is None:
            return self.draw(turns, first_page, run=run)
        several, one = list(by_kind), list(self.draw(turns, first_page, run=run))
        costs = [kinds.count_pages(page.size for page, _ in pages) for pages in (several, one)]
        return iter(several if costs[0] < costs[1] else one)

    def draw_old(self, turns: Sequence[Turn], first_page: int) -> Iterator[DrawnPage]:
        """Draw turns in the style of what has grown old."""
        return self.draw(turns, first_page, style=self._old_style, run=run_digest(turns))

    def redraw(self, seal: Seal, turns: Sequence[Turn]) -> Iterator[DrawnPage]:
        """Draw a seal's pages as they were drawn."""
        first = seal.pages[0].number if seal.pages else 1
        if any(page.kind == OLD for page in seal.pages):
            return self.draw(turns, first, style=self._old_style, run=seal.turns)
        has_kinds, run = any(page.kind for page in seal.pages), seal.turns
        by_kind = self._draw_by_kind(turns, first, run) if has_kinds else None
        return self.draw(turns, first, run=run) if by_kind is None else by_kind

    def name_kind(self, page: Page) -> str:
        """Return in the style of which kind of text a page is drawn; empty for the one of all pages."""
        return "" if self._kinds is None else self._kinds.get_name(page.style)

    def _draw_by_kind(self, turns: Sequence[Turn], first_page: int, run: str) -> Iterator[DrawnPage] | None:
        """Draw each kind of text in its style; None where one style for all seems to be cheapest."""
        if self._kinds is None:
            return None
        shown = Transcript(tuple(map(self._show_turn, turns)))
        composed = compose(shown, style=self._style)
        stretches = self._kinds.plan(composed)
        if {one.style for one in stretches} == {self._style}:
            return None
        pages = iter_stretches(shown, stretches, first_page=first_page, image_tokens=self._image_tokens)
        return self._finish_pages(pages, turns, composed, self._style, run)

    def _finish_pages(
        self,
        pages: Iterator[Page],
        turns: Sequence[Turn],
        composed: Composition,
        style: PageStyle,
        run: str,
    ) -> Iterator[DrawnPage]:
        begins = [start for start, _ in composed.turns]
        for page in pages:
            first, last = bisect_right(begins, page.start) - 1, bisect_right(begins, page.stop - 1) - 1
            anchors = turns[first].anchor or 0, turns[last].anchor or 0
            if run and has_code(page.number, self._canaries):
                page = draw_code(page, run=run, begins=begins, style=page.style or style)  # noqa: PLW2901 - the same page
            if self._captioned:
                caption = caption_page(page.number, anchors, page.digest)
                page = add_caption(page, caption, style=page.style or style)  # noqa: PLW2901 - the same page
            yield page, anchors
