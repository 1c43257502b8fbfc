"""OpenAI's Responses as vLLM 0.32 speaks them: items read as a chat, answers spelled as items, whole and streamed.

Kinds of items that nobody knows are read as text. Knows bodies; knows nothing about HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from glyph_memory.testing.script import FakeReply, cut_json, spell_event, words
from glyph_memory.transcript import ToolCall

Body = Mapping[str, Any]
_DEFAULTS: Body = {
    "parallel_tool_calls": True,
    "tool_choice": "none",
    "tools": [],
    "temperature": 1.0,
    "top_p": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "background": False,
    "service_tier": "auto",
    "truncation": "disabled",
}
_NOT_ASKED = (
    *("instructions", "metadata", "max_tool_calls", "previous_response_id", "prompt", "reasoning", "text"),
    *(
        "top_logprobs",
        "user",
        "kv_transfer_params",
        "ec_transfer_params",
        "input_messages",
        "output_messages",
    ),
)


def read_responses(body: Body) -> dict[str, Any]:
    """Return the chat request that a body of `/v1/responses` stands for."""
    given = body["input"]
    messages: list[dict[str, Any]] = []
    if body.get("instructions"):
        messages.append({"role": "system", "content": body["instructions"]})
    for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
        _add_item(messages, item)
    chat: dict[str, Any] = {"messages": messages}
    chat |= {name: body[name] for name in ("model", "temperature", "cache_salt") if name in body}
    return chat if body.get("max_output_tokens") is None else chat | {"max_tokens": body["max_output_tokens"]}


def spell_responses(reply: FakeReply) -> dict[str, object]:
    """Return an answer as `/v1/responses` spells it."""
    is_cut = reply.answer.finish_reason == "length"
    return _begin(reply) | {
        "status": "incomplete" if is_cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
        "output": [item for item, _ in _list_items(reply)],
        "usage": _count_usage(reply),
    }


def stream_responses(reply: FakeReply) -> Iterator[str]:
    """Return an answer as a stream of events: each item is added, comes in pieces, and is done."""
    begun = _begin(reply) | {"status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    events: list[dict[str, object]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for place, (item, pieces) in enumerate(_list_items(reply)):
        where = {"output_index": place, "item_id": item["id"]}
        for event in _list_events(item, pieces):
            is_item = "item" in event
            events.append(event | ({"output_index": place} if is_item else where))
    events.append({"type": "response.completed", "response": spell_responses(reply)})
    for number, event in enumerate(events):
        yield spell_event(event | {"sequence_number": number}, kind=str(event["type"]))


def _add_item(messages: list[dict[str, Any]], item: Body) -> None:
    """Add what an item says: thoughts, words and calls that follow each other are one message, as in vLLM."""
    kind = str(item.get("type") or "message")
    if kind.endswith("_call_output"):
        call = {"role": "tool", "tool_call_id": item.get("call_id")}
        messages.append(call | {"content": _read_content(item.get("output"))})
    elif kind.endswith("_call"):
        given = item.get("arguments", item.get("input"))
        said = given if isinstance(given, str) else json.dumps(given or item.get("action"))
        function = {"name": item.get("name", kind), "arguments": said}
        call = {"id": item.get("call_id"), "type": "function", "function": function}
        _join(messages, "tool_calls").setdefault("tool_calls", []).append(call)
    elif kind == "reasoning":
        parts = item.get("content") or item.get("summary") or ()
        _join(messages, "reasoning")["reasoning"] = "".join(part["text"] for part in parts)
    elif "role" not in item:
        messages.append({"role": "user", "content": json.dumps(item, sort_keys=True)})
    elif item["role"] == "assistant":
        _join(messages, "content")["content"] = _read_content(item.get("content"))
    else:
        messages.append({"role": item["role"], "content": _read_content(item.get("content"))})


def _join(messages: list[dict[str, Any]], field: str) -> dict[str, Any]:
    """Return the assistant's message that takes what comes next: the last one, unless it has that already."""
    last = messages[-1] if messages else {"role": None}
    if last["role"] == "assistant" and (field == "tool_calls" or last.get(field) is None):
        return last
    messages.append({"role": "assistant", "content": None})
    return messages[-1]


def _read_content(content: object) -> object:
    return [_read_part(part) for part in content] if isinstance(content, list) else content


def _read_part(part: Body) -> Body:
    if part.get("type") in {"input_text", "output_text", "text", "reasoning_text", "summary_text"}:
        return {"type": "text", "text": part["text"]}
    if part.get("type") == "input_image":
        return {"type": "image_url", "image_url": {"url": part["image_url"]}}
    return {"type": "text", "text": json.dumps(part, sort_keys=True)}


def _list_items(reply: FakeReply) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield the items of an answer, each with the pieces in which it is streamed."""
    answer, number = reply.answer, reply.request.number
    tools = reply.request.body.get("tools") or ()
    custom = {tool["name"] for tool in tools if tool["type"] == "custom"}
    spaces = {one["name"]: tool["name"] for tool in tools for one in tool.get("tools") or () if "name" in one}
    if answer.reasoning:
        thought = {"text": answer.reasoning, "type": "reasoning_text"}
        item: dict[str, Any] = {
            "id": f"rs_{number}",
            "summary": [],
            "type": "reasoning",
            "content": [thought],
        }
        yield item | {"encrypted_content": None, "status": None}, words(answer.reasoning)
    if answer.text or not answer.tool_calls:
        part: Body = {"annotations": [], "text": answer.text, "type": "output_text", "logprobs": None}
        item = {"id": f"msg_{number}", "content": [part], "role": "assistant", "status": "completed"}
        yield item | {"type": "message", "phase": None}, words(answer.text)
    for place, call in enumerate(answer.tool_calls):
        item = _spell_call(call, f"{number}_{place}", is_custom=call.name in custom)
        item["namespace"] = spaces.get(call.name)
        yield item, cut_json(item.get("input", call.arguments))


def _spell_call(call: ToolCall, number: str, *, is_custom: bool) -> dict[str, Any]:
    item: dict[str, Any] = {"call_id": call.id, "name": call.name}
    if not is_custom:
        more = {"id": f"fc_{number}", "status": "completed", "arguments": call.arguments}
        return item | more | {"type": "function_call"}
    try:  # a custom tool takes a text; models write it as `{"input": …}`, and vLLM unwraps it
        said = json.loads(call.arguments)["input"]
    except (ValueError, TypeError, KeyError):
        said = call.arguments
    return item | {"type": "custom_tool_call", "id": f"ctc_{number}", "input": said}


_BODY_FIELDS = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "message": "content",
    "reasoning": "content",
}
"""The field of each kind of item that comes in pieces."""


def _list_events(item: dict[str, Any], pieces: list[str]) -> Iterator[dict[str, Any]]:
    kind = item["type"]
    field = _BODY_FIELDS[kind]
    begun = item | {field: "" if kind.endswith("_call") else []}
    if "status" in item:
        begun["status"] = "in_progress"
    yield {"type": "response.output_item.added", "item": begun}
    if kind.endswith("_call"):
        name = "custom_tool_call_input" if field == "input" else "function_call_arguments"
        yield from ({"type": f"response.{name}.delta", "delta": piece} for piece in pieces)
        whole = {field: item[field]} | ({"name": item["name"]} if field == "arguments" else {})
        yield {"type": f"response.{name}.done", **whole}
    else:
        (part,) = item["content"]
        name, place = part["type"], {"content_index": 0}
        odds: Body = {"logprobs": []} if name == "output_text" else {}
        yield {"type": "response.content_part.added", "part": part | {"text": ""} | odds, **place}
        yield from ({"type": f"response.{name}.delta", "delta": piece, **odds, **place} for piece in pieces)
        yield {"type": f"response.{name}.done", "text": part["text"], **odds, **place}
        yield {"type": "response.content_part.done", "part": part, **place}
    yield {
        "type": "response.output_item.done",
        "item": item | ({"status": "completed"} if "status" in item else {}),
    }


def _begin(reply: FakeReply) -> dict[str, object]:
    body = reply.request.body
    return {
        "id": f"resp_{reply.request.number}",
        "object": "response",
        "created_at": 0,
        "model": reply.model,
        "max_output_tokens": body.get("max_output_tokens"),
        **_DEFAULTS,
        **dict.fromkeys(_NOT_ASKED),
        **{name: body[name] for name in _ECHOED if body.get(name) is not None},
    }


_ECHOED = ("tools", "tool_choice", "parallel_tool_calls", "instructions", "metadata", "temperature", "text")
"""What an answer repeats of the request."""


def _count_usage(reply: FakeReply) -> dict[str, object]:
    request, written = reply.request, reply.written_tokens
    return {
        "input_tokens": request.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": request.cached_tokens,
            "cache_write_tokens": 0,
            "input_tokens_per_turn": [],
            "cached_tokens_per_turn": [],
        },
        "output_tokens": written,
        "output_tokens_details": {
            "reasoning_tokens": reply.text_tokens(reply.answer.reasoning),
            "tool_output_tokens": 0,
            "output_tokens_per_turn": [],
            "tool_output_tokens_per_turn": [],
        },
        "total_tokens": request.prompt_tokens + written,
    }
