"""Read Inspect's messages as turns, and write what is planned as Inspect's messages.

Knows messages and plans; knows nothing about when something is compacted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    Content,
    ContentAudio,
    ContentData,
    ContentDocument,
    ContentImage,
    ContentText,
    ContentVideo,
)
from inspect_ai.tool import ToolCall

from glyph_memory.context import ImagePart, Message, Part, PlannedMessage, Text
from glyph_memory.messages import read_message
from glyph_memory.transcript import Turn

_SENT_AS_THEY_CAME = {
    "audio": ContentAudio, "video": ContentVideo, "document": ContentDocument, "data": ContentData,
}  # fmt: skip


def read_turn(message: ChatMessage) -> Turn:
    """Return a message as a turn. Reasoning is no part of it; an error of a tool is.

    Raises:
        TurnError: It holds something that no turn can hold.
    """
    spelled: dict[str, Any] = {"role": message.role, "content": [*_list_blocks(message)], "id": message.id}
    if isinstance(message, ChatMessageAssistant) and message.tool_calls:
        spelled["tool_calls"] = [
            {"id": call.id, "type": "function", "function": _spell_call(call)} for call in message.tool_calls
        ]
    if isinstance(message, ChatMessageTool):
        spelled |= {"tool_call_id": message.tool_call_id, "name": message.function}
        if message.error is not None:
            spelled["content"].append({"type": "text", "text": f"Error: {message.error.message}"})
    return read_message(spelled)


def _list_blocks(message: ChatMessage) -> Iterator[Mapping[str, Any]]:
    if isinstance(message.content, str):
        yield {"type": "text", "text": message.content}
        return
    for block in message.content:
        if block.type == "text":
            yield {"type": "text", "text": block.text}
        elif block.type == "image":
            yield {"type": "image_url", "image_url": {"url": block.image}}
        elif block.type == "tool_use":
            told = block.error or block.result
            yield {"type": "text", "text": f"[{block.name} {block.arguments}]\n{told}"}
        elif block.type in _SENT_AS_THEY_CAME:
            yield block.model_dump(mode="json", exclude_none=True)


def _spell_call(call: ToolCall) -> dict[str, str]:
    return {"name": call.function, "arguments": json.dumps(call.arguments, ensure_ascii=False)}


def write_message(planned: PlannedMessage, spelled: Message, came: Sequence[ChatMessage]) -> ChatMessage:
    """Return a planned message as Inspect's.

    Args:
        planned: What is sent.
        spelled: The same, as parts.
        came: The messages of its turns; one that is sent as it came stays the object that it is.
    """
    is_own = len(came) == 1 and not planned.before and planned.turns[0].shows == "message"
    if is_own and spelled.is_text and _says_the_same(planned, spelled, came[0]):
        return came[0]
    parts = [_write_part(part) for part in spelled.parts]
    content = spelled.text if spelled.is_text else parts
    if spelled.role == "assistant":
        calls = [
            ToolCall(id=call.id, function=call.name, arguments=_read_arguments(call.arguments))
            for call in spelled.tool_calls
        ]
        return ChatMessageAssistant(content=content, tool_calls=calls or None)
    if spelled.role == "tool":
        name = came[0].function if came and isinstance(came[0], ChatMessageTool) else None
        return ChatMessageTool(content=content, tool_call_id=spelled.tool_call_id, function=name)
    return ChatMessageUser(content=content)


def _says_the_same(planned: PlannedMessage, spelled: Message, came: ChatMessage) -> bool:
    """Return whether a message may be sent as it came: same words, same calls, nothing that is told besides."""
    turn = planned.turns[0]
    if turn.parts is not None or turn.unanswered or turn.turn.images or turn.turn.attachments:
        return False
    if isinstance(came, ChatMessageTool) and (came.error or came.tool_call_id != spelled.tool_call_id):
        return False
    calls = came.tool_calls or [] if isinstance(came, ChatMessageAssistant) else []
    return came.text == spelled.text and [call.id for call in calls] == [
        call.id for call in spelled.tool_calls
    ]


def _write_part(part: Part) -> Content:
    if isinstance(part, Text):
        return ContentText(text=part.text)
    if isinstance(part, ImagePart):
        return ContentImage(image=part.data_url)
    block = part.spelled
    if block["type"] == "image_url":
        return ContentImage(image=block["image_url"]["url"])
    return _SENT_AS_THEY_CAME[block["type"]].model_validate(block)


def _read_arguments(arguments: str) -> dict[str, Any]:
    read = json.loads(arguments or "{}")
    return read if isinstance(read, dict) else {"value": read}
