"""LangChain's standard tests for chat models, as they come, on `ChatGlyph`: around a reader that counts, and a model.

The model has a real architecture and random weights; without torch and transformers the first alone is tested.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Self, Unpack

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_glyph_memory import ChatGlyph
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from PIL import Image

from glyph_memory import (
    Context,
    Reader,
    Reading,
    ReadingDelta,
    SamplingFields,
    Timing,
    TransformersReader,
    Usage,
)
from glyph_memory.testing import build_tiny_model


class CountingReader(Reader):
    """Answers the same, word by word, and counts; its sampling may be changed."""

    model = "zai-org/Glyph"
    window_tokens = 131_072

    def with_sampling(self, **sampling: Unpack[SamplingFields]) -> Self:
        """Take any sampling."""
        return self

    def read(self, context: Context) -> Reading:
        """Answer."""
        said = sum(len(message.text.split()) for message in context.messages)
        images = 100 * len(context.images)
        usage = Usage(
            prompt_tokens=said + images, completion_tokens=7, cached_tokens=said // 2, image_tokens=images
        )
        return Reading(
            text="It is on page 3.",
            reasoning="Page 3?",
            usage=usage,
            finish_reason="stop",
            timing=Timing(first_token_s=0.1, total_s=0.3),
        )

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Answer word by word."""
        reading = self.read(context)
        yield ReadingDelta(reasoning=reading.reasoning)
        for word in reading.text.split(" "):
            yield ReadingDelta(text=word if word == "It" else f" {word}")
        yield ReadingDelta(reading=reading)


class Abilities:
    """What `ChatGlyph` can do, and why it cannot do the rest."""

    chat_model_class = ChatGlyph
    # No server: nothing to wait for, and nothing to ask again. LangChain's own defaults have both.
    standard_chat_model_params = {"temperature": 0, "max_tokens": 100, "stop": []}  # noqa: RUF012 - as the base has it
    has_tool_calling = False  # a context holds no tools
    has_tool_choice = False  # for the same reason
    has_structured_output = False  # nothing holds the model to a schema
    supports_json_mode = False  # for the same reason
    supports_image_inputs = True
    supports_image_urls = False  # nothing is fetched: a model in this process has no server that would
    supports_image_tool_message = False  # the test binds tools; such messages are tested in test_chat.py
    supports_anthropic_inputs = False  # for the same reason
    supports_pdf_inputs = False  # vision-language models take pictures alone
    supports_audio_inputs = False  # for the same reason
    supports_video_inputs = False  # for the same reason
    returns_usage_metadata = True
    supports_model_override = False  # one ChatGlyph reads with one model
    enable_vcr_tests = False  # nothing goes over a network that could be recorded


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard tests fetch a picture from GitHub: they get one that is here."""
    file = io.BytesIO()
    Image.new("RGB", (320, 200), "white").save(file, "PNG")
    monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(200, content=file.getvalue()))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersReader]:
    """A model in this process."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    folder = build_tiny_model(tmp_path_factory.mktemp("glm4v"))
    with TransformersReader(folder, device="cpu", max_tokens=16) as reader:
        yield reader


class TestUnit(Abilities, ChatModelUnitTests):
    """Made, asked for its parameters, written as JSON; nothing is loaded for it."""

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """A model that no test here asks."""
        return {"model": "zai-org/Glyph"}

    @pytest.mark.xfail(
        reason="LangChain's load knows LangChain's own packages alone, unless it is told more: see test_chat.py"
    )
    def test_serdes(self, model: BaseChatModel, snapshot: Any) -> None:
        """As it comes."""
        super().test_serdes(model, snapshot)


class TestIntegration(Abilities, ChatModelIntegrationTests):
    """Asked, streamed, asked with pictures."""

    supported_usage_metadata_details = {"invoke": ["cache_read_input"], "stream": ["cache_read_input"]}  # noqa: RUF012 - as the base has it

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """A reader."""
        return {"reader": CountingReader()}

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        """Ask so that part of the prompt is known."""
        model: BaseChatModel = self.chat_model_class(**self.chat_model_params)
        if not stream:
            return model.invoke("What does page 3 say?")
        first, *others = model.stream("What does page 3 say?")
        return sum(others, first)


class TestLocal(TestIntegration):
    """The same, asked of a model in this process."""

    shared: Reader

    @pytest.fixture(autouse=True)
    def local(self, local: Reader) -> None:
        """One model for all of them."""
        type(self).shared = local

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """The model that is loaded."""
        return {"reader": self.shared}
