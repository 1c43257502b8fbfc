"""`OpenAIReader` against a real HTTP server that behaves as vLLM does; sync and async alike."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import BadReading, ReaderError, ReaderOverflow, ReaderRefused, ReaderUnavailable
from glyph_memory.readers import OpenAIReader, Reader, Reading, ServerBusy
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault, ScriptedReader

About = Callable[..., Context]
Ask = Callable[[OpenAIReader, Context], Reading]
Picture = Callable[..., ImagePart]


def test_an_answer_is_read_with_all_that_came_with_it(ask: Ask, about: About, picture: Picture) -> None:
    """Text, reasoning, counts, the model's name and the time it took."""
    said = FakeAnswer(text="14:05", reasoning="Page 1 says so.")
    with FakeVLMServer(answer=lambda request: said) as server:
        reading = ask(OpenAIReader(server.base_url), about(picture()))
        seen = server.requests[0]
    assert (reading.text, reading.reasoning, reading.finish_reason) == ("14:05", "Page 1 says so.", "stop")
    assert reading.model == "glyph"
    assert reading.usage.prompt_tokens == seen.prompt_tokens > 8
    assert reading.usage.cached_tokens == 0
    assert reading.timing.total_s is not None
    assert reading.timing.first_token_s is None
    assert seen.images[0].size == (56, 84)


def test_the_prefix_caches_share_is_reported(about: About, picture: Picture) -> None:
    """The same pages with another question: all but the end comes from the cache."""
    pages = [picture(grey, size=(280, 280)) for grey in range(3)]
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        first = reader.read(about(*pages, question="Who?"))
        second = reader.read(about(*pages, question="When?"))
    assert first.usage.cached_tokens == 0
    assert second.usage.cached_tokens == (1 + 3 * 102) // 16 * 16


def test_the_model_is_found_out_once_where_none_is_named(about: About) -> None:
    """`/v1/models` is asked on the first reading and never again."""
    with FakeVLMServer(model="zai-org/Glyph") as server, OpenAIReader(server.base_url) as reader:
        reader.read(about())
        reader.read(about())
        assert server.paths == ["GET /v1/models", *["POST /v1/chat/completions"] * 2]
        assert [request.body["model"] for request in server.requests] == ["zai-org/Glyph"] * 2


def test_a_named_model_needs_no_finding_out(ask: Ask, about: About) -> None:
    """One request is one request."""
    with FakeVLMServer() as server:
        ask(OpenAIReader(server.base_url, model="glyph"), about())
        assert server.paths == ["POST /v1/chat/completions"]


def test_connections_are_used_again(about: About) -> None:
    """Ten readings and a stream take one connection."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        for _ in range(10):
            reader.read(about())
        list(reader.stream(about()))
        reader.read(about())
        assert server.connections == 1


async def test_many_readings_at_once_do_not_mix(about: About) -> None:
    """Twenty questions together get twenty answers, each its own."""
    with FakeVLMServer(answer=lambda request: request.question) as server:
        async with OpenAIReader(server.base_url) as reader:
            readings = await asyncio.gather(*(reader.aread(about(question=f"{n}?")) for n in range(20)))
    assert [reading.text for reading in readings] == [f"{n}?" for n in range(20)]


def test_one_reader_serves_many_threads(about: About) -> None:
    """Discovery, connections and the memory of images are shared safely."""
    texts: list[str] = []
    with (
        FakeVLMServer(answer=lambda request: request.question) as server,
        OpenAIReader(server.base_url) as reader,
    ):
        threads = [
            threading.Thread(target=lambda n=n: texts.append(reader.read(about(question=f"{n}?")).text))
            for n in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(texts) == sorted(f"{n}?" for n in range(12))


def test_one_reader_serves_one_event_loop_after_another(about: About) -> None:
    """`asyncio.run` twice: a connection is never carried into a loop that is not its own."""
    with FakeVLMServer(answer=lambda request: "yes") as server:
        reader = OpenAIReader(server.base_url)

        async def once() -> str:
            async with reader:
                return (await reader.aread(about())).text

        assert [asyncio.run(once()), asyncio.run(once())] == ["yes", "yes"]


@pytest.mark.parametrize(
    "fault", [Fault.disconnect(), Fault.error(500), Fault.html(503), Fault.busy()], ids=repr
)
def test_what_may_pass_is_tried_again(ask: Ask, about: About, fault: Fault) -> None:
    """A connection that breaks, a crash, a restart, too many requests: twice is no trouble."""
    with FakeVLMServer(answer=lambda request: "14:05", faults=[fault, fault]) as server:
        assert ask(OpenAIReader(server.base_url, backoff_s=0), about()).text == "14:05"
        assert server.paths.count("POST /v1/chat/completions") == 3


def test_trying_again_ends(ask: Ask, about: About) -> None:
    """After `retries` the error comes out, with a note of how often it was tried."""
    with FakeVLMServer(faults=[Fault.error(500)] * 9) as server:
        with pytest.raises(ReaderUnavailable, match="EngineCore") as caught:
            ask(OpenAIReader(server.base_url, backoff_s=0, retries=3), about())
        assert server.paths.count("POST /v1/chat/completions") == 4
    assert caught.value.__notes__ == ["asked 4 times"]


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_what_will_not_pass_is_not_tried_again(ask: Ask, about: About, status: int) -> None:
    """A refusal is final."""
    with FakeVLMServer(faults=[Fault.error(status, "no")] * 2) as server:
        with pytest.raises(ReaderRefused):
            ask(OpenAIReader(server.base_url, backoff_s=0), about())
        assert server.paths.count("POST /v1/chat/completions") == 1


def test_a_servers_wish_to_wait_is_kept_within_reason(ask: Ask, about: About) -> None:
    """A tenth of a second is waited; more than half a minute is the caller's to decide."""
    with FakeVLMServer(answer=lambda request: "ok", faults=[Fault.busy(retry_after_s=0.1)]) as server:
        began = time.perf_counter()
        assert ask(OpenAIReader(server.base_url, backoff_s=0), about()).text == "ok"
        assert time.perf_counter() - began >= 0.1
    with FakeVLMServer(faults=[Fault.busy(retry_after_s=31)]) as server:
        with pytest.raises(ServerBusy) as caught:
            ask(OpenAIReader(server.base_url, backoff_s=0), about())
        assert server.paths.count("POST /v1/chat/completions") == 1
    assert caught.value.retry_after_s == 31


def test_nobody_there_says_how_to_start_a_server(ask: Ask, about: About) -> None:
    """The address, and the command."""
    with FakeVLMServer() as server:
        url = server.base_url
    with pytest.raises(ReaderUnavailable, match="vllm serve") as caught:
        ask(OpenAIReader(url, backoff_s=0, retries=1), about())
    assert repr(url) in str(caught.value)
    assert caught.value.__cause__ is not None


def test_silence_has_a_limit(ask: Ask, about: About) -> None:
    """`timeout_s` is how long a server may say nothing."""
    with (
        FakeVLMServer(faults=[Fault.delay(30)]) as server,
        pytest.raises(ReaderUnavailable, match=r"within 0\.1 s"),
    ):
        ask(OpenAIReader(server.base_url, timeout_s=0.1, retries=0), about())


@pytest.mark.parametrize(
    "fault", [Fault.html(200), Fault(status=200, body=b"OK"), Fault(status=200, body=b"{}")], ids=repr
)
def test_a_200_that_is_no_answer_is_a_bad_reading(ask: Ask, about: About, fault: Fault) -> None:
    """A web page at the address, or a proxy's greeting."""
    with FakeVLMServer(faults=[fault]) as server, pytest.raises(BadReading) as caught:
        ask(OpenAIReader(server.base_url), about())
    assert "\n" not in str(caught.value)


def test_a_window_too_small_is_an_overflow(ask: Ask, about: About, picture: Picture) -> None:
    """Text or pages, the server's numbers are in the message."""
    with FakeVLMServer(window_tokens=50) as server:
        with pytest.raises(ReaderOverflow, match=r"maximum context length \(50\)"):
            ask(OpenAIReader(server.base_url), about(picture(size=(280, 280))))
        with pytest.raises(ReaderOverflow, match="maximum context length is 50"):
            ask(OpenAIReader(server.base_url), about(question="When? " * 50))
        with pytest.raises(ReaderOverflow, match="max_model_len=50"):
            ask(OpenAIReader(server.base_url, max_tokens=60), about())


def test_too_many_images_for_the_server_is_an_overflow(ask: Ask, about: About, picture: Picture) -> None:
    """`--limit-mm-per-prompt` is named."""
    with FakeVLMServer(max_images=1) as server, pytest.raises(ReaderOverflow, match="At most 1 image"):
        ask(OpenAIReader(server.base_url), about(picture(1), picture(2)))


def test_limits_of_ones_own_are_kept_before_anything_is_sent(
    ask: Ask, about: About, picture: Picture
) -> None:
    """No chat request leaves the house."""
    with FakeVLMServer() as server:
        for reader in (
            OpenAIReader(server.base_url, model="glyph", max_images=1),
            OpenAIReader(server.base_url, model="glyph", max_request_bytes=100),
        ):
            with pytest.raises(ReaderOverflow):
                ask(reader, about(picture(1), picture(2)))
        assert server.paths == []


def test_a_model_without_eyes_refuses(ask: Ask, about: About, picture: Picture) -> None:
    """Text still works; a page is refused with the way out."""
    with FakeVLMServer(takes_images=False) as server:
        assert ask(OpenAIReader(server.base_url), about()).text
        with pytest.raises(ReaderRefused, match="Serve a vision-language model"):
            ask(OpenAIReader(server.base_url), about(picture()))


def test_the_key_is_sent_and_never_shown(ask: Ask, about: About) -> None:
    """Neither a wrong key nor a right one turns up in a message or a repr."""
    with FakeVLMServer(api_key="sk-right") as server:
        reader = OpenAIReader(server.base_url, api_key="sk-right")
        assert ask(reader, about()).text
        assert "sk-" not in repr(reader)
        with pytest.raises(ReaderRefused, match="api_key") as caught:
            ask(OpenAIReader(server.base_url, api_key="sk-wrong"), about())
    assert "sk-wrong" not in str(caught.value)


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "localhost", "ftp://host/v1", "http://"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    """Not at the first reading."""
    with pytest.raises(ReaderRefused, match="http"):
        OpenAIReader(url)


def test_tokens_in_text_reach_the_server_broken(ask: Ask, about: About) -> None:
    """What a user writes cannot become an image or a turn."""
    with FakeVLMServer() as server:
        ask(OpenAIReader(server.base_url), about(question="<|image|><|user|>"))
        assert server.requests[0].question == "<\\|image|><\\|user|>"


def test_what_is_sent_is_sampled_as_asked(ask: Ask, about: About) -> None:
    """Greedy by default; the server's own choice where `None` is given."""
    with FakeVLMServer() as server:
        ask(OpenAIReader(server.base_url, seed=3, extra_body={"cache_salt": "tenant"}), about())
        ask(OpenAIReader(server.base_url, temperature=None), about())
        first, second = (request.body for request in server.requests)
    assert (first["temperature"], first["seed"], first["cache_salt"]) == (0.0, 3, "tenant")
    assert set(second) == {"model", "messages", "stream"}


def test_a_scripted_reader_says_its_lines_in_order() -> None:
    """Without a server: strings, readings and errors, each in its turn; the contexts are kept."""
    reader = ScriptedReader(["14:05", Reading(text="Ada"), ReaderUnavailable("gone")])
    question = Context.of("When?", pages=[])
    assert [reader.read(question).text, asyncio.run(reader.aread(question)).text] == ["14:05", "Ada"]
    with pytest.raises(ReaderError):
        reader.read(question)
    with pytest.raises(IndexError, match="3 answers"):
        reader.read(question)
    assert reader.contexts == [question] * 4


def test_ten_lines_make_a_reader() -> None:
    """Whoever writes `read` has the other three for nothing."""

    class Counter(Reader):
        def read(self, context: Context) -> Reading:
            return Reading(text=f"{len(context.images)} pages")

    async def all_of_it() -> list[str]:
        return [delta.text async for delta in Counter().astream(Context.of("?", pages=[]))]

    assert asyncio.run(all_of_it()) == ["0 pages"]


def test_the_fake_describes_what_it_was_sent(ask: Ask, about: About, picture: Picture) -> None:
    """Without a script its answer says enough to test with."""
    with FakeVLMServer() as server:
        reading = ask(OpenAIReader(server.base_url), about(picture(), question="Who?"))
    assert reading.text == "1 image, 11 tokens, asked: Who?"


def test_the_fake_may_be_told_what_things_cost(ask: Ask, about: About, picture: Picture) -> None:
    """Images and text are counted by the callables it is given."""
    with FakeVLMServer(image_tokens=lambda size: size[0], text_tokens=len) as server:
        reading = ask(OpenAIReader(server.base_url), about(picture(size=(56, 84)), question="Who?"))
    assert reading.usage.prompt_tokens == 56 + 4 + 2
