"""What messages of ours carry for the next compaction: the messages that they stand for, and the bookmark.

Inspect gives a strategy what it sent the last time, and what came since; nothing else is kept anywhere. So originals
ride in the metadata of what was written in their place, which no model is sent, and which checkpoints and logs keep.
Some providers join messages of users, or of the model, that follow each other, metadata included. So each carries under
a key of its own, and what was joined is taken apart again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageUser, Content, ContentText
from pydantic import TypeAdapter

from glyph_memory.memory import Bookmark

_KEY = "glyph_memory."
"""Begins the keys of the metadata; the message's number follows."""
_MESSAGES = TypeAdapter(list[ChatMessage])


@dataclass(kw_only=True, slots=True)
class History:
    """A conversation, whole again."""

    front: list[ChatMessage] = field(default_factory=list)
    """System messages and the sample's input: they stay as they are."""
    messages: list[ChatMessage] = field(default_factory=list)
    """All that came since, oldest first."""
    bookmark: Bookmark | None = None
    """From where folding goes on."""


def carry(
    written: Sequence[tuple[ChatMessage, Sequence[ChatMessage]]],
    *,
    front: Sequence[ChatMessage],
    bookmark: Bookmark,
) -> list[ChatMessage]:
    """Return messages that carry all that the next compaction needs; as they are where all are what was said.

    Args:
        written: What stands behind the front, each with the messages for which it was written: itself, where it is one.
        front: What stands before it.
        bookmark: Of the conversation behind the front.
    """
    if all(_is_original(message, originals) for message, originals in written):
        return [message for message, _ in written]
    inputs = [*takewhile(lambda one: one.role == "user", reversed(front))][::-1]
    begin = {
        "bookmark": bookmark.to_json(),
        "inputs": _MESSAGES.dump_python(inputs, exclude_none=True),
        "input_blocks": _count_joined(inputs),
    }
    carried = list[ChatMessage]()
    for number, (message, originals) in enumerate(written):
        near = [*written[max(0, number - 1) : number], *written[number + 1 : number + 2]]
        is_alone = message.role == "tool" or all(message.role != other.role for other, _ in near)
        if number and is_alone and _is_original(message, originals):
            carried.append(message)
            continue
        content = message.content if message.role == "tool" else _list_content(message)
        told = {
            # As Python has it: whatever their metadata holds, Inspect writes it as it writes all of it.
            "messages": _MESSAGES.dump_python([*originals], exclude_none=True),
            "blocks": len(_list_content(message)),
            **({} if number else begin),
        }
        metadata = {**(message.metadata or {}), f"{_KEY}{number}": told}
        carried.append(message.model_copy(update={"content": content, "metadata": metadata}))
    return carried


def _is_original(message: ChatMessage, originals: Sequence[ChatMessage]) -> bool:
    return len(originals) == 1 and originals[0] is message


def _list_told(message: ChatMessage) -> list[dict[str, Any]]:
    """Return what a message carries, that of each which was joined, in order."""
    metadata = message.metadata or {}
    numbers = sorted(int(key.removeprefix(_KEY)) for key in metadata if key.startswith(_KEY))
    return [metadata[f"{_KEY}{number}"] for number in numbers]


def restore(messages: Iterable[ChatMessage]) -> History:
    """Return the conversation of what was sent the last time, and what came since."""
    history = History()
    for message in messages:
        told = _list_told(message)
        if not told:
            is_front = not history.messages and (message.role == "system" or message.source == "input")
            (history.front if is_front else history.messages).append(message)
            continue
        before = _restore_front(history, told[0]) if "bookmark" in told[0] else 0
        originals = [one for each in told for one in _MESSAGES.validate_python(each["messages"])]
        history.messages += originals
        if after := _list_content(message)[before + sum(each["blocks"] for each in told) :]:
            history.messages.append(_take_apart(message, originals, after))
    if not any(one.role == "user" for one in history.front) and history.bookmark is None:
        _take_first_request(history)
    return history


def _restore_front(history: History, told: Mapping[str, Any]) -> int:
    """Restore bookmark and front at the first message behind it; return how many of its blocks are the front's."""
    if history.bookmark is None:
        # What stands before it is the front, though nothing there may be marked as input.
        history.front += history.messages
        history.messages = []
    history.bookmark = Bookmark.from_json(told["bookmark"])
    known = {one.id for one in history.front}
    joined = [one for one in _MESSAGES.validate_python(told["inputs"]) if one.id not in known]
    history.front += joined
    return int(told["input_blocks"]) if joined else 0


def _take_apart(message: ChatMessage, originals: Sequence[ChatMessage], after: list[Content]) -> ChatMessage:
    """Return what a provider joined behind a message that carries originals."""
    if not isinstance(message, ChatMessageAssistant):
        return ChatMessageUser(content=after)
    ours = {
        call.id for one in originals if isinstance(one, ChatMessageAssistant) for call in one.tool_calls or ()
    }
    calls = [call for call in message.tool_calls or () if call.id not in ours]
    return ChatMessageAssistant(content=after, tool_calls=calls or None)


def _count_joined(messages: Sequence[ChatMessage]) -> int:
    """Count the blocks that users' messages become where a provider joins them: texts alone become one text."""
    texts = sum(1 for _ in takewhile(lambda one: isinstance(one.content, str), messages))
    return min(1, texts) + sum(len(_list_content(one)) for one in messages[texts:])


def _take_first_request(history: History) -> None:
    """Move messages up to the first user's to the front, as Inspect's own strategies do where no input is marked."""
    place = next((place for place, one in enumerate(history.messages) if one.role == "user"), None)
    if place is not None:
        history.front += history.messages[: place + 1]
        del history.messages[: place + 1]


def _list_content(message: ChatMessage) -> list[Content]:
    return [ContentText(text=message.content)] if isinstance(message.content, str) else [*message.content]
