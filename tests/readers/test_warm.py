"""`warm`: the pages of a context are read before anyone asks about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import ReaderUnavailable
from glyph_memory.readers import OpenAIReader, Reading, Usage
from glyph_memory.readers.reader import Reader
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault

About = Callable[..., Context]
Picture = Callable[..., ImagePart]
Warm = Callable[[OpenAIReader, Context], Usage]


@pytest.fixture(params=["warm", "awarm"])
def warm(request: pytest.FixtureRequest) -> Warm:
    """Warm a reader, once blocking and once awaiting."""

    async def call(reader: OpenAIReader, context: Context) -> Usage:
        async with reader:
            return await reader.awarm(context)

    return (
        OpenAIReader.warm
        if request.param == "warm"
        else lambda reader, context: asyncio.run(call(reader, context))
    )


def test_the_next_question_finds_the_pages_in_the_cache(warm: Warm, about: About, picture: Picture) -> None:
    """Three pages of 102 tokens and a marker: 307 tokens, of which 304 fill blocks of 16."""
    pages = [picture(grey, size=(280, 280)) for grey in range(3)]
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        first = warm(reader, about(*pages))
        again = warm(reader, about(*pages, question="Something else?"))
        asked = reader.read(about(*pages)).usage
    assert (first.prompt_tokens, first.cached_tokens) == (1 + 3 * 102 + 1, 0)
    assert again.cached_tokens == asked.cached_tokens == 304


def test_one_token_is_written_and_all_else_is_spelled_as_in_a_question(
    warm: Warm, about: About, picture: Picture
) -> None:
    """Uuids, too: vLLM shares no prefix between requests with and without them."""
    page = picture(uuid="page-1")
    options = {"cache_salt": "s", "min_tokens": 5, "n": 2, "max_tokens": 900}
    with FakeVLMServer() as server, OpenAIReader(server.base_url, seed=3, extra_body=options) as reader:
        warm(reader, about(page))
        reader.read(about(page))
        warmed, asked = (dict(request.body) for request in server.requests)
    images = [request["messages"][0]["content"][0] for request in (warmed, asked)]
    assert [image["uuid"] for image in images] == ["page-1", "page-1"]
    assert images[1]["image_url"] is None, "the server has it since it was warmed"
    assert warmed["messages"][0]["content"][1:] == []
    assert (warmed.pop("max_tokens"), asked.pop("max_tokens"), warmed.pop("n"), asked.pop("n")) == (
        1,
        900,
        1,
        2,
    )
    assert asked.pop("min_tokens") == 5
    assert {**warmed, "messages": 0} == {**asked, "messages": 0}


def test_the_newer_name_of_the_limit_is_kept(about: About, picture: Picture) -> None:
    """OpenAI's newer models refuse `max_tokens`."""
    with (
        FakeVLMServer() as server,
        OpenAIReader(server.base_url, extra_body={"max_completion_tokens": 99}) as reader,
    ):
        reader.warm(about(picture()))
        assert server.requests[0].body["max_completion_tokens"] == 1
        assert "max_tokens" not in server.requests[0].body


@pytest.mark.parametrize("max_tokens", [None, 900])
def test_one_token_is_written_whatever_a_question_may_take(
    warm: Warm, about: About, picture: Picture, max_tokens: int | None
) -> None:
    """Also where the server's own limit holds for questions."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url, max_tokens=max_tokens) as reader:
        warm(reader, about(picture()))
        reader.read(about(picture()))
        assert [request.body.get("max_tokens") for request in server.requests] == [1, max_tokens]


def test_without_pages_nothing_is_sent(warm: Warm, about: About) -> None:
    """And no usage comes back."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        assert warm(reader, about()) == Usage()
        assert server.paths == []


def test_an_answer_without_words_is_no_failure(warm: Warm, about: About, picture: Picture) -> None:
    """One token of reasoning leaves no answer."""
    cut = FakeAnswer(text="", finish_reason="length")
    with FakeVLMServer(answer=lambda request: cut) as server, OpenAIReader(server.base_url) as reader:
        assert warm(reader, about(picture())).completion_tokens == 0


def test_failures_are_those_of_a_question(warm: Warm, about: About, picture: Picture) -> None:
    """Asked again as often, and then an error."""
    faults = [Fault.error(500)] * 2
    with (
        FakeVLMServer(faults=faults) as server,
        OpenAIReader(server.base_url, retries=1, backoff_s=0) as reader,
    ):
        with pytest.raises(ReaderUnavailable, match="500"):
            warm(reader, about(picture()))
        assert server.paths.count("POST /v1/chat/completions") == 2


async def test_a_reader_that_keeps_nothing_has_nothing_to_warm(about: About, picture: Picture) -> None:
    """It is not even read."""

    class Blind(Reader):
        def read(self, context: Context) -> Reading:
            raise AssertionError

    assert Blind().warm(about(picture())) == await Blind().awarm(about(picture())) == Usage()
