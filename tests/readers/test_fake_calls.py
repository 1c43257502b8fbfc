"""The fake server's model can call tools, as vLLM spells it."""

from __future__ import annotations

import json

import httpx2

from glyph_memory.testing import FakeAnswer, FakeVLMServer
from glyph_memory.transcript import ToolCall

CALLS = (ToolCall(name="look", arguments='{"at": 1}'), ToolCall(name="stop", arguments="{}", id="mine"))
BODY = {"model": "glyph", "messages": [{"role": "user", "content": "Look."}]}
SPELLED = [
    {"id": "chatcmpl-tool-0", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}},
    {"id": "mine", "type": "function", "function": {"name": "stop", "arguments": "{}"}},
]


def test_calls_come_in_the_message() -> None:
    """With an id each, no content, and the reason why the model stopped."""
    with FakeVLMServer(answer=lambda request: FakeAnswer(tool_calls=CALLS)) as server:
        reply = httpx2.post(f"{server.base_url}/chat/completions", json=BODY).json()
    choice = reply["choices"][0]
    message = {name: value for name, value in choice["message"].items() if value is not None}
    assert message == {"role": "assistant", "tool_calls": SPELLED}
    assert choice["finish_reason"] == "tool_calls"


def test_calls_come_in_a_stream() -> None:
    """Its name first, then its arguments in pieces, each with its place."""
    with FakeVLMServer(answer=lambda request: FakeAnswer(text="So.", tool_calls=CALLS)) as server:
        reply = httpx2.post(f"{server.base_url}/chat/completions", json={**BODY, "stream": True}).text
    events = [json.loads(line[6:]) for line in reply.splitlines() if line.startswith("data: {")]
    deltas = [event["choices"][0]["delta"] for event in events]
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    for place, call in enumerate(SPELLED):
        first, *others = [piece for piece in pieces if piece["index"] == place]
        first["function"]["arguments"] += "".join(piece["function"]["arguments"] for piece in others)
        assert first == {"index": place, **call}
    assert "".join(str(delta.get("content", "")) for delta in deltas) == "So."
    assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_calls_that_are_sent_back_count() -> None:
    """In a message without content, and in the prefix cache."""
    said = {"role": "assistant", "content": None, "tool_calls": SPELLED}
    answer = {"role": "tool", "tool_call_id": "mine", "content": "ok"}
    with FakeVLMServer() as server:
        for calls in (SPELLED, SPELLED[:1]):
            messages = [*BODY["messages"], {**said, "tool_calls": calls}, answer]
            httpx2.post(f"{server.base_url}/chat/completions", json={**BODY, "messages": messages})
    both, one = server.requests
    assert both.prompt_tokens > one.prompt_tokens > 15
    assert both.texts == one.texts == ("Look.", "ok")
