"""How vLLM 0.32 spells an answer: a whole chat completion, or a stream of chunks, field by field.

`tests/readers/recorded` holds what the real one answered, and a test compares. Knows answers; knows nothing about HTTP.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from glyph_memory.testing.script import FakeAnswer, FakeReply, cut_json, spell_event, words
from glyph_memory.transcript import ToolCall

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


def complete(reply: FakeReply) -> dict[str, object]:
    """Return an answer as one JSON object."""
    choices = []
    for place, answer in enumerate(_list_answers(reply)):
        message: dict[str, object] = {
            "role": "assistant",
            "content": None if answer.tool_calls and not answer.text else answer.text,
            **dict.fromkeys(("refusal", "annotations", "audio", "function_call")),
            "reasoning": answer.reasoning or None,
        }
        if answer.tool_calls:
            message["tool_calls"] = [_spell_call(call) for call in answer.tool_calls]
        choice = {
            "index": place,
            "message": message,
            "logprobs": _spell_logprobs(reply, words(answer.text)),
            "finish_reason": answer.reported_finish_reason,
            **dict.fromkeys(("stop_reason", "token_ids", "routed_experts")),
        }
        choices.append(choice)
    return {
        **_begin(reply, "chat.completion", choices),
        "service_tier": None,
        **_FINGERPRINT,
        "usage": count_usage(reply) | {"completion_tokens_details": None},
        **dict.fromkeys(_NOT_ASKED),
    }


def stream(reply: FakeReply) -> Iterator[str]:
    """Return an answer as a stream: role, words, finish reason, usage if asked for, `[DONE]`."""
    answers = _list_answers(reply)
    has_usage = bool((reply.request.body.get("stream_options") or {}).get("include_usage"))
    kept: dict[str, object] = {"finish_reason": None}
    for place, _ in enumerate(answers):
        first = {"role": "assistant", "content": ""}
        yield _spell(reply, place, first, kept, prompt_token_ids=None, prompt_text=None)
    for deltas in itertools.zip_longest(*(_list_deltas(answer) for answer in answers)):
        for place, delta in enumerate(deltas):
            if delta is not None:
                logprobs = _spell_logprobs(reply, [delta["content"]]) if "content" in delta else None
                yield _spell(reply, place, delta, kept | {"token_ids": None}, logprobs=logprobs)
    for place, answer in enumerate(answers):
        last = {"finish_reason": answer.reported_finish_reason, "stop_reason": None, "token_ids": None}
        outside: Mapping[str, Any] = {} if has_usage else _FINGERPRINT
        yield _spell(reply, place, {"content": ""}, last, **outside)
    if has_usage:
        usage = _drop_nulls(count_usage(reply))
        yield spell_event(_begin(reply, "chat.completion.chunk", []) | {"usage": usage} | _FINGERPRINT)
    yield spell_event("[DONE]")


def list_models(models: Sequence[str], *, owner: str, window_tokens: int) -> dict[str, object]:
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
    card: dict[str, object] = {"object": "model", "created": 0, "owned_by": owner, "parent": None}
    card |= {"max_model_len": window_tokens, "permission": [permission]}
    return {"object": "list", "data": [{"id": model, "root": model, **card} for model in models]}


def count_usage(reply: FakeReply) -> dict[str, object]:
    """Count as vLLM reports it with `--enable-prompt-tokens-details`."""
    request = reply.request
    return {
        "prompt_tokens": request.prompt_tokens,
        "total_tokens": request.prompt_tokens + reply.written_tokens,
        "completion_tokens": reply.written_tokens,
        "prompt_tokens_details": {
            "cached_tokens": request.cached_tokens,
            "created_cache_tokens": request.created_cache_tokens,
            "multimodal_tokens": {"image": request.image_tokens} if request.images else None,
        },
    }


def _list_answers(reply: FakeReply) -> list[FakeAnswer]:
    """Return as many answers as were asked for: the others say which they are, so that none is taken for another."""
    wanted, answer = reply.request.body.get("n"), reply.answer
    count = min(wanted, 64) if isinstance(wanted, int) else 1
    return [answer, *(replace(answer, text=f"{answer.text} #{place}") for place in range(1, count))]


def _list_deltas(answer: FakeAnswer) -> list[dict[str, Any]]:
    """Return what each event adds; a call's arguments come in pieces after its name."""
    deltas: list[dict[str, Any]] = [{"reasoning": word} for word in words(answer.reasoning)]
    deltas += [{"content": word} for word in words(answer.text)]
    for place, call in enumerate(answer.tool_calls):
        deltas.append({"tool_calls": [{"index": place, **_spell_call(replace(call, arguments=""))}]})
        for piece in cut_json(call.arguments):
            deltas.append({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
    return deltas


def _spell_call(call: ToolCall) -> dict[str, object]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _spell_logprobs(reply: FakeReply, tokens: list[str]) -> dict[str, object] | None:
    """Return made-up log probabilities where they are asked for, the same at each place: a word is a token."""
    body = reply.request.body
    if not body.get("logprobs"):
        return None
    told = [{"token": token, "logprob": -0.25, "bytes": list(token.encode())} for token in tokens]
    others = min(1, body.get("top_logprobs") or 0)
    return {"content": [one | {"top_logprobs": [one] * others} for one in told]}


def _drop_nulls(value: Mapping[str, object]) -> dict[str, object]:
    return {
        name: _drop_nulls(one) if isinstance(one, Mapping) else one
        for name, one in value.items()
        if one is not None
    }


def _spell(
    reply: FakeReply,
    place: int,
    delta: Mapping[str, object],
    more: Mapping[str, object],
    *,
    logprobs: Mapping[str, object] | None = None,
    **outside: object,
) -> str:
    choice = {"index": place, "delta": delta, "logprobs": logprobs, **more}
    return spell_event(_begin(reply, "chat.completion.chunk", [choice]) | outside)


def _begin(reply: FakeReply, kind: str, choices: list[dict[str, object]]) -> dict[str, object]:
    number = reply.request.number
    return {
        "id": f"chatcmpl-{number}",
        "object": kind,
        "created": 0,
        "model": reply.model,
        "choices": choices,
    }
