"""The rules that keep prefixes, held against what real clients were seen to send."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.serve import ServeError
from glyph_memory.serve.dialects.prefix_rules import (
    BILLING_HEADER,
    BILLING_LINE,
    CACHE_MARKS,
    MOVING_SYSTEM,
    PREFIX_RULES,
    AppliedRules,
    apply_rules,
    choose_rules,
)
from glyph_memory.serve.dialects.units import CACHE_MARK
from tests.serve.dialects.captured_clients import CLIENTS, load_body, load_client

EVERY = frozenset(rule.name for rule in PREFIX_RULES)
LINE = "cc_version=2.1.37.0d9; cc_entrypoint=cli; cch=fa690;"
"""A billing line of an older Claude Code; `cch` was another one in each request."""


def apply(body: dict[str, Any], *rules: str, dialect: str = "messages") -> AppliedRules:
    """Return a body after some rules."""
    return apply_rules(body, dialect=dialect, rules=frozenset(rules))


def test_claude_codes_billing_line_is_a_header() -> None:
    """The block that holds it is gone, and the system prompt begins with what is the same in every conversation."""
    body = load_body("claude", "the first request")
    applied = apply(body, BILLING_LINE)
    assert applied.headers == {BILLING_HEADER: "cc_version=2.1.197.712; cc_entrypoint=sdk-cli;"}
    assert applied.body["system"] == body["system"][1:]
    assert {**applied.body, "system": body["system"]} == body


def test_the_system_prompt_is_one_before_and_after_claude_codes_own_summarising() -> None:
    """Its line is made from the first message, which a summary replaces; without the line nothing changes."""
    before, after = (
        load_body("claude", what) for what in ("its own summarising", "after its own summarising")
    )
    assert before["system"] != after["system"]
    assert apply(before, BILLING_LINE).body["system"] == apply(after, BILLING_LINE).body["system"]


@pytest.mark.parametrize(
    ("dialect", "body", "left"),
    [
        ("messages", {"system": f"{BILLING_HEADER}: {LINE}\nBe brief."}, {"system": "Be brief."}),
        ("messages", {"system": f"{BILLING_HEADER}:{LINE}"}, {}),
        (
            "messages",
            {"system": [{"type": "text", "text": f"{BILLING_HEADER}: {LINE}\nBe brief."}]},
            {"system": [{"type": "text", "text": "Be brief."}]},
        ),
        ("responses", {"instructions": f"{BILLING_HEADER}: {LINE}\nBe brief."}, {"instructions": "Be brief."}),
        (
            "responses",
            {"input": [
                {"role": "developer", "content": [{"type": "input_text", "text": f"{BILLING_HEADER}: {LINE}"}]},
                {"role": "user", "content": "Hi."},
            ]},
            {"input": [{"role": "user", "content": "Hi."}]},
        ),
        (
            "chat",
            {"messages": [{"role": "system", "content": f"{BILLING_HEADER}: {LINE}\nBe brief."}]},
            {"messages": [{"role": "system", "content": "Be brief."}]},
        ),
    ],
)  # fmt: skip
def test_the_line_is_found_wherever_a_system_prompt_stands(
    dialect: str, body: dict[str, Any], left: dict[str, Any]
) -> None:
    """Routers hand Claude Code's prompt on in other dialects, as a string or as blocks."""
    applied = apply(body, BILLING_LINE, dialect=dialect)
    assert applied.body == left
    assert applied.headers == {BILLING_HEADER: LINE}


@pytest.mark.parametrize(
    "system",
    [
        f"Be brief.\n{BILLING_HEADER}: {LINE}",
        f"{BILLING_HEADER}: naïve",
        f"{BILLING_HEADER}: one\r two",
        f"{BILLING_HEADER}:",
        [{"type": "text", "text": f"{BILLING_HEADER}: {LINE}", "citations": [1]}],
        [{"type": "text", "text": ["x"]}],
        [None, f"{BILLING_HEADER}: {LINE}"],
    ],
)
def test_what_is_no_billing_line_stays(system: object) -> None:
    """A line further down, or one that no header can hold, is the prompt's."""
    body = {"system": system}
    assert apply(body, BILLING_LINE).body is body


def test_the_only_message_is_never_taken() -> None:
    """A request without messages would be refused."""
    body = {"messages": [{"role": "system", "content": f"{BILLING_HEADER}: {LINE}"}]}
    assert apply(body, BILLING_LINE, dialect="chat").body is body


def test_aiders_reminder_is_sent_last() -> None:
    """It stands at the end of each request and nowhere else: what was said is the same without it."""
    before, after = (
        load_body("aider", f"with the reminder as a system message, after an {what}")
        for what in ("edit", "answer")
    )
    said = [apply(body, MOVING_SYSTEM, dialect="chat") for body in (before, after)]
    assert [len(one.last) for one in said] == [1, 1]
    assert said[0].last == said[1].last == (before["messages"][-1],)
    first, second = (one.body["messages"] for one in said)
    assert second[: len(first)] == first


def test_a_reminder_of_claude_code_is_history_in_the_next_request() -> None:
    """It stays where it was first sent, so it is taken only while nothing comes after it."""
    end, middle = (
        load_body("claude", what) for what in ("a reminder at the end", "the reminder in the middle")
    )
    taken, kept = apply(end, MOVING_SYSTEM), apply(middle, MOVING_SYSTEM)
    assert taken.last == (end["messages"][-1],)
    assert kept.body is middle
    assert middle["messages"][len(taken.body["messages"])] == end["messages"][-1]


@pytest.mark.parametrize(
    ("key", "dialect"), [("messages", "chat"), ("messages", "messages"), ("input", "responses")]
)
def test_a_request_of_system_messages_alone_stays(key: str, dialect: str) -> None:
    """They are its head, and not at the end of anything."""
    body = {key: [{"role": "system", "content": "Be brief."}]}
    assert apply(body, MOVING_SYSTEM, dialect=dialect).body is body


def test_a_developer_is_the_system() -> None:
    """OpenAI's newer models call it so."""
    items = [
        {"role": "user", "content": "Hi."},
        {"type": "message", "role": "developer", "content": "Be brief."},
    ]
    applied = apply({"input": items}, MOVING_SYSTEM, dialect="responses")
    assert (applied.body["input"], applied.last) == (items[:1], tuple(items[1:]))


def test_cache_marks_stay_unless_the_rule_is_turned_on() -> None:
    """Anthropic's own servers cache by them."""
    assert CACHE_MARKS not in choose_rules()
    body = load_body("claude", "a tool's answer")
    assert apply_rules(body, dialect="messages", rules=choose_rules()).body["messages"] == body["messages"]


def test_without_cache_marks_each_request_of_claude_code_begins_with_the_one_before() -> None:
    """The mark is the one thing that it changes in messages that were sent before; the system prompt keeps its own."""
    before, after = (load_body("claude", what) for what in ("a tool's answer", "another one"))
    bare = [apply(body, CACHE_MARKS).body for body in (before, after)]
    count = len(before["messages"])
    assert after["messages"][:count] != before["messages"]
    assert bare[1]["messages"][:count] == bare[0]["messages"]
    assert bare[0]["system"] == before["system"]


def test_marks_inside_a_tools_answer_are_found() -> None:
    """A mark may stand on a block of it, and on a message; a tool's input is never looked into."""
    mark = {CACHE_MARK: {"type": "ephemeral"}}
    call = {"type": "tool_use", "id": "1", "name": "mark", "input": mark, **mark}
    answer = {"type": "tool_result", "content": [{"type": "text", "text": "", **mark}]}
    asked, told = {"role": "assistant", "content": [call]}, {"role": "user", "content": [answer], **mark}
    first, second = apply({"messages": [asked, told]}, CACHE_MARKS).body["messages"]
    assert first["content"] == [{"type": "tool_use", "id": "1", "name": "mark", "input": mark}]
    assert second == {
        "role": "user",
        "content": [{"type": "tool_result", "content": [{"type": "text", "text": ""}]}],
    }


@pytest.mark.parametrize("name", CLIENTS)
def test_a_rule_that_is_off_changes_nothing(name: str) -> None:
    """Without rules every captured body is the object that came, and each rule leaves alone what others name."""
    client = load_client(name)
    for request in client["requests"]:
        body = request["body"]
        assert apply(body, dialect=client["dialect"]) == AppliedRules(body=body)
        for off in EVERY:
            came = copy.deepcopy(body)
            applied = apply(body, *(EVERY - {off}), dialect=client["dialect"])
            assert body == came
            if off == BILLING_LINE:
                assert not applied.headers
                assert applied.body.get("system") == body.get("system")
            elif off == MOVING_SYSTEM:
                assert not applied.last


@pytest.mark.parametrize("name", CLIENTS)
def test_no_rule_touches_tools_or_settings(name: str) -> None:
    """What stands beside the prompt is the client's and the server's."""
    client = load_client(name)
    for request in client["requests"]:
        applied = apply(request["body"], *EVERY, dialect=client["dialect"])
        for key in request["body"].keys() - {"messages", "input", "system", "instructions"}:
            assert applied.body[key] is request["body"][key]


def test_rules_are_chosen_by_name() -> None:
    """A name that is none is an error which lists the names."""
    assert choose_rules() == {BILLING_LINE, MOVING_SYSTEM}
    assert choose_rules(switched_on=EVERY, switched_off=frozenset({BILLING_LINE})) == EVERY - {BILLING_LINE}
    with pytest.raises(
        ServeError, match=r"no rule is called 'billing'\. There are: billing-line, cache-marks"
    ):
        choose_rules(switched_off=frozenset({"billing"}))


def test_each_rule_says_what_it_does_in_one_sentence() -> None:
    """The sentences stand in the documentation and in the command line's help."""
    for rule in PREFIX_RULES:
        assert rule.does.endswith(".")
        assert ". " not in rule.does


texts = st.sampled_from(
    ["", f"{BILLING_HEADER}: {LINE}", f"{BILLING_HEADER}: {LINE}\nBe brief.", "Hi.", "ä\x00"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | texts
keys = st.sampled_from(
    [
        "role",
        "type",
        "content",
        "text",
        CACHE_MARK,
        "system",
        "instructions",
        "messages",
        "input",
        "tools",
        "id",
    ]
)
words = st.sampled_from(["system", "developer", "user", "message", "tool_result", "text"])
odd = st.recursive(
    leaves | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=10,
)
blocks = st.fixed_dictionaries(
    {"type": words}, optional={"text": texts, CACHE_MARK: odd, "content": odd, "id": odd}
)
items = st.fixed_dictionaries(
    {"role": words},
    optional={"content": texts | st.lists(blocks | odd, max_size=3) | odd, "type": words | odd},
)
bodies = st.dictionaries(keys, odd | texts | st.lists(items | odd, max_size=4), max_size=5)


@given(
    body=bodies,
    dialect=st.sampled_from(["chat", "responses", "messages", "other"]),
    rules=st.sets(st.sampled_from(sorted(EVERY))),
)
def test_odd_bodies_lose_nothing_but_what_a_rule_names(
    body: dict[str, Any], dialect: str, rules: set[str]
) -> None:
    """Any JSON is taken and never changed in place: with what was taken put back, it is what came but for marks."""
    came = json.dumps(body)
    applied = apply_rules(body, dialect=dialect, rules=frozenset(rules))
    assert json.dumps(body) == came
    if json.dumps(applied.body) == came:
        assert applied.body is body
        assert not applied.headers
    whole = dict(applied.body)
    key = "input" if dialect == "responses" else "messages"
    if applied.last:
        whole[key] = [*whole[key], *applied.last]
    said, left = _list_leaves(body), _list_leaves(whole)
    line = applied.headers.get(BILLING_HEADER)
    if line is None:
        assert left == said
        return
    gone, new = Counter(said) - Counter(left), Counter(left) - Counter(said)
    (held,) = (leaf for leaf in gone if BILLING_HEADER in leaf)
    assert json.loads(held).startswith(f"{BILLING_HEADER}: {line}")
    assert all(json.loads(held).endswith(json.loads(rest)) for rest in new)
    assert set(gone) - {held} <= WRAPPING, "nothing else but the names around it"


WRAPPING = {"system", "instructions", "role", "type", "text", "content"} | {
    json.dumps(word) for word in ("system", "developer", "user", "message", "tool_result", "text")
}
"""What stands around a prompt that held nothing but the line."""


def _list_leaves(value: object) -> list[str]:
    """Return every leaf of a value, in order, without what stands on cache marks."""
    if isinstance(value, dict):
        return [
            leaf
            for name, inner in value.items()
            if name != CACHE_MARK
            for leaf in [name, *_list_leaves(inner)]
        ]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _list_leaves(inner)]
    return [json.dumps(value)]
