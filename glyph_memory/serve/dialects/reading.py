"""Turns of what clients sent, by the house's own readers: what belongs to a protocol alone is told as text.

A block that is no text, picture, call or file, such as a search that a server ran, would become an attachment: once its
turn is a page it would be sent in a user's message, where no server takes it. Knows nothing about one dialect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from glyph_memory.messages import read_message
from glyph_memory.messages.blocks import REASONING
from glyph_memory.serve.dialects.blocks import TEXTS
from glyph_memory.serve.dialects.units import Item, Unit, drop_cache_marks, name_turn
from glyph_memory.transcript import Attachment, Role, Turn

_PICTURES = frozenset({"image", "image_url", "input_image"})
_DATA = re.compile(r"(?:data:[^,\s]{0,100};base64,)?[A-Za-z0-9+/_%=\-\r\n]{256,}")
"""What is data rather than words: nobody can read it, and it would fill pages."""


def read_turn(
    role: Role,
    content: object,
    *,
    files: frozenset[str],
    calls: frozenset[str] = frozenset(),
    tool_call_id: object = None,
) -> Turn:
    """Return the turn of a content. One without blocks says nothing, and is there all the same.

    Args:
        role: Who speaks.
        content: A text or blocks.
        files: Kinds of blocks that bring a file, or name one that is elsewhere.
        calls: Kinds of blocks that are calls.
        tool_call_id: Of a tool's result.

    Raises:
        TurnError: It is neither, or a block is broken.
    """
    told = tell_blocks(content, files=files, calls=calls) if isinstance(content, list) else content
    if isinstance(told, list) and not any(map(_says_something, told)):
        told = ""
    message = {"role": role, "content": told, "tool_call_id": tool_call_id}
    turn = read_message(message)
    if not turn.attachments:
        return turn
    return replace(turn, attachments=tuple(map(_unmark, turn.attachments)))


def tell_blocks(
    content: Sequence[Any], *, files: frozenset[str], calls: frozenset[str] = frozenset()
) -> list[Any]:
    """Return blocks as the house's readers take them: what is not known to them as a text that tells it."""
    told: list[Any] = []
    for block in content:
        if not isinstance(block, Mapping):
            told.append(block)
            continue
        kind = block.get("type", "text" if isinstance(block.get("text"), str) else None)
        if isinstance(kind, str) and kind in TEXTS:
            told.append(block)
            continue
        is_known = isinstance(kind, str) and (kind in _PICTURES or kind in REASONING or kind in files)
        if is_known or (isinstance(kind, str) and kind in calls and "name" in block):
            told.append(block)
        else:
            told.append({"type": "text", "text": f"\n{tell_item(block)}\n"})
    return told


def tell_item(item: Item) -> str:
    """Return an item or a block as one line of JSON; long data is replaced by its length."""
    return json.dumps(_shorten_data(item), ensure_ascii=False)


def make_unit(turn: Turn, items: Sequence[Item]) -> Unit:
    """Return the unit of a turn."""
    return Unit(turn=turn, items=tuple(items), name=name_turn(turn))


def list_items(given: object) -> list[Item]:
    """Return those of a list that are objects; none where it is no list."""
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


def name_tools(tools: Sequence[Item]) -> frozenset[str]:
    """Return what tools are called: by their names, else by their types; those inside a group, too."""
    names = set[str]()
    for tool in tools:
        function = tool.get("function")
        named = function if isinstance(function, Mapping) else tool
        name = named.get("name") or tool.get("type")
        names |= {name} if isinstance(name, str) else set()
        names |= name_tools(list_items(tool.get("tools")))
    return frozenset(names)


def read_length(given: object) -> int | None:
    """Return the longest answer that is asked for; None where that is no number above zero."""
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else None


def _says_something(block: object) -> bool:
    kind = block.get("type") if isinstance(block, Mapping) else None
    return not (isinstance(kind, str) and kind in REASONING)


def _unmark(attached: Attachment) -> Attachment:
    """Return an attachment without a cache mark: those move, and what is sealed must not change."""
    block = drop_cache_marks(attached.block)
    return attached if block is attached.block else replace(attached, block=block)


def _shorten_data(value: object) -> object:
    if isinstance(value, str):
        return _DATA.sub(lambda data: f"<{len(data[0]):,} characters of data>", value)
    if isinstance(value, Mapping):
        return {str(name): _shorten_data(held) for name, held in value.items()}
    return [_shorten_data(held) for held in value] if isinstance(value, list) else value
