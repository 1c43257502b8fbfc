"""The exchange without any IO: a generator that is told what came of each of its steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import ReaderError, ReaderUnavailable
from glyph_memory.readers import BrokenStream
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.exchange import Caller, HttpAnswer, NextChunk, Send, Wait, advance, converse
from glyph_memory.readers.openai.request import Limits, Sampling
from glyph_memory.readers.reader import ReadingDelta

About = Callable[..., Context]
Picture = Callable[..., ImagePart]

VLLM = HttpAnswer(status=200, headers={}, body=b'{"data": [{"id": "glyph", "owned_by": "vllm"}]}')
SAID = HttpAnswer(
    status=200, headers={}, body=b'{"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}'
)
MISS = HttpAnswer(status=400, headers={}, body=b"Cache miss for image at index 0 but data is not provided.")
STREAM = HttpAnswer(status=200, headers={"content-type": "text/event-stream"})


@pytest.fixture
def caller() -> Caller:
    """Return a caller whose clock ticks a second a look."""
    ticks = count()
    return Caller(
        endpoint=Endpoint(base_url="http://127.0.0.1:8000/v1"),
        model=None,
        sampling=Sampling(),
        limits=Limits(),
        special_tokens=(),
        image_uuids="auto",
        retries=2,
        backoff_s=0.5,
        clock=lambda: float(next(ticks)),
    )


def has_data(step: object) -> bool:
    """Return whether a request brings its image along."""
    assert isinstance(step, Send)
    assert step.body is not None
    return json.loads(step.body)["messages"][0]["content"][0]["image_url"] is not None


def test_waits_double(caller: Caller, about: About) -> None:
    """Half a second, a second, and then the error itself."""
    steps = converse(caller, about(), stream=False)
    seen: list[object] = [advance(steps, None)]
    with pytest.raises(ReaderUnavailable, match="gone"):
        while True:
            asked = isinstance(seen[-1], Send)
            seen.append(advance(steps, ReaderUnavailable("gone") if asked else None))
    assert [step.seconds for step in seen if isinstance(step, Wait)] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("status", "body", "model"),
    [
        (200, VLLM.body, "glyph"),
        (500, b"Internal Server Error", None),
        (200, b'{"object": "list", "data": []}', None),
        (200, b"<html></html>", None),
        # What lies in the Hub's cache, as `transformers serve` lists it, is not what it serves.
        (200, b'{"data": [{"id": "zai-org/Glyph", "owned_by": "zai-org"}]}', None),
    ],
)
def test_a_server_that_will_not_say_its_model_is_asked_without(
    caller: Caller, about: About, status: int, body: bytes, model: str | None
) -> None:
    """No name is better than a wrong one: servers of one model need none."""
    steps = converse(caller, about(), stream=False)
    assert advance(steps, None) == Send(path="/models")
    step = advance(steps, HttpAnswer(status=status, headers={}, body=body))
    assert isinstance(step, Send)
    assert json.loads(step.body or b"").get("model") == model


def test_a_conversation_begun_without_uuids_goes_on_without(
    caller: Caller, about: About, picture: Picture
) -> None:
    """VLLM shares no prefix between the two, so a server that was too busy to say what it is stays without."""
    for asked_about_server in (True, False):
        steps = converse(caller, about(picture(uuid="u")), stream=False)
        step = advance(steps, None)
        if asked_about_server:
            assert step == Send(path="/models")
            step = advance(steps, HttpAnswer(status=503, headers={}))
        assert isinstance(step, Send)
        assert b"uuid" not in (step.body or b"")
        assert isinstance(advance(steps, SAID), ReadingDelta)


def test_a_server_that_was_busy_is_asked_again_until_it_answered_about_pages(
    caller: Caller, about: About, picture: Picture
) -> None:
    """Neither a failed request nor one without pictures decides anything."""
    for context, outcome in (
        (about(picture(uuid="u")), HttpAnswer(status=400, headers={}, body=b"{}")),
        (about(), SAID),
    ):
        steps = converse(caller, context, stream=False)
        assert advance(steps, None) == Send(path="/models")
        assert isinstance(advance(steps, HttpAnswer(status=503, headers={})), Send)
        with suppress(ReaderError):
            advance(steps, outcome)
    steps = converse(caller, about(picture(uuid="u")), stream=False)
    assert advance(steps, None) == Send(path="/models")
    step = advance(steps, VLLM)
    assert isinstance(step, Send)
    assert b'"uuid":"u"' in (step.body or b"")


def test_after_a_miss_the_data_goes_along_whatever_others_did_meanwhile(
    caller: Caller, about: About, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread may have just remembered the same image; this one has the server's word."""
    caller.sent.remember(["u"])
    monkeypatch.setattr(caller.sent, "forget", caller.sent.remember)
    steps = converse(caller, about(picture(uuid="u")), stream=False)
    advance(steps, None)
    assert not has_data(advance(steps, VLLM))
    assert has_data(advance(steps, MISS))
    assert isinstance(advance(steps, SAID), ReadingDelta)


def test_after_a_miss_an_image_is_unsent_until_it_was_taken(
    caller: Caller, about: About, picture: Picture
) -> None:
    """If the second request fails, too, nothing is remembered of the first."""
    caller.sent.remember(["u"])
    steps = converse(caller, about(picture(uuid="u")), stream=False)
    for outcome in (None, VLLM, MISS, ReaderUnavailable("gone")):
        advance(steps, outcome)
    assert not caller.sent.find_known(["u"])


def test_a_break_after_the_finish_reason_breaks_nothing(caller: Caller, about: About) -> None:
    """The answer is whole; only its usage was still to come."""
    steps = converse(caller, about(), stream=True)
    for outcome in (None, VLLM):
        advance(steps, outcome)
    assert advance(steps, STREAM) == NextChunk()
    delta = advance(steps, b'data: {"choices": [{"delta": {"content": "ok"}, "finish_reason": "stop"}]}\n\n')
    assert delta == ReadingDelta(text="ok")
    assert advance(steps, None) == NextChunk()
    last = advance(steps, ReaderUnavailable("reset by peer"))
    assert isinstance(last, ReadingDelta)
    assert last.reading is not None
    assert last.reading.text == "ok"
    assert (last.reading.timing.first_token_s, last.reading.timing.total_s) == (1.0, 2.0)


def test_a_break_before_it_carries_what_came(caller: Caller, about: About) -> None:
    """The error says so in one line, and has the half."""
    steps = converse(caller, about(), stream=True)
    for outcome in (None, VLLM, STREAM, b'data: {"choices": [{"delta": {"content": "ok"}}]}\n\n', None):
        advance(steps, outcome)
    with pytest.raises(BrokenStream, match="half an answer, 2 characters: reset by peer") as caught:
        advance(steps, ReaderUnavailable("reset by peer"))
    assert caught.value.partial.text == "ok"
