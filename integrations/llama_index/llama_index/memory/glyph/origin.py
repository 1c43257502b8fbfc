"""`PagesMessage`: a message of a request that is not sent as it came, and the history behind it.

Knows messages; knows nothing about what is sent. An origin is shared by copies and written by no serializer: what is
restored without it stays as it was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from llama_index.core.base.llms.types import ChatMessage, ContentBlock, MessageRole, TextBlock
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.memory.glyph.messages import PageImageBlock, copy_message

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


def list_texts(blocks: Sequence[ContentBlock]) -> tuple[str, ...]:
    """Return the texts of blocks."""
    return tuple(block.text for block in blocks if isinstance(block, TextBlock))


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
