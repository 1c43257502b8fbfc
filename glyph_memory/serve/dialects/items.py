"""Items of OpenAI's Responses: which belong together, and what they say as turns.

Calls, and reasoning, stand beside an assistant's messages and not in them; those that follow each other are one turn.
Knows items; knows nothing about bodies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from glyph_memory.errors import TurnError
from glyph_memory.messages import read_message
from glyph_memory.messages.blocks import REASONING
from glyph_memory.messages.calls import read_call
from glyph_memory.messages.roles import read_role
from glyph_memory.serve.dialects.reading import make_unit, read_turn, tell_item
from glyph_memory.serve.dialects.units import Item, Unit
from glyph_memory.transcript import Role, ToolCall, Turn

_FILES = frozenset({"input_file", "input_audio", "file"})
_SPELLED_CALLS = frozenset({"function_call", "custom_tool_call"})
_SYSTEM = frozenset({"additional_tools", "compaction", "compaction_trigger", "mcp_list_tools"})
"""Items that say what all that follows is to be read with."""
_ARGUMENTS = ("arguments", "input", "action", "operation", "actions")
_SCREENSHOT = "computer_screenshot"


def is_message(item: Item) -> bool:
    """Return whether an item is a message, with or without its type."""
    return "role" in item and item.get("type", "message") == "message"


def is_reference(item: Item) -> bool:
    """Return whether an item stands for one that the server keeps."""
    kind = item.get("type")
    return kind == "item_reference" or (kind is None and "role" not in item and "id" in item)


def is_reasoning(item: Item) -> bool:
    """Return whether an item is the way to an answer."""
    return not is_message(item) and _kind(item) in REASONING


def is_result(item: Item) -> bool:
    """Return whether an item is what a tool of the client's returned."""
    kind = _kind(item)
    return not is_message(item) and (kind.endswith("_call_output") or kind == "tool_search_output")


def is_call(item: Item) -> bool:
    """Return whether an item is a call that the client answers: others were run by the server."""
    if is_message(item):
        return False
    return _kind(item) in _SPELLED_CALLS or (
        _kind(item).endswith("_call") and isinstance(item.get("call_id"), str)
    )


def find_role(item: Item) -> Role:
    """Return who speaks in an item.

    Raises:
        TurnError: It has a role that stands for nobody.
    """
    if is_message(item):
        return read_role(item["role"])
    if is_result(item):
        return "tool"
    return "system" if _kind(item) in _SYSTEM else "assistant"


def group_items(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Yield the items of each turn: an assistant's that follow each other, any other alone."""
    group: list[Item] = []
    for item in items:
        if find_role(item) == "assistant":
            group.append(item)
            continue
        if group:
            yield group
            group = []
        yield [item]
    if group:
        yield group


def read_group(items: list[Item]) -> tuple[Unit, ...]:
    """Return the unit of the items of a turn.

    Raises:
        TurnError: One cannot be read.
    """
    role = find_role(items[0])
    turns = [turn for item in items if (turn := _read_item(item, role)) is not None]
    if len(turns) == 1:
        return (make_unit(turns[0], items),)
    joined = Turn(
        role=role,
        text="\n".join(turn.text for turn in turns if turn.text),
        tool_calls=tuple(call for turn in turns for call in turn.tool_calls),
        images=tuple(image for turn in turns for image in turn.images),
        attachments=tuple(one for turn in turns for one in turn.attachments),
    )
    return (make_unit(joined, items),)


def _read_item(item: Item, role: Role) -> Turn | None:
    """Return what one item says; None where it is reasoning."""
    if is_message(item):
        return read_turn(role, item.get("content"), files=_FILES)
    if is_reasoning(item):
        return None
    if is_call(item):
        return Turn(role="assistant", tool_calls=(_read_call(item),))
    if is_result(item):
        return _read_result(item)
    return Turn(role=role, text=tell_item(item))


def _read_call(item: Item) -> ToolCall:
    if _kind(item) in _SPELLED_CALLS:
        return read_message(item).tool_calls[0]
    name = item.get("name")
    held = next((item[key] for key in _ARGUMENTS if item.get(key) is not None), None)
    return read_call(
        {
            "name": name if isinstance(name, str) else _kind(item).removesuffix("_call"),
            "arguments": held if isinstance(held, str | Mapping | None) else {"actions": held},
            "id": item["call_id"],
        }
    )


def _read_result(item: Item) -> Turn:
    """Return the turn of a tool's result; a local shell's has its call's id as its own."""
    id_ = item.get("call_id") or item.get("id")
    if not isinstance(id_, str | None):
        raise TurnError("the id of a tool's result is no string")
    if "output" not in item:
        return Turn(role="tool", text=tell_item(item), tool_call_id=id_)
    output: Any = item["output"]
    if isinstance(output, Mapping) and output.get("type") == _SCREENSHOT and output.get("image_url"):
        output = [{**output, "type": "input_image"}]
    if isinstance(output, Mapping):
        output = json.dumps(output, ensure_ascii=False)
    return read_turn("tool", "" if output is None else output, files=_FILES, tool_call_id=id_)


def _kind(item: Item) -> str:
    kind = item.get("type")
    return kind if isinstance(kind, str) else ""
