"""With `--recall` the model looks things up on its own, and the client sees one answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from glyph_memory import ToolCall
from glyph_memory.serve.recall.chat import ChatSplicer
from glyph_memory.serve.recall.events import EventCutter, StreamEvent
from glyph_memory.serve.recall.messages import MessagesSplicer
from glyph_memory.serve.recall.responses import ResponsesSplicer
from glyph_memory.serve.recall.splicing import Splicer
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer
from lib.serve_speed import list_messages
from tests.serve.running import run_proxy

SAID = "The code for the gate is 4711-B."
LONG = list_messages(120)
LONG[10:10] = [{"role": "user", "content": SAID}, {"role": "assistant", "content": "Noted."}]
QUESTION = {"role": "user", "content": "What is the code?"}
LOOK = ToolCall(name="recall", arguments='{"query": "gate code"}', id="call-7")
OWN = ToolCall(name="search_web", arguments='{"q": "weather"}', id="call-8")
TOOL = {"type": "function", "function": {"name": "search_web", "parameters": {"type": "object"}}}


class Model:
    """A model that recalls once, then says what it found. Notes what it was asked."""

    def __init__(self, *first: FakeAnswer) -> None:
        self.first, self.seen = list(first), list[FakeRequest]()

    def __call__(self, request: FakeRequest) -> FakeAnswer:
        """Return the next answer."""
        self.seen.append(request)
        if self.first:
            return self.first.pop(0)
        return FakeAnswer(text="It is 4711-B." if SAID in str(request.body) else "I do not know.")


@pytest.fixture
def fake() -> Iterator[FakeVLMServer]:
    """Yield an upstream with a small window, whose model recalls once."""
    model = Model(FakeAnswer(text="Let me look. ", tool_calls=(LOOK,)))
    with FakeVLMServer(window_tokens=8192, answer=model) as server:
        yield server


@pytest.fixture
def proxy(fake: FakeVLMServer) -> Iterator[str]:
    """Yield the address of a proxy whose models may recall."""
    with run_proxy(fake.base_url, recall=True) as address:
        yield address


def ask_chat(address: str, *, stream: bool, **fields: Any) -> tuple[str, list[Any]]:
    """Return the text of an answer, and its calls, as OpenAI's own client reads them."""
    client = openai.OpenAI(base_url=f"{address}/v1", api_key="x", max_retries=0)
    messages: Any = [*LONG, QUESTION]
    if stream:
        with client.chat.completions.stream(model="glyph", messages=messages, **fields) as events:
            for _ in events:
                pass
            message = events.get_final_completion().choices[0].message
    else:
        message = (
            client.chat.completions.create(model="glyph", messages=messages, **fields).choices[0].message
        )
    return message.content or "", list(message.tool_calls or ())


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_model_recalls_is_in_its_answer_and_no_call_is_seen(
    fake: FakeVLMServer, proxy: str, stream: bool
) -> None:
    """It asks, is told word for word, and answers; the client has one answer."""
    text, calls = ask_chat(proxy, stream=stream)
    assert text.endswith("It is 4711-B.")
    assert calls == []
    assert len(fake.requests) == 2
    result = fake.requests[-1].body["messages"][-1]
    assert (result["role"], result["tool_call_id"]) == ("tool", "call-7")
    assert SAID in result["content"]


@pytest.mark.parametrize("stream", [False, True])
def test_the_clients_own_calls_go_through(fake: FakeVLMServer, proxy: str, stream: bool) -> None:
    """A model may call both kinds; what is the client's stays the client's."""
    fake.answer = Model(FakeAnswer(tool_calls=(OWN,)))
    _, calls = ask_chat(proxy, stream=stream, tools=[TOOL])
    assert [call.function.name for call in calls] == ["search_web"]
    assert [tool["function"]["name"] for tool in fake.requests[-1].body["tools"]] == [
        "search_web",
        "recall",
        "zoom",
    ]


def test_a_client_with_tools_of_these_names_keeps_them(fake: FakeVLMServer, proxy: str) -> None:
    """Its own win: nothing is offered, and its calls reach it."""
    own = {"type": "function", "function": {"name": "recall", "parameters": {"type": "object"}}}
    _, calls = ask_chat(proxy, stream=False, tools=[own])
    assert [call.function.name for call in calls] == ["recall"]
    assert len(fake.requests[-1].body["tools"]) == 1


def test_nothing_is_offered_where_all_is_text(fake: FakeVLMServer, proxy: str) -> None:
    """A short conversation goes on as it came, to the byte."""
    fake.answer = Model()
    client = openai.OpenAI(base_url=f"{proxy}/v1", api_key="x", max_retries=0)
    client.chat.completions.create(model="glyph", messages=[{"role": "user", "content": "Hello."}])
    assert "tools" not in fake.requests[-1].body


def test_a_model_that_only_recalls_has_to_answer_in_the_end(fake: FakeVLMServer, proxy: str) -> None:
    """After five times it is no longer given the tools; what it says then goes through, whatever it is."""
    fake.answer = Model(*[FakeAnswer(tool_calls=(LOOK,))] * 5)
    text, _ = ask_chat(proxy, stream=True)
    assert text == "It is 4711-B."
    assert len(fake.requests) == 6
    assert "tools" not in fake.requests[-1].body


@pytest.mark.parametrize("arguments", ["", "{", "[]", '{"query": ""}', '{"query": null}', '{"q": "gate"}'])
def test_a_call_that_makes_no_sense_is_answered_as_that(
    fake: FakeVLMServer, proxy: str, arguments: str
) -> None:
    """The model is told what is missing, and goes on."""
    call = ToolCall(name="recall", arguments=arguments, id="call-1")
    fake.answer = Model(FakeAnswer(tool_calls=(call,)))
    ask_chat(proxy, stream=True)
    assert "'query' is missing" in fake.requests[-1].body["messages"][-1]["content"]


@pytest.mark.parametrize("stream", [False, True])
def test_anthropics_client_sees_one_message(fake: FakeVLMServer, proxy: str, stream: bool) -> None:
    """Its blocks are numbered without a gap, and none is a call."""
    client = anthropic.Anthropic(base_url=proxy, api_key="x", max_retries=0)
    told: Any = [message for message in [*LONG, QUESTION] if message["role"] in {"user", "assistant"}]
    told = [{"role": message["role"], "content": message["content"] or "…"} for message in told]
    asked: dict[str, Any] = {"model": "glyph", "max_tokens": 100, "messages": told}
    if stream:
        with client.messages.stream(**asked) as events:
            for _ in events:
                pass
            message = events.get_final_message()
    else:
        message = client.messages.create(**asked)
    assert [block.type for block in message.content] == ["text"] * len(message.content)
    assert message.content[-1].text == "It is 4711-B."  # type: ignore[union-attr]  # a text, as was just said
    assert len(fake.requests) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_the_responses_client_sees_one_response(fake: FakeVLMServer, proxy: str, stream: bool) -> None:
    """Its items and events are numbered without a gap, and the last event lists all."""
    client = openai.OpenAI(base_url=f"{proxy}/v1", api_key="x", max_retries=0)
    told: Any = [message for message in [*LONG, QUESTION] if message["role"] in {"user", "assistant"}]
    told = [{"role": message["role"], "content": message["content"] or "…"} for message in told]
    if stream:
        with client.responses.stream(model="glyph", input=told) as events:
            numbers = [getattr(event, "sequence_number", None) for event in events]
            response: Any = events.get_final_response()
        shown = [number for number in numbers if number is not None]
        assert shown == sorted(set(shown))
    else:
        response = client.responses.create(model="glyph", input=told)
    assert {item.type for item in response.output} == {"message"}
    assert response.output_text.endswith("It is 4711-B.")
    assert len(fake.requests) == 2


def test_an_upstream_that_fails_after_the_model_recalled_is_told(fake: FakeVLMServer, proxy: str) -> None:
    """The stream has begun: the error comes as an event, which the client's library raises."""
    model = fake.answer

    def answer(request: FakeRequest) -> FakeAnswer | str:
        if len(fake.requests) == 1:
            fake.engine.window_tokens = 10
        return model(request)

    fake.answer = answer
    with pytest.raises(openai.APIError, match="recalled something"):
        ask_chat(proxy, stream=True)


def test_events_are_cut_the_same_wherever_the_bytes_are() -> None:
    """A stream that comes byte by byte gives the events of one that comes at once, to the byte."""
    stream = b'event: a\r\ndata: {"x": 1}\r\n\r\ndata: [DONE]\n\n: ping\n\ndata: {"y": "\xc3\xa9"}'
    whole, pieces = EventCutter(), EventCutter()
    at_once = [*whole.cut(stream), *whole.finish()]
    one_by_one = [event for byte in stream for event in pieces.cut(bytes([byte]))] + pieces.finish()
    assert [event.raw for event in at_once] == [event.raw for event in one_by_one]
    assert b"".join(event.raw for event in at_once) == stream
    assert [event.fields for event in at_once] == [{"x": 1}, None, None, {"y": "é"}]


def test_a_call_of_ours_after_a_clients_is_left_out() -> None:
    """The client's has gone on by then; ours would be a tool that it does not have."""
    splicer, cutter = ChatSplicer(), EventCutter()

    def chunk(*parts: dict[str, Any]) -> bytes:
        delta = {"tool_calls": list(parts)}
        return (
            b"data: " + json.dumps({"id": "a", "choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"
        )

    client = {"index": 0, "id": "1", "function": {"name": "search_web", "arguments": "{}"}}
    ours = {"index": 1, "id": "2", "function": {"name": "zoom", "arguments": '{"what": "§1"}'}}
    told = b"".join(
        part
        for event in cutter.cut(chunk(client) + chunk(ours) + chunk(client, ours))
        for part in splicer.feed(event)
    )
    assert told.count(b"search_web") == 2
    assert b"zoom" not in told
    assert splicer.calls == []


ODD: tuple[Any, ...] = (None, 5, "x", [], [None], [[1]], {}, {"a": 1}, True)
EVENTS: dict[str, list[dict[str, Any]]] = {
    "chat": [
        {"id": "a", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "x"}}]},
        {
            "id": "a",
            "choices": [
                {
                    "delta": {
                        "tool_calls": [
                            {"index": 0, "id": "1", "function": {"name": "find", "arguments": "{}"}}
                        ]
                    }
                }
            ],
        },
    ],
    "messages": [
        {"type": "message_start", "message": {"id": "a"}},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "1", "name": "find"},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": "{}"},
        },
    ],
    "responses": [
        {"type": "response.created", "sequence_number": 0, "response": {"id": "a", "output": []}},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "sequence_number": 1,
            "item": {"type": "function_call", "call_id": "1", "name": "find", "arguments": "{}"},
        },
    ],
}
SPLICERS: dict[str, type[Splicer]] = {
    "chat": ChatSplicer,
    "messages": MessagesSplicer,
    "responses": ResponsesSplicer,
}


def change_each(value: Any) -> Iterator[Any]:
    """Yield a value once for each place in it, with something odd there."""
    yield from ODD
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in pairs:
        for changed in change_each(held):
            copy = value.copy()
            copy[key] = changed
            yield copy


@pytest.mark.parametrize("dialect", EVENTS)
def test_an_odd_event_goes_on_as_it_came(dialect: str) -> None:
    """Whatever an upstream puts where something else should be, the client gets, and the answer goes on."""
    for number, event in enumerate(EVENTS[dialect]):
        for odd in change_each(event):
            if isinstance(odd, dict):
                splicer, cutter = SPLICERS[dialect](), EventCutter()
                came = [*EVENTS[dialect][:number], odd, *EVENTS[dialect][number + 1 :]]
                data = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in came)
                assert b"".join(part for one in cutter.cut(data) for part in splicer.feed(one)) == data
                splicer.read_whole(odd)
                assert not splicer.calls


@pytest.mark.parametrize("arguments", ["gate code", '["gate"]', "", '{"query": "gate"'])
def test_what_a_model_writes_as_arguments_goes_back_as_an_object(
    fake: FakeVLMServer, proxy: str, arguments: str
) -> None:
    """Servers refuse a history in which a call's arguments are none."""
    fake.answer = Model(FakeAnswer(tool_calls=(ToolCall(name="recall", arguments=arguments, id="call-1"),)))
    text, _ = ask_chat(proxy, stream=True)
    assert text
    (call,) = fake.requests[-1].body["messages"][-2]["tool_calls"]
    assert isinstance(json.loads(call["function"]["arguments"]), dict)


def test_calls_that_share_an_id_or_have_no_number_are_all_answered() -> None:
    """Some servers number no calls, some give all of them one id, some write arguments as an object."""
    first = {"id": "1", "function": {"name": "recall", "arguments": {"query": "gate"}}}
    second = {"id": "1", "function": {"name": "zoom", "arguments": '{"what": '}}
    rest = {"function": {"arguments": '"§1"}'}}
    splicer = ChatSplicer()
    for part in (first, second, rest):
        splicer.feed(StreamEvent(raw=b"", fields={"choices": [{"delta": {"tool_calls": [part]}}]}))
    assert [call.given for call in splicer.calls] == [{"query": "gate"}, {"what": "§1"}]
    asked, *told = splicer.make_next({"messages": []}, ["a", "b"])["messages"]
    ids = [call["id"] for call in asked["tool_calls"]]
    assert len(set(ids)) == 2
    assert [result["tool_call_id"] for result in told] == ids


def test_a_stream_without_an_end_of_an_event_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on in pieces."""
    monkeypatch.setattr("glyph_memory.serve.recall.events._LONGEST", 1000)
    cutter = EventCutter()
    told = [event.raw for _ in range(100) for event in cutter.cut(b"x" * 100)]
    assert len(b"".join(told)) > 8000
    assert b"".join([*told, *(event.raw for event in cutter.finish())]) == b"x" * 10_000
