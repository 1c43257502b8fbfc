"""The `MemoryReport`: what of a conversation is text, what is pages, what is no longer shown, and what that costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from glyph_memory.context import Binder, Context, Loss, repeat_turns
from glyph_memory.folding import Choice, Fold, Seal


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryReport:
    """Where a conversation's turns are, and what showing them costs."""

    session: str
    """The session's name."""
    profile: str
    """The model's profile."""
    text_counter: str
    """What counted text tokens."""
    text_exact: bool
    """Whether that is the model's own tokenizer; otherwise text tokens are an estimate."""
    turns: int
    """All turns."""
    head_turns: int
    """Leading system turns, which stay text."""
    recent_turns: int
    """Turns that are still text."""
    page_turns: int
    """Turns that are shown on pages."""
    quoted_turns: int
    """Turns in text seals: their pages would not have paid."""
    evicted_turns: int
    """Turns that left in a generation: kept, found by recall, not shown."""
    skipped_turns: int
    """Of these, the turns that were never shown, since a long history was folded at once and there was no room for
    them; what they would cost as text is an estimate."""
    generation: int
    """1, and one more for every time seals left or everything was drawn anew."""
    seals: int
    """Seals that are shown."""
    pages: int
    """Pages that are shown."""
    layouts: dict[str, int]
    """How many of these pages have which layout: real "lines", "2 columns", "marks" for line breaks, "mixed" for
    kinds of text in styles of their own, "denser" for old pages that were drawn again."""
    context_tokens: int
    """What the whole context costs now."""
    plain_tokens: int
    """What all turns would cost as plain text."""
    sealed_tokens: int
    """What the shown seals cost: pages, captions, ledgers, pictures, attachments."""
    sealed_text_tokens: int
    """What their turns would cost as text."""
    budget_tokens: int
    """What shown seals may cost before the oldest leave."""
    identifiers_listed: int
    """Identifiers that stand as text beside the pages."""
    identifiers_omitted: int
    """Identifiers on the pages for which ledgers had no room; `identifiers()` knows them all."""
    escapes: int
    """Characters that stand on the pages as their number, because no font draws them or they would be hidden."""
    pictures_missing: int
    """Pictures of sealed turns that cannot be decoded or shown; the originals are kept."""
    attachments: int
    """Files, audio, pictures by address and the like that are sent as they came; their tokens are an estimate."""
    attachments_left_out: int
    """Attachments of shown seals that there was no room for (`attachments_tokens`): they are only named."""
    uncounted: tuple[str, ...]
    """Names of attachments that are sent and whose tokens cannot be counted, such as audio: they count as 0."""
    pinned_left_out: tuple[int, ...]
    """Anchors of pinned turns that there is no room to repeat."""
    request_is_repeated: bool
    """Whether the latest request is sealed, and so repeated as text."""
    terminal_characters: int
    """Characters of terminal escapes, as of colours, that are taken out of the turns that are text; what is stored has
    them. How many were taken out of pages is not kept."""
    losses: tuple[Loss, ...]
    """What is new and not shown as it came."""
    choice: Choice
    """What old turns are sent as, text, pages or both, by the server's prices; `choice.reason` says why."""
    damaged: tuple[int, ...] = ()
    """Anchors of turns that the database cannot return whole, as far as they were read since the memory was opened; the
    command `glyph-memory doctor` reads all."""

    @property
    def plain_exact(self) -> bool:
        """Whether `plain_tokens` were counted with the model's own tokenizer, and nothing of them is an estimate."""
        return self.text_exact and not self.skipped_turns

    @property
    def saved_tokens(self) -> int:
        """How many tokens fewer the context takes than everything as plain text."""
        return self.plain_tokens - self.context_tokens

    @property
    def ratio(self) -> float:
        """How many text tokens one token of the shown seals stands for; 0 where there are none."""
        return self.sealed_text_tokens / self.sealed_tokens if self.sealed_tokens else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return asdict(self) | {
            "choice": self.choice.to_json(),
            "saved_tokens": self.saved_tokens,
            "ratio": round(self.ratio, 3),
        }


def make_report(
    fold: Fold, context: Context, binder: Binder, *, session: str, damaged: tuple[int, ...] = ()
) -> MemoryReport:
    """Return the report of a fold: where its turns are and what showing them costs."""
    visible, counter = fold.visible_seals, binder.profile.text_counter
    named = [seal for seal in visible if seal.kind == "named"]
    return MemoryReport(
        session=session,
        profile=binder.profile.name,
        text_counter=counter.name,
        text_exact=counter.exact,
        turns=len(fold.head) + sum(len(seal.anchors) for seal in fold.seals) + len(fold.tail),
        head_turns=len(fold.head),
        recent_turns=len(fold.tail),
        page_turns=sum(len(seal.anchors) for seal in visible if seal.kind == "pages"),
        quoted_turns=sum(len(seal.anchors) for seal in visible if seal.kind == "text"),
        evicted_turns=sum(len(seal.anchors) for seal in [*fold.evicted_seals, *named]),
        skipped_turns=sum(len(seal.anchors) for seal in fold.evicted_seals if seal.kind == "skipped"),
        generation=fold.generation,
        seals=len(visible),
        pages=sum(len(seal.pages) for seal in visible),
        layouts=_count_layouts(visible),
        context_tokens=binder.counts.count_context(context),
        plain_tokens=fold.head_tokens + sum(seal.text_tokens for seal in fold.seals) + fold.tail_tokens,
        sealed_tokens=sum(seal.tokens for seal in visible),
        sealed_text_tokens=sum(seal.text_tokens for seal in visible),
        budget_tokens=binder.policy.seal_budget_tokens(head_tokens=fold.head_tokens),
        identifiers_listed=sum(len(seal.ledger) for seal in visible),
        identifiers_omitted=sum(seal.ledger_omitted for seal in visible),
        escapes=sum(page.escapes for seal in visible for page in seal.pages),
        pictures_missing=sum(picture.size is None for seal in visible for picture in seal.pictures),
        attachments=len(context.attachments),
        attachments_left_out=sum(not one.is_sent for seal in visible for one in seal.attachments),
        uncounted=tuple(one.name for one in context.attachments if one.tokens is None),
        pinned_left_out=repeat_turns(fold, binder).left_out,
        request_is_repeated=fold.request is not None,
        terminal_characters=sum(
            len(turn.text) - len(binder.cleaner.strip_escapes(turn).text)
            for turn in (*fold.head, *(recent.turn for recent in fold.tail))
        ),
        losses=context.losses,
        choice=binder.options.choice,
        damaged=damaged,
    )


def _count_layouts(seals: Sequence[Seal]) -> dict[str, int]:
    """Return how many pages have which layout, the most frequent one first; those of unknown layout have none."""
    counts = Counter[str]()
    for seal in seals:
        if seal.layout:
            counts[seal.layout] += len(seal.pages)
    return dict(counts.most_common())
