"""`GlyphLLM`: a vision-language model in the same process, or any other reader, as LlamaIndex's LLM.

Knows LlamaIndex's LLMs and readers; how messages become a context stands in `contexts`, how readings become responses
in `answers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

from llama_index.core.base.llms.generic_utils import (
    astream_chat_response_to_completion_response,
    chat_response_to_completion_response,
    stream_chat_response_to_completion_response,
)
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.bridge.pydantic import Field, PrivateAttr, model_validator
from llama_index.core.constants import DEFAULT_CONTEXT_WINDOW
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.llm import LLM
from llama_index.memory.glyph.answers import Growing, to_response
from llama_index.memory.glyph.contexts import to_context
from pydantic import SkipValidation

from glyph_memory import (
    Context,
    LateReader,
    ModelProfile,
    ProfileError,
    Reader,
    ReaderRefused,
    SamplingFields,
    with_sampling,
)

_SAMPLING = tuple(SamplingFields.__annotations__)
_OUTPUT_TOKENS = 1024
"""What a `TransformersReader` writes at the most unless told otherwise."""
_NO_TOOLS = (
    "GlyphLLM takes no {what}: a reader is given messages and pages, and no tools. Take an agent that needs none "
    "(ReActAgent), or serve the model with vLLM (vllm serve … --enable-auto-tool-choice) and use GlyphOpenAILike"
)
_TOOL_WORDS = frozenset({"tools", "tool_choice", "tool_required", "functions", "response_format"})


class GlyphLLM(LLM):
    """A vision-language model in the same process as an LLM for chat engines, query engines and agents without tools.

    Give it a model, which a `glyph_memory.TransformersReader` loads with the first question, or any reader. What was
    asked before is found again: the pages and messages that a question shares with the last one are not read twice.

    Errors are `GlyphMemoryError`s. A call that is cancelled, or a stream that is closed, ends the reading.

    Args:
        model: Folder or hub id of the model; beside a reader, the name of its model.
        reader: Who reads; a `TransformersReader` of the model unless given.
        max_tokens: Most tokens to write; the reader's own unless given, as all that follows.
        temperature: 0 takes the likeliest token each time.
        top_p: Chooses among the likeliest tokens that together have this probability.
        top_k: Chooses among so many of the likeliest tokens.
        seed: For the same answer again.
        stop: Texts at which an answer ends.
        context_window: Prompt and answer together; the reader's or the model's own unless given.
        reader_options: Further keywords of `TransformersReader`, such as `device`; they may be given as keywords, too.

    Raises:
        ReaderRefused: Neither a model nor a reader; or the reader takes its sampling when it is made.
        TypeError: There is no such keyword.

    Example:
        >>> from glyph_memory.testing import ScriptedReader
        >>> llm = GlyphLLM(reader=ScriptedReader(["At 14:05."]), model="zai-org/Glyph")
        >>> llm.complete("When did it start?").text, llm.metadata.context_window
        ('At 14:05.', 131072)
    """

    model: str = Field(default="", description="Folder or hub id of the model.")
    reader: SkipValidation[Reader | None] = Field(default=None, exclude=True, description="Who reads.")
    max_tokens: int | None = Field(default=None, description="Most tokens to write.")
    temperature: float | None = Field(default=None, description="0 takes the likeliest token each time.")
    top_p: float | None = Field(default=None, description="Probability that tokens are chosen from.")
    top_k: int | None = Field(default=None, description="How many of the likeliest tokens are chosen from.")
    seed: int | None = Field(default=None, description="For the same answer again.")
    stop: list[str] | None = Field(default=None, description="Texts at which an answer ends.")
    context_window: int | None = Field(default=None, description="Prompt and answer together.")
    reader_options: dict[str, Any] = Field(
        default_factory=dict, description="Further keywords of TransformersReader."
    )

    _late: dict[str, LateReader] = PrivateAttr(default_factory=dict)

    def __init__(self, model: str | Path = "", **keywords: Any) -> None:  # noqa: ANN401 - the fields, and a reader's options
        given: dict[str, Any] = {"model": model, **keywords}
        super().__init__(**given)

    @model_validator(mode="before")
    @classmethod
    def _read_keywords(cls, given: Any) -> Any:  # noqa: ANN401 - whatever pydantic was given
        if not isinstance(given, dict):
            return given
        own = {name: value for name, value in given.items() if name in cls.model_fields}
        more = {name: value for name, value in given.items() if name not in {*own, "class_name"}}
        options = {**(own.get("reader_options") or {}), **more}
        if isinstance(stop := own.get("stop"), str):
            own["stop"] = [stop]
        reader = own.get("reader")
        if reader is None and not own.get("model"):
            raise ReaderRefused('nobody reads: give model="zai-org/Glyph", a folder, or a reader')
        if reader is not None and options:
            raise TypeError(f"unexpected keyword {next(iter(options))!r}: a reader has its own options")
        named = own.get("model") or getattr(reader, "model", None)
        name = str(named) if named and isinstance(named, str | Path) else type(reader).__name__
        return own | {"model": name, "reader_options": options}

    @model_validator(mode="after")
    def _check_sampling(self) -> Self:
        self._get_reader({})  # what it cannot keep is told now; nothing is loaded yet
        return self

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name for serializers."""
        return "GlyphLLM"

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex asks of a model."""
        return LLMMetadata(
            context_window=self._find_window() or DEFAULT_CONTEXT_WINDOW,
            num_output=self.max_tokens or _OUTPUT_TOKENS,
            is_chat_model=True,
            is_function_calling_model=False,
            model_name=self.model,
        )

    def close(self) -> None:
        """Close the reader that was made for `model`; one that was given is its owner's to close."""
        for late in self._late.values():
            late.close()

    # How it is asked. The decorators tell LlamaIndex's handlers.

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:  # noqa: ANN401 - as the base
        """Ask, and wait for the whole answer."""
        return self._chat(messages, kwargs)

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:  # noqa: ANN401 - as the base
        """Do what `chat` does, without blocking the event loop."""
        return await self._achat(messages, kwargs)

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:  # noqa: ANN401 - as the base
        """Ask, and yield the answer as it grows."""
        return self._stream(messages, kwargs)

    @llm_chat_callback()
    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:  # noqa: ANN401 - as the base
        """Do what `stream_chat` does, without blocking the event loop."""
        return self._astream(messages, kwargs)

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:  # noqa: ANN401 - as the base
        """Ask a single question, as a user."""
        return chat_response_to_completion_response(self._chat(_ask(prompt), kwargs))

    @llm_completion_callback()
    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:  # noqa: ANN401 - as the base
        """Do what `complete` does, without blocking the event loop."""
        return chat_response_to_completion_response(await self._achat(_ask(prompt), kwargs))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:  # noqa: ANN401 - as the base
        """Ask a single question, and yield the answer as it grows."""
        return stream_chat_response_to_completion_response(self._stream(_ask(prompt), kwargs))

    @llm_completion_callback()
    async def astream_complete(
        self,
        prompt: str,
        formatted: bool = False,
        **kwargs: Any,  # noqa: ANN401 - as the base
    ) -> CompletionResponseAsyncGen:
        """Do what `stream_complete` does, without blocking the event loop."""
        return astream_chat_response_to_completion_response(self._astream(_ask(prompt), kwargs))

    def _chat(self, messages: Sequence[ChatMessage], more: Mapping[str, Any]) -> ChatResponse:
        reader, context = self._prepare(messages, more)
        return to_response(reader.read(context), model=self.model)

    async def _achat(self, messages: Sequence[ChatMessage], more: Mapping[str, Any]) -> ChatResponse:
        reader, context = await asyncio.to_thread(self._prepare, messages, more)
        return to_response(await reader.aread(context), model=self.model)

    def _stream(self, messages: Sequence[ChatMessage], more: Mapping[str, Any]) -> ChatResponseGen:
        reader, context = self._prepare(messages, more)
        growing, stream = Growing(self.model), reader.stream(context)
        try:
            yield from map(growing.add, stream)
            growing.end()
        finally:
            if isinstance(stream, Generator):  # whoever stops listening stops the reading
                stream.close()

    async def _astream(
        self, messages: Sequence[ChatMessage], more: Mapping[str, Any]
    ) -> ChatResponseAsyncGen:
        reader, context = await asyncio.to_thread(self._prepare, messages, more)
        growing, stream = Growing(self.model), reader.astream(context)
        try:
            async for delta in stream:
                yield growing.add(delta)
            growing.end()
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    def _prepare(self, messages: Sequence[ChatMessage], more: Mapping[str, Any]) -> tuple[Reader, Context]:
        """Return who reads, with the sampling of a call, and what.

        Raises:
            NotImplementedError: The call brings tools.
            TypeError: There is no such keyword.
            ReaderRefused: There are no messages.
        """
        for name, value in more.items():
            if name in _TOOL_WORDS and value:
                raise NotImplementedError(_NO_TOOLS.format(what=name))
            if name not in {*_SAMPLING, *_TOOL_WORDS}:
                raise TypeError(f"unexpected keyword {name!r} of a call; there are {', '.join(_SAMPLING)}")
        if not messages:
            raise ReaderRefused("there are no messages; ask something: [ChatMessage(content=…)]")
        called = {name: more[name] for name in _SAMPLING if more.get(name) is not None}
        if isinstance(stop := called.get("stop"), str):
            called["stop"] = [stop]
        return self._get_reader(called), to_context(messages)

    def _get_reader(self, called: Mapping[str, Any]) -> Reader:
        """Return the reader with the sampling of a call; a model is loaded when it is asked."""
        held = {name: getattr(self, name) for name in _SAMPLING}
        own = {name: value for name, value in held.items() if value is not None}
        reader = self._get_late() if self.reader is None else self.reader
        return with_sampling(reader, **cast("SamplingFields", {**own, **called}))

    def _get_late(self) -> LateReader:
        """Return the model's own reader, which copies of this object share as long as they name the same model."""
        key = repr((self.model, sorted(self.reader_options.items())))
        if key not in self._late:
            self._late.setdefault(key, LateReader.of_model(self.model, **self.reader_options))
        return self._late[key]

    def _find_window(self) -> int | None:
        """Return the window as far as it is known without loading anything."""
        told = getattr(self.reader, "window_tokens", None)
        if self.context_window is not None or isinstance(told, int):
            return self.context_window or told
        try:
            return ModelProfile.from_name(self.model).window_tokens
        except ProfileError:
            return None


def _ask(prompt: str) -> list[ChatMessage]:
    return [ChatMessage(role=MessageRole.USER, content=prompt)]
