"""What is sent of a folded history, leading system messages, pages, recent messages; and the way back.

Pages ride in users' messages because LlamaIndex drops the pictures of all others without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from llama_index.core.base.llms.types import ChatMessage, ContentBlock
from llama_index.memory.glyph.attached import warn_of_uncounted
from llama_index.memory.glyph.messages import turn_of
from llama_index.memory.glyph.origin import Origin, PagesMessage, holds_pages, list_texts, says_same
from llama_index.memory.glyph.spelling import (
    separate_texts,
    to_block,
    write_head,
    write_planned,
)
from llama_index.memory.glyph.told import list_repeated, tell_pages, tell_recent
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent

from glyph_memory import (
    Bookmark,
    Context,
    Fold,
    FoldedHistory,
    Folding,
    Loss,
    Parts,
    PlannedMessage,
    PlannedTurn,
    RequestPlan,
    Turn,
)


@dataclass(frozen=True, kw_only=True)
class WrittenRequest:
    """What is sent."""

    messages: list[ChatMessage]
    """The messages."""
    losses: tuple[Loss, ...] = ()
    """What is new and not shown as it came."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A folded history, ready to be sent."""

    head: Sequence[ChatMessage]
    """The leading system messages. They are no part of the fold, so that turns are numbered alike whoever adds some."""
    folded: FoldedHistory[ChatMessage]
    """All that follows."""
    reserved_tokens: int
    """What was kept free for the head, and for what the prompt holds besides."""

    def write(self, *, merge: bool = True, can_recall: bool = False) -> WrittenRequest:
        """Return what to send; each message is a copy.

        Args:
            merge: Whether pages and the recent user's message that follows become one: many templates have roles
                alternate.
            can_recall: Whether the model has tools named `recall` and `zoom`.
        """
        head = write_head(self.head, self.folded.folding.binder.cleaner)
        plan = self.folded.plan_request(merge_pages=merge, can_recall=can_recall)
        for recent in self.folded.recent:
            warn_of_uncounted(recent.turn.attachments, self.folded.folding.binder)
        written = (self._write_planned(planned, plan) for planned in plan.messages)
        return WrittenRequest(messages=[*head, *written], losses=plan.losses)

    def stable_prefix(self) -> Context | None:
        """Return what stays of the request until the next seal; None where nothing is sealed."""
        head = write_head(self.head, self.folded.folding.binder.cleaner)
        texts = ["".join(list_texts(message.blocks)) for message in head]
        return self.folded.stable_prefix(head=texts)

    def _write_planned(self, planned: PlannedMessage, plan: RequestPlan) -> ChatMessage:
        if not planned.before:
            return _write_turns(planned, self.folded, marked=plan.marks_pictures, losses=plan.losses)
        blocks = _write_parts(planned.before, self.folded)
        if not self.folded.fold.seals:  # the opening, which is nobody's
            return PagesMessage.of(blocks, origin=Origin(originals=(), texts=list_texts(blocks)))
        merged = _write_turns(planned, self.folded, marked=plan.marks_pictures) if planned.turns else None
        own = merged.blocks if merged else []
        return PagesMessage.of(
            [*blocks, *own],
            more=merged.additional_kwargs if merged else {},
            origin=Origin(
                folded=self.folded,
                own=len(blocks),
                originals=_list_originals(planned, self.folded),
                texts=list_texts(own),
                losses=plan.losses,
                reserved_tokens=self.reserved_tokens,
                tell=partial(tell_pages, self.folded, list_repeated(planned.before), _list_drawn(planned)),
            ),
        )


def fold_history(
    folding: Folding[ChatMessage],
    messages: Sequence[ChatMessage],
    bookmark: Bookmark | None = None,
    *,
    reserved_tokens: int = 0,
) -> Request:
    """Fold a history as `Folding.fold` does; leading system messages are kept outside the fold.

    Raises:
        FontError: A page cannot be drawn.
    """
    head = [*takewhile(lambda message: turn_of(message).role == "system", messages)]
    reserved_tokens += sum(folding.binder.count_message_tokens(turn_of(message)) for message in head)
    folded = folding.fold(messages[len(head) :], bookmark, reserved_tokens=reserved_tokens)
    return Request(head=head, folded=folded, reserved_tokens=reserved_tokens)


def _write_turns(
    planned: PlannedMessage,
    folded: FoldedHistory[ChatMessage],
    *,
    marked: bool,
    losses: tuple[Loss, ...] = (),
) -> ChatMessage:
    """Return the message of recent turns; with its origin where it is not sent as it came."""
    written = write_planned(planned, folded.recent, folded.folding.binder, marked=marked)
    originals = _list_originals(planned, folded)
    if originals is None:
        own = folded.recent[planned.turns[0].place].message
        if says_same(written, own):
            return written
        originals = (own,)
    return PagesMessage.of(
        written.blocks,
        role=written.role,
        more=written.additional_kwargs,
        origin=Origin(
            originals=originals,
            texts=list_texts(written.blocks),
            losses=losses,
            tell=partial(tell_recent, folded, _list_drawn(planned)),
        ),
    )


def _list_drawn(planned: PlannedMessage) -> list[Turn]:
    """Return the turns of which a user's message shows pages, and which belong to others."""
    return [one.turn for one in planned.turns if one.shows == "pictures" and one.parts is not None]


def _list_originals(
    planned: PlannedMessage, folded: FoldedHistory[ChatMessage]
) -> tuple[ChatMessage, ...] | None:
    """Return the messages that a planned one stands for; None where it is one that says the same."""
    if all(_is_whole(one, folded) for one in planned.turns) and len(planned.turns) < 2:
        return None
    return tuple(
        folded.recent[place].message
        for one in planned.turns
        if one.shows != "pictures"
        for place in (one.place, *one.hidden)
    )


def _is_whole(planned: PlannedTurn, folded: FoldedHistory[ChatMessage]) -> bool:
    """Return whether a recent message is sent with all that is in it."""
    turn = planned.turn
    is_moved = bool(turn.images) and turn.role != "user"
    is_told = planned.shows != "message" or bool(planned.unanswered) or planned.parts is not None
    return not is_moved and not is_told and turn == folded.recent[planned.place].turn


def _write_parts(parts: Parts, folded: FoldedHistory[ChatMessage]) -> list[ContentBlock]:
    profile = folded.folding.binder.profile
    last = folded.fold.seals[-1].anchors[-1] if folded.fold.seals else 0
    return separate_texts([to_block(part, profile, last_anchor=last) for part in parts])


def extend_request(
    before: Sequence[ChatMessage],
    folded: FoldedHistory[ChatMessage],
    *,
    merge: bool = True,
    can_recall: bool = False,
) -> WrittenRequest:
    """Return what to send after messages that are sent unchanged, the last of them a user's with pages.

    Args:
        before: Those messages.
        folded: What came after them.
        merge: As for `Request.write`.
        can_recall: As for `Request.write`.
    """
    plan = folded.plan_request(merge_pages=merge, can_recall=can_recall)
    if not folded.fold.seals:
        written = (_write_turns(planned, folded, marked=True) for planned in plan.messages if planned.turns)
        return WrittenRequest(messages=[*before, *written], losses=plan.losses)
    first, *others = plan.messages
    merged = _write_turns(first, folded, marked=True).blocks if first.turns else []
    blocks = separate_texts([*before[-1].blocks, *_write_parts(first.before, folded), *merged])
    pages = PagesMessage.of(blocks, more=before[-1].additional_kwargs)
    written = (_write_turns(planned, folded, marked=True) for planned in others)
    return WrittenRequest(messages=[*before[:-1], pages, *written], losses=plan.losses)


def find_pages_end(messages: Sequence[ChatMessage]) -> int:
    """Return the place after the last message that holds pages; 0 where none does."""
    return next((at for at in range(len(messages), 0, -1) if holds_pages(messages[at - 1])), 0)


# What is told to LlamaIndex's instrumentation: numbers, never text or pixels.

dispatcher = get_dispatcher(__name__)


class GlyphFoldEvent(BaseEvent):
    """A history was folded, to be sent."""

    seals: int
    """Runs of old turns that are shown, as pages or as text."""
    pages: int
    """Their pages."""
    recent: int
    """Turns that stay text."""
    tokens: int
    """What all of it comes to, the head included."""
    generation: int
    """Goes up when the oldest seals leave, and when everything is drawn anew."""

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name for handlers."""
        return "GlyphFoldEvent"


def send_fold_event(fold: Fold) -> None:
    """Send a `GlyphFoldEvent` about a fold to LlamaIndex's handlers."""
    visible = fold.visible_seals
    dispatcher.event(
        GlyphFoldEvent(
            seals=len(visible),
            pages=sum(len(seal.pages) for seal in visible),
            recent=len(fold.tail),
            tokens=fold.head_tokens + sum(seal.tokens for seal in visible) + fold.tail_tokens,
            generation=fold.generation,
        )
    )
