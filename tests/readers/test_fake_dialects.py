"""The fake server speaks all of vLLM's dialects: what is asked is understood, and answers come whole and in pieces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer, Fault
from glyph_memory.transcript import ToolCall

CALLS = (
    ToolCall(name="look", arguments='{"at": "the third door"}'),
    ToolCall(name="patch", arguments='{"input": "*** Begin"}'),
)
HEARD = {"role": "user", "content": "Look."}
PATHS = ("chat/completions", "responses", "messages", "completions")


def answer(request: FakeRequest) -> FakeAnswer:
    """Think, say something, and call what may be called."""
    calls = tuple(call for call in CALLS if call.name in request.tool_names)
    return FakeAnswer(text="So it is.", reasoning="Let me think.", tool_calls=calls)


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """Yield a server that calls tools."""
    with FakeVLMServer(answer=answer) as server:
        yield server


def ask(server: FakeVLMServer, path: str, **body: object) -> httpx2.Response:
    """Return the answer to a body."""
    return httpx2.post(f"{server.base_url}/{path}", json=body)


def read_events(reply: httpx2.Response) -> list[dict[str, Any]]:
    """Return the events of a stream; each is named as its data say."""
    events = []
    for told in reply.text.strip().split("\n\n"):
        name, data = told.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


RESPONSE_TOOLS = [{"type": "function", "name": "look"}, {"type": "custom", "name": "patch"}]


def test_a_response_is_streamed_as_it_is_told_whole(server: FakeVLMServer) -> None:
    """Thoughts, words and calls are items; each is added, comes in pieces, and is done as it stands in the end."""
    body = {"input": "Look.", "tools": RESPONSE_TOOLS}
    whole = ask(server, "responses", **body).json()
    events = read_events(ask(server, "responses", **body, stream=True))
    assert [item["type"] for item in whole["output"]] == [
        *("reasoning", "message", "function_call", "custom_tool_call"),
    ]
    assert whole["output"][3]["input"] == "*** Begin"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:3]] == [
        *("response.created", "response.in_progress", "response.output_item.added"),
    ]
    last = events[-1]["response"]
    assert events[-1]["type"] == "response.completed"
    assert [one["type"] for one in last["output"]] == [one["type"] for one in whole["output"]]
    assert last["usage"]["input_tokens"] == whole["usage"]["input_tokens"]
    pieces = dict.fromkeys(("reasoning_text", "output_text", "function_call_arguments"), "")
    for event in events:
        kind = event["type"].removeprefix("response.").removesuffix(".delta")
        if kind in pieces:
            pieces[kind] += event["delta"]
    assert list(pieces.values()) == ["Let me think.", "So it is.", CALLS[0].arguments]


def test_a_message_is_streamed_as_it_is_told_whole(server: FakeVLMServer) -> None:
    """Thoughts, words and calls are blocks; the usage comes last."""
    body = {"max_tokens": 99, "messages": [HEARD], "tools": [{"name": "look", "input_schema": {}}]}
    whole = ask(server, "messages", **body).json()
    server.forget()
    events = read_events(ask(server, "messages?beta=true", **body, stream=True))
    assert [block["type"] for block in whole["content"]] == ["thinking", "text", "tool_use"]
    assert whole["stop_reason"] == "tool_use"
    assert [event["type"] for event in events[:2]] == ["message_start", "ping"]
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    assert events[-2]["usage"] == whole["usage"]
    said = ["", "", ""]
    for event in events:
        if event["type"] == "content_block_delta":
            delta = event["delta"]
            said[event["index"]] += (
                delta.get("text") or delta.get("thinking") or delta.get("partial_json") or ""
            )
    assert said == ["Let me think.", "So it is.", CALLS[0].arguments]
    assert server.paths[-1] == "POST /v1/messages?beta=true"


def test_what_is_sent_back_is_the_same_chat_in_each_dialect(server: FakeVLMServer) -> None:
    """System prompt, call and result, and a system message in between; cache marks and thoughts cost nothing."""
    spelled = {"name": "look", "arguments": '{"at": 1}'}
    call = {"id": "c1", "type": "function", "function": spelled}
    result = {"type": "tool_result", "tool_use_id": "c1", "content": "A door.", "cache_control": {}}
    think = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    use = {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": 1}}
    chat = [
        {"role": "system", "content": "Be brief."},
        HEARD,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "A door."},
        {"role": "system", "content": "It is late."},
    ]
    items = [
        HEARD,
        {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]},
        {"type": "function_call", "call_id": "c1", **spelled},
        {"type": "function_call_output", "call_id": "c1", "output": "A door."},
        {"role": "system", "content": "It is late."},
    ]
    blocks = [
        HEARD,
        {"role": "assistant", "content": [think, use]},
        {"role": "user", "content": [result]},
        {"role": "system", "content": "It is late."},
    ]
    system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    ask(server, "chat/completions", messages=chat)
    ask(server, "responses", instructions="Be brief.", input=items)
    ask(server, "messages", system=system, messages=blocks, max_tokens=9)
    first, *others = server.requests
    assert [request.prompt_tokens for request in others] == [first.prompt_tokens] * 2
    assert [request.cached_tokens for request in others] == [first.prompt_tokens // 16 * 16] * 2
    assert [request.texts for request in others] == [first.texts] * 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("responses", {"input": [HEARD, {"type": "hologram", "said": "a word"}]}),
        ("messages", {"messages": [{"role": "user", "content": [{"type": "hologram", "said": "a word"}]}]}),
    ],
)
def test_kinds_that_nobody_knows_are_read_as_text(
    server: FakeVLMServer, path: str, body: dict[str, Any]
) -> None:
    """What was said in them can be found in the request."""
    assert ask(server, path, **body).status_code == 200
    assert "a word" in server.requests[0].question


@pytest.mark.parametrize("path", [*PATHS, "embeddings", "messages/count_tokens"])
@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"[" * 99_999, b'{"messages": 3, "input": 3, "prompt": 3.5}'],
    ids=["cut", "list", "deep", "numbers"],
)
def test_a_body_that_cannot_be_read_is_refused(server: FakeVLMServer, path: str, body: bytes) -> None:
    """With a status, in the dialect's words."""
    reply = httpx2.post(f"{server.base_url}/{path}", content=body)
    assert reply.status_code == 400
    assert ("type" in reply.json()) == path.startswith("messages")
    assert not server.requests


@pytest.mark.parametrize("path", PATHS)
def test_a_stream_can_come_in_odd_pieces_and_can_be_cut(path: str) -> None:
    """Pieces of three bytes come to the same as whole events; a cut stream lacks its end."""
    body = {"messages": [HEARD], "input": "Look.", "prompt": "Look.", "stream": True, "model": "other"}
    odd, cut = Fault.slow_stream(0.001, piece_bytes=3), Fault.cut_stream(events=2)
    faults = [Fault(), odd, cut]
    with FakeVLMServer(answer=lambda request: "Übel — so", models=["other"], faults=faults) as server:
        usual = ask(server, path, **body).text
        server.forget()
        pieces = ask(server, path, **body).text
        with pytest.raises(httpx2.RemoteProtocolError):
            ask(server, path, **body)
        models = [model["id"] for model in httpx2.get(f"{server.base_url}/models").json()["data"]]
    assert "Übel" in usual
    assert re.sub(r"(?<=[-_])1\b", "0", pieces) == usual
    assert models == ["glyph", "other"]


@pytest.mark.parametrize("path", PATHS)
def test_letters_that_are_none_are_streamed_as_question_marks(path: str) -> None:
    """Half a pair of UTF-16 in a request does not end the answer that repeats it."""
    said = '"half \\ud800"'
    body = f'{{"stream": true, "messages": [{{"role": "user", "content": {said}}}], "input": {said}, "prompt": {said}}}'
    with FakeVLMServer() as server:
        reply = httpx2.post(f"{server.base_url}/{path}", content=body)
    assert "half" in reply.text


def test_a_client_that_leaves_is_counted() -> None:
    """A stream whose client is gone ends."""
    with FakeVLMServer(answer=lambda request: "word " * 9999, faults=[Fault.slow_stream(0.001)]) as server:
        body = {"messages": [HEARD], "stream": True}
        with httpx2.stream("POST", f"{server.base_url}/chat/completions", json=body) as reply:
            next(reply.iter_bytes())
        for _ in range(500):
            if server.left_streams:
                break
            server.wait(0.01)
    assert server.left_streams == 1


def test_several_answers_and_probabilities_come_where_asked_for(server: FakeVLMServer) -> None:
    """Each of `n` answers says which it is; streamed, they come side by side."""
    body = {"messages": [HEARD], "n": 2, "logprobs": True, "top_logprobs": 1}
    choices = ask(server, "chat/completions", **body).json()["choices"]
    assert [choice["message"]["content"] for choice in choices] == ["So it is.", "So it is. #1"]
    assert [one["token"] for one in choices[0]["logprobs"]["content"]] == ["So", " it", " is."]
    lines = ask(server, "chat/completions", **body, stream=True).text.split("\n\n")
    said = ["", ""]
    for line in lines[:-2]:
        (choice,) = json.loads(line.removeprefix("data: "))["choices"]
        said[choice["index"]] += choice["delta"].get("content") or ""
    assert said == ["So it is.", "So it is. #1"]


def test_the_same_text_has_the_same_vector(server: FakeVLMServer) -> None:
    """And another text another one."""
    data = ask(server, "embeddings", input=["door", "window", "door"]).json()["data"]
    first, second, third = (one["embedding"] for one in data)
    assert first == third != second


def test_the_head_of_a_path_is_told(server: FakeVLMServer) -> None:
    """As clients ask for before they begin."""
    told = [httpx2.head(f"{server.base_url}/{path}") for path in ("models", "nothing")]
    assert [(one.status_code, one.content) for one in told] == [(200, b""), (404, b"")]
