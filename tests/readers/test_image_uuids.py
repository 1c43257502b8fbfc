"""Images that vLLM has seen are sent again by their uuid alone, and by their data when it forgot them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import ReaderRefused
from glyph_memory.readers import OpenAIReader
from glyph_memory.testing import FakeVLMServer, Fault

About = Callable[..., Context]
Picture = Callable[..., ImagePart]


@pytest.fixture
def pages(picture: Picture) -> list[ImagePart]:
    """Return three pages with uuids."""
    return [picture(grey, uuid=f"page-{grey}") for grey in range(3)]


def sent(server: FakeVLMServer) -> list[list[bool]]:
    """For every request: which images came with their data."""
    return [[image.was_sent for image in request.images] for request in server.requests]


def test_an_image_is_sent_once(about: About, pages: list[ImagePart], picture: Picture) -> None:
    """The second time its uuid is enough; a new page and one without a uuid come with their data."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        reader.read(about(*pages[:2]))
        reader.read(about(*pages, picture(9)))
        assert sent(server) == [[True, True], [False, False, True, True]]
        first, second = server.requests
        assert [image.digest for image in second.images[:2]] == [image.digest for image in first.images]


async def test_the_same_holds_when_awaiting_and_streaming(about: About, pages: list[ImagePart]) -> None:
    """One memory for all four ways to read."""
    with FakeVLMServer() as server:
        async with OpenAIReader(server.base_url) as reader:
            await reader.aread(about(*pages))
            _ = [delta async for delta in reader.astream(about(*pages))]
            list(reader.stream(about(*pages)))
        assert sent(server) == [[True] * 3, [False] * 3, [False] * 3]


def test_a_server_that_forgot_gets_the_data_again(about: About, pages: list[ImagePart]) -> None:
    """One more request, for all images; after it the uuids are enough again."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        reader.read(about(*pages))
        server.forget()
        reader.read(about(*pages))
        reader.read(about(*pages))
        assert sent(server) == [[True] * 3, [True] * 3, [False] * 3]
        assert server.paths.count("POST /v1/chat/completions") == 4


def test_a_cache_too_small_for_the_context_still_gets_answers(about: About, pages: list[ImagePart]) -> None:
    """Every reading misses and sends all again; none fails."""
    with FakeVLMServer(image_cache=1) as server, OpenAIReader(server.base_url) as reader:
        for _ in range(3):
            assert reader.read(about(*pages)).text
        assert sent(server) == [[True] * 3] * 3


def test_a_miss_is_answered_once_only(about: About, pages: list[ImagePart]) -> None:
    """A server that claims a miss for data that it was sent is refused, not asked for ever."""
    miss = Fault.error(400, "Cache miss for image at index 0 but data is not provided.")
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        reader.read(about(*pages))
        server.faults.extend([miss, miss])
        with pytest.raises(ReaderRefused, match="Cache miss"):
            reader.read(about(*pages))
        assert server.paths.count("POST /v1/chat/completions") == 3


def test_what_was_not_taken_counts_as_unsent(about: About, pages: list[ImagePart]) -> None:
    """A request that failed may never have reached the cache."""
    with FakeVLMServer(faults=[Fault.error(400, "no")]) as server, OpenAIReader(server.base_url) as reader:
        with pytest.raises(ReaderRefused):
            reader.read(about(*pages))
        reader.read(about(*pages))
        assert sent(server) == [[True] * 3]


@pytest.mark.parametrize(
    ("owner", "mode", "uuids"), [("vllm", "never", 0), ("sglang", "auto", 0), ("sglang", "always", 3)]
)
def test_uuids_are_sent_only_where_wanted(
    about: About, pages: list[ImagePart], owner: str, mode: str, uuids: int
) -> None:
    """`auto` believes what `/v1/models` says of its owner; the other two do not ask."""
    with FakeVLMServer(owner=owner) as server:
        with OpenAIReader(server.base_url, model="glyph", image_uuids=mode) as reader:  # type: ignore[arg-type]  # from a table
            reader.read(about(*pages))
            reader.read(about(*pages))
        assert [image.uuid is not None for image in server.requests[1].images].count(True) == uuids
        assert server.paths.count("GET /v1/models") == (1 if mode == "auto" else 0)


def test_the_fake_trusts_a_uuid_as_vllm_does(about: About, picture: Picture) -> None:
    """Another picture under a known uuid is the old picture: a uuid must come from the pixels."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        reader.read(about(picture(1, uuid="same")))
        server.faults.append(Fault.error(400, "Cache miss for image at index 0 but data is not provided."))
        reader.read(about(picture(2, uuid="same")))
        first, second = server.requests
        assert second.images[0].was_sent
        assert second.images[0].digest == first.images[0].digest
