"""Items of OpenAI's Responses API, as its agents keep them: calls and results stand beside messages, not in them."""

from __future__ import annotations

from glyph_memory.messages.blocks import REASONING
from glyph_memory.messages.values import Fields, is_among

_CALLS = frozenset({"function_call", "custom_tool_call"})
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output"})


def is_item(message: Fields) -> bool:
    """Return whether a message is an item that has no role of its own."""
    kind = message.get("type")
    if "role" in message or not isinstance(kind, str):
        return False
    return kind in _CALLS | _RESULTS | REASONING or kind.endswith(("_call", "_call_output"))


def is_reasoning(message: Fields) -> bool:
    """Return whether an item is the way to an answer, which nobody is shown again."""
    return "role" not in message and is_among(message.get("type"), REASONING)


def is_call(message: Fields) -> bool:
    """Return whether an item belongs to the assistant's message before it."""
    return is_among(message.get("type"), _CALLS) and "role" not in message


def translate_item(message: Fields) -> Fields:
    """Return a message with a role and a content."""
    kind = message["type"]
    if kind in _CALLS:
        return {"role": "assistant", "content": "", "tool_calls": [message], "id": message.get("id")}
    if kind in _RESULTS:
        output = message.get("output")
        return {
            "role": "tool",
            "content": "" if output is None else output,
            "tool_call_id": message.get("call_id"),
            "id": message.get("id"),
        }
    return {
        "role": "assistant",
        "content": [message],
        "id": message.get("id"),
    }  # a tool of the provider's own
