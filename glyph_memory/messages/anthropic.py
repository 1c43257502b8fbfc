"""Anthropic's messages: a user's message holds results of tools, each of which becomes a message of its own."""

from __future__ import annotations

from collections.abc import Iterator

from glyph_memory.messages.roles import ROLES
from glyph_memory.messages.values import Fields, name_number, to_fields, to_list

_RESULT = "tool_result"


def split_results(message: Fields) -> Iterator[Fields]:
    """Yield a message for each tool's result in a message's content, then what is left of the message, if anything."""
    blocks = to_list(message.get("content"))
    if blocks is None or _read_role(message) not in {"user", "tool"}:
        yield message
        return
    results = [held for block in blocks if (held := _to_result(block)) is not None]
    if not results:
        yield message
        return
    rest = [block for block in blocks if _to_result(block) is None]
    for number, result in enumerate(results, 1):
        content = result.get("content")
        made: dict[str, object] = {
            "role": "tool",
            "content": "" if content is None or content == [] else content,  # a tool may well return nothing
            "tool_call_id": result.get("tool_use_id"),
            "time": message.get("time"),
        }
        id_ = name_number(message.get("id"))
        if id_ is not None:
            is_split = isinstance(id_, str) and (len(results) > 1 or rest)
            made["id"] = f"{id_}/{number}" if is_split else id_
        yield made
    if rest:
        yield {**message, "content": rest}


def _read_role(message: Fields) -> str | None:
    role = message.get("role")
    return ROLES.get(role.lower()) if isinstance(role, str) else None


def _to_result(block: object) -> Fields | None:
    held = to_fields(block)
    return held if held is not None and held.get("type") == _RESULT else None
