"""Chat completions become readings, in every dialect; what is none becomes a `BadReading`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glyph_memory.errors import BadReading, ReaderOverflow
from glyph_memory.readers import Reading, Timing, Usage
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.reply import parse_reply
from glyph_memory.readers.openai.stream import StreamParser

ENDPOINT = Endpoint(base_url="http://127.0.0.1:8000/v1")


def parsed(message: dict[str, Any], **more: Any) -> Reading:
    """Read a completion with this message."""
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "model": "glyph"} | more
    return parse_reply(json.dumps(body).encode(), endpoint=ENDPOINT)


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    """Write one event of a stream."""
    event = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | more
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def test_everything_a_server_tells_is_kept() -> None:
    """Text, token counts, what the prefix cache had, why it stopped, which model."""
    usage = {"prompt_tokens": 661, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 640}}
    assert parsed({"content": "14:05"}, usage=usage) == Reading(
        text="14:05",
        usage=Usage(prompt_tokens=661, completion_tokens=8, cached_tokens=640),
        finish_reason="stop",
        model="glyph",
    )


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens_details": None}, {"prompt_tokens": "many"}])
def test_what_a_server_does_not_tell_is_none(usage: object) -> None:
    """A missing count is not a zero."""
    assert parsed({"content": "14:05"}, usage=usage).usage == Usage()


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_a_reasoning_field_is_kept_apart(name: str) -> None:
    """One name is vLLM's, the other everyone else's."""
    reading = parsed({"content": "\n14:05", name: "Page 2."})
    assert (reading.text, reading.reasoning) == ("14:05", "Page 2.")


@pytest.mark.parametrize("content", [None, "", []])
def test_an_empty_answer_is_an_answer(content: object) -> None:
    """A model may say nothing, or spend all its tokens on reasoning."""
    assert parsed({"content": content}).text == ""


def test_content_may_come_in_parts() -> None:
    """Some servers answer as one asks them."""
    assert (
        parsed({"content": [{"type": "text", "text": "14:"}, {"type": "text", "text": "05"}]}).text == "14:05"
    )


@pytest.mark.parametrize(
    "body",
    [
        "<html>\n<body>Welcome to nginx!</body></html>",
        "",
        "[]",
        "{}",
        '{"choices": []}',
        '{"choices": [{}]}',
        '"ok"',
    ],
)
def test_what_is_no_completion_is_a_bad_reading(body: str) -> None:
    """Status 200 alone makes no answer; the message is one line and has the beginning of what came."""
    with pytest.raises(BadReading) as caught:
        parse_reply(body.encode(), endpoint=ENDPOINT)
    assert "\n" not in str(caught.value)
    assert body[:6] in str(caught.value)


def test_an_error_under_status_200_is_the_error_it_names() -> None:
    """Some servers begin a stream or an answer before they look at the request."""
    body = {
        "error": {
            "message": "The input (9 tokens) is longer than the model's context length (8 tokens).",
            "code": 400,
        }
    }
    with pytest.raises(ReaderOverflow):
        parse_reply(json.dumps(body).encode(), endpoint=ENDPOINT)
    with pytest.raises(ReaderOverflow):
        StreamParser(endpoint=ENDPOINT).feed(f"data: {json.dumps(body)}\n\n".encode())


def test_a_stream_gives_what_the_whole_answer_gives() -> None:
    """Role, reasoning, words, finish reason, usage, `[DONE]`, in bytes cut anywhere."""
    usage = {"prompt_tokens": 9, "completion_tokens": 2}
    stream = b"".join(
        [
            chunk({"role": "assistant", "content": ""}, model="glyph"),
            chunk({"reasoning": "Page 2."}),
            chunk({"content": "ein "}),
            chunk({"content": "Öl🙂"}),
            chunk({}, "stop"),
            f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n".encode(),
            b"data: [DONE]\n\n",
        ]
    )
    for size in (1, 7, 64, len(stream)):
        parser = StreamParser(endpoint=ENDPOINT)
        deltas = [
            delta for at in range(0, len(stream), size) for delta in parser.feed(stream[at : at + size])
        ]
        deltas += [*parser.close(), *parser.flush()]
        assert "".join(delta.text for delta in deltas) == "ein Öl🙂"
        assert parser.build_reading(Timing()) == Reading(
            text="ein Öl🙂",
            reasoning="Page 2.",
            usage=Usage(prompt_tokens=9, completion_tokens=2),
            finish_reason="stop",
            model="glyph",
        )


def test_a_stream_needs_a_finish_reason_but_no_done() -> None:
    """`transformers serve` never says `[DONE]`; a finish reason is what makes an answer whole."""
    parser = StreamParser(endpoint=ENDPOINT)
    parser.feed(chunk({"content": "14:05"}) + b"data: [DONE]\n\n")
    assert not parser.is_complete
    parser = StreamParser(endpoint=ENDPOINT)
    parser.feed(chunk({"content": "14:05"}) + chunk({}, "stop"))
    assert parser.is_complete


@pytest.mark.parametrize("content", [5, {}, True, 1.5, [5], ["a"]])
def test_content_that_is_no_text_is_a_bad_reading(content: object) -> None:
    """An empty answer would hide that the server speaks another language."""
    endpoint = Endpoint.parse("http://127.0.0.1:9/v1")
    body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
    with pytest.raises(BadReading, match="content that is no text"):
        parse_reply(body, endpoint=endpoint)
    event = json.dumps({"choices": [{"delta": {"content": content}}]}).encode()
    with pytest.raises(BadReading, match="content that is no text"):
        StreamParser(endpoint=endpoint).feed(b"data: " + event + b"\n\n")
