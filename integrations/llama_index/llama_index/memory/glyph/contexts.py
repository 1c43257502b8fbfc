"""LlamaIndex messages as the context of a reader that runs in the same process.

Knows messages and their blocks; knows nothing about readers. The same messages make the same context, so that the keys
and values of a conversation's beginning are found again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llama_index.core.base.llms.types import (
    CachePoint,
    ChatMessage,
    ContentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.memory.glyph.attached import FileBlock, block_to_json, list_attachments
from llama_index.memory.glyph.image_data import read_picture
from llama_index.memory.glyph.messages import ROLES, list_calls

from glyph_memory import (
    AttachmentPart,
    Context,
    Message,
    Part,
    Text,
    context_from_messages,
    image_part,
)


def to_context(messages: Sequence[ChatMessage]) -> Context:
    """Return messages as a context: texts and pictures in their order, pictures byte for byte.

    Reasoning is left out, as chat templates do.

    Raises:
        TurnError: A picture cannot be decoded.
    """
    return context_from_messages(map(_to_message, messages))


def _to_message(message: ChatMessage) -> Message:
    role, more = ROLES.get(message.role, "user"), message.additional_kwargs
    parts = [part for block in message.blocks for part in _to_parts(block)]
    if all(isinstance(part, Text) for part in parts):  # else block by block, as servers' templates read it
        parts = [Text("\n".join(part.text for part in parts if isinstance(part, Text)))]
    name = more.get("name")
    return Message(
        role=role,
        parts=_name_user(str(name), parts) if name and role == "user" else parts,
        tool_calls=list_calls(message) if role == "assistant" else (),
        tool_call_id=str(more["tool_call_id"]) if role == "tool" and more.get("tool_call_id") else None,
    )


def _to_parts(block: ContentBlock) -> Iterator[Part]:
    """Yield what is shown of a block."""
    if isinstance(block, TextBlock):
        yield Text(block.text)
    elif isinstance(block, ImageBlock) and (data := read_picture(block)) is not None:
        yield image_part(data)
    elif not isinstance(block, ThinkingBlock | ToolCallBlock | CachePoint):
        files = [*list_attachments(block)]
        for file in files:
            yield AttachmentPart(
                block=file.block,
                name=file.label,
                media_type=file.media_type,
                is_image=isinstance(block, ImageBlock),
            )
        if not files or not isinstance(block, FileBlock):
            yield Text(block_to_json(block))


def _name_user(name: str, parts: list[Part]) -> list[Part]:
    """Return parts with a name before the last text: what stands before it may be pages."""
    for place in reversed(range(len(parts))):
        part = parts[place]
        if isinstance(part, Text):
            return [*parts[:place], Text(f"{name}: {part.text}"), *parts[place + 1 :]]
    return [Text(f"{name}:"), *parts]
