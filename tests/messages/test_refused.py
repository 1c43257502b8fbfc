"""What cannot be kept is refused in one line that names the message, the field and the remedy; nothing gets empty."""

from __future__ import annotations

from typing import Any

import pytest

from glyph_memory import GlyphMemoryError, TurnError, read_message, read_messages

USER = {"role": "user"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({}, "no role"),
        ({"content": "x"}, "no role.*'content'"),
        (USER, "no content.*'role'"),
        ({**USER, "parts": [{"text": "x"}]}, "no content.*'parts'"),
        ({**USER, "content": None}, "content is None"),
        ({**USER, "content": []}, "nothing is said"),
        ({"role": "assistant", "content": None}, "nothing is said"),
        ({"role": "assistant", "content": None, "tool_calls": []}, "nothing is said"),
        ({"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}]}, "nothing is said"),
        ({"role": "robot", "content": "x"}, "role 'robot' is none of system, user"),
        ({"role": None, "content": "x"}, "role None"),
        ({"role": ["user"], "content": "x"}, "role .*list"),
        ({**USER, "content": 5}, "content is 5"),
        ({**USER, "content": b"x"}, "decode"),
        ({**USER, "content": [5]}, "content holds 5"),
        ({**USER, "content": [{"type": "text", "text": 5}]}, "'text' has the text 5"),
        ({**USER, "content": [{"type": "text"}]}, "text None"),
        ({**USER, "content": [{"type": "file", "x": {1, 2}}]}, "no JSON"),
        ({**USER, "content": [{"type": "image", "base64": "%%%"}]}, "no base64"),
        (
            {**USER, "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,A"}}]},
            "no base64",
        ),
        ({**USER, "content": "x", "text": "y"}, "differ"),
        ({**USER, "text": 7}, "text is 7"),
        ({**USER, "content": "x", "name": 5}, "name is 5"),
        ({**USER, "content": "x", "id": 1.5}, "id is 1.5"),
        ({**USER, "content": "x", "images": "cat.png"}, "images is 'cat.png'"),
        ({**USER, "content": "x", "images": [7]}, "data is 7"),
        ({**USER, "content": "x", "time": "yesterday"}, "time is 'yesterday'"),
        ({**USER, "content": "x", "pinned": "yes"}, "pinned is 'yes'"),
        ({**USER, "content": "x", "anchor": "x"}, "anchor is 'x'"),
        ({**USER, "content": "x", "attachments": ["a.pdf"]}, "attachments holds 'a.pdf'"),
        ({"role": "assistant", "tool_calls": {"name": "f"}}, "tool_calls is"),
        ({"role": "assistant", "tool_calls": "f"}, "tool_calls is 'f'"),
        ({"role": "assistant", "tool_calls": 5}, "tool_calls is 5"),
        ({"role": "assistant", "tool_calls": ["f"]}, "tool_calls holds 'f'"),
        ({"role": "assistant", "tool_calls": [{}]}, "call's name is None"),
        ({"role": "assistant", "tool_calls": [{"name": "f", "arguments": 5}]}, "arguments are 5"),
        ({"role": "assistant", "tool_calls": [{"name": "f", "arguments": {"a": {1}}}]}, "no JSON"),
        ({"role": "assistant", "tool_calls": [{"name": "f", "id": 5}]}, "call's id is 5"),
        ({"type": "text", "text": "x"}, "no role"),
        ({"type": "remove", "id": "m1"}, "RemoveMessage|'remove'"),
        ({"from": "nobody", "value": "x"}, "'nobody'"),
        ({"from": "human"}, "no content"),
        ({"from": "human", "value": None}, "nothing is said"),
        ({"messages": [{**USER, "content": "x"}, USER]}, r"message 2 \(user\)"),
        ("hello", "a dictionary such as"),
        (7, "7"),
        (None, "None"),
    ],
    ids=str,
)
def test_what_is_no_message_is_named(message: Any, words: str) -> None:
    """Alone, and by its number among others."""
    with pytest.raises(TurnError, match=words) as alone:
        read_message(message)
    with pytest.raises(TurnError, match=words) as among:
        read_messages([{"role": "user", "content": "fine"}, message])
    assert str(among.value).startswith("message 2")
    for refused in (alone, among):
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 400
        assert isinstance(refused.value, ValueError)
        assert isinstance(refused.value, GlyphMemoryError)


@pytest.mark.parametrize("given", ["hello", "7", '{"role": "user"', "", b"[]", 7, None])
def test_what_holds_no_messages_is_named(given: Any) -> None:
    """A text that somebody said is no JSON; a path has a call of its own."""
    with pytest.raises(TurnError) as refused:
        read_messages(given)
    assert "\n" not in str(refused.value)


def test_an_empty_text_that_was_said_is_kept() -> None:
    """Some say nothing, and a tool may return nothing: the key is there then."""
    for message in ({**USER, "content": ""}, {**USER, "text": ""}, {"from": "gpt", "value": ""}):
        assert read_message(message).text == ""
    assert read_message({"role": "user", "content": [{"type": "text", "text": ""}]}).text == ""
