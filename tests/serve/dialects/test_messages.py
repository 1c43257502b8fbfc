"""Claims about Anthropic's messages: what a body says, and what is sent of it."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.context import Captions
from glyph_memory.errors import TurnError
from glyph_memory.readers import Usage
from glyph_memory.serve.dialects.messages import MessagesDialect
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

MARK = {"type": "ephemeral"}
THINKING = {"type": "thinking", "thinking": "Hm.", "signature": "abc"}


def text(said: str) -> dict[str, Any]:
    """Return a block of text."""
    return {"type": "text", "text": said}


def call(id_: str, **given: object) -> dict[str, Any]:
    """Return a block that calls a tool."""
    return {"type": "tool_use", "id": id_, "name": "look_up", "input": given}


def result(id_: str, content: object) -> dict[str, Any]:
    """Return a block with a tool's result."""
    return {"type": "tool_result", "tool_use_id": id_, "content": content}


def picture() -> dict[str, Any]:
    """Return a block with a picture."""
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": make_picture()}}


BODY: dict[str, Any] = {
    "model": "glyph",
    "max_tokens": 300,
    "stream": True,
    "system": [text("You help."), {**text("Be brief."), "cache_control": MARK}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "metadata": {"user_id": "u"},
    "tools": [{"name": "look_up", "input_schema": {}}, {"type": "web_search_20250305", "name": "web_search"}],
    "messages": [
        {"role": "user", "content": "Where is order 7?", "extra": [1]},
        {
            "role": "assistant",
            "content": [THINKING, text("I look."), call("t1", order=7), call("t2", order=8)],
        },
        {
            "role": "user",
            "content": [
                result("t1", "In Bremen."),
                {**result("t2", [text("Lost.")]), "is_error": True, "cache_control": MARK},
                text("Hurry."),
            ],
            "more": {"a": None},
        },
        {"role": "system", "content": "The user is in a hurry."},
        {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "xyz"}, text("In Bremen.")]},
        {"role": "user", "content": [text("And 8?"), {**picture(), "cache_control": MARK}]},
    ],
}


def test_what_is_said_is_read_as_turns() -> None:
    """The system's blocks are the head; each result of a tool is a turn, and what the user says beside them."""
    request = read(MessagesDialect(), BODY)
    assert [unit.turn.text for unit in request.head] == ["You help.", "Be brief."]
    assert [(unit.turn.role, unit.turn.text, unit.message) for unit in request.units] == [
        ("user", "Where is order 7?", 0),
        ("assistant", "I look.", 1),
        ("tool", "In Bremen.", 2),
        ("tool", "Lost.", 2),
        ("user", "Hurry.", 2),
        ("system", "The user is in a hurry.", 3),
        ("assistant", "In Bremen.", 4),
        ("user", "And 8?", 5),
    ]
    calls = request.units[1].turn.tool_calls
    assert [(one.name, one.arguments, one.id) for one in calls] == [
        ("look_up", '{"order": 7}', "t1"),
        ("look_up", '{"order": 8}', "t2"),
    ]
    assert [unit.turn.tool_call_id for unit in request.units[2:4]] == ["t1", "t2"]
    assert request.units[-1].turn.images == (base64.b64decode(make_picture()),)
    assert request.units[2].items == (BODY["messages"][2]["content"][0],)
    assert (request.model, request.is_stream, request.output_tokens) == ("glyph", True, 300)
    assert request.tool_names == {"look_up", "web_search"}
    assert request.tools == tuple(BODY["tools"])


def test_without_anything_of_ours_a_body_is_sent_as_it_came() -> None:
    """Cache marks, thinking, unknown fields, order: everything."""
    written = write_folded(MessagesDialect(), BODY)
    assert written.body == BODY
    assert all(one is other for one, other in zip(written.body["messages"], BODY["messages"], strict=True))


def test_a_system_that_is_a_string_stays_one() -> None:
    """It is one unit; an empty one is none."""
    body = {**BODY, "system": "Be brief."}
    assert [unit.turn.text for unit in read(MessagesDialect(), body).head] == ["Be brief."]
    assert write_folded(MessagesDialect(), body).body == body
    assert read(MessagesDialect(), {**BODY, "system": ""}).head == ()


def test_leading_system_messages_belong_to_the_head() -> None:
    """They stand before the pages, where they stood."""
    body = {**BODY, "messages": [{"role": "system", "content": "First."}, *BODY["messages"]]}
    written = write_folded(MessagesDialect(), body)
    assert [unit.turn.text for unit in written.request.head] == ["You help.", "Be brief.", "First."]
    assert written.body == body


def test_cache_marks_and_thinking_are_no_part_of_what_is_said() -> None:
    """Both move from request to request; names stay."""
    bare = json.loads(json.dumps(BODY).replace(', "cache_control": {"type": "ephemeral"}', ""))
    bare["messages"][1]["content"].pop(0)
    bare["messages"][4]["content"].pop(0)
    given, without = read(MessagesDialect(), BODY), read(MessagesDialect(), bare)
    assert [unit.name for unit in given.units] == [unit.name for unit in without.units]
    assert [unit.name for unit in given.head] == [unit.name for unit in without.head]


def test_a_mark_on_a_file_changes_nothing_of_its_turn() -> None:
    """What is sealed must not change when the mark moves on."""
    file = {
        "type": "document",
        "title": "Verträge.pdf",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
    }
    one, other = (
        read(MessagesDialect(), {"messages": [{"role": "user", "content": [{**file, **marked}]}]}).units[0]
        for marked in ({}, {"cache_control": MARK})
    )
    assert (one.turn, one.name) == (other.turn, other.name)
    assert one.turn.attachments[0].name == "Verträge.pdf"


def test_what_only_a_server_takes_is_told_as_text() -> None:
    """As an attachment of a sealed turn it would be sent in a user's message, and refused there."""
    content = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "Bremen"}},
        {
            "type": "web_search_tool_result",
            "tool_use_id": "s1",
            "content": [{"encrypted_content": "A" * 999}],
        },
        text("Found."),
    ]
    body = {"messages": [{"role": "user", "content": "Search."}, {"role": "assistant", "content": content}]}
    (_, said) = read(MessagesDialect(), body).units
    assert not said.turn.attachments
    assert not said.turn.tool_calls
    assert "Bremen" in said.turn.text
    assert "999 characters of data" in said.turn.text
    assert write_folded(MessagesDialect(), body).body == body


def test_documents_and_addresses_are_attachments_and_texts_are_text() -> None:
    """Nothing is fetched."""
    url = {"type": "image", "source": {"type": "url", "url": "http://127.0.0.1:9/a.png"}}
    words = {
        "type": "document",
        "title": "Note",
        "source": {"type": "text", "media_type": "text/plain", "data": "Hi"},
    }
    body = {"messages": [{"role": "user", "content": [url, words]}]}
    (unit,) = read(MessagesDialect(), body).units
    assert [json.loads(one.block) for one in unit.turn.attachments] == [url]
    assert unit.turn.text == "Note\nHi"


def test_an_answer_that_says_nothing_is_there_all_the_same() -> None:
    """Cut off while it thought, or empty."""
    for content in ([THINKING], [], ""):
        body = {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": content}]}
        assert [unit.turn.text for unit in read(MessagesDialect(), body).units] == ["Why?", ""]
        assert write_folded(MessagesDialect(), body).body == body


DEEP: Any = "x"
for _ in range(3000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": {}},
        {"messages": ["hello"]},
        {"messages": [{"content": "x"}]},
        {"messages": [{"role": "cat", "content": "x"}]},
        {"messages": [{"role": 7, "content": "x"}]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": 7}]},
        {"messages": [{"role": "user", "content": [7]}]},
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": "?"}}]}
            ]
        },
        {"messages": [{"role": "user", "content": [{**result("t", "x"), "tool_use_id": 7}]}]},
        {"messages": [{"role": "user", "content": [result("t", 7)]}]},
        {"messages": [{"role": "user", "content": [result("t", "x"), "words"]}]},
        {"messages": [{"role": "user", "content": [{"type": "x", "deep": DEEP}]}]},
        {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "name": 7}]}]},
        {"messages": [{"role": "user", "content": "x"}], "system": 7},
        {"messages": [{"role": "user", "content": "x"}], "system": ["x"]},
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: dict[str, Any]) -> None:
    """The upstream says what is wrong with it."""
    with pytest.raises(TurnError):
        MessagesDialect().read(body)


def test_special_tokens_and_lines_like_ours_are_broken_in_every_text() -> None:
    """All else on the message stays, and blocks that are fine stay the objects that they are."""
    body = {
        "system": HOSTILE,
        "messages": [
            {"role": "user", "content": [text(HOSTILE), {**text("Fine."), "cache_control": MARK}], "own": 1},
            {"role": "assistant", "content": [text(HOSTILE), call("t1", deep=[{"down": HOSTILE}], n=1)]},
            {"role": "user", "content": [result("t1", [text(HOSTILE), text(FORGED)]), text(FORGED)]},
            {
                "role": "assistant",
                "content": [{"type": "web_fetch_tool_result", "content": {"text": HOSTILE}}],
            },
            {"role": "user", "content": HOSTILE},
        ],
    }
    sent = write_folded(MessagesDialect(), body).body
    assert "<|user|>" not in json.dumps(sent)
    assert sent["messages"][0]["own"] == 1
    assert sent["messages"][0]["content"][1] is body["messages"][0]["content"][1]  # type: ignore[index]
    assert sent["messages"][1]["content"][1]["input"]["n"] == 1
    assert sent["messages"][1]["content"][1]["id"] == "t1"
    assert [block["type"] for block in sent["messages"][2]["content"]] == ["tool_result", "text"]
    assert FORGED not in sent["messages"][2]["content"][1]["text"]


def test_a_call_without_a_result_is_told_in_words() -> None:
    """Servers refuse it otherwise; thinking stays where it is, and so do the other calls."""
    body = {
        "messages": [
            {"role": "user", "content": "Where?"},
            {
                "role": "assistant",
                "content": [THINKING, text("I look."), call("t1", order=7), call("t2", order=8)],
            },
            {"role": "user", "content": [result("t2", "In Bremen.")]},
            {"role": "user", "content": "Well?"},
        ]
    }
    sent = write_folded(MessagesDialect(), body).body["messages"]
    assert [block["type"] for block in sent[1]["content"]] == ["thinking", "text", "text", "tool_use"]
    assert sent[1]["content"][2]["text"] == '[called look_up {"order": 7}; no result came]'
    assert sent[1]["content"][3] is body["messages"][1]["content"][3]  # type: ignore[index]
    assert sent[2] is body["messages"][2]


def test_a_result_without_its_call_is_told_by_the_user_in_the_same_message() -> None:
    """The other blocks of that message stay, the results first."""
    content = [result("t1", "In Bremen."), result("gone", [text("Lost."), picture()]), text("Hurry.")]
    body = {
        "messages": [
            {"role": "user", "content": "Where?"},
            {"role": "assistant", "content": [call("t1", order=7)]},
            {"role": "user", "content": content, "own": 1},
        ]
    }
    sent = write_folded(MessagesDialect(), body).body["messages"]
    assert len(sent) == 3
    assert sent[2]["own"] == 1
    assert sent[2]["content"][0] is content[0]
    assert sent[2]["content"][-1] is content[2]
    assert sent[2]["content"][1]["text"].startswith("Result of a tool")
    assert content[1]["content"][1] in sent[2]["content"]
    assert len(content) == 3


def test_only_what_is_still_text_of_a_message_is_sent() -> None:
    """Results that are pages already are not sent again, and the message keeps its other fields."""
    sent = write_cut(MessagesDialect(), BODY, 4).body["messages"]
    assert sent[0] == {**BODY["messages"][2], "content": [text("Hurry.")]}
    assert sent[1:] == BODY["messages"][3:]


@pytest.mark.parametrize("captions", ["text", "page"])
def test_pictures_stand_between_lines_of_ours_where_pages_are(captions: Captions) -> None:
    """One could pass for a page; cache marks stay on their blocks, even where a caption is drawn on the picture."""
    talk = [
        {
            "role": "user" if number % 2 == 0 else "assistant",
            "content": f"{number} " + "It rained at noon. " * 200,
        }
        for number in range(30)
    ]
    content = [{**picture(), "cache_control": MARK}, text("What is this?")]
    body = {"messages": [*talk, {"role": "user", "content": content}]}
    sent = write_folded(MessagesDialect(), body, captions=captions).body["messages"]
    images = [block for block in sent[0]["content"] if block["type"] == "image"]
    assert len(images) > 1
    assert all(block["source"]["media_type"] == "image/png" for block in images)
    above, shown, below, said = sent[-1]["content"][-4:]
    assert [above["type"], shown["type"], below["type"]] == ["text", "image", "text"]
    assert "Picture 1 that came with the user's message" in above["text"]
    assert shown["cache_control"] == MARK
    assert (shown["source"] == content[0]["source"]) == (captions == "text")
    assert said is content[1]


def test_what_is_to_be_sent_last_is() -> None:
    """System messages that the rules took out of what was said."""
    dialect, last = MessagesDialect(), {"role": "system", "content": "Note."}
    request = read(dialect, BODY)
    written = write_folded(dialect, BODY)
    sent = dialect.write(
        replace(request, last=(last,)), written.plan, written.recent, binder=make_folding().binder
    )
    assert sent["messages"] == [*BODY["messages"], last]


def test_a_known_item_is_read_once_whatever_message_it_is() -> None:
    """Its place is that of the request; a number and a truth that are equal are two items."""
    dialect = MessagesDialect()
    said = {"role": "user", "content": "Hello."}
    first = read(dialect, {"messages": [said, said]})
    again = read(dialect, {"messages": [copy.deepcopy(said), said, said]})
    assert [unit.message for unit in first.units] == [0, 1]
    assert [unit.message for unit in again.units] == [0, 1, 2]
    assert len({unit.name for unit in again.units}) == 1
    for flag in (1, True, 1.0):
        body = {"messages": [{**said, "flag": flag}]}
        (unit,) = read(dialect, body).units
        assert type(unit.items[0]["flag"]) is type(flag)


def test_usage_counts_cached_tokens_in_every_answer() -> None:
    """Anthropic's `input_tokens` are those that no cache had."""
    dialect = MessagesDialect()
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 90,
        "cache_creation_input_tokens": 5,
        "output_tokens": 7,
    }
    told = Usage(prompt_tokens=105, completion_tokens=7, cached_tokens=90)
    assert dialect.read_usage({"type": "message", "usage": usage}) == told
    assert dialect.read_usage({"type": "message_start", "message": {"usage": usage}}) == told
    assert dialect.read_usage({"type": "message_delta", "usage": {"output_tokens": 8}}) == Usage(
        completion_tokens=8
    )
    assert dialect.read_usage(
        {"type": "message_delta", "usage": {"input_tokens": 3, "output_tokens": 8}}
    ) == Usage(prompt_tokens=3, completion_tokens=8)
    for nothing in ({"type": "ping"}, {"usage": None}, {"type": "message_start", "message": 7}):
        assert dialect.read_usage(nothing) is None
    assert dialect.read_usage({"usage": {"input_tokens": True, "output_tokens": "7"}}) == Usage()


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return messages in which every text is a word of its own, and calls have results."""
    numbers = iter(range(10_000))

    def word() -> str:
        return f"w{next(numbers)}"

    messages: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 5))):
        as_text = draw(st.booleans())
        messages.append({"role": "user", "content": word() if as_text else [text(word()), text(word())]})
        calls = draw(st.integers(0, 3))
        said = [THINKING] * draw(st.integers(0, 1)) + [text(word())] * draw(st.integers(0, 1))
        ids = [f"t{len(messages)}-{number}" for number in range(calls)]
        if not (said or calls):
            continue
        messages.append({"role": "assistant", "content": [*said, *(call(id_, q=word()) for id_ in ids)]})
        if calls:
            results = [result(id_, word() if draw(st.booleans()) else [text(word())]) for id_ in ids]
            rest = [text(word()) for _ in range(draw(st.integers(0, 2)))]
            messages.append({"role": "user", "content": [*results, *rest], "own": len(messages)})
    return messages


@given(conversations())
def test_property_what_came_is_what_is_sent(messages: list[dict[str, Any]]) -> None:
    """Without anything of ours."""
    body = {"model": "glyph", "messages": messages}
    assert write_folded(MessagesDialect(), body).body == body


@given(conversations(), st.data())
def test_property_every_recent_unit_is_sent_once_and_in_order(
    messages: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Wherever the conversation is cut, even between a call and its results."""
    body = {"messages": messages}
    cut = data.draw(st.integers(0, len(read(MessagesDialect(), body).units)))
    written = write_cut(MessagesDialect(), body, cut)
    expected = [mark for unit in written.recent for mark in find_marks(unit.items)]
    assert find_marks(written.body["messages"]) == expected
