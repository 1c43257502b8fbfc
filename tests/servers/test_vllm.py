"""The real vLLM, with GLM-4.1V's architecture: its counts are our profile's, its caches hold what we think they do.

Its refusals become the right errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from glyph_memory import Context, GlyphMemory, ImagePart, Message, ModelProfile, OpenAIReader, typeset
from glyph_memory.errors import ReaderOverflow, ReaderRefused
from glyph_memory.readers import find_served_model
from glyph_memory.readers.openai.failures import is_cache_miss
from lib.servers import MAX_IMAGES, WINDOW_TOKENS
from real_server import CPU_BLOCK_TOKENS, QUESTIONS, hold_conversation, load_profile, open_fake
from tests.servers.probes import MODEL, chat, image, image_url

SIZES = [
    *((392, 840), (588, 840), (595, 842), (840, 588), (1240, 1754)),  # pages
    *((1, 1), (28, 28), (29, 29), (111, 113), (112, 112), (55, 13)),  # tiny
    *((28, 1400), (1400, 28), (60, 3000), (3000, 60), (17, 1700)),  # thin and tall
    *((2000, 2000), (1000, 3000), (2195, 2195), (2200, 2200), (4000, 3000), (3000, 4000)),  # large
    *((150, 1), (1, 160), (700, 701), (701, 700), (777, 333), (333, 999)),  # of no shape at all
]
FLOOR = 0.8


@pytest.fixture
def reader(vllm: str) -> Iterator[OpenAIReader]:
    """Return a reader that asks for very little."""
    with OpenAIReader(f"{vllm}/v1", max_tokens=2, timeout_s=300.0) as reader:
        yield reader


@pytest.fixture(scope="module")
def pages() -> list[ImagePart]:
    """Return four pages with uuids."""
    text = "The quick brown fox jumps over the lazy dog.\n" * 400
    return [
        ImagePart(data=page.png(), size=page.size, uuid=f"uuid-{number}")
        for number, page in enumerate(typeset(text)[:4])
    ]


def ask(*pictures: ImagePart, question: str = "When?") -> Context:
    """Return a question about pictures."""
    return Context(messages=(Message(role="user", parts=(*pictures, question)),))


def usage(client: httpx2.Client, body: dict[str, object]) -> dict[str, int]:
    """Ask, and return how many tokens were in the prompt, cached and of pictures."""
    counted = client.post("/v1/chat/completions", json=body).json()["usage"]
    details = counted["prompt_tokens_details"]
    pictures = (details["multimodal_tokens"] or {}).get("image", 0)
    return {"prompt": counted["prompt_tokens"], "cached": details["cached_tokens"], "image": pictures}


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_page_of_any_shape_costs_what_the_profile_says(
    client: httpx2.Client, size: tuple[int, int]
) -> None:
    """The server says how many of its tokens are pictures; the prompt grows by those and the markers around."""
    profile = ModelProfile.from_name("glyph")
    bare = usage(client, chat("When?"))["prompt"]
    part = {"type": "image_url", "image_url": {"url": image_url(9, size=size)}}
    counted = usage(client, chat(part, "When?"))
    assert counted["image"] == profile.image_tokens(size, wrapped=False)
    assert counted["prompt"] - bare == profile.image_tokens(size)


def test_the_tokenizer_counts_as_the_profile_does(client: httpx2.Client) -> None:
    """`/tokenize` and the profile with the model's own tokenizer agree on text of any kind."""
    profile = load_profile()
    for text in ("hello world", "Grüße, 世界 🌍", "a\n\n\tb"):
        told = client.post("/tokenize", json={"model": MODEL, "prompt": text}).json()["count"]
        assert told == profile.text_counter.count(text)


def test_a_conversation_finds_most_of_itself_in_the_cache(
    vllm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """60 questions, as the server counts. The fake one counts the same pictures, and less around each turn."""
    profile = load_profile()
    real = hold_conversation(f"{vllm}/v1", profile, questions=QUESTIONS)
    with capsys.disabled():
        print(f"\ncached over {QUESTIONS} questions: {real}")  # noqa: T201 - what make servers is run for
    assert real["share"] >= FLOOR
    with open_fake(profile, block_tokens=CPU_BLOCK_TOKENS) as server:
        fake = hold_conversation(server.base_url, profile, questions=QUESTIONS)
    assert fake["image_tokens"] == real["image_tokens"]
    assert abs(fake["share"] - real["share"]) < 0.01


def test_pages_are_sent_once_and_found_in_the_cache(reader: OpenAIReader, pages: list[ImagePart]) -> None:
    """The second question brings no data, and nearly all of its tokens are cached; so with a page more."""
    first = reader.read(ask(*pages[:3]))
    again = reader.read(ask(*pages[:3], question="Who?"))
    more = reader.read(ask(*pages, question="Who?"))
    assert first.usage.cached_tokens == 0
    assert first.usage.image_tokens == sum(
        ModelProfile.from_name("glyph").image_tokens(page.size, wrapped=False) for page in pages[:3]
    )
    assert (again.usage.cached_tokens or 0) > 0.85 * (again.usage.prompt_tokens or 0)
    assert (more.usage.cached_tokens or 0) >= (again.usage.cached_tokens or 0)


async def test_the_same_holds_when_streaming_and_awaiting(vllm: str, pages: list[ImagePart]) -> None:
    """The last piece has the whole reading, with what was cached and how many tokens are pictures."""
    async with OpenAIReader(f"{vllm}/v1", max_tokens=2, timeout_s=300.0) as reader:
        whole = await reader.aread(ask(*pages))
        streamed = [delta async for delta in reader.astream(ask(*pages))][-1].reading
    assert streamed is not None
    assert streamed.text == whole.text
    assert streamed.finish_reason == whole.finish_reason == "length"
    assert streamed.usage.prompt_tokens == whole.usage.prompt_tokens
    assert streamed.usage.image_tokens == whole.usage.image_tokens
    assert (streamed.usage.cached_tokens or 0) > 0.8 * (streamed.usage.prompt_tokens or 0)


def test_a_uuid_that_the_server_does_not_know_is_sent_with_its_data(
    reader: OpenAIReader, pages: list[ImagePart]
) -> None:
    """As after a restart: the reader thinks that it was sent, the server says that it is missing."""
    lost = ImagePart(data=pages[0].data, size=pages[0].size, uuid="never-sent")
    reader.read(ask(*pages))
    reader._caller.sent.remember(["never-sent"])
    assert reader.read(ask(lost)).usage.image_tokens
    assert reader.read(ask(lost)).usage.cached_tokens


def test_the_words_of_a_miss_are_known(client: httpx2.Client) -> None:
    """By them, and by nothing else, the reader knows that it has to send the data."""
    answer = client.post("/v1/chat/completions", json=chat(image(uuid="lost", is_sent=False), "When?"))
    assert is_cache_miss(answer.status_code, answer.content)


def test_requests_with_and_without_uuids_share_no_prefix(client: httpx2.Client) -> None:
    """So a conversation must not change between them; the same picture twice, each way, shows it."""
    with_uuid, without = chat(image(77, uuid="page-77"), "When?"), chat(image(77), "When?")
    assert [usage(client, body)["cached"] for body in (with_uuid, without, with_uuid, without)] == [
        0,
        0,
        384,
        384,
    ]


def test_a_conversation_sends_uuids_from_its_first_picture_on(vllm: str, pages: list[ImagePart]) -> None:
    """A fresh reader, which does not know the server yet, streams first and reads then: one prefix for both."""
    fresh = [ImagePart(data=page.data, size=page.size, uuid=f"fresh-{page.uuid}") for page in pages]
    with OpenAIReader(f"{vllm}/v1", model=MODEL, max_tokens=2, timeout_s=300.0) as reader:
        reader.read(ask(question="Hello?"))
        first = list(reader.stream(ask(*fresh)))[-1].reading
        second = reader.read(ask(*fresh))
    assert first is not None
    assert first.usage.cached_tokens == 0
    assert (second.usage.cached_tokens or 0) > 0.8 * (second.usage.prompt_tokens or 0)


def test_a_salt_parts_the_caches(client: httpx2.Client) -> None:
    """What one database has cached is not found with the salt of another."""
    ours, theirs = (chat(image(55), "When?", cache_salt=salt) for salt in ("ours", "theirs"))
    assert [usage(client, body)["cached"] for body in (ours, theirs, ours, theirs)] == [0, 0, 384, 384]


def test_the_server_is_found_with_its_window(vllm: str) -> None:
    """Its name, its kind and its window; and its profile by its weights, whatever it is served as."""
    served = find_served_model(f"{vllm}/v1")
    assert (served.server, served.model, served.window_tokens) == ("vllm", MODEL, WINDOW_TOKENS["glm4v"])
    assert served.profile is not None
    assert served.profile.name == "glm-4.1v"  # the folder is called glm4v


def test_overflows_are_told_with_their_numbers(vllm: str, pages: list[ImagePart]) -> None:
    """Text that is too long, pages that are too many tokens, an answer larger than the window, too many pictures."""
    window = WINDOW_TOKENS["glm4v"]
    with OpenAIReader(f"{vllm}/v1", max_tokens=2, timeout_s=300.0) as reader:
        with pytest.raises(ReaderOverflow, match="maximum context length is") as text:
            reader.read(ask(question="word " * window))
        with pytest.raises(ReaderOverflow, match="exceeds model's maximum context length") as pictures:
            reader.read(ask(*pages, question="x" * (window - 1000)))
        with pytest.raises(ReaderOverflow, match=f"At most {MAX_IMAGES} image"):
            reader.read(ask(*[pages[0]] * (MAX_IMAGES + 1)))
    assert (text.value.window_tokens, text.value.prompt_tokens) == (window, window + 1)
    assert pictures.value.window_tokens == window
    assert (pictures.value.prompt_tokens or 0) > window
    greedy = OpenAIReader(f"{vllm}/v1", max_tokens=window + 1)
    with greedy, pytest.raises(ReaderOverflow, match="lower max_tokens") as answer:
        greedy.read(ask())
    assert answer.value.window_tokens == window


def test_a_picture_that_is_none_is_refused_in_one_line(reader: OpenAIReader) -> None:
    """Corrupt data, and a shape that the model's processor does not take."""
    with pytest.raises(ReaderRefused, match="cannot identify image file"):
        reader.read(ask(ImagePart(data=b"no picture", size=(10, 10))))
    part = {"type": "image_url", "image_url": {"url": image_url(1, size=(4, 2000))}}
    assert ModelProfile.from_name("glyph").max_aspect_ratio == 200
    answer = httpx2.post(
        f"{reader._caller.endpoint.base_url}/chat/completions", json=chat(part), timeout=300.0
    )
    assert answer.status_code == 400
    assert "Failed to apply" in answer.text


def test_another_models_name_is_refused(vllm: str) -> None:
    """The error asks about the name."""
    with (
        OpenAIReader(f"{vllm}/v1", model="gpt-4") as reader,
        pytest.raises(ReaderRefused, match="name right"),
    ):
        reader.read(ask())


def test_responses_and_messages_count_pictures_alike(client: httpx2.Client) -> None:
    """Three dialects, one prompt; Anthropic's does not count what was cached as input."""
    url, words = image_url(33), "When?"
    ours = usage(client, chat({"type": "image_url", "image_url": {"url": url}}, words))
    said = [{"type": "input_image", "image_url": url}, {"type": "input_text", "text": words}]
    body = {"model": MODEL, "max_output_tokens": 2, "input": [{"role": "user", "content": said}]}
    responses = client.post("/v1/responses", json=body).json()["usage"]
    source = {"type": "base64", "media_type": "image/png", "data": url.partition(",")[2]}
    content = [{"type": "image", "source": source}, {"type": "text", "text": words}]
    body = {"model": MODEL, "messages": [{"role": "user", "content": content}]}
    messages = client.post("/v1/messages", json=body | {"max_tokens": 2}).json()["usage"]
    counted = client.post("/v1/messages/count_tokens", json=body).json()["input_tokens"]
    assert responses["input_tokens"] == counted == ours["prompt"]
    assert responses["input_tokens_details"]["cached_tokens"] == messages["cache_read_input_tokens"] == 384
    assert messages["input_tokens"] + messages["cache_read_input_tokens"] == ours["prompt"]


def test_the_memorys_own_request_is_taken_as_it_is(vllm: str, client: httpx2.Client) -> None:
    """What `Context.to_openai` spells, uuids and all, needs no change; the server's count is within the memory's."""
    profile = load_profile()
    with GlyphMemory.open(":memory:", profile=profile, window_tokens=WINDOW_TOKENS["glm4v"]) as memory:
        for number in range(40):
            memory.add("user", f"Line {number}. " * 40)
            memory.add("assistant", "Noted.")
        context = memory.context("What is line 3?")
        assert context.images
        body = {"model": MODEL, "messages": context.to_openai(), "max_tokens": 2}
        counted = usage(client, json.loads(json.dumps(body)))
        assert counted["image"] == sum(
            profile.image_tokens(page.size, wrapped=False) for page in context.images
        )
        assert counted["prompt"] <= memory.tokens(context)


def test_what_was_warmed_is_found_in_the_cache(reader: OpenAIReader) -> None:
    """The first question after `warm` computes what is recent and itself; the pages are there."""
    profile = load_profile()
    with GlyphMemory.open(":memory:", profile=profile, window_tokens=WINDOW_TOKENS["glm4v"]) as memory:
        for number in range(40):
            memory.add("user", f"Order {number} was warmed. " * 30)
            memory.add("assistant", "Noted.")
        context = memory.context("What was warmed?")
        reader.warm(context)
        first = reader.read(context).usage
    assert (first.cached_tokens or 0) > 0.8 * sum(profile.image_tokens(page.size) for page in context.images)
