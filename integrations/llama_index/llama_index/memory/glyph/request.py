"""What is sent of a folded history, leading system messages, pages, recent messages; and the way back.

Pages ride in users' messages because LlamaIndex drops the pictures of all others without a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Self

from llama_index.core.base.llms.types import ChatMessage, ContentBlock, MessageRole, TextBlock
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.memory.glyph.attached import load_block
from llama_index.memory.glyph.messages import PageImageBlock, make_call_blocks, turn_of
from llama_index.memory.glyph.spelling import separate_texts, write_head, write_planned
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent

from glyph_memory import (
    AttachmentPart,
    Bookmark,
    Context,
    Fold,
    FoldedHistory,
    Folding,
    Message,
    ModelProfile,
    Part,
    Parts,
    PlannedMessage,
    Text,
    warn_of_losses,
)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The folded history behind a message with pages. Copies share it, and no serializer writes it."""

    folded: FoldedHistory[ChatMessage] | None = None
    """The history that it stands for, folded."""
    own: int = 0
    """The place of the first block that is a user's own, merged into the message; the end where none is."""
    reserved_tokens: int = 0
    """What was kept free when it was folded."""

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()


class PagesMessage(ChatMessage):
    """A user's message that holds pages, and perhaps the user's own words after them."""

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @classmethod
    def of(
        cls,
        blocks: Sequence[ContentBlock],
        *,
        more: dict[str, Any] | None = None,
        origin: Origin | None = None,
    ) -> Self:
        """Return a message of blocks, with the `additional_kwargs` of the message merged into it."""
        # Not validated: LlamaIndex would decode and encode every page again.
        made = cls.model_construct(role=MessageRole.USER, blocks=[*blocks], additional_kwargs=more or {})
        made._origin = origin or Origin()
        return made

    @property
    def origin(self) -> Origin:
        """The folded history behind the pages, if it is known."""
        return self._origin


@dataclass(frozen=True, kw_only=True)
class Request:
    """A folded history, ready to be sent."""

    head: Sequence[ChatMessage]
    """The leading system messages. They are no part of the fold, so that turns are numbered alike whoever adds some."""
    folded: FoldedHistory[ChatMessage]
    """All that follows."""
    reserved_tokens: int
    """What was kept free for the head, and for what the prompt holds besides."""

    def messages(self, *, merge: bool = True) -> list[ChatMessage]:
        """Return the messages to send; each is a copy.

        Args:
            merge: Whether pages and the recent user's message that follows become one: many templates have roles
                alternate.
        """
        head = write_head(self.head, self.folded.folding.binder.cleaner)
        plan = self.folded.plan_request(merge_pages=merge)
        warn_of_losses(plan.losses, stacklevel=4)
        return [*head, *map(self._write_planned, plan.messages)]

    def _write_planned(self, planned: PlannedMessage) -> ChatMessage:
        if not planned.before:
            return _write_turns(planned, self.folded)
        blocks = _write_parts(planned.before, self.folded)
        if not self.folded.fold.seals:
            return ChatMessage(role=MessageRole.USER, blocks=blocks)
        merged = _write_turns(planned, self.folded) if planned.turns else None
        return PagesMessage.of(
            [*blocks, *(merged.blocks if merged else ())],
            more=merged.additional_kwargs if merged else {},
            origin=Origin(folded=self.folded, own=len(blocks), reserved_tokens=self.reserved_tokens),
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


def _write_turns(planned: PlannedMessage, folded: FoldedHistory[ChatMessage]) -> ChatMessage:
    return write_planned(planned, folded.recent, folded.folding.binder.cleaner)


def _write_parts(parts: Parts, folded: FoldedHistory[ChatMessage]) -> list[ContentBlock]:
    profile = folded.folding.binder.profile
    last = folded.fold.seals[-1].anchors[-1] if folded.fold.seals else 0
    return separate_texts([_to_block(part, profile, last_anchor=last) for part in parts])


def extend_request(
    before: Sequence[ChatMessage], folded: FoldedHistory[ChatMessage], *, merge: bool = True
) -> list[ChatMessage]:
    """Return the messages to send after others that are sent unchanged, the last of them a user's with pages.

    Args:
        before: Those messages.
        folded: What came after them.
        merge: As for `Request.build_messages`.
    """
    plan = folded.plan_request(merge_pages=merge)
    warn_of_losses(plan.losses, stacklevel=4)
    if not folded.fold.seals:
        return [*before, *(_write_turns(planned, folded) for planned in plan.messages if planned.turns)]
    first, *others = plan.messages
    merged = _write_turns(first, folded).blocks if first.turns else []
    blocks = separate_texts([*before[-1].blocks, *_write_parts(first.before, folded), *merged])
    pages = PagesMessage.of(blocks, more=before[-1].additional_kwargs)
    return [*before[:-1], pages, *(_write_turns(planned, folded) for planned in others)]


def find_pages_end(messages: Sequence[ChatMessage]) -> int:
    """Return the place after the last message that holds pages; 0 where none does."""
    places = (
        at
        for at in range(len(messages), 0, -1)
        if any(isinstance(block, PageImageBlock) for block in messages[at - 1].blocks)
    )
    return next(places, 0)


def to_messages(context: Context, profile: ModelProfile, *, last_anchor: int = 0) -> list[ChatMessage]:
    """Return a context of the core as LlamaIndex's messages.

    Args:
        context: What is to be sent.
        profile: Whose it is.
        last_anchor: The last turn that is sealed.
    """
    return [_to_message(message, profile, last_anchor) for message in context.messages]


def _to_message(message: Message, profile: ModelProfile, last_anchor: int) -> ChatMessage:
    blocks = [
        _to_block(part, profile, last_anchor=last_anchor)
        for part in message.parts
        if part != Text("") or not message.tool_calls
    ]
    if any(isinstance(block, PageImageBlock) for block in blocks):
        return PagesMessage.of(blocks)
    more = {} if message.tool_call_id is None else {"tool_call_id": message.tool_call_id}
    said = [*blocks, *make_call_blocks(message.tool_calls)]
    return ChatMessage(role=MessageRole(message.role), blocks=said, additional_kwargs=more)


def _to_block(part: Part, profile: ModelProfile, *, last_anchor: int = 0) -> ContentBlock:
    if isinstance(part, Text):
        return TextBlock(text=part.text)
    if isinstance(part, AttachmentPart):
        return load_block(part.block)
    return PageImageBlock.of(part, tokens=profile.image_tokens(part.size), last_anchor=last_anchor)


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
