"""A message with a role and a content, as OpenAI's Chat Completions have it, Ollama, and our own JSON lines.

The other spellings are translated into it. Nothing becomes an empty turn: what holds nothing is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from glyph_memory.errors import TurnError
from glyph_memory.messages.blocks import decode_picture, read_content
from glyph_memory.messages.calls import read_call, read_calls
from glyph_memory.messages.check import check_turn
from glyph_memory.messages.roles import read_role
from glyph_memory.messages.values import Fields, dump_json, name_number, show, to_fields, to_list
from glyph_memory.transcript import Attachment, ToolCall, Turn

_NAMES = ("name", "tool_name")
_CALL_IDS = ("tool_call_id", "tool_use_id", "call_id")


def read_openai(message: Fields) -> Turn:
    """Return the turn of a message.

    `content` may be a string, blocks, or null beside calls; `text` stands for it in our own lines. Fields that say
    nothing of what was said, such as `usage`, are left out; so is reasoning.

    Raises:
        TurnError: A field is of the wrong kind, or nothing is said.
    """
    role = read_role(message.get("role"))
    pieces = [*read_content(_find_content(message))]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    attachments: list[object] = [piece for piece in pieces if isinstance(piece, Attachment)]
    if isinstance(audio := to_fields(message.get("audio")), Mapping):  # an answer that was spoken
        attachments.append(Attachment(block=dump_json({"type": "audio", "audio": audio}, "audio")))
        texts += [transcript] if not texts and isinstance(transcript := audio.get("transcript"), str) else []
    calls = _read_all_calls(message, [piece for piece in pieces if isinstance(piece, ToolCall)])
    images = [piece for piece in pieces if isinstance(piece, bytes)]
    images += map(decode_picture, _list_field(message, "images"))
    attachments += _list_field(message, "attachments")
    if not (texts or calls or images or attachments):
        raise TurnError(_describe_nothing(message))
    id_ = message.get("id")
    return check_turn(
        Turn(
            role=role,
            text=("" if role == "assistant" else "\n").join(texts),
            name=cast("Any", _find_first(message, _NAMES)),
            tool_calls=calls,
            tool_call_id=cast("Any", _find_first(message, _CALL_IDS)),
            images=tuple(images),
            attachments=cast("Any", tuple(attachments)),
            time=cast("Any", message.get("time")),
            id=cast("Any", name_number(id_)),
            pinned=cast("Any", message.get("pinned") or False),
            anchor=cast("Any", message.get("anchor")),
            origin=cast("Any", message.get("origin") or ""),
        )
    )


def _find_content(message: Fields) -> object:
    """Return a message's content: our own lines have a text, which is a string."""
    content, text = message.get("content"), message.get("text")
    if text is None:
        refusal = message.get("refusal")
        return refusal if content is None and isinstance(refusal, str) else content
    if not isinstance(text, str):
        raise TurnError(f'text is {show(text)}; give a string, or blocks as "content"')
    if content is not None and content != text:
        raise TurnError("it has a content and a text that differ; leave the content alone")
    return text


def _read_all_calls(message: Fields, in_blocks: list[ToolCall]) -> tuple[ToolCall, ...]:
    """Return a message's calls: its own, then those of blocks that repeat none of them."""
    calls = read_calls(message.get("tool_calls"))
    if not calls and (old := message.get("function_call")):
        calls = (read_call(old),)
    ids = {call.id for call in calls if call.id}
    return (*calls, *(call for call in in_blocks if call.id not in ids))


def _find_first(message: Fields, keys: tuple[str, ...]) -> object:
    return next((held for key in keys if (held := message.get(key)) is not None), None)


def _list_field(message: Fields, name: str) -> list[object]:
    given = message.get(name)
    if given is None:
        return []
    found = to_list(given)
    if found is None:
        raise TurnError(f"{name} is {show(given)}; give a list")
    return [*found]


def _describe_nothing(message: Fields) -> str:
    held = ", ".join(map(repr, message))
    if "content" not in message and "text" not in message:
        return f'there is no content, and no call (it holds {held}); give "content", or leave the message out'
    return (
        f"content is {show(message.get('content'))} and there is no call, so that nothing is said; "
        'give a content, "" if nothing was said, or leave the message out'
    )
