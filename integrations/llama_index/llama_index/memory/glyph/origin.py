"""`PagesMessage`: a message of a request that is not sent as it came, and the history behind it.

Knows messages; knows nothing about what is sent. An origin is shared by copies and written by no serializer: what is
restored without it stays as it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from llama_index.core.base.llms.types import (
    ChatMessage,
    ContentBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.memory.glyph.messages import CaptionBlock, PageImageBlock, copy_message, drop_captions

from glyph_memory import FoldedHistory, Loss


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is behind a message that is sent. Copies share it, and no serializer writes it."""

    folded: FoldedHistory[ChatMessage] | None = None
    """The history that its pages stand for, folded; None where they are no pages of what is sealed."""
    own: int = 0
    """The place of the first block that is no page of what is sealed; the end where none is."""
    originals: tuple[ChatMessage, ...] | None = None
    """The messages of the history that its own blocks stand for, none where they only show what belongs to another
    message; None where they are one message of the history as it is."""
    texts: tuple[str, ...] = ()
    """The texts of its own blocks as they were written."""
    losses: tuple[Loss, ...] = ()
    """What the request lost, and whoever made it has warned of."""
    reserved_tokens: int = 0
    """What was kept free when it was folded."""

    stored: Callable[[], tuple[Sequence[ChatMessage], tuple[ChatMessage, ...]]] | None = field(
        default=None, repr=False, compare=False
    )
    """Reads what it stands for in a database: sealed messages, and its `originals`; None where none does."""
    tell: Callable[[Sequence[str]], str] | None = field(default=None, repr=False, compare=False)
    """Gives what its pages say, in words, before other texts; None where that is not known."""
    _told: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False, compare=False)

    def tell_once(self, texts: Sequence[str]) -> str:
        """Return what its pages say, in words, and some texts; found once for the same texts."""
        key = tuple(texts)
        if key not in self._told and self.tell is not None:
            self._told[key] = self.tell(texts)
        return self._told.get(key, "")

    @property
    def is_known(self) -> bool:
        """Whether the history behind the message is known."""
        return self.folded is not None or self.originals is not None

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        return type(self), ()


class PagesMessage(ChatMessage):
    """A message that is not sent as it came: a user's with pages, or anyone's whose content became pages or parts."""

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @classmethod
    def of(
        cls,
        blocks: Sequence[ContentBlock],
        *,
        role: MessageRole = MessageRole.USER,
        more: dict[str, Any] | None = None,
        origin: Origin | None = None,
    ) -> Self:
        """Return a message of blocks, with the `additional_kwargs` of the message merged into it."""
        # Not validated: LlamaIndex would decode and encode every page again.
        made = cls.model_construct(role=role, blocks=[*blocks], additional_kwargs=more or {})
        made._origin = origin or Origin()
        return made

    @property
    def origin(self) -> Origin:
        """What is behind it, as far as that is known."""
        return self._origin

    @property
    def content(self) -> str | None:
        """What it says to whoever takes text alone: of pages, which are not sent there, what stands on them.

        As much as fits the window, the newest of it. LLMs that are sent pictures are sent its blocks.
        """
        if self._origin.tell is None or not holds_pages(self):
            return super().content
        if not self._origin.is_known:
            return self._origin.tell_once(list_texts(self.blocks[self._origin.own :]))
        own = (drop_captions(message).content for message in restore_message(self))
        return self._origin.tell_once([text for text in own if text])

    @content.setter
    def content(self, content: str) -> None:
        ChatMessage.content.fset(self, content)  # type: ignore[attr-defined]  # a property's own


def list_texts(blocks: Sequence[ContentBlock]) -> tuple[str, ...]:
    """Return the texts of blocks."""
    return tuple(block.text for block in blocks if isinstance(block, TextBlock))


def says_same(written: ChatMessage, message: ChatMessage) -> bool:
    """Return whether a message is sent in its own words, not escaped or named, with its own calls and reasoning."""
    of_one, of_other = ([*filter(_is_said, one.blocks)] for one in (written, message))
    return of_one == of_other


def _is_said(block: ContentBlock) -> bool:
    if isinstance(block, TextBlock):
        return bool(block.text) and not isinstance(block, CaptionBlock)
    return isinstance(block, ToolCallBlock | ThinkingBlock)


def restore_message(message: ChatMessage) -> list[ChatMessage]:
    """Return the messages of the history that a message stands for, without what is sealed.

    What was written into it since, as agents write their state into the newest, is written into the original.
    """
    origin = message.origin if isinstance(message, PagesMessage) else Origin()
    if not origin.is_known:
        return [message]
    blocks = message.blocks[origin.own :]
    if origin.originals is None:
        if not blocks:
            return []
        return [ChatMessage(role=message.role, blocks=blocks, additional_kwargs=message.additional_kwargs)]
    new = [text for text in list_texts(blocks) if text not in origin.texts]
    if not new:
        return [*origin.originals]
    gone = [text for text in origin.texts if text and text not in list_texts(blocks)]
    *others, last = origin.originals or (ChatMessage(role=message.role, blocks=[]),)
    for text in new:
        replaced = next((old for old in gone if old in text), None)
        before, after = text.split(replaced, 1) if replaced else ("", text)
        last = _wrap_text(last, before, after)
    return [*others, last]


def restore_stored(messages: Iterable[ChatMessage]) -> Iterator[ChatMessage]:
    """Yield messages; in place of those that a database's conversation gave, what they stand for there.

    Raises:
        StoreError: The database cannot be read.
    """
    for message in messages:
        origin = message.origin if isinstance(message, PagesMessage) else Origin()
        if origin.stored is None:
            yield message
            continue
        sealed, originals = origin.stored()
        known = replace(origin, originals=originals, stored=None)
        yield from sealed
        yield from restore_message(
            PagesMessage.of(message.blocks, role=message.role, more=message.additional_kwargs, origin=known)
        )


def _wrap_text(message: ChatMessage, before: str, after: str) -> ChatMessage:
    """Return a copy of a message with more round its last text."""
    copied = copy_message(message)
    text = next((block for block in reversed(copied.blocks) if isinstance(block, TextBlock)), None)
    if text is None:
        copied.blocks.append(TextBlock(text=f"{before}{after}"))
    else:
        text.text = f"{before}{text.text}{after}"
    return copied


def holds_pages(message: ChatMessage) -> bool:
    """Return whether a message shows any page."""
    return any(isinstance(block, PageImageBlock) for block in message.blocks)
