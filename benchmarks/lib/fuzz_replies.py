"""The doors of readers: a server's answers, streams cut anywhere, lists of models and sentences, damaged in any way.

What is claimed is claimed by `tests/fuzz/test_replies.py`; here are more inputs, each known by its number.
"""

from __future__ import annotations

import random

from glyph_memory import GlyphMemoryError
from glyph_memory.readers import overflows_window, refuses_images
from glyph_memory.readers.openai.discovery import ask_what_is_served
from glyph_memory.readers.openai.exchange import HttpAnswer
from lib.fuzz_outcome import require
from lib.fuzz_values import change_json, draw_json, draw_text, mutate, spell_json
from tests import conftest  # noqa: F401 - how much is fuzzed, which the tests' modules ask for
from tests.fuzz.test_replies import (
    BETWEEN,
    ENDPOINT,
    FIELDS,
    WORDS,
    check_error,
    check_served,
    converse_with,
    stream_of,
)

_USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}}
_ANSWERS: tuple[object, ...] = (
    {
        "id": "a", "model": "m", "usage": _USAGE,
        "choices": [{"message": {"role": "assistant", "content": "In <b>May</b>."}, "finish_reason": "stop"}],
    },
    {
        "choices": [
            {
                "message": {"content": [{"type": "text", "text": "In May."}], "reasoning_content": "hm"},
                "finish_reason": "length",
            }
        ],
        "usage": None,
    },
    {"choices": [{"message": {"content": "<think>x</think><answer>y</answer>", "reasoning": "r"}}]},
    {"choices": [{"message": {"content": None, "refusal": "no", "tool_calls": [{"id": "c"}]}}]},
    {"error": {"message": "maximum context length is 8 tokens, you asked for 9", "code": 400, "type": "x"}},
    {"detail": [{"loc": ["body", 1], "msg": "field required", "type": "missing"}]},
    {"object": "error", "message": "At most 3 image(s) may be provided", "code": 40001},
)  # fmt: skip
_DELTAS: tuple[object, ...] = (
    {"choices": [{"delta": {"role": "assistant", "content": ""}}]},
    {"choices": [{"delta": {"content": "In May ü 中"}}]},
    {"choices": [{"delta": {"reasoning_content": "hm"}}]},
    {"choices": [{"delta": {"content": "<think>"}}]},
    {"choices": [{"delta": {"content": "</think>."}, "finish_reason": "stop"}]},
    {"choices": [], "usage": _USAGE},
    {"error": {"message": "out of memory"}},
)
_MODELS: tuple[object, ...] = (
    {"object": "list", "data": [{"id": "glm-4.1v", "owned_by": "vllm", "max_model_len": 8192, "root": "/w"}]},
    {"data": [{"id": "a.gguf", "owned_by": "llamacpp", "meta": {"n_ctx": 4096}}], "models": [{"name": "a"}]},
    {"default_generation_settings": {"n_ctx": 4096}, "modalities": {"vision": True}, "model_path": "/a.gguf"},
    {"data": [{"model_name": "x", "litellm_params": {"model": "y"}, "model_info": {"max_input_tokens": 9}}]},
    {"modelfile": "FROM a", "parameters": "num_ctx 4096", "model_info": {"x.context_length": 8192}},
    {"data": [{"id": "q", "context_length": 9, "architecture": {"input_modalities": ["image"]}}]},
)
_OPEN_WORDS = tuple(word for word in WORDS if "S3cret" not in word)
"""Without the key: a part of it is no secret."""
_STATUSES = (*[200] * 24, 204, 302, 400, 401, 404, 408, 413, 422, 429, 500, 503, 599, 999)
_AFTER = ("nan", "inf", "-1", "1e300", "9" * 400, "[]", "3", "Wed, 21 Oct 2015 07:28:00 -0000", "")
_TYPES = ("text/event-stream", "TEXT/Event-Stream; charset=utf-16", "application/json", "", "\x1b")
_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b"\r\n\r", b"")
_WORDS = tuple(spell_json(word) for word in (*FIELDS[:12], "", "\ud800", None, [], {}, 10**400, float("nan")))


def _draw_body(dice: random.Random, sound: tuple[object, ...]) -> bytes:
    """Return a body: sound JSON that is damaged as JSON or as bytes, or JSON of any kind."""
    how, whole = dice.random(), dice.choice(sound)
    if how < 0.55:
        return spell_json(change_json(dice, whole, names=FIELDS, words=WORDS))
    if how < 0.65:
        return spell_json(draw_json(dice, names=FIELDS, words=WORDS))
    if how < 0.75:
        whole = change_json(dice, whole, names=FIELDS, words=_OPEN_WORDS)
    return mutate(dice, spell_json(whole), words=_WORDS)


def check_answer(dice: random.Random) -> str:
    """Read an answer of any status: a reading, or an error in one line that tells no secret."""
    headers = {}
    if dice.random() < 0.3:
        headers["retry-after"] = dice.choice(_AFTER)
    if dice.random() < 0.2:
        headers["content-type"] = dice.choice(_TYPES)
    answer = HttpAnswer(status=dice.choice(_STATUSES), headers=headers, body=_draw_body(dice, _ANSWERS))
    return _name(converse_with(lambda step: answer, stream=False))


def check_stream(dice: random.Random) -> str:
    """Read a stream that is cut anywhere: a reading, or an error in one line."""
    data = b""
    for _ in range(dice.randint(1, 6)):
        if dice.random() < 0.2:
            data += dice.choice(BETWEEN)
        body = _draw_body(dice, _DELTAS) if dice.random() < 0.5 else spell_json(dice.choice(_DELTAS))
        data += b"data: " + body + dice.choice(_ENDS[: 6 if dice.random() < 0.3 else 1])
    if dice.random() < 0.4:
        data += b"data: [DONE]\n\n"
    if dice.random() < 0.2:
        data = mutate(dice, data.replace(b"S3cret", b"open"))
    if dice.random() < 0.3:
        data = data[: dice.randint(0, len(data))]
    return _name(converse_with(stream_of(_cut(dice, data)), stream=True))


def check_cut_stream(dice: random.Random) -> str:
    """Read a sound stream twice, whole and cut into any chunks: it says the same."""
    events = [dice.choice(_DELTAS[:6]) for _ in range(dice.randint(1, 4))] + [_DELTAS[4]]
    data = b"".join(b"data: " + spell_json(one) + b"\n\n" for one in events) + b"data: [DONE]\n\n"
    readings = []
    for chunks in ([data], _cut(dice, data)):
        found = converse_with(stream_of(chunks), stream=True)
        readings.append(found)
    require(readings[0] == readings[1], f"whole, the stream is {readings[0]}; in pieces, {readings[1]}")
    return _name(readings[0])


def check_models(dice: random.Random) -> str:
    """Ask what is served: a model that makes options, or an error in one line."""
    bodies = [_draw_body(dice, _MODELS) for _ in range(dice.randint(1, 4))]
    steps, number = ask_what_is_served(ENDPOINT, dice.choice((None, "glm-4.1v"))), 0
    try:
        next(steps)
        while True:
            status = dice.choice(_STATUSES)
            steps.send(HttpAnswer(status=status, headers={}, body=bodies[number % len(bodies)]))
            number += 1
    except StopIteration as end:
        check_served(end.value)
        return "done"
    except GlyphMemoryError as error:
        check_error(error)
        return "refused"


def check_sentence(dice: random.Random) -> str:
    """Look through what a server says of its limits."""
    said = " ".join(
        dice.choice(WORDS) if dice.random() < 0.7 else draw_text(dice, longest=40)
        for _ in range(dice.randint(1, 5))
    )
    require(refuses_images(said) in {True, False}, "neither yes nor no")
    overflow = overflows_window(said)
    require(overflow is None or (overflow.window_tokens or 0) < 10**12, f"a window of {overflow}")
    return "done"


def _cut(dice: random.Random, data: bytes) -> list[bytes]:
    size = int(2 ** (7 * dice.random()))
    return [data[at : at + size] for at in range(0, len(data), size)]


def _name(found: str) -> str:
    require(found in {"read", "refused"}, f"neither a reading nor an error: {found}")
    return "done" if found == "read" else "refused"
