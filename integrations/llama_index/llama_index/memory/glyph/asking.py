"""What an LLM has to know of messages before it asks with them: what they take, what they are, what was lost in them.

Knows messages and requests; sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ImageBlock
from llama_index.memory.glyph.messages import PageImageBlock, replace_blocks, turn_of
from llama_index.memory.glyph.origin import PagesMessage, list_texts
from llama_index.memory.glyph.request import WrittenRequest

from glyph_memory import Binder, warn_of_losses

_MESSAGE_TOKENS = 32
"""What a message takes beside its text, at the most."""


def is_history(message: ChatMessage) -> bool:
    """Return whether a message shows that a conversation is going on: an answer, a tool's result, or pages."""
    return isinstance(message, PagesMessage) or turn_of(message).role in {"assistant", "tool"}


def holds_recall_tools(tools: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a request's tools hold `recall` and `zoom`, so that the model may be told of them."""
    return {"recall", "zoom"} <= {(tool.get("function") or tool).get("name") for tool in tools}


def list_page_blocks(messages: Sequence[ChatMessage]) -> list[PageImageBlock]:
    """Return the pages that messages show."""
    return [block for message in messages for block in message.blocks if isinstance(block, PageImageBlock)]


# What messages take.


def has_room(messages: Sequence[ChatMessage], binder: Binder) -> bool:
    """Return whether messages fit into the window as they are."""
    limit = binder.policy.prompt_tokens - sum(_count_images(message, binder) for message in messages)
    # No text has more tokens than bytes, so that most need not be counted.
    texts = [text for message in messages for text in list_texts(message.blocks)]
    size = sum(len(text.encode(errors="replace")) for text in texts) + _MESSAGE_TOKENS * len(messages)
    return size <= limit or sum(_count_text(message, binder) for message in messages) <= limit


def count_messages(messages: Sequence[ChatMessage], binder: Binder) -> int:
    """Return the tokens of messages, their pages and pictures included."""
    return sum(_count_text(message, binder) + _count_images(message, binder) for message in messages)


def _count_text(message: ChatMessage, binder: Binder) -> int:
    return binder.count_message_tokens(turn_of(message))


def _count_images(message: ChatMessage, binder: Binder) -> int:
    images = [block for block in message.blocks if isinstance(block, ImageBlock)]
    others = [block for block in images if not isinstance(block, PageImageBlock)]
    pages = sum(block.tokens for block in images if isinstance(block, PageImageBlock))
    if not others:
        return pages
    return pages + binder.count_picture_tokens(turn_of(replace_blocks(message, others)))


# What was lost.


def warn_of_new_losses(written: WrittenRequest, messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    """Return what is sent, after a warning of each loss that a memory has not told yet."""
    told = {
        (loss.kind, loss.anchor)
        for message in messages
        if isinstance(message, PagesMessage)
        for loss in message.origin.losses
    }
    warn_of_losses([loss for loss in written.losses if (loss.kind, loss.anchor) not in told])
    return written.messages
