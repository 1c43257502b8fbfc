"""Samples as pages: documents by typesetting, conversations by folding, with a ledger and lines on the question.

Knows styles, folds and pages; knows nothing about who answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from glyph_memory.context import Binder, Context, context_from_turns
from glyph_memory.context.wording import caption_document_page
from glyph_memory.errors import PolicyError, StyleError, show_value
from glyph_memory.evaluate.arms.prompt import (
    Arm,
    Prompt,
    count_context,
    instruct,
    plain_binder,
    refuse_budget,
)
from glyph_memory.evaluate.arms.text import count_leading
from glyph_memory.evaluate.tasks.sample import Sample
from glyph_memory.focusing import FocusSource, focus
from glyph_memory.folding import Fold, FoldPolicy, fold
from glyph_memory.ledger import quote_identifiers
from glyph_memory.page import Page
from glyph_memory.readers import Reader
from glyph_memory.style import PRESETS, PageStyle
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.typesetting import style_fingerprint, typeset

DENSE = "dense"
"""The name of a style that is no preset: the released Glyph model's, with marks for line breaks."""
LEDGER_SHARE = 1 / 16
"""How much of a run's text tokens its identifiers may take, as a memory has it."""
FOCUS_SHARE = 1 / 8
"""How much of the budget lines may take that bear on the question."""


class PagesArm(Arm):
    """The sample as pages; where not all fit, the oldest are left out.

    Args:
        style: How pages look, as a `PageStyle`, by the name of a preset, or "dense", the released Glyph model's with
            marks for line breaks; the one that fits each text unless given.
        size_pt: Size of its letters, instead of the style's own.
        dpi: Pixels an inch, instead of the style's own.
        has_ledger: Whether identifiers are quoted beside the pages, letter for letter.
        has_focus: Whether lines that bear on the question are repeated as text behind the pages (see `focus`; BM25).
        name: What to call it; made from the others unless given.

    Raises:
        StyleError: There is no such preset, or it cannot be drawn so.
    """

    def __init__(
        self,
        style: PageStyle | str | None = None,
        *,
        size_pt: float | None = None,
        dpi: float | None = None,
        has_ledger: bool = False,
        has_focus: bool = False,
        name: str = "",
    ) -> None:
        if style not in (None, DENSE) and not isinstance(style, PageStyle) and style not in PRESETS:
            known = ", ".join([*PRESETS, DENSE])
            raise StyleError(f"no page style {show_value(style)} for an arm; there are {known}")
        self.style, self.size_pt, self.dpi = style, size_pt, dpi
        self.has_ledger, self.has_focus = has_ledger, has_focus
        self.name = name or self._make_name()
        self.build_style(ModelProfile.from_name("glyph"))  # raises now what it would raise for each sample

    def _make_name(self) -> str:
        told = style_fingerprint(self.style)[:8] if isinstance(self.style, PageStyle) else self.style
        settings = {"style": told, "size": self.size_pt, "dpi": self.dpi}
        shown = [
            f"@{key}={value:g}" if isinstance(value, float | int) else f"@{key}={value}"
            for key, value in settings.items()
            if value is not None
        ]
        return "".join(["pages", "+ledger" * self.has_ledger, "+focus" * self.has_focus, *shown])

    def build_style(self, profile: ModelProfile) -> PageStyle:
        """Return how pages look: a given style as it is, a preset with sides that the model does not rescale."""
        if self.style == DENSE:
            style = build_page_style("glyph", profile).dense(profile.newline_mark)
        else:
            style = build_page_style(self.style, profile)
        if self.size_pt is not None:
            pitch = style.line_height_pt / style.font_size_pt
            style = replace(style, font_size_pt=self.size_pt, line_height_pt=self.size_pt * pitch)
        return style if self.dpi is None else replace(style, dpi=self.dpi)

    def __repr__(self) -> str:
        return f"PagesArm({self.name!r})"

    def build(
        self, sample: Sample, *, budget_tokens: int, profile: ModelProfile, reader: Reader | None = None
    ) -> Prompt:
        """Return the sample as pages; see `Arm.build`."""
        show = self._fold if sample.turns else self._typeset
        room = budget_tokens - int(budget_tokens * FOCUS_SHARE) if self.has_focus else budget_tokens
        try:
            context, left_out, source = show(sample, room, profile)
        except PolicyError:  # nothing fits beside them: then they take what is left
            if not self.has_focus:
                raise
            context, left_out, source = show(sample, budget_tokens, profile)
        if self.has_focus:
            free = budget_tokens - count_context(context, profile)
            context = focus(
                context, sample.question, source=source, binder=plain_binder(profile),
                budget_tokens=min(free, int(budget_tokens * FOCUS_SHARE)),
            ).context  # fmt: skip
        return Prompt(context=context, tokens=count_context(context, profile), left_out=left_out)

    def _typeset(
        self, sample: Sample, budget_tokens: int, profile: ModelProfile
    ) -> tuple[Context, str, FocusSource]:
        """Return the context of a document's newest pages that fit, what is left out, and all that they are of."""
        pages = _draw(sample.document, self.build_style(profile))
        share = LEDGER_SHARE if self.has_ledger else 0.0
        listed = [
            quote_identifiers(page.text, profile=profile, share=share, page=f"page {page.number}")
            if self.has_ledger else ""
            for page in pages
        ]  # fmt: skip

        def write(left_out: int) -> tuple[Context, int]:
            shown = Context.of(sample.question, pages=pages[left_out:], identifiers=listed[left_out:])
            context = instruct(shown)
            return context, count_context(context, profile)

        costs = [_count_page(page, text, profile) for page, text in zip(pages, listed, strict=True)]
        room = budget_tokens - write(len(pages))[1]
        left_out = count_leading(reversed(costs), of=len(pages), room=room)
        if profile.max_images is not None:
            left_out = max(left_out, len(pages) - profile.max_images)
        context, tokens = write(left_out)
        while tokens > budget_tokens and left_out < len(pages):  # the sum is of parts, and never far off
            left_out += 1
            context, tokens = write(left_out)
        if tokens > budget_tokens or (pages and left_out == len(pages)):
            least = budget_tokens - room + sum(costs[-1:])
            raise refuse_budget(f"a single page of {sample.id!r}", least, budget_tokens)
        told = f"the first {left_out:,} of {len(pages):,} pages" if left_out else ""
        return context, told, pages

    def _fold(
        self, sample: Sample, budget_tokens: int, profile: ModelProfile
    ) -> tuple[Context, str, FocusSource]:
        """Return the context of a fold with the newest seals that fit, what is left out, and all that they are of."""
        policy = _make_policy(sample, budget_tokens, profile, LEDGER_SHARE if self.has_ledger else 0.0)
        wide = replace(profile, window_tokens=policy.window_tokens)
        binder = Binder(wide, policy=policy, style=self.build_style(profile))
        folded = fold(sample.turns, policy=policy, costs=binder)

        def show(left_out: int) -> Fold:
            return replace(folded, oldest=folded.oldest + left_out)

        def write(left_out: int) -> Context:
            shown = show(left_out)
            context = context_from_turns(shown, sample.turns, binder=binder, question=sample.question)
            return instruct(context)

        seals = len(folded.visible_seals)
        left_out = find_first(seals, lambda number: count_context(write(number), profile) <= budget_tokens)
        context = write(left_out)
        if (tokens := count_context(context, profile)) > budget_tokens:
            raise refuse_budget(f"the recent text of {sample.id!r} alone", tokens, budget_tokens)
        span = show(left_out).evicted_span
        told = f"turns §{span[0]} to §{span[1]} of {len(sample.turns):,}" if span else ""
        return context, told, sample.turns


def find_first(stop: int, fits: Callable[[int], bool]) -> int:
    """Return the first number for which something fits, of 0 to `stop`; `stop` where none below it does.

    Example:
        >>> find_first(100, lambda number: number * number >= 50)
        8
    """
    if fits(0):
        return 0
    low, high = 0, stop
    while high - low > 1:  # nothing fits at `low`
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _count_page(page: Page, listed: str, profile: ModelProfile) -> int:
    """Count what a page costs with its caption and its identifiers, as one of several."""
    caption = f"{caption_document_page(page.number)}:"
    texts = sum(map(profile.text_tokens, filter(None, (caption, listed))))
    return profile.image_tokens(page.size, images=2) + texts


@lru_cache(maxsize=4)
def _draw(text: str, style: PageStyle) -> tuple[Page, ...]:
    """Draw a document; the last ones are kept, since several arms and budgets show the same."""
    return tuple(typeset(text, style=style)) if text.strip() else ()


def _make_policy(sample: Sample, budget_tokens: int, profile: ModelProfile, share: float) -> FoldPolicy:
    """Return a policy with the proportions that a memory has in a window of the sample's size, and no end of room.

    What does not fit the budget is left out afterwards, seal by seal: a window's own policy keeps a third of it free
    for turns to come, and no turn comes here.
    """
    text_tokens = sum(profile.text_tokens(turn.full_text) + 8 for turn in sample.turns)
    unit = max(32, min(4096, min(text_tokens, 2 * budget_tokens) // 32))
    return FoldPolicy(
        window_tokens=16 * max(4096, text_tokens),
        output_tokens=0,
        tools_tokens=0,
        keep_recent_tokens=unit,
        seal_tokens=unit,
        trigger_tokens=5 * unit,
        max_run_tokens=4 * unit,
        pinned_tokens=0,
        ledger_share=share,
        max_images=profile.max_images,
        max_request_px=profile.max_request_px,
        max_request_bytes=profile.max_request_bytes,
    )
