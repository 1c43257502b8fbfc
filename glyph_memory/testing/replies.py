"""How vLLM 0.32 spells an answer: a whole chat completion, or a stream of chunks, field by field.

`tests/readers/recorded` holds what the real one answered, and a test compares. Knows answers; knows nothing about HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from glyph_memory.testing.engine import FakeRequest
from glyph_memory.testing.script import FakeAnswer, words

VERSION = "0.32.0"
"""The version of vLLM that is spelled like."""
_FINGERPRINT = {"system_fingerprint": f"vllm-{VERSION}-0000000"}
_NOT_ASKED = (
    "prompt_logprobs",
    "prompt_token_ids",
    "prompt_text",
    "kv_transfer_params",
    "ec_transfer_params",
    "metrics",
)


def complete(
    model: str, request: FakeRequest, answer: FakeAnswer, *, text_tokens: Callable[[str], int]
) -> dict[str, object]:
    """Return an answer as one JSON object."""
    message: dict[str, object] = {
        "role": "assistant",
        "content": None if answer.tool_calls and not answer.text else answer.text,
        **dict.fromkeys(("refusal", "annotations", "audio", "function_call")),
        "reasoning": answer.reasoning or None,
    }
    if answer.tool_calls:
        message["tool_calls"] = _list_calls(answer)
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": answer.reported_finish_reason,
        **dict.fromkeys(("stop_reason", "token_ids", "routed_experts")),
    }
    return {
        **_begin(model, "chat.completion", [choice]),
        "service_tier": None,
        **_FINGERPRINT,
        "usage": _count(request, answer, text_tokens) | {"completion_tokens_details": None},
        **dict.fromkeys(_NOT_ASKED),
    }


def stream_events(
    model: str, request: FakeRequest, answer: FakeAnswer, *, text_tokens: Callable[[str], int]
) -> Iterator[str]:
    """Return an answer as a stream: role, words, finish reason, usage if asked for, `[DONE]`."""
    deltas: list[dict[str, object]] = [{"reasoning": word} for word in words(answer.reasoning)]
    deltas += [{"content": word} for word in words(answer.text)]
    deltas += [{"tool_calls": [{"index": place, **call}]} for place, call in enumerate(_list_calls(answer))]
    last = {"finish_reason": answer.reported_finish_reason, "stop_reason": None}
    has_usage = bool((request.body.get("stream_options") or {}).get("include_usage"))
    yield _spell(model, {"role": "assistant", "content": ""}, None, prompt_token_ids=None, prompt_text=None)
    for delta in deltas:
        yield _spell(model, delta, {"finish_reason": None, "token_ids": None})
    yield _spell(model, {"content": ""}, last | {"token_ids": None}, **({} if has_usage else _FINGERPRINT))
    if has_usage:
        usage = _drop_nulls(_count(request, answer, text_tokens))
        yield json.dumps(_begin(model, "chat.completion.chunk", []) | {"usage": usage} | _FINGERPRINT)
    yield "[DONE]"


def list_models(model: str, *, owner: str, window_tokens: int) -> dict[str, object]:
    """Return what `/v1/models` answers."""
    rights = ("allow_sampling", "allow_logprobs", "allow_view")
    bans = ("allow_create_engine", "allow_search_indices", "allow_fine_tuning", "is_blocking")
    permission: dict[str, object] = {
        "id": "modelperm-0",
        "object": "model_permission",
        "created": 0,
        "organization": "*",
        "group": None,
    }
    permission |= dict.fromkeys(rights, True) | dict.fromkeys(bans, False)
    card = {"id": model, "object": "model", "created": 0, "owned_by": owner, "root": model, "parent": None}
    return {
        "object": "list",
        "data": [card | {"max_model_len": window_tokens, "permission": [permission]}],
    }


def _list_calls(answer: FakeAnswer) -> list[dict[str, object]]:
    return [
        {
            "id": call.id or f"chatcmpl-tool-{place}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for place, call in enumerate(answer.tool_calls)
    ]


def _count(request: FakeRequest, answer: FakeAnswer, text_tokens: Callable[[str], int]) -> dict[str, object]:
    """Count as vLLM reports it with `--enable-prompt-tokens-details`."""
    written = text_tokens(answer.text) + text_tokens(answer.reasoning)
    return {
        "prompt_tokens": request.prompt_tokens,
        "total_tokens": request.prompt_tokens + written,
        "completion_tokens": written,
        "prompt_tokens_details": {
            "cached_tokens": request.cached_tokens,
            "created_cache_tokens": request.created_cache_tokens,
            "multimodal_tokens": {"image": request.image_tokens} if request.images else None,
        },
    }


def _drop_nulls(value: Mapping[str, object]) -> dict[str, object]:
    return {
        name: _drop_nulls(one) if isinstance(one, Mapping) else one
        for name, one in value.items()
        if one is not None
    }


def _spell(
    model: str, delta: Mapping[str, object], more: Mapping[str, object] | None, **outside: object
) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": None, **(more or {"finish_reason": None})}
    return json.dumps(_begin(model, "chat.completion.chunk", [choice]) | outside, ensure_ascii=False)


def _begin(model: str, kind: str, choices: list[dict[str, object]]) -> dict[str, object]:
    return {"id": "chatcmpl-0", "object": kind, "created": 0, "model": model, "choices": choices}
