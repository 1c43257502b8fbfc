"""The other two dialects that vLLM speaks, OpenAI's Responses and Anthropic's Messages, as chat requests.

Whole answers only, texts and pictures only: tools and streams are left to the chat dialect. Knows bodies; knows nothing
about HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from glyph_memory.testing.engine import FakeRequest
from glyph_memory.testing.script import FakeAnswer

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
_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def read_responses(body: Body) -> dict[str, Any]:
    """Return the chat request that a body of `/v1/responses` stands for."""
    given = body.get("input", "")
    turns = [{"role": "user", "content": given}] if isinstance(given, str) else given
    head = [{"role": "system", "content": body["instructions"]}] if body.get("instructions") else []
    return _read(body, [*head, *turns], most="max_output_tokens")


def read_messages(body: Body) -> dict[str, Any]:
    """Return the chat request that a body of `/v1/messages` stands for."""
    head = [{"role": "system", "content": body["system"]}] if body.get("system") else []
    return _read(body, [*head, *body.get("messages", ())], most="max_tokens")


def spell_responses(
    model: str, request: FakeRequest, answer: FakeAnswer, text_tokens: Callable[[str], int]
) -> dict[str, object]:
    """Return an answer as `/v1/responses` spells it."""
    is_cut, written = answer.finish_reason == "length", text_tokens(answer.text)
    part: dict[str, object] = {
        "annotations": [],
        "text": answer.text,
        "type": "output_text",
        "logprobs": None,
    }
    message = {"id": "msg_0", "content": [part], "role": "assistant", "status": "completed"}
    usage = {
        "input_tokens": request.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": request.cached_tokens,
            "cache_write_tokens": 0,
            "input_tokens_per_turn": [],
            "cached_tokens_per_turn": [],
        },
        "output_tokens": written,
        "output_tokens_details": {
            "reasoning_tokens": 0,
            "tool_output_tokens": 0,
            "output_tokens_per_turn": [],
            "tool_output_tokens_per_turn": [],
        },
        "total_tokens": request.prompt_tokens + written,
    }
    return {
        "id": "resp_0",
        "object": "response",
        "created_at": 0,
        "model": model,
        "status": "incomplete" if is_cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
        "output": [message | {"type": "message", "phase": None}],
        "usage": usage,
        "max_output_tokens": request.body.get("max_tokens"),
        **_DEFAULTS,
        **dict.fromkeys(_NOT_ASKED),
    }


def spell_messages(
    model: str, request: FakeRequest, answer: FakeAnswer, text_tokens: Callable[[str], int]
) -> dict[str, object]:
    """Return an answer as `/v1/messages` spells it: what was cached is not counted as input."""
    return {
        "id": "chatcmpl-0",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": answer.text}],
        "model": model,
        "stop_reason": _STOPS.get(answer.reported_finish_reason, "end_turn"),
        "usage": {
            "input_tokens": request.prompt_tokens - request.cached_tokens,
            "output_tokens": text_tokens(answer.text),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": request.cached_tokens,
        },
    }


def _read(body: Body, turns: list[Body], *, most: str) -> dict[str, Any]:
    chat: dict[str, Any] = {"messages": [_read_turn(turn) for turn in turns]}
    chat |= {name: body[name] for name in ("model", "temperature", "cache_salt") if name in body}
    return chat if body.get(most) is None else chat | {"max_tokens": body[most]}


def _read_turn(turn: Body) -> Body:
    content = turn.get("content")
    if isinstance(content, list):
        content = [_read_part(part) for part in content]
    return {"role": turn["role"], "content": content}


def _read_part(part: Body) -> Body:
    if part.get("type") in {"input_text", "output_text"}:
        return {"type": "text", "text": part["text"]}
    if part.get("type") == "input_image":
        return {"type": "image_url", "image_url": {"url": part["image_url"]}}
    if part.get("type") == "image":
        source = part["source"]
        url = source.get("url") or f"data:{source['media_type']};base64,{source['data']}"
        return {"type": "image_url", "image_url": {"url": url}}
    return part
