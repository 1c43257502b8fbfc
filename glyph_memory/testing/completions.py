"""`/v1/completions` and `/v1/embeddings` of the fake server: small, and the same for the same text.

Knows bodies; knows nothing about HTTP.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from glyph_memory.testing.replies import count_usage
from glyph_memory.testing.script import FakeReply, spell_event, words

Body = Mapping[str, Any]
_DIMENSIONS = 8


def read_completion(body: Body) -> dict[str, Any]:
    """Return the chat request that a prompt comes to: one message; of several prompts, the first is answered."""
    prompt = body["prompt"]
    if isinstance(prompt, list):
        prompt = prompt[0] if prompt and isinstance(prompt[0], str) else " ".join(map(str, prompt))
    chat = {"messages": [{"role": "user", "content": prompt}]}
    return chat | {
        name: body[name] for name in ("model", "temperature", "cache_salt", "max_tokens") if name in body
    }


def spell_completion(reply: FakeReply) -> dict[str, object]:
    """Return an answer as `/v1/completions` spells it."""
    choice = _spell_choice(reply.answer.text, reply.answer.finish_reason)
    return _begin(reply, choice) | {"usage": count_usage(reply)}


def stream_completion(reply: FakeReply) -> Iterator[str]:
    """Return an answer as a stream of words."""
    for word in words(reply.answer.text):
        yield spell_event(_begin(reply, _spell_choice(word, None)))
    yield spell_event(_begin(reply, _spell_choice("", reply.answer.finish_reason)))
    if (reply.request.body.get("stream_options") or {}).get("include_usage"):
        yield spell_event(_begin(reply) | {"usage": count_usage(reply)})
    yield spell_event("[DONE]")


def embed(body: Body, model: str, *, text_tokens: Callable[[str], int]) -> dict[str, object]:
    """Return what `/v1/embeddings` answers: a vector made of each text's digest."""
    given = body["input"]
    texts = [given] if isinstance(given, str) else [str(one) for one in given]
    is_packed = body.get("encoding_format") == "base64"
    vectors = [_pack(_embed(text)) if is_packed else _embed(text) for text in texts]
    count = sum(map(text_tokens, texts))
    return {
        "id": "embd-0",
        "object": "list",
        "created": 0,
        "model": model,
        "data": [{"index": n, "object": "embedding", "embedding": one} for n, one in enumerate(vectors)],
        "usage": {"prompt_tokens": count, "total_tokens": count, "completion_tokens": 0},
    }


def _embed(text: str) -> list[float]:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return [byte / 128 - 1 for byte in digest[:_DIMENSIONS]]


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _spell_choice(text: str, finish_reason: str | None) -> dict[str, object]:
    kept = dict.fromkeys(("logprobs", "stop_reason", "token_ids", "prompt_logprobs", "prompt_token_ids"))
    return {"index": 0, "text": text, "finish_reason": finish_reason, **kept}


def _begin(reply: FakeReply, *choices: Body) -> dict[str, object]:
    name = f"cmpl-{reply.request.number}"
    return {
        "id": name,
        "object": "text_completion",
        "created": 0,
        "model": reply.model,
        "choices": list(choices),
    }
