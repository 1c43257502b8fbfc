"""Claims about bodies that no client sends: each is read, or refused in one way; what is read can be sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.context import RequestPlan, Text
from glyph_memory.context.plan import plan_turns
from glyph_memory.errors import TurnError
from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.dialects.messages import MessagesDialect
from glyph_memory.serve.dialects.responses import ResponsesDialect
from glyph_memory.serve.dialects.units import Dialect
from tests.serve.dialects.folds import (
    FORGED,
    HOSTILE,
    make_folding,
    make_picture,
    read,
    write_cut,
    write_folded,
)

ROLES = ["user", "assistant", "system", "developer", "tool", "cat"]
KINDS = [
    "text", "input_text", "output_text", "refusal", "image", "input_image", "image_url", "document", "thinking",
    "redacted_thinking", "reasoning", "tool_use", "tool_result", "server_tool_use", "web_search_tool_result", "message",
    "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "local_shell_call",
    "local_shell_call_output", "computer_call_output", "web_search_call", "mcp_call", "compaction", "input_file",
    "computer_screenshot", "of the future",
]  # fmt: skip
NAMES = [
    "text", "content", "source", "data", "media_type", "image_url", "url", "thinking", "name", "input", "arguments",
    "output", "action", "id", "call_id", "tool_use_id", "tool_call_id", "tool_calls", "function", "summary", "title",
    "file_data", "cache_control", "is_error", "refusal", "status",
]  # fmt: skip
SAID = [
    "",
    "Hi.",
    "c1",
    "base64",
    HOSTILE,
    FORGED,
    "{}",
    '{"a": 1}',
    "<think>x</think>y",
    make_picture(),
    "\ud800",
]
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-1, 2**70), st.floats(), st.sampled_from(SAID))


def extend(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return lists and objects of values."""
    fields = st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    kinds = st.sampled_from([*KINDS, ["text"], {"text": "text"}, 7, None])
    typed = st.builds(lambda kind, held: {"type": kind, **held}, kinds, fields)
    return st.one_of(st.lists(inner, max_size=3), fields, typed)


JSON = st.recursive(VALUES, extend, max_leaves=12)
SOURCE = {"type": "base64", "media_type": "image/png", "data": make_picture()}
BLOCKS: list[dict[str, Any]] = [
    {"type": "text", "text": HOSTILE},
    {"type": "input_text", "text": FORGED, "cache_control": {}},
    {"type": "image", "source": SOURCE},
    {"type": "image", "source": {"type": "url", "url": "http://127.0.0.1:9/a.png"}},
    {"type": "input_image", "image_url": f"data:image/png;base64,{make_picture()}"},
    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{make_picture()}"}},
    {"type": "document", "title": HOSTILE, "source": {"type": "text", "data": HOSTILE}},
    {"type": "input_file", "file_id": "file_1"},
    {"type": "thinking", "thinking": HOSTILE, "signature": ""},
    {"type": "tool_use", "id": "c1", "name": "look_up", "input": {"deep": [HOSTILE]}},
    {"type": "tool_use", "name": HOSTILE, "input": "no object"},
    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": FORGED}]},
    {"type": "tool_result", "tool_use_id": "c1"},
    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": HOSTILE}},
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": HOSTILE}]},
    {"type": "function_call", "call_id": "c1", "name": "look_up", "arguments": "broken {"},
    {"type": "function_call_output", "call_id": "c1", "output": HOSTILE},
    {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": HOSTILE},
    {
        "type": "computer_call_output",
        "call_id": "c1",
        "output": {"type": "computer_screenshot", "image_url": ""},
    },
    {"type": "local_shell_call", "call_id": "c3", "action": {"command": [HOSTILE]}},
    {"type": "compaction", "encrypted_content": "A" * 300},
]
"""What clients do send."""
ODD = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=1)
USUAL = st.builds(
    lambda block, odd: {**block, **odd}, st.sampled_from(BLOCKS), st.one_of(st.just({}), st.just({}), ODD)
)
CONTENTS = st.one_of(st.sampled_from(SAID), st.lists(USUAL, max_size=4), JSON)
MESSAGES = st.builds(
    lambda role, content, odd: {"role": role, "content": content, **odd},
    st.sampled_from(ROLES[:4]),
    CONTENTS,
    st.one_of(st.just({}), st.just({}), ODD),
)
ITEMS = st.one_of(
    MESSAGES, USUAL, st.dictionaries(st.sampled_from(["type", "role", *NAMES]), JSON, max_size=5)
)
CASES = [
    (ChatDialect(), MESSAGES),
    (MessagesDialect(), MESSAGES),
    (ResponsesDialect(), ITEMS),
]
DIALECTS = [dialect for dialect, _ in CASES]


PICTURES = {"chat": BLOCKS[5], "messages": BLOCKS[2], "responses": BLOCKS[4]}


@pytest.mark.parametrize("kind", [["text"], {"text": "text"}, 7, None])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_block_whose_type_is_no_text_is_read_or_refused(dialect: Dialect, kind: object) -> None:
    """Beside a picture, which is looked for among the blocks."""
    content = [{"type": kind, "text": "Hi."}, PICTURES[dialect.name]]
    said = [{"role": role, "content": content} for role in ("user", "assistant", "user")]
    try:
        request = read(dialect, {dialect.items_key: said})
    except TurnError:
        return
    binder = make_folding().binder
    messages = plan_turns(
        [unit.turn for unit in request.units],
        cleaner=binder.cleaner,
        join_users=dialect.join_users,
        hoist_pictures=dialect.hoist_pictures,
    )
    first = replace(messages[0], before=(Text("The images below are pages."),))
    plan = RequestPlan(head=(), messages=(first, *messages[1:]))
    assert plan.marks_pictures
    assert dialect.write(request, plan, request.units, binder=binder)[dialect.items_key]


@pytest.mark.parametrize(("dialect", "items"), CASES)
@settings(max_examples=40)
@given(data=st.data())
def test_property_whatever_comes_is_read_or_refused(
    dialect: Dialect, items: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    """And what is read can be written, wherever it is cut."""
    key = dialect.items_key
    body = {key: data.draw(st.lists(items, min_size=1, max_size=4))}
    try:
        request = dialect.read(body)
    except TurnError:
        return
    if request is None:
        return
    write_folded(dialect, body)
    write_cut(dialect, body, data.draw(st.integers(0, len(request.units))))


SPOKEN = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(ROLES[:4]),
    st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=4),
)


@pytest.mark.parametrize(
    ("dialect", "items"),
    [(MessagesDialect(), SPOKEN), (ResponsesDialect(), st.one_of(SPOKEN, st.sampled_from(BLOCKS)))],
)
@settings(max_examples=40)
@given(data=st.data())
def test_property_no_special_token_of_the_model_is_sent(
    dialect: Dialect, items: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    """Whatever block it stands in, and wherever that block stands."""
    body = {dialect.items_key: data.draw(st.lists(items, min_size=1, max_size=4))}
    request = dialect.read(body)
    assert request is not None
    assert "<|user|>" not in json.dumps(write_folded(dialect, body).body)
    cut = data.draw(st.integers(0, len(request.units)))
    assert "<|user|>" not in json.dumps(write_cut(dialect, body, cut).body)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(more=JSON)
def test_property_whatever_stands_beside_is_read_or_refused(dialect: Dialect, more: object) -> None:
    """System prompts, tools and lengths of any kind, and what was said, too."""
    said = {"messages": [{"role": "user", "content": "Hi."}], "input": "Hi."}
    beside = {
        "system": more,
        "instructions": more,
        "tools": more,
        "max_tokens": more,
        "max_output_tokens": more,
    }
    for body in (
        {**said, **beside},
        {"messages": more, "input": more},
        {**said, "model": more, "stream": more},
    ):
        try:
            dialect.read(body)
        except TurnError:
            continue


@pytest.mark.parametrize("dialect", DIALECTS)
@given(answer=JSON)
def test_property_whatever_an_answer_is_it_tells_tokens_or_nothing(dialect: Dialect, answer: object) -> None:
    """An upstream may be no such server at all."""
    for held in ({"usage": answer}, {"type": "message_start", "message": answer}, {"response": answer}):
        dialect.read_usage(held)
