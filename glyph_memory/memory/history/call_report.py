"""The `CallReport`: what one request shows of a history, as numbers; nothing of what was said."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any

from glyph_memory.context import Binder, ImagePart, PlannedTurn, RequestPlan, repeat_turns
from glyph_memory.folding import Fold
from glyph_memory.memory.history.bookmark import Bookmark


@dataclass(frozen=True, kw_only=True, slots=True)
class CallReport:
    """What one request shows of a history, and what that costs: small and plain, for logs, callbacks and metadata."""

    profile: str
    """The model's profile."""
    window_tokens: int
    """What the server takes, as far as is known."""
    prompt_tokens: int
    """What all of it costs, as the model counts; a file whose tokens cannot be counted is 0."""
    page_tokens: int
    """What is sealed of it, pages and the text beside them."""
    recent_tokens: int
    """The recent messages of it, as they are sent."""
    saved_tokens: int
    """What the shown seals would cost more as text."""
    pages: int
    """Pages that are shown, those of new messages among them."""
    new_pages: int
    """Pages of new messages for which there is no room as text."""
    seals: int
    """Runs of messages that are shown, as pages or, where those did not pay, as text."""
    page_turns: int
    """Messages in them."""
    recent_turns: int
    """Messages that are text still."""
    evicted_turns: int
    """Messages that are no longer shown; recall finds them."""
    sealed: tuple[int, int] | None
    """The first and the last anchor that became part of a seal since the call before; None where none did."""
    left: tuple[int, int] | None
    """The first and the last anchor that is no longer shown since the call before; None where none left."""
    generation: int
    """1, and one more for every time seals left or everything was drawn anew."""
    pinned_left_out: tuple[int, ...]
    """Anchors of pinned messages that there is no room to repeat as text."""
    losses: dict[str, int]
    """How many new things were not shown as they came, by what happened to them; a warning names each."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        told = asdict(self)
        return (
            told
            | {name: told[name] and [*told[name]] for name in ("sealed", "left")}
            | {"pinned_left_out": [*self.pinned_left_out]}
        )


def make_call_report(
    fold: Fold, before: Bookmark, binder: Binder, plan: RequestPlan | None = None
) -> CallReport:
    """Return the report of a request.

    Args:
        fold: What is sent.
        before: Where folding stood before.
        binder: The model's.
        plan: What the request is made of; all recent messages as they came unless given.
    """
    visible = fold.visible_seals
    sealed, gone = fold.seals[-1].anchors[-1] if fold.seals else 0, fold.evicted_anchors
    page_tokens = sum(seal.tokens for seal in visible)
    recent_tokens, new_pages = fold.tail_tokens, 0
    if plan is not None:
        page_tokens = sum(binder.counts.count_parts(one.before) for one in plan.messages)
        told = [turn for one in plan.messages for turn in one.turns]
        recent_tokens = sum(_count_recent(turn, fold, binder) for turn in told)
        parts = (part for turn in told for part in turn.parts or ())
        new_pages = sum(isinstance(part, ImagePart) and part.kind == "page" for part in parts)
    return CallReport(
        profile=binder.profile.name,
        window_tokens=binder.options.known_window_tokens,
        prompt_tokens=fold.head_tokens + page_tokens + recent_tokens,
        page_tokens=page_tokens,
        recent_tokens=recent_tokens,
        saved_tokens=sum(seal.text_tokens - seal.tokens for seal in visible),
        pages=sum(len(seal.pages) for seal in visible) + new_pages,
        new_pages=new_pages,
        seals=len(visible),
        page_turns=sum(len(seal.anchors) for seal in visible),
        recent_turns=len(fold.tail),
        evicted_turns=sum(last - first + 1 for first, last in gone),
        sealed=_find_new(fold, upto=sealed, after=before.seals[-1].anchors[-1] if before.seals else 0),
        left=_find_new(fold, upto=gone[-1][1] if gone else 0, after=_find_last_evicted(before)),
        generation=fold.generation,
        pinned_left_out=repeat_turns(fold, binder).left_out if fold.pinned else (),
        losses=dict(Counter(loss.kind for loss in plan.losses)) if plan else {},
    )


def _count_recent(planned: PlannedTurn, fold: Fold, binder: Binder) -> int:
    """Return what a recent turn costs in a request: as it came, or what is sent in its place."""
    if planned.place >= len(fold.tail):  # a question
        return binder.count_message_tokens(planned.turn)
    recent = fold.tail[planned.place]
    if planned.parts is None:
        # What a user shows for somebody else is a turn of its own in the plan, and counted there.
        words = 0 if planned.shows == "pictures" else recent.tokens
        is_shown = planned.shows == "pictures" or (planned.shows == "message" and recent.turn.role == "user")
        return words + (recent.picture_tokens if is_shown else 0)
    calls = binder.count_message_tokens(replace(recent.turn, text="", images=(), attachments=()))
    return binder.counts.count_parts(planned.parts) + (calls if planned.shows == "message" else 0)


def _find_new(fold: Fold, *, upto: int, after: int) -> tuple[int, int] | None:
    """Return the first and the last anchor behind `after`, up to another one."""
    head = fold.head[-1].anchor or 0 if fold.head else 0
    return (max(after, head) + 1, upto) if upto > max(after, head) else None


def _find_last_evicted(mark: Bookmark) -> int:
    gone = [seal.anchors[-1] for seal in mark.seals if seal.number < mark.oldest]
    return max([*gone, *(last for _, last in mark.evicted)], default=0)
