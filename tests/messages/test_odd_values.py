"""Whatever stands in the place of a value, a message is read or refused; nothing of Python's own comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from glyph_memory import TurnError, read_messages

ODD: list[Any] = [[], {}, ["a"], {"a": 1}, [[["x"]]], {1, 2}, 5, 1.5, float("nan"), 10**5000, None, True]
ODD += [b"x", "", "\ud800", object(), range(3)]
"""What no field of a message should be, or hardly any."""

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
BLOCKS: list[dict[str, Any]] = [
    {"type": "text", "text": "x", "title": "t"},
    {"type": "image", "source": {"type": "base64", "data": "aGk=", "media_type": "image/png"}},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
    {"type": "document", "source": {"type": "text", "data": "x"}, "title": "t"},
    {"type": "tool_use", "id": "a", "name": "f", "input": {}},
    {"type": "tool_result", "tool_use_id": "q", "content": "x"},
    {"type": "file", "file": {"filename": "a", "file_data": "data:x;base64,aGk="}},
    {"type": "non_standard", "value": {"type": "text", "text": "s"}},
    {"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}},
    {"type": "refusal", "refusal": "n"},
]
SPELLED: dict[str, dict[str, Any]] = {
    "plain": {"role": "user", "content": "x", "name": "n", "id": "i", "time": "2025-03-03", "pinned": False},
    "own": {
        "role": "user",
        "text": "x",
        "anchor": 1,
        "origin": "o",
        "images": [],
        "attachments": [{"block": "{}"}],
    },
    "openai": {"role": "assistant", "content": None, "tool_calls": [CALL], "audio": {"transcript": "x"}},
    "old calls": {"role": "assistant", "function_call": {"name": "f"}, "refusal": "no"},
    "sharegpt": {"from": "gpt", "value": "x"},
    "sharegpt call": {"from": "function_call", "value": '{"name": "f"}'},
    "item": {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c", "id": "d"},
    "output": {"type": "function_call_output", "output": "x", "call_id": "c"},
    "reasoning": {"type": "reasoning", "summary": []},
    "langchain": {
        "type": "human",
        "data": {"content": "x", "id": "u", "additional_kwargs": {"tool_calls": []}},
    },
    "dumped": {"lc": 1, "id": ["langchain", "HumanMessage"], "kwargs": {"content": "x", "tool_calls": []}},
    "chat": {"type": "chat", "role": "bob", "content": "x"},
    "request": {"messages": [{"role": "user", "content": "x"}], "system": "s"},
    "answer": {"choices": [{"message": {"role": "user", "content": "x"}}]},
}
SPELLED |= {
    block["type"]: {"role": "user", "id": "i", "content": [block, {"type": "text", "text": "more"}]}
    for block in BLOCKS
}
"""A message, or what holds some, of each spelling, by what is in it."""


def find_paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value inside another."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inside:
        yield from find_paths(held, (*path, key))


def put(value: Any, path: tuple[Any, ...], odd: object) -> Any:
    """Return a copy of a value with something else at a place."""
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("message", SPELLED.values(), ids=SPELLED)
def test_an_odd_value_anywhere_is_read_or_refused_in_one_line(message: dict[str, Any]) -> None:
    """A list where a name is looked up, a number that Python cannot spell, a thing that is no JSON."""
    for path in find_paths(message):
        for odd in ODD:
            changed = put(message, path, odd)
            for given in (changed, [changed, {"role": "user", "content": "y"}]):
                try:
                    read_messages(given)
                except TurnError as error:
                    assert "\n" not in str(error)
