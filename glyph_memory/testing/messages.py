"""Anthropic's Messages as vLLM 0.32 speaks them: blocks read as a chat, answers spelled as blocks, whole and streamed.

Two things differ: Claude Code's billing line stays in the prompt, as other servers leave it; and a `ping` is streamed,
as by Anthropic. Kinds of blocks that nobody knows are read as text. Knows bodies; knows nothing about HTTP.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from glyph_memory.testing.script import FakeReply, cut_json, spell_event, words

Body = Mapping[str, Any]
_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def read_messages(body: Body) -> dict[str, Any]:
    """Return the chat request that a body of `/v1/messages` stands for."""
    messages: list[dict[str, Any]] = []
    if body.get("system"):
        messages.append({"role": "system", "content": _read_content(body["system"])})
    for message in body["messages"]:
        messages += _read_message(message)
    chat: dict[str, Any] = {"messages": messages}
    return chat | {
        name: body[name] for name in ("model", "temperature", "cache_salt", "max_tokens") if name in body
    }


def spell_messages(reply: FakeReply) -> dict[str, object]:
    """Return an answer as `/v1/messages` spells it: what was cached is not counted as input."""
    return _begin(reply) | {
        "content": [block for block, _ in _list_blocks(reply)],
        "stop_reason": _STOPS.get(reply.answer.reported_finish_reason, "end_turn"),
        "usage": _count_usage(reply),
    }


def stream_messages(reply: FakeReply) -> Iterator[str]:
    """Return an answer as a stream of events: each block is started, comes in pieces, and is stopped."""
    usage = {"input_tokens": reply.request.prompt_tokens, "output_tokens": 0}
    begun = _begin(reply) | {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    yield _spell("message_start", message=begun)
    yield _spell("ping")
    for place, (block, deltas) in enumerate(_list_blocks(reply)):
        started = {name: value for name, value in block.items() if name != "signature"}
        started |= _EMPTY[block["type"]]
        yield _spell("content_block_start", index=place, content_block=started)
        for delta in deltas:
            yield _spell("content_block_delta", index=place, delta=delta)
        yield _spell("content_block_stop", index=place)
    stop = _STOPS.get(reply.answer.reported_finish_reason, "end_turn")
    delta = {"stop_reason": stop, "stop_sequence": None}
    yield _spell("message_delta", delta=delta, usage=_count_usage(reply))
    yield _spell("message_stop")


_EMPTY: Mapping[str, Body] = {
    "thinking": {"thinking": ""},
    "text": {"text": ""},
    "tool_use": {"input": {}},
}
"""What each kind of block starts with."""


def _spell(kind: str, **fields: object) -> str:
    return spell_event({"type": kind, **fields}, kind=kind)


def _begin(reply: FakeReply) -> dict[str, object]:
    name = f"chatcmpl-{reply.request.number}"
    return {"id": name, "type": "message", "role": "assistant", "model": reply.model}


def _list_blocks(reply: FakeReply) -> Iterator[tuple[dict[str, Any], list[dict[str, object]]]]:
    """Yield the blocks of an answer, each with the deltas in which it is streamed."""
    answer = reply.answer
    if answer.reasoning:
        signature = hashlib.sha256(answer.reasoning.encode()).hexdigest()[:32]
        deltas: list[dict[str, object]] = [
            {"type": "thinking_delta", "thinking": word} for word in words(answer.reasoning)
        ]
        deltas.append({"type": "signature_delta", "signature": signature})
        yield {"type": "thinking", "thinking": answer.reasoning, "signature": signature}, deltas
    if answer.text or not (answer.tool_calls or answer.reasoning):
        deltas = [{"type": "text_delta", "text": word} for word in words(answer.text)]
        yield {"type": "text", "text": answer.text}, deltas
    for call in answer.tool_calls:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)}
        yield (
            block,
            [{"type": "input_json_delta", "partial_json": piece} for piece in cut_json(call.arguments)],
        )


def _count_usage(reply: FakeReply) -> dict[str, int]:
    request = reply.request
    return {
        "input_tokens": request.prompt_tokens - request.cached_tokens - request.created_cache_tokens,
        "output_tokens": reply.written_tokens,
        "cache_creation_input_tokens": request.created_cache_tokens,
        "cache_read_input_tokens": request.cached_tokens,
    }


def _read_message(message: Body) -> Iterator[dict[str, Any]]:
    """Yield the chat messages that a message stands for: results of tools are messages of their own, and come first."""
    role, content = message["role"], message["content"]
    if isinstance(content, str):
        yield {"role": role, "content": content}
        return
    results = [block for block in content if block["type"] == "tool_result"]
    for block in results:
        said = _read_content(block.get("content"))
        yield {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": said}
    calls = [block for block in content if block["type"] == "tool_use"]
    thoughts = [block.get("thinking", "") for block in content if block["type"] in _THOUGHTS]
    parts = [block for block in content if block["type"] not in {"tool_result", "tool_use", *_THOUGHTS}]
    said_here: dict[str, Any] = {"role": role, "content": _read_content(parts) or None}
    if thoughts:
        said_here["reasoning"] = "".join(thoughts)
    if calls:
        said_here["tool_calls"] = [_read_call(block) for block in calls]
    if parts or thoughts or calls or not results:
        yield said_here


_THOUGHTS = ("thinking", "redacted_thinking")


def _read_call(block: Body) -> dict[str, object]:
    function = {"name": block["name"], "arguments": json.dumps(block.get("input") or {})}
    return {"id": block.get("id"), "type": "function", "function": function}


def _read_content(content: object) -> object:
    return [_read_block(block) for block in content] if isinstance(content, list) else content


def _read_block(block: Body) -> Body:
    if block["type"] == "text":
        return {"type": "text", "text": block["text"]}
    if block["type"] == "image":
        source = block["source"]
        url = source.get("url") or f"data:{source['media_type']};base64,{source['data']}"
        return {"type": "image_url", "image_url": {"url": url}}
    kept = {name: value for name, value in block.items() if name != "cache_control"}
    return {"type": "text", "text": json.dumps(kept, sort_keys=True)}
