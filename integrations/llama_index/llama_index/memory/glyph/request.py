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
from llama_index.memory.glyph.messages import PageImageBlock, call_blocks, turn_of
from llama_index.memory.glyph.spelling import apart, head_of, spelled

from glyph_memory import Bookmark, Context, FoldedHistory, Folding, ImagePart, Message, ModelProfile

_UNSEEN = "(A page of this conversation that cannot be shown here.)"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a message with pages comes from. Not part of the message: copies share it, and no serializer sees it."""

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
        """Make one of blocks, with a merged message's `additional_kwargs`."""
        # Not validated: LlamaIndex would decode and encode every page again.
        made = cls.model_construct(role=MessageRole.USER, blocks=[*blocks], additional_kwargs=more or {})
        made._origin = origin or Origin()
        return made

    @property
    def origin(self) -> Origin:
        """Where it comes from, as far as that is known."""
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
        """Give what is sent; every message is a copy.

        Args:
            merge: Whether pages and the recent user's message that follows become one: many templates have roles
                alternate.
        """
        folded, binder = self.folded, self.folded.folding.binder
        head, recent = head_of(self.head, binder), spelled(folded.recent, binder)
        if not folded.fold.seals:
            is_opened = not recent or recent[0].role == MessageRole.USER
            opening = (
                [] if is_opened else [ChatMessage(content=str(part)) for part in folded.build_user_parts()]
            )
            return [*head, *opening, *recent]
        merged = _merged(recent, merge=merge)
        blocks = _shown(folded, merged=merged is not None)
        pages = PagesMessage.of(
            [*blocks, *(merged.blocks if merged else ())],
            more=merged.additional_kwargs if merged else {},
            origin=Origin(folded=folded, own=len(blocks), reserved_tokens=self.reserved_tokens),
        )
        return [*head, pages, *recent[1 if merged else 0 :]]


def fold_of(
    folding: Folding[ChatMessage],
    messages: Sequence[ChatMessage],
    bookmark: Bookmark | None = None,
    *,
    reserved_tokens: int = 0,
) -> Request:
    """Fold a history; as `Folding.fold`, but for leading system messages, which stand aside.

    Raises:
        FontError: A page cannot be drawn.
    """
    head = [*takewhile(lambda message: turn_of(message).role == "system", messages)]
    reserved_tokens += sum(folding.binder.count_message_tokens(turn_of(message)) for message in head)
    folded = folding.fold(messages[len(head) :], bookmark, reserved_tokens=reserved_tokens)
    return Request(head=head, folded=folded, reserved_tokens=reserved_tokens)


def _merged(recent: Sequence[ChatMessage], *, merge: bool) -> ChatMessage | None:
    """Give the message that pages are merged into, if they are."""
    return recent[0] if merge and recent and recent[0].role == MessageRole.USER else None


def _shown(folded: FoldedHistory[ChatMessage], *, merged: bool) -> list[ContentBlock]:
    profile, last = folded.folding.binder.profile, folded.fold.seals[-1].anchors[-1]
    return apart([_block(part, profile, last_anchor=last) for part in folded.build_user_parts(merged=merged)])


def request_after(
    before: Sequence[ChatMessage], folded: FoldedHistory[ChatMessage], *, merge: bool = True
) -> list[ChatMessage]:
    """Give what is sent after messages that are sent as they are, the last of them a user's with pages.

    Args:
        before: Those messages.
        folded: What came after them.
        merge: As for `Request.messages`.
    """
    binder = folded.folding.binder
    recent = spelled(folded.recent, binder)
    if not folded.fold.seals:
        return [*before, *recent]
    merged = _merged(recent, merge=merge)
    shown = _shown(folded, merged=merged is not None)
    blocks = apart([*before[-1].blocks, *shown, *(merged.blocks if merged else ())])
    pages = PagesMessage.of(blocks, more=before[-1].additional_kwargs)
    return [*before[:-1], pages, *recent[1 if merged else 0 :]]


def pages_end(messages: Sequence[ChatMessage]) -> int:
    """Give the place after the last message that holds pages; 0 where none does."""
    places = (
        at
        for at in range(len(messages), 0, -1)
        if any(isinstance(block, PageImageBlock) for block in messages[at - 1].blocks)
    )
    return next(places, 0)


def messages_of(context: Context, profile: ModelProfile, *, last_anchor: int = 0) -> list[ChatMessage]:
    """Give a context of the core as messages.

    Args:
        context: What is to be sent.
        profile: Whose it is.
        last_anchor: The last turn that is sealed.
    """
    return [_message(message, profile, last_anchor) for message in context.messages]


def _message(message: Message, profile: ModelProfile, last_anchor: int) -> ChatMessage:
    blocks = [
        _block(part, profile, last_anchor=last_anchor)
        for part in message.parts
        if part != "" or not message.tool_calls
    ]
    if any(isinstance(block, PageImageBlock) for block in blocks):
        return PagesMessage.of(blocks)
    more = {} if message.tool_call_id is None else {"tool_call_id": message.tool_call_id}
    said = [*blocks, *call_blocks(message.tool_calls)]
    return ChatMessage(role=MessageRole(message.role), blocks=said, additional_kwargs=more)


def _block(part: str | ImagePart, profile: ModelProfile, *, last_anchor: int = 0) -> ContentBlock:
    if isinstance(part, str):
        return TextBlock(text=part)
    return PageImageBlock.of(part, tokens=profile.image_tokens(part.size), last_anchor=last_anchor)


# The way back.


@dataclass(frozen=True, kw_only=True)
class Unfolded:
    """A request that a memory made, and that grew since, as the history it stands for."""

    before: list[ChatMessage]
    """What stands before the pages; it stays as it is."""
    origin: Origin
    """How the memory folded what follows, as far as that is known."""
    history: list[ChatMessage]
    """What the pages stand for, and all that came after."""

    @property
    def messages(self) -> list[ChatMessage]:
        """All of it, without pages."""
        return [*self.before, *self.history]


def unfolded(messages: Sequence[ChatMessage]) -> Unfolded:
    """Give what a request stands for, as far as it is known where its pages come from.

    Messages that changed since, as agents write their state into the newest, are taken as they are now.
    """
    with_pages = [(at, message) for at, message in enumerate(messages) if isinstance(message, PagesMessage)]
    place, pages = with_pages[-1] if with_pages else (0, PagesMessage())
    origin, folded = pages.origin, pages.origin.folded
    if folded is None:
        return Unfolded(before=[], origin=Origin(), history=[*messages])
    sealed = folded.messages[: len(folded.messages) - len(folded.recent)]
    own = [_own(pages, origin.own)] if len(pages.blocks) > origin.own else []
    history = [*sealed, *own, *messages[place + 1 :]]
    return Unfolded(before=[*messages[:place]], origin=origin, history=history)


def _own(pages: ChatMessage, begin: int) -> ChatMessage:
    return ChatMessage(
        role=pages.role, blocks=pages.blocks[begin:], additional_kwargs=pages.additional_kwargs
    )


def without_pages(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Give the history in words: the messages behind pages, or a word for pages of which none are known."""
    return [_in_words(message) for message in unfolded(messages).messages]


def _in_words(message: ChatMessage) -> ChatMessage:
    if not any(isinstance(block, PageImageBlock) for block in message.blocks):
        return message
    blocks = [
        TextBlock(text=_UNSEEN) if isinstance(block, PageImageBlock) else block for block in message.blocks
    ]
    return ChatMessage(role=message.role, blocks=apart(blocks), additional_kwargs=message.additional_kwargs)
