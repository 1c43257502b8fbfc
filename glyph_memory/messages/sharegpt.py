"""ShareGPT's messages: who speaks stands under `from`, what is said under `value`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from glyph_memory.messages.values import Fields, is_among

_ROLES: Mapping[str, str] = {
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "function_call": "assistant",
    "tool_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
"""Its own names of roles; it has the usual ones, too."""
_CALLS = frozenset({"function_call", "tool_call"})


def is_sharegpt(message: Fields) -> bool:
    """Return whether a message is one of ShareGPT's."""
    return "from" in message and "role" not in message


def translate_sharegpt(message: Fields) -> Fields:
    """Return a message with a role and a content; calls are taken from their JSON, where it is some."""
    speaker, value = message["from"], message.get("value")
    made = {key: held for key, held in message.items() if key not in {"from", "value"}}
    made["role"] = _ROLES.get(speaker.lower(), speaker) if isinstance(speaker, str) else speaker
    if is_among(speaker, _CALLS) and (calls := _read_json(value)):
        return {**made, "content": None, "tool_calls": calls}
    return {**made, "content": value} if "value" in message else made


def _read_json(value: object) -> list[object]:
    """Return the calls that a text spells; none where it spells no call."""
    try:
        held = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return []
    calls = held if isinstance(held, list) else [held]
    return calls if all(isinstance(call, Mapping) and "name" in call for call in calls) else []
