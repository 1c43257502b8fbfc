"""What an LLM has to know of messages before it asks with them: what they take, what they are, what was lost in them.

Knows messages and requests; sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, TextBlock, ToolCallBlock
from llama_index.memory.glyph.attached import warn_of_uncounted
from llama_index.memory.glyph.messages import PageImageBlock, replace_blocks, turn_of
from llama_index.memory.glyph.origin import PagesMessage, holds_pages, list_texts
from llama_index.memory.glyph.request import WrittenRequest

from glyph_memory import Binder, warn, warn_of_losses

_MESSAGE_TOKENS = 32
"""What a message takes beside its text, at the most."""


def is_history(message: ChatMessage) -> bool:
    """Return whether a message shows that a conversation is going on: an answer, a tool's result, or pages."""
    is_folded = isinstance(message, PagesMessage) and (message.origin.is_known or holds_pages(message))
    return is_folded or turn_of(message).role in {"assistant", "tool"}


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
    """Return what pages, pictures and files cost; one that cannot be counted is warned of."""
    pages = [block for block in message.blocks if isinstance(block, PageImageBlock)]
    others = [
        block for block in message.blocks if not isinstance(block, PageImageBlock | TextBlock | ToolCallBlock)
    ]
    tokens = sum(block.tokens for block in pages)
    if not others:
        return tokens
    turn = turn_of(replace_blocks(message, others))
    if not turn.images and not turn.attachments:
        return tokens
    warn_of_uncounted(turn.attachments, binder)
    return tokens + binder.count_picture_tokens(turn)


# What was lost.


_CONVERSATION = "<current_conversation>\n"
"""How LlamaIndex begins a conversation that it writes down as text, for an agent's `output_cls`."""
_CAPTION = re.compile(r"§\d+, page \d+ \([0-9a-f]{6}\):")
_DROPPED = (
    "an agent's output_cls= is filled from text alone: LlamaIndex has dropped the pages, and pictures, of this "
    "conversation; give structured_output_fn=structure_output(llm, …) in its place, which sends them"
)


def warn_of_dropped_pages(messages: Sequence[ChatMessage]) -> None:
    """Warn where a conversation was written down as text that announces pages, and they are not there."""
    for message in messages:
        texts = list_texts(message.blocks)
        if texts[:1] == (_CONVERSATION,) and any(map(_CAPTION.search, texts)):
            warn(_DROPPED)
            return


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
