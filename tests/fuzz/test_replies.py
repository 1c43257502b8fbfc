"""The door of a server's replies: whatever comes over the wire, a value or a `GlyphMemoryError` in one line comes out.

Answers, errors, streams, lists of models; first what they mean, without a network, then bytes of any kind over one.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import Context, GlyphMemoryError, OpenAIReader, ServedModel
from glyph_memory.cli.escapes import escape_controls, escape_json, escape_sentence
from glyph_memory.readers import Reading, ReadingDelta, overflows_window, refuses_images
from glyph_memory.readers.openai.discovery import ask_what_is_served
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.exchange import (
    Caller,
    Finish,
    HttpAnswer,
    NextChunk,
    Send,
    Step,
    Wait,
    advance,
    converse,
)
from glyph_memory.readers.openai.request import Limits, Sampling
from tests.readers.raw_server import RawServer, http, open_stream

QUESTION = Context.of("When?", pages=[])
ENDPOINT = Endpoint.parse("http://h/v1", api_key="sk-S3cret")
FIELDS = (
    "choices", "message", "delta", "content", "text", "reasoning", "reasoning_content", "finish_reason", "usage",
    "model", "prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "error", "detail",
    "msg", "loc", "code", "type", "data", "models", "id", "owned_by", "root", "name", "key", "max_model_len",
    "meta", "n_ctx", "top_provider", "architecture", "input_modalities", "capabilities", "vision",
    "context_length", "default_generation_settings", "modalities", "model_path", "max_total_num_tokens",
    "limit_mm_data_per_request", "image", "model_info", "modelfile", "parameters", "max_total_tokens", "model_id",
    "litellm_params", "max_input_tokens", "loaded_context_length", "x.context_length",
)  # fmt: skip
WORDS = (
    "stop",
    "length",
    "<think>",
    "</think>",
    "<answer>",
    "</answer>",
    "<|begin_of_box|>",
    "<|end_of_box|>",
    "[DONE]",
    "vllm",
    "llamacpp",
    "sglang",
    "library",
    "organization_owner",
    "num_ctx 0",
    "num_ctx 4096",
    "glm-4.1v",
    "\ud800",
    "\x1b[2J",
    "\u202e",
    "\0",
    "\n",
    " ",
    "sk-S3cret",
    "maximum context length is 8 tokens",
    "At most 0 image(s) may be provided",
    "Unexpected fields in the request: {\x1b'a'}",
    "9" * 5000,
)
NUMBERS = st.sampled_from([0, 1, -1, 400, 429, 10**18, -(10**400), 10**4000])
TEXTS = st.sampled_from(WORDS) | st.text(st.characters(), max_size=12)
LEAVES = st.none() | st.booleans() | st.integers() | NUMBERS | st.floats() | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
CHAT = st.fixed_dictionaries(
    {},
    optional={
        "choices": VALUES
        | st.lists(
            st.fixed_dictionaries({}, optional=dict.fromkeys(("message", "delta", "finish_reason"), VALUES))
            | st.fixed_dictionaries(
                {
                    "message": st.fixed_dictionaries({"content": VALUES}),
                    "delta": st.fixed_dictionaries({"content": VALUES}),
                }
            ),
            max_size=2,
        ),
        "usage": VALUES | st.fixed_dictionaries({"prompt_tokens": NUMBERS, "completion_tokens": VALUES}),
        "model": VALUES,
        "error": VALUES,
    },
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "retry-after": TEXTS
        | st.sampled_from(
            ["nan", "inf", "-inf", "-1", "1e300", "9" * 400, "[]", "Wed, 21 Oct 2015 07:28:00 -0000"]
        )
        | st.just("Wed, 21 Oct 99999999999 07:28:00 GMT"),
        "date": TEXTS | st.sampled_from(["Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 -9999"]),
        "content-type": st.sampled_from(
            ["text/event-stream", "TEXT/Event-Stream; charset=utf-16", "", "\x1b"]
        ),
    },
)
STATUSES = st.sampled_from([200, 200, 200, 204, 302, 400, 401, 404, 408, 413, 422, 429, 500, 503, 599, 999])
DEEP = '{"choices":[{"message":{"content":' + '[{"text":' * 400 + '"x"' + "}]" * 400 + "}}]}"


def spell(value: object) -> bytes:
    """Return a value as JSON; what JSON has no form for is spelled as Python does, and lone surrogates stay."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


BODIES = st.builds(spell, CHAT | VALUES) | st.binary(max_size=60)


def check_error(error: GlyphMemoryError) -> None:
    """Fail where an error is not one line that can be printed and names no secret."""
    said = str(error)
    assert "\n" not in said
    assert said.isprintable()
    assert "S3cret" not in said
    said.encode()
    wait_s = getattr(error, "retry_after_s", None)
    assert wait_s is None or 0 <= wait_s < 10**8


def check_reading(reading: Reading) -> None:
    """Fail where a reading cannot be printed, as words or as JSON, or counted with."""
    for text in (reading.text, reading.reasoning, reading.model or "", reading.finish_reason or ""):
        assert isinstance(text, str)
        escape_controls(text).encode()
        assert escape_sentence(text).isprintable()
        assert json.loads(escape_json(json.dumps(text, ensure_ascii=False))) == text
    usage = reading.usage
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
    assert all(f"{(count or 0) / 7:.0f} {count or 0:,}" for count in counts)


def converse_with(answers: Callable[[Step], object], *, stream: bool) -> str:
    """Hold a conversation without a network; return whether it was `read` or `refused`, as far as either is sound."""
    caller = Caller(
        endpoint=ENDPOINT,
        model=None,
        sampling=Sampling(),
        limits=Limits(),
        special_tokens=(),
        image_uuids="auto",
        retries=1,
        backoff_s=0.0,
        clock=lambda: 0.0,
    )
    steps, outcome = converse(caller, QUESTION, stream=stream), None
    found = "nothing"
    try:
        while (step := advance(steps, outcome)) is not None:  # type: ignore[arg-type]  # what the step asks for
            outcome = None
            if isinstance(step, ReadingDelta):
                if step.reading is not None:
                    check_reading(step.reading)
                    found = "read"
            elif not isinstance(step, (Wait, Finish)):
                outcome = answers(step)
    except GlyphMemoryError as error:
        check_error(error)
        return "refused"
    return found


@settings(settings.get_profile("fuzz"))
@given(body=BODIES, status=STATUSES, headers=HEADERS)
@example(body=b"[" * 100_000, status=200, headers={})
@example(body=b"[" * 100_000, status=400, headers={})
@example(body=b'{"error":{"message":"\\ud800"}}', status=200, headers={})
@example(body=b'{"detail":[{"msg":"x","loc":5}]}', status=422, headers={})
@example(body=b'{"detail":[{"msg":{"a":1},"loc":[[],{},"a"]}]}', status=422, headers={})
@example(body=b"1" * 5000, status=400, headers={})
@example(body=DEEP.encode(), status=200, headers={})
@example(
    body=b'{"usage":{"prompt_tokens":1' + b"0" * 400 + b'},"choices":[{"message":{}}]}',
    status=200,
    headers={},
)
@example(body=b"{}", status=429, headers={"retry-after": "inf"})
@example(
    body=b"{}",
    status=429,
    headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 -0000", "date": "Wed, 21 Oct 2015 07:28:00 GMT"},
)
@example(
    body=b"{}",
    status=429,
    headers={"retry-after": "Wed, 21 Oct 99999999999 07:28:00 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"},
)
def test_any_answer_is_a_reading_or_an_error_of_ours(
    body: bytes, status: int, headers: dict[str, str]
) -> None:
    """Of every status, with odd headers; the list of models is as odd."""
    answer = HttpAnswer(status=status, headers=headers, body=body)
    assert converse_with(lambda step: answer, stream=False) in {"read", "refused"}


def test_a_sound_answer_is_read() -> None:
    """Whole, and as a stream: so that what follows is not refused for all that it may hold."""
    whole = b'{"choices":[{"message":{"content":"In May."},"finish_reason":"stop"}]}'
    assert converse_with(lambda step: HttpAnswer(status=200, headers={}, body=whole), stream=False) == "read"
    assert (
        converse_with(stream_of([b"data: " + whole.replace(b"message", b"delta") + b"\n\n"]), stream=True)
        == "read"
    )


def stream_of(chunks: list[bytes]) -> Callable[[Step], object]:
    """Return what answers steps with a stream of these chunks, and has no list of models."""
    left = iter(chunks)
    head = HttpAnswer(status=200, headers={"content-type": "text/event-stream"})

    def answer(step: Step) -> object:
        if isinstance(step, NextChunk):
            return next(left, b"")
        return head if isinstance(step, Send) and step.stream else HttpAnswer(status=404, headers={})

    return answer


BETWEEN = (
    b": ping\n",
    b"event: x\r",
    b"data\n\n",
    b"data: [DONE]\n\n",
    b"data: [done]\n\n",
    b"\xef\xbb\xbf",
    b"\xc3",
)
"""What may stand between two events of a stream."""
EVENTS = st.lists(
    st.builds(lambda body: b"data: " + body + b"\n\n", BODIES)
    | st.builds(lambda body: b"data:" + body.replace(b"\n", b"") + b"\r\n\r", BODIES)
    | st.sampled_from(BETWEEN)
    | st.binary(max_size=8),
    max_size=6,
)


@settings(settings.get_profile("fuzz"))
@given(events=EVENTS, size=st.integers(1, 40))
@example(events=[b'data: {"error":{"message":"\\ud800"}}\n\n'], size=1000)
@example(events=[b"data: " + b"[" * 100_000 + b"\n\n"], size=1000)
@example(events=[b"data: " + DEEP.replace("message", "delta").encode() + b"\n\n"], size=1000)
def test_any_stream_is_a_reading_or_an_error_of_ours(events: list[bytes], size: int) -> None:
    """Wherever it is cut."""
    data = b"".join(events)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert converse_with(stream_of(chunks), stream=True) in {"read", "refused"}


@settings(settings.get_profile("fuzz"))
@given(
    bodies=st.lists(BODIES | st.builds(lambda rows: spell({"data": rows}), VALUES), min_size=1, max_size=9)
)
@example(bodies=[b'{"data":[{"id":{},"name":[]}]}'])
@example(bodies=[b'{"data":[{"id":"' + b"m" * 10_000_000 + b'","max_model_len":1' + b"0" * 400 + b"}]}"])
@example(bodies=[b'{"data":[{"owned_by":' + b"[" * 900 + b"]" * 900 + b"}]}"])
@example(bodies=[b'{"data":[{"owned_by":"library"}]}', b'{"modelfile":1,"parameters":"num_ctx 0"}'])
def test_any_list_of_models_is_a_served_model_or_an_error_of_ours(bodies: list[bytes]) -> None:
    """What is found can be printed, and makes options or an error of ours."""
    for model in (None, "glm-4.1v"):
        steps, number = ask_what_is_served(ENDPOINT, model), 0
        try:
            next(steps)
            while True:
                body = bodies[number % len(bodies)]
                number += 1
                steps.send(HttpAnswer(status=200, headers={}, body=body))
        except StopIteration as end:
            check_served(end.value)
        except GlyphMemoryError as error:
            check_error(error)


def check_served(served: ServedModel) -> None:
    """Fail where what a server serves cannot be printed or used."""
    assert (served.model or "a").isprintable()
    assert (served.weights or "a").isprintable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert served.page_options()
    except GlyphMemoryError as error:
        assert "\n" not in str(error)


@settings(settings.get_profile("fuzz"))
@given(said=st.lists(TEXTS, max_size=5).map(" ".join))
@example(said="At most " + "9" * 5000 + " image(s) may be provided")
@example(said="maximum context length is " + "9," * 5000)
def test_any_sentence_of_a_server_is_looked_through(said: str) -> None:
    """Also where another client repeats it, as in our adapters."""
    assert refuses_images(said) in {True, False}
    overflow = overflows_window(said)
    assert overflow is None or (overflow.window_tokens or 0) < 10**12


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    """A server whose answers each example sets."""
    with RawServer(b"") as server:
        yield server


RAW = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail, st.binary(max_size=100)),
    st.builds(
        lambda lines, body: (
            b"HTTP/1.1 200 OK\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body
        ),
        st.lists(
            st.sampled_from(
                [
                    b"Content-Type: application/json",
                    b"Content-Type: text/event-stream",
                    b"Content-Type: \xff\xfe; charset=nope",
                    b"Content-Length: 5",
                    b"Content-Length: -1",
                    b"Content-Length: 5, 6",
                    b"Content-Length: " + b"9" * 400,
                    b"Transfer-Encoding: chunked",
                    b"Transfer-Encoding: gzip",
                    b"Content-Encoding: gzip",
                    b"Content-Encoding: br",
                    b"Content-Encoding: deflate",
                    b"Location: file:///etc/passwd",
                    b"Set-Cookie: a=\xff; expires=9; max-age=x",
                    b"Retry-After: -1",
                    b": no name",
                    b"no colon",
                    b"X: \x00",
                    b" folded",
                ]
            ),
            max_size=4,
        ),
        st.one_of(
            BODIES,
            st.sampled_from([b"5\r\nab", b"zz\r\n", b"0\r\n\r\n", b"-1\r\n\r\n", b"\x1f\x8b\x08\x00broken"]),
        ),
    ),
    st.builds(lambda body, status: http(body, f"{status} X"), BODIES, st.integers(100, 999)),
    st.builds(lambda body: open_stream() + b"data: " + body, BODIES),
)


def call(reader: OpenAIReader, way: str) -> object:
    """Ask in one of four ways."""

    async def wait() -> object:
        async with reader:
            if way == "astream":
                return [delta async for delta in reader.astream(QUESTION)]
            return await reader.aread(QUESTION)

    if way.startswith("a"):
        return asyncio.run(wait())
    with reader:
        return reader.read(QUESTION) if way == "read" else list(reader.stream(QUESTION))


@settings(settings.get_profile("fuzz"))
@given(raw=RAW, way=st.sampled_from(["read", "stream", "aread", "astream"]))
@example(raw=b"hello, I am HTTP/0.9", way="read")
@example(raw=b"HTTP/1.1 101 Switching Protocols\r\n\r\nx", way="stream")
@example(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", way="aread")
@example(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", way="read")
@example(raw=http("x", "204 No Content"), way="astream")
def test_any_bytes_are_a_reading_or_an_error_of_ours(server: RawServer, raw: bytes, way: str) -> None:
    """Over a real connection, in all four ways of asking."""
    server.answer = raw
    fields: dict[str, Any] = {
        "retries": 0,
        "timeout_s": 5.0,
        "max_reply_bytes": 100_000,
        "image_uuids": "never",
    }
    for model in (None, "m"):
        try:
            call(OpenAIReader(server.base_url, model=model, api_key="sk-S3cret", **fields), way)
        except GlyphMemoryError as error:
            check_error(error)
