"""Answers as they are written, sync and async; and what becomes of half a one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from glyph_memory.context import Context
from glyph_memory.errors import BadReading, ReaderRefused
from glyph_memory.readers import BrokenStream, OpenAIReader, ReadingDelta
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault

About = Callable[..., Context]
Listen = Callable[[OpenAIReader, Context], list[ReadingDelta]]

ANSWER = FakeAnswer(text="It began at 14:05, says page 2.", reasoning="Look at page 2.")


def sse(*events: str) -> Fault:
    """Answer a stream of these events and nothing else."""
    body = "".join(f"data: {event}\n\n" for event in events).encode()
    return Fault(status=200, body=body, headers={"Content-Type": "text/event-stream"})


def test_the_pieces_join_to_the_reading(listen: Listen, about: About) -> None:
    """Word by word, and the whole with its counts and times on the last piece alone."""
    with FakeVLMServer(answer=lambda request: ANSWER) as server:
        *pieces, last = listen(OpenAIReader(server.base_url), about())
    reading = last.reading
    assert reading is not None
    assert len(pieces) > 5
    assert not any(piece.reading for piece in pieces)
    assert "".join(piece.text for piece in pieces) == reading.text == ANSWER.text
    assert "".join(piece.reasoning for piece in pieces) == reading.reasoning == ANSWER.reasoning
    assert reading.usage.prompt_tokens == server.requests[0].prompt_tokens
    assert reading.finish_reason == "stop"
    assert reading.timing.first_token_s is not None
    assert reading.timing.total_s is not None
    assert 0 < reading.timing.first_token_s <= reading.timing.total_s


def test_tags_cut_across_deltas_are_still_tags(listen: Listen, about: About) -> None:
    """A server without a reasoning parser sends them in the text, in any pieces."""
    said = "<think>Page 2.</think>\n<answer>14:05</answer>"
    events = [
        *(f'{{"choices": [{{"delta": {{"content": "{part}"}}}}]}}' for part in said.replace("\n", " ")),
        '{"choices": [{"delta": {}, "finish_reason": "stop"}]}',
    ]
    with FakeVLMServer(faults=[sse(*events)]) as server:
        *pieces, last = listen(OpenAIReader(server.base_url), about())
    assert last.reading is not None
    assert (last.reading.text, last.reading.reasoning) == ("14:05", "Page 2.")
    assert "".join(piece.text for piece in pieces) == "14:05"


def test_what_might_have_become_a_tag_is_given_out_in_the_end(listen: Listen, about: About) -> None:
    """Also when the stream breaks: the error has every character that came."""
    with FakeVLMServer(answer=lambda request: "a <") as server:
        assert "".join(delta.text for delta in listen(OpenAIReader(server.base_url), about())) == "a <"
        server.faults.append(Fault.cut_stream(events=3))
        with pytest.raises(BrokenStream) as caught:
            listen(OpenAIReader(server.base_url), about())
    assert caught.value.partial.text == "a <"


def test_a_connection_that_breaks_leaves_half_an_answer(listen: Listen, about: About) -> None:
    """What came is on the error; nothing is asked again, since words were given out already."""
    with FakeVLMServer(answer=lambda request: ANSWER, faults=[Fault.cut_stream(events=8)]) as server:
        with pytest.raises(BrokenStream, match="broke off") as caught:
            listen(OpenAIReader(server.base_url, backoff_s=0), about())
        assert server.paths.count("POST /v1/chat/completions") == 1
    assert caught.value.partial.text == "It began at"
    assert caught.value.partial.reasoning == ANSWER.reasoning
    assert caught.value.partial.finish_reason is None
    assert caught.value.__cause__ is not None
    assert caught.value.retryable


def test_a_stream_that_breaks_before_its_first_word_is_begun_anew(listen: Listen, about: About) -> None:
    """Nobody has seen anything of it yet."""
    with FakeVLMServer(answer=lambda request: ANSWER, faults=[Fault.cut_stream(events=1)]) as server:
        last = listen(OpenAIReader(server.base_url, backoff_s=0), about())[-1]
        assert server.paths.count("POST /v1/chat/completions") == 2
    assert last.reading is not None
    assert last.reading.text == ANSWER.text


def test_a_stream_that_ends_without_a_finish_reason_is_half_a_stream(listen: Listen, about: About) -> None:
    """A tidy end of the connection is no end of the answer, `[DONE]` or not."""
    fault = sse('{"choices": [{"delta": {"content": "It began"}}]}', "[DONE]")
    with (
        FakeVLMServer(faults=[fault]) as server,
        pytest.raises(BrokenStream, match="finish reason") as caught,
    ):
        listen(OpenAIReader(server.base_url), about())
    assert caught.value.partial.text == "It began"


def test_the_words_before_a_break_were_given_out(about: About) -> None:
    """The error comes after the last word, not instead of the words."""
    heard: list[str] = []
    with FakeVLMServer(answer=lambda request: "one two three", faults=[Fault.cut_stream(events=3)]) as server:
        reader = OpenAIReader(server.base_url)
        with reader, pytest.raises(BrokenStream):
            for delta in reader.stream(about()):
                heard.append(delta.text)  # noqa: PERF401  the error interrupts it
    assert heard == ["one", " two"]


def test_an_error_within_a_stream_is_not_taken_for_text(listen: Listen, about: About) -> None:
    """As vLLM reports a crash half way, and `transformers serve` does with quotes that it does not escape."""
    for said in ('{"error": {"message": "EngineCore died", "code": 500}}', '{"error": "no "quotes" here"}'):
        fault = sse('{"choices": [{"delta": {"content": "It"}}]}', said)
        with FakeVLMServer(faults=[fault]) as server, pytest.raises(BrokenStream) as caught:
            listen(OpenAIReader(server.base_url), about())
        assert caught.value.partial.text == "It"


def test_a_server_that_does_not_stream_is_a_bad_reading(listen: Listen, about: About) -> None:
    """A page of HTML under status 200 is neither a stream nor an answer."""
    with FakeVLMServer(faults=[Fault.html(200)]) as server, pytest.raises(BadReading, match="text/html"):
        listen(OpenAIReader(server.base_url), about())


def test_a_refusal_comes_before_the_first_piece(listen: Listen, about: About) -> None:
    """Streams are refused as whole answers are."""
    with FakeVLMServer(faults=[Fault.error(400, "no")]) as server, pytest.raises(ReaderRefused):
        listen(OpenAIReader(server.base_url), about())


def test_a_stream_left_early_gives_its_connection_back(about: About) -> None:
    """Whoever stops listening leaves nothing open, and the reader goes on working."""
    with (
        FakeVLMServer(answer=lambda request: "word " * 50) as server,
        OpenAIReader(server.base_url) as reader,
    ):
        stream = reader.stream(about())
        assert next(stream).text == "word"
        stream.close()  # type: ignore[attr-defined]  # it is a generator; the contract promises an iterator only
        assert reader.read(about()).text.startswith("word")
