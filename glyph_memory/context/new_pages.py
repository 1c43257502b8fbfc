"""Draw a new turn as pages where there is no room for it as text: all of it, or the parts that matter most.

Knows one turn at a time, and how many tokens its pages may take; decides nothing about which turn becomes pages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glyph_memory.context.cache import ReuseCache
from glyph_memory.context.excerpts import choose_ranges, join_ranges
from glyph_memory.context.messages import ImagePart, Part, Parts, Text
from glyph_memory.context.wording import caption_page
from glyph_memory.folding import run_digest
from glyph_memory.style import PageStyle, find_denser
from glyph_memory.transcript import Turn

if TYPE_CHECKING:
    from glyph_memory.context.binder import Binder

_REMEMBERED_BYTES = 32 << 20
_SAMPLE = 12_000
"""Characters that are drawn to estimate what the whole costs."""
_TRIES = 6
_CAPTION_TOKENS = 24
"""What a page's caption takes, whatever its number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnPages:
    """A turn's text, or parts of it, as pages."""

    images: tuple[ImagePart, ...]
    """The pages, numbered from 1."""
    identifiers: str
    """The identifiers on them, letter for letter, under a heading; empty where there are none."""
    tokens: int
    """What pages, captions and identifiers cost."""
    ranges: tuple[tuple[int, int], ...]
    """Which characters of the text stand on them."""


class NewTurnDrawer:
    """Draws new turns as pages for one model; what was drawn lately is remembered. Safe to share among threads.

    Args:
        binder: The model's.
    """

    def __init__(self, binder: Binder) -> None:
        self._binder = binder
        dense, limits = binder.style.dense(), binder.options.calibration
        is_read = limits is None or not find_denser(dense, limits.find_style())
        self.styles: tuple[PageStyle, ...] = (
            (binder.style, dense) if is_read and dense != binder.style else (binder.style,)
        )
        """How pages may look: as the policy's own, then denser, as far as that was found to be read."""
        self._drawn = ReuseCache[tuple[str, int, PageStyle], TurnPages](at_most=_REMEMBERED_BYTES)

    def draw(self, turn: Turn, *, style: PageStyle, at_most_tokens: int) -> TurnPages | None:
        """Return all of a turn's text as pages; None where it costs more, as far as the beginning of it tells."""
        if self.estimate_tokens(turn, style=style) > 1.2 * at_most_tokens:
            return None
        drawn = self._draw(turn, style)
        return drawn if drawn.tokens <= at_most_tokens else None

    def estimate_tokens(self, turn: Turn, *, style: PageStyle) -> int:
        """Estimate what all of a turn's text costs as pages, from its beginning where it is long."""
        text = turn.text
        if len(text) <= _SAMPLE:
            return self._draw(turn, style).tokens
        return self._draw(replace(turn, text=text[:_SAMPLE]), style).tokens * len(text) // _SAMPLE

    def draw_parts(self, turn: Turn, *, query: str, at_most_tokens: int) -> TurnPages | None:
        """Return as much of a turn's text as fits as pages, in the densest style; None where not even little does.

        Args:
            turn: The turn, with its anchor.
            query: What bears on the request is looked for with these words.
            at_most_tokens: What it may cost.
        """
        style, text = self.styles[-1], turn.text
        sample = self._draw(replace(turn, text=text[:_SAMPLE]), style)
        size = int(at_most_tokens / max(1, sample.tokens) * min(len(text), _SAMPLE) * 0.95)
        for _ in range(_TRIES):
            if size < 80:
                break
            ranges = choose_ranges(text, size, query=query)
            drawn = self._draw(replace(turn, text=join_ranges(text, ranges)), style)
            if drawn.tokens <= at_most_tokens:
                return replace(drawn, ranges=ranges)
            size = int(size * min(0.9, 0.95 * at_most_tokens / drawn.tokens))
        return None

    def spell(self, turn: Turn, *, style: PageStyle, first_page: int) -> Parts:
        """Return the pages of a turn that was drawn, each under its caption, and the identifiers on them."""
        captions, anchor = self._binder.captions, turn.anchor or 0
        drawn = self._draw(turn, style, first_page if captions == "page" else 1)
        parts: list[Part] = []
        for number, image in enumerate(drawn.images, first_page):
            if captions == "text":
                parts.append(
                    Text(f"{caption_page(number, (anchor, anchor), image.digest)}:\n", kind="caption")
                )
            parts.append(replace(image, number=number))
        return (*parts, *([Text(drawn.identifiers, kind="ledger")] if drawn.identifiers else []))

    def _draw(self, turn: Turn, style: PageStyle, first_page: int = 1) -> TurnPages:
        shown = replace(turn, tool_calls=(), images=(), attachments=())
        key = run_digest([shown]), first_page, style
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._draw_anew(shown, style, first_page)
            self._drawn.put(key, drawn, weight=sum(len(image.data) for image in drawn.images))
        return drawn

    def _draw_anew(self, turn: Turn, style: PageStyle, first_page: int) -> TurnPages:
        binder = self._binder
        images = binder.draw_images([turn], first_page, style=style)
        pages = sum(binder.profile.image_tokens(image.size, images=2) for image in images)
        captions = _CAPTION_TOKENS * len(images) if binder.captions == "text" else 0
        # What a page saves is a multiple of what it costs, so a share of the pages is a smaller one of the text.
        listed = binder.list_identifiers([turn], budget_tokens=int(pages * binder.policy.ledger_share))
        return TurnPages(
            images=tuple(images),
            identifiers=listed,
            tokens=pages + captions + binder.counts.count(listed),
            ranges=((0, len(turn.text)),),
        )
