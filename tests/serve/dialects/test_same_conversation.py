"""Claims about a conversation that comes in several dialects: it is the same conversation."""

from __future__ import annotations

import json
from typing import Any

from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.dialects.messages import MessagesDialect
from glyph_memory.serve.dialects.responses import ResponsesDialect
from tests.serve.dialects.folds import make_picture, read

ARGUMENTS: dict[str, Any] = {"path": "äö.txt", "lines": [1, 2.5, None, True]}
URL = f"data:image/png;base64,{make_picture()}"


def spell_chat() -> dict[str, Any]:
    """Return the conversation as chat completions."""
    function = {"name": "read", "arguments": json.dumps(ARGUMENTS, ensure_ascii=False)}
    return {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Read it."},
                    {"type": "text", "text": "Both."},
                    {"type": "image_url", "image_url": {"url": URL}},
                ],
            },
            {
                "role": "assistant",
                "content": "I read.",
                "reasoning_content": "Hm.",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": function},
                    {"id": "c2", "type": "function", "function": {"name": "stop", "arguments": "{}"}},
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "One."},
            {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "Two."}]},
            {"role": "user", "content": "Go on."},
            {"role": "system", "content": "A note."},
            {"role": "assistant", "content": "Done."},
        ]
    }


def spell_messages() -> dict[str, Any]:
    """Return it as Anthropic's messages."""
    return {
        "system": "Be brief.",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Read it."},
                    {"type": "text", "text": "Both.", "cache_control": {"type": "ephemeral"}},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": make_picture()},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "x"},
                    {"type": "text", "text": "I read."},
                    {"type": "tool_use", "id": "c1", "name": "read", "input": ARGUMENTS},
                    {"type": "tool_use", "id": "c2", "name": "stop", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": "One."},
                    {
                        "type": "tool_result",
                        "tool_use_id": "c2",
                        "content": [{"type": "text", "text": "Two."}],
                    },
                    {"type": "text", "text": "Go on."},
                ],
            },
            {"role": "system", "content": "A note."},
            {"role": "assistant", "content": "Done."},
        ],
    }


def spell_responses() -> dict[str, Any]:
    """Return it as items of OpenAI's Responses."""
    said = [{"type": "output_text", "text": "Done.", "annotations": []}]
    return {
        "instructions": "Be brief.",
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Read it."},
                    {"type": "input_text", "text": "Both."},
                    {"type": "input_image", "image_url": URL, "detail": "auto"},
                ],
            },
            {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"role": "assistant", "content": "I read."},
            {
                "type": "function_call",
                "id": "fc",
                "call_id": "c1",
                "name": "read",
                "arguments": json.dumps(ARGUMENTS, ensure_ascii=False),
            },
            {"type": "function_call", "call_id": "c2", "name": "stop", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "One."},
            {
                "type": "function_call_output",
                "call_id": "c2",
                "output": [{"type": "input_text", "text": "Two."}],
            },
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go on."}]},
            {"role": "developer", "content": "A note."},
            {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": said},
        ],
    }


def test_the_same_thing_said_has_one_name_in_every_dialect() -> None:
    """So a client that changes its dialect goes on where it was."""
    chat, messages, responses = (
        read(dialect, body)
        for dialect, body in (
            (ChatDialect(), spell_chat()),
            (MessagesDialect(), spell_messages()),
            (ResponsesDialect(), spell_responses()),
        )
    )
    names = [unit.name for unit in chat.units]
    assert len({*names}) == 7
    assert [unit.name for unit in messages.units] == names
    assert [unit.name for unit in responses.units] == names
    assert [unit.name for unit in messages.head] == [unit.name for unit in chat.head]
    assert [unit.name for unit in responses.head] == [unit.name for unit in chat.head]


def test_names_are_the_same_in_every_process() -> None:
    """They are kept in the store."""
    first = read(MessagesDialect(), spell_messages()).units[-1]
    assert first.name == "e09a3318e5b55518aba22333401928ad"
