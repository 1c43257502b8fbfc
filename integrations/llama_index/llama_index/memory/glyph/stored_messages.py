"""LlamaIndex messages as JSON and as turns of a store, and back. Knows nothing about stores themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ContentBlock, ImageBlock, MessageRole, TextBlock
from llama_index.core.bridge.pydantic import ValidationError
from llama_index.memory.glyph.attached import load_block, shorten_data
from llama_index.memory.glyph.messages import copy_message, make_call_blocks, turn_of

from glyph_memory import Turn


def to_json(message: ChatMessage) -> dict[str, Any]:
    """Return a message as plain JSON values; a value that JSON cannot hold becomes its `repr`."""
    return dict(copy_message(message).model_dump(mode="json", fallback=repr))


def from_json(spelled: Mapping[str, Any]) -> ChatMessage:
    """Return the message that `to_json` wrote, even if files that it names are missing."""
    try:
        return ChatMessage.model_validate(spelled)
    except ValidationError:
        # LlamaIndex looks for a block's file when a message is read, and a file may go: keep what was said.
        blocks = [_read_block(held) for held in spelled.get("blocks", ())]
        message = ChatMessage(role=spelled.get("role", MessageRole.USER), blocks=[])
        message.additional_kwargs = dict(spelled.get("additional_kwargs", {}))
        message.blocks = blocks
        return message


def _read_block(held: Mapping[str, Any]) -> ContentBlock:
    try:
        return ChatMessage.model_validate({"blocks": [held]}).blocks[0]
    except ValidationError:
        if held.get("block_type") == "image":
            return ImageBlock.model_construct(**dict(held))
        return TextBlock(text=json.dumps(shorten_data(dict(held)), ensure_ascii=False))


def to_stored_turn(message: ChatMessage) -> Turn:
    """Return a turn for a store, with the message itself as JSON, so that `message_of` restores it exactly."""
    return replace(turn_of(message), origin=json.dumps(to_json(message), ensure_ascii=False))


def message_of(turn: Turn) -> ChatMessage:
    """Return a turn's message: the original one where it is stored, else one with the same content."""
    if turn.origin:
        return from_json(json.loads(turn.origin))
    blocks: list[ContentBlock] = [TextBlock(text=turn.text)] if turn.text or not turn.tool_calls else []
    blocks += [ImageBlock(image=data) for data in turn.images]
    blocks += [load_block(attachment.block) for attachment in turn.attachments]
    blocks += make_call_blocks(turn.tool_calls)
    more = {"name": turn.name, "tool_call_id": turn.tool_call_id}
    given = {name: value for name, value in more.items() if value is not None}
    return ChatMessage(role=MessageRole(turn.role), blocks=blocks, additional_kwargs=given)
