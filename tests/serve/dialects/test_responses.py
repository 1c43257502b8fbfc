"""Claims about OpenAI's Responses: what a body says, and what is sent of it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.errors import TurnError
from glyph_memory.readers import Usage
from glyph_memory.serve.dialects.responses import ResponsesDialect
from tests.serve.dialects.folds import (
    FORGED,
    HOSTILE,
    find_marks,
    make_folding,
    make_picture,
    read,
    write_cut,
    write_folded,
)


def user(*content: Any) -> dict[str, Any]:
    """Return a user's message of blocks."""
    return {"type": "message", "role": "user", "content": [*content]}


def text(said: str) -> dict[str, Any]:
    """Return a block of a user's text."""
    return {"type": "input_text", "text": said}


def answer(said: str) -> dict[str, Any]:
    """Return an assistant's message, as a server gave it."""
    block = {"type": "output_text", "text": said, "annotations": []}
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [block]}


def think(said: str = "Hm.") -> dict[str, Any]:
    """Return an item of reasoning."""
    block = {"type": "reasoning_text", "text": said}
    return {"type": "reasoning", "id": "rs_1", "summary": [], "content": [block], "encrypted_content": None}


def call(id_: str, **given: object) -> dict[str, Any]:
    """Return an item that calls a function."""
    return {"type": "function_call", "call_id": id_, "name": "look_up", "arguments": json.dumps(given)}


def result(id_: str, output: object) -> dict[str, Any]:
    """Return an item with a function's result."""
    return {"type": "function_call_output", "call_id": id_, "output": output}


def picture() -> dict[str, Any]:
    """Return a block with a picture."""
    return {"type": "input_image", "image_url": f"data:image/png;base64,{make_picture()}", "detail": "auto"}


PATCH = "*** Begin Patch\n*** End Patch"
BODY: dict[str, Any] = {
    "model": "glyph",
    "instructions": "You help.",
    "max_output_tokens": 300,
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "tools": [
        {"type": "function", "name": "look_up", "parameters": {}},
        {"type": "custom", "name": "apply_patch"},
        {"type": "web_search"},
        {"type": "namespace", "name": "mail", "tools": [{"type": "function", "name": "send"}]},
    ],
    "input": [
        {"type": "message", "role": "developer", "content": [text("Be brief.")]},
        user(text("Where is order 7?"), text("And 8?")),
        think(),
        answer("I look."),
        call("c1", order=7),
        call("c2", order=8),
        result("c1", "In Bremen."),
        result("c2", [text("Lost."), picture()]),
        think("More."),
        {"type": "custom_tool_call", "id": "ct_1", "call_id": "c3", "name": "apply_patch", "input": PATCH},
        {"type": "custom_tool_call_output", "call_id": "c3", "output": "Done."},
        {
            "type": "local_shell_call",
            "id": "ls_1",
            "call_id": "c4",
            "status": "completed",
            "action": {"type": "exec", "command": ["ls"]},
        },
        {"type": "local_shell_call_output", "id": "c4", "output": "a.txt"},
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "x"},
        },
        answer("In Bremen."),
        {"role": "developer", "content": "The user is in a hurry."},
        {"role": "user", "content": "Thanks.", "own": [1]},
    ],
}


def test_what_is_said_is_read_as_turns() -> None:
    """An assistant's items that follow each other are one turn: reasoning, messages, calls."""
    request = read(ResponsesDialect(), BODY)
    assert [unit.turn.text for unit in request.head] == ["You help.", "Be brief."]
    said = [(unit.turn.role, unit.turn.text, len(unit.items)) for unit in request.units]
    assert said[:-3] == [
        ("user", "Where is order 7?\nAnd 8?", 1),
        ("assistant", "I look.", 4),
        ("tool", "In Bremen.", 1),
        ("tool", "Lost.", 1),
        ("assistant", "", 2),
        ("tool", "Done.", 1),
        ("assistant", "", 1),
        ("tool", "a.txt", 1),
    ]
    assert said[-2:] == [("system", "The user is in a hurry.", 1), ("user", "Thanks.", 1)]
    assert said[-3][2] == 2
    assert said[-3][1].endswith("In Bremen.")
    calls = [one for unit in request.units for one in unit.turn.tool_calls]
    assert [(one.name, one.arguments, one.id) for one in calls] == [
        ("look_up", '{"order": 7}', "c1"),
        ("look_up", '{"order": 8}', "c2"),
        ("apply_patch", PATCH, "c3"),
        ("local_shell", '{"type": "exec", "command": ["ls"]}', "c4"),
    ]
    results = [unit.turn.tool_call_id for unit in request.units if unit.turn.role == "tool"]
    assert results == ["c1", "c2", "c3", "c4"]
    assert request.units[3].turn.images == (base64.b64decode(make_picture()),)
    assert (request.model, request.is_stream, request.output_tokens) == ("glyph", False, 300)
    assert request.tool_names == {"look_up", "apply_patch", "web_search", "mail", "send"}
    assert not any(unit.turn.attachments for unit in request.units)


def test_without_anything_of_ours_a_body_is_sent_as_it_came() -> None:
    """Reasoning, ids, unknown items and fields: everything."""
    written = write_folded(ResponsesDialect(), BODY)
    assert written.body == BODY


def test_an_input_that_is_a_string_stays_one() -> None:
    """It is what a user says."""
    body = {"input": "Hello."}
    (unit,) = read(ResponsesDialect(), body).units
    assert (unit.turn.role, unit.turn.text) == ("user", "Hello.")
    assert write_folded(ResponsesDialect(), body).body == body


@pytest.mark.parametrize(
    "more",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"conversation": {"id": "conv_1"}},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
        {"input": [{"id": "msg_1"}]},
        {"input": [user(text("Hi")), {"type": "item_reference", "id": "msg_1"}]},
    ],
)
def test_what_the_server_keeps_is_not_folded(more: dict[str, Any]) -> None:
    """We do not see what was said."""
    assert ResponsesDialect().read({"input": "Hello.", **more}) is None
    nothing = {"previous_response_id": None, "conversation": None}
    assert ResponsesDialect().read({"input": "Hello.", **nothing}) is not None


def test_reasoning_is_no_part_of_what_is_said() -> None:
    """A client may leave it out in later requests."""
    bare = {**BODY, "input": [item for item in BODY["input"] if item.get("type") != "reasoning"]}
    given, without = read(ResponsesDialect(), BODY), read(ResponsesDialect(), bare)
    assert [unit.name for unit in given.units] == [unit.name for unit in without.units]


def test_an_answer_that_is_reasoning_alone_is_there_all_the_same() -> None:
    """Cut off while it thought."""
    body = {"input": [user(text("Why?")), think(), user(text("Well?"))]}
    assert [unit.turn.text for unit in read(ResponsesDialect(), body).units] == ["Why?", "", "Well?"]
    assert write_folded(ResponsesDialect(), body).body == body


@pytest.mark.parametrize(
    "item",
    [
        {"type": "compaction", "encrypted_content": "A" * 999},
        {"type": "additional_tools", "role": "developer", "tools": []},
        {"type": "mcp_call", "id": "m", "name": "x", "arguments": "{}", "output": "y", "server_label": "z"},
        {"type": "mcp_approval_request", "id": "m", "name": "x", "arguments": "{}", "server_label": "z"},
        {"type": "image_generation_call", "id": "i", "status": "completed", "result": make_picture()},
        {"type": "code_interpreter_call", "id": "i", "code": "1", "container_id": "c", "outputs": []},
        {"type": "tool_search_call", "call_id": None, "arguments": {}},
        {"type": "program_output", "call_id": "p", "result": "x"},
        {"type": "of the future", "role": "cat"},
        {"type": "of the future"},
        {"type": 7},
        {},
    ],
)
def test_items_that_nobody_knows_are_kept(item: dict[str, Any]) -> None:
    """Each as it came; once they are pages they are told as one line of JSON, without their data."""
    body = {"input": [user(text("Hi.")), item, user(text("Well?"))]}
    units = read(ResponsesDialect(), body).units
    assert len(units) == 3
    assert not units[1].turn.attachments
    assert len(units[1].turn.text) < 300
    assert write_folded(ResponsesDialect(), body).body == body


@pytest.mark.parametrize(
    ("asked", "came"),
    [
        ({"type": "computer_call", "action": {"type": "click"}}, {"type": "computer_call_output"}),
        ({"type": "shell_call", "action": {"commands": ["ls"]}}, {"type": "shell_call_output"}),
        ({"type": "apply_patch_call", "operation": {"type": "x"}}, {"type": "apply_patch_call_output"}),
        ({"type": "tool_search_call", "arguments": {"q": 1}}, {"type": "tool_search_output", "tools": []}),
    ],
)
def test_calls_of_other_kinds_pair_with_their_results(asked: dict[str, Any], came: dict[str, Any]) -> None:
    """So none of them is told in words."""
    shot = {"type": "computer_screenshot", "image_url": f"data:image/png;base64,{make_picture()}"}
    outputs = {"computer_call_output": shot, "shell_call_output": [{"stdout": "a", "stderr": ""}]}
    output = {"output": outputs[came["type"]]} if came["type"] in outputs else {}
    items = [
        user(text("Go.")),
        {**asked, "call_id": "c1"},
        {**came, **output, "call_id": "c1"},
        answer("Done."),
    ]
    request = read(ResponsesDialect(), {"input": items})
    assert [unit.turn.role for unit in request.units] == ["user", "assistant", "tool", "assistant"]
    assert request.units[2].turn.tool_call_id == request.units[1].turn.tool_calls[0].id == "c1"
    assert len(request.units[2].turn.images) == (came["type"] == "computer_call_output")
    assert write_folded(ResponsesDialect(), {"input": items}).body == {"input": items}


DEEP: Any = "x"
for _ in range(3000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": []},
        {"input": None},
        {"input": {"role": "user"}},
        {"input": ["hello"]},
        {"input": [{"role": "cat", "content": "x"}]},
        {"input": [{"role": 7, "content": "x"}]},
        {"input": [{"role": "user"}]},
        {"input": [{"role": "user", "content": 7}]},
        {"input": [{"role": "user", "content": [7]}]},
        {"input": [{"type": "function_call", "call_id": "c"}]},
        {"input": [{"type": "function_call", "call_id": 7, "name": "x", "arguments": "{}"}]},
        {"input": [{"type": "function_call_output", "call_id": 7, "output": "x"}]},
        {"input": [{"type": "function_call_output", "call_id": "c", "output": 7}]},
        {"input": [{"type": "compaction", "deep": DEEP}]},
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: dict[str, Any]) -> None:
    """The upstream says what is wrong with it."""
    with pytest.raises(TurnError):
        ResponsesDialect().read(body)


def test_special_tokens_and_lines_like_ours_are_broken_in_every_text() -> None:
    """All else stays; what a custom tool is given is a text and stays one."""
    items = [
        user(text(HOSTILE), text("Fine.")),
        {**think(HOSTILE), "own": 1},
        answer(HOSTILE),
        call("c1", deep=[HOSTILE], n=1),
        {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": HOSTILE},
        {"type": "local_shell_call", "call_id": "c3", "id": "l", "action": {"command": [HOSTILE]}},
        result("c1", HOSTILE),
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [text(FORGED)]},
        {"type": "shell_call_output", "call_id": "c3", "output": [{"stdout": HOSTILE}]},
        {"type": "of the future", "said": HOSTILE},
        {"role": "user", "content": HOSTILE, "own": 1},
    ]
    sent = write_folded(ResponsesDialect(), {"instructions": HOSTILE, "input": items}).body
    assert "<|user|>" not in json.dumps(sent)
    assert FORGED not in sent["input"][7]["output"][0]["text"]
    assert [item.get("type") for item in sent["input"]] == [item.get("type") for item in items]
    assert sent["input"][0]["content"][1] is items[0]["content"][1]
    assert (sent["input"][1]["own"], sent["input"][-1]["own"]) == (1, 1)
    assert json.loads(sent["input"][3]["arguments"])["n"] == 1
    assert sent["input"][4]["input"].endswith("wire the money")


def test_a_call_without_a_result_is_told_in_words() -> None:
    """Before the calls that have one, and the reasoning that led to them."""
    items = [
        user(text("Hi")),
        answer("I look."),
        think(),
        call("c1", a=1),
        call("c2", b=2),
        result("c2", "x"),
    ]
    items.append(user(text("Well?")))
    sent = write_folded(ResponsesDialect(), {"input": items}).body["input"]
    line = '[called look_up {"a": 1}; no result came]'
    told = {"type": "message", "role": "assistant", "content": line}
    assert sent == [*items[:2], told, items[2], *items[4:]]


def test_a_result_without_its_call_is_told_by_a_user() -> None:
    """With its pictures."""
    items = [user(text("Hi")), answer("Yes."), result("gone", [text("Lost."), picture()])]
    sent = write_folded(ResponsesDialect(), {"input": items}).body["input"]
    assert sent[:2] == items[:2]
    assert (sent[2]["type"], sent[2]["role"]) == ("message", "user")
    assert sent[2]["content"][0]["text"].startswith("Result of a tool")
    assert sent[2]["content"][1:] == items[2]["output"]


def test_pages_are_pictures_with_a_detail() -> None:
    """Servers want it; recent items stay, pictures between lines of ours."""
    talk = [
        {
            "role": "user" if number % 2 == 0 else "assistant",
            "content": f"{number} " + "It rained at noon. " * 200,
        }
        for number in range(30)
    ]
    last = [user(picture(), text("What is this?")), call("c1"), result("c1", [picture()])]
    sent = write_folded(ResponsesDialect(), {"input": [*talk, *last]}).body["input"]
    pages = [block for block in sent[0]["content"] if block["type"] == "input_image" and block != picture()]
    assert pages
    assert all(block["image_url"].startswith("data:image/png;base64,") for block in pages)
    assert {block["detail"] for block in pages} == {"high"}
    assert [block["type"] for block in sent[-3]["content"][-4:]] == [
        "input_text",
        "input_image",
        "input_text",
        "input_text",
    ]
    assert [block["type"] for block in sent[-1]["output"]] == ["input_text", "input_image", "input_text"]
    assert sent[-2] == last[1]


def test_what_is_to_be_sent_last_is() -> None:
    """System messages that the rules took out of what was said."""
    dialect, last = ResponsesDialect(), {"role": "developer", "content": "Note."}
    written = write_folded(dialect, BODY)
    request = replace(written.request, last=(last,))
    sent = dialect.write(request, written.plan, written.recent, binder=make_folding().binder)
    assert sent["input"] == [*BODY["input"], last]


def test_usage_is_told_by_answers_and_by_the_last_event() -> None:
    """The first events have none."""
    dialect = ResponsesDialect()
    usage = {"input_tokens": 105, "input_tokens_details": {"cached_tokens": 90}, "output_tokens": 7}
    told = Usage(prompt_tokens=105, completion_tokens=7, cached_tokens=90)
    assert dialect.read_usage({"object": "response", "usage": usage}) == told
    for kind in ("completed", "incomplete", "failed"):
        assert dialect.read_usage({"type": f"response.{kind}", "response": {"usage": usage}}) == told
    assert dialect.read_usage({"usage": {"input_tokens": 3}}) == Usage(prompt_tokens=3)
    for nothing in (
        {"type": "response.created", "response": {"usage": None}},
        {"response": 7},
        {"delta": "x"},
    ):
        assert dialect.read_usage(nothing) is None


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return items in which every text is a word of its own, and calls have results."""
    numbers = iter(range(10_000))

    def word() -> str:
        return f"w{next(numbers)}"

    items: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 5))):
        items.append({"role": "user", "content": word()} if draw(st.booleans()) else user(text(word())))
        for kind in draw(st.lists(st.sampled_from(["think", "answer", "search"]), max_size=3)):
            if kind == "search":
                items.append({"type": "web_search_call", "id": word()})
            else:
                items.append(think(word()) if kind == "think" else answer(word()))
        ids = [f"c{len(items)}-{number}" for number in range(draw(st.integers(0, 3)))]
        items += [call(id_, q=word()) for id_ in ids]
        items += [result(id_, word() if draw(st.booleans()) else [text(word())]) for id_ in ids]
    return items


@given(conversations())
def test_property_what_came_is_what_is_sent(items: list[dict[str, Any]]) -> None:
    """Without anything of ours."""
    body = {"model": "glyph", "input": items}
    assert write_folded(ResponsesDialect(), body).body == body


@given(conversations(), st.data())
def test_property_every_recent_unit_is_sent_once_and_in_order(
    items: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Wherever the conversation is cut, even between a call and its results."""
    body = {"input": items}
    cut = data.draw(st.integers(0, len(read(ResponsesDialect(), body).units)))
    written = write_cut(ResponsesDialect(), body, cut)
    assert find_marks(written.body["input"]) == find_marks([unit.items for unit in written.recent])
