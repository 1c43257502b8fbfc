"""`ChatGlyph`: a vision-language model in the same process, or any other reader, as LangChain's chat model.

Knows LangChain's chat models and readers; how messages become a context stands in `contexts`, how readings become
messages in `answers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, cast
from uuid import uuid4

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.load.serializable import SerializedConstructor, SerializedNotImplemented
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import Field, PrivateAttr, SkipValidation, model_validator

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
from langchain_glyph_memory.answers import to_chunks, to_chunks_async, to_result
from langchain_glyph_memory.contexts import to_context
from langchain_glyph_memory.counting import Tool, find_token_profile, glyph_token_counter
from langchain_glyph_memory.keywords import read_keywords
from langchain_glyph_memory.sampling import CAPABILITIES, SAMPLING, read_call, refuse
from langchain_glyph_memory.windows import find_known_window


class ChatGlyph(BaseChatModel):
    """A vision-language model in the same process as a chat model for chains and agents without tools.

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
        streaming: Whether `invoke` streams, for callbacks that look at tokens.
        profile: By which model's profile tokens are counted, by name or a `glyph_memory.ModelProfile`, where `model` is
            not known by its name; kept as `token_profile`, as LangChain's `profile` is another.
        reader_options: Further keywords of `TransformersReader`, such as `device`; they may be given as keywords, too.

    Raises:
        ReaderRefused: Neither a model nor a reader; or the reader takes its sampling when it is made.
        TypeError: There is no such keyword.

    Example:
        >>> from glyph_memory.testing import ScriptedReader
        >>> chat = ChatGlyph(reader=ScriptedReader(["At 14:05."]), model="zai-org/Glyph")
        >>> chat.invoke("When did it start?").content
        'At 14:05.'
        >>> chat.profile["max_input_tokens"]
        131072
    """

    model: str = ""
    reader: SkipValidation[Reader | None] = Field(default=None, exclude=True)
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: list[str] | None = None
    streaming: bool = False
    reader_options: dict[str, Any] = Field(default_factory=dict)
    token_profile: SkipValidation[ModelProfile | str | None] = None

    _late: dict[str, LateReader] = PrivateAttr(default_factory=dict)
    _token: str = PrivateAttr(default_factory=lambda: uuid4().hex[:12])

    def __init__(self, model: str | Path = "", **keywords: Any) -> None:  # noqa: ANN401 - the fields, and a reader's options
        given: dict[str, Any] = {"model": model, **keywords}
        super().__init__(**given)

    @model_validator(mode="before")
    @classmethod
    def _read_keywords(cls, given: Any) -> Any:  # noqa: ANN401 - whatever pydantic was given
        return read_keywords(given, frozenset(cls.model_fields)) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _check_sampling(self) -> ChatGlyph:
        self._get_reader({})  # what it cannot keep is told now; nothing is loaded yet
        return self

    def _resolve_model_profile(self) -> Any:  # noqa: ANN401 - a type that older versions have elsewhere
        """Return what LangChain's agents ask of a model."""
        window = find_known_window(self.reader, self.model, self.reader_options)
        return {**CAPABILITIES, **({"max_input_tokens": window} if window else {})}

    # How it is asked.

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - those of a call
    ) -> ChatResult:
        reader, context = self._prepare(messages, stop, kwargs)
        return to_result(reader.read(context), model=self.model)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - as above
    ) -> ChatResult:
        reader, context = await asyncio.to_thread(self._prepare, messages, stop, kwargs)
        return to_result(await reader.aread(context), model=self.model)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - as above
    ) -> Iterator[ChatGenerationChunk]:
        reader, context = self._prepare(messages, stop, kwargs)
        stream = reader.stream(context)
        try:
            yield from to_chunks(stream, model=self.model)
        finally:
            if isinstance(stream, Generator):  # whoever stops listening stops the reading
                stream.close()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - as above
    ) -> AsyncIterator[ChatGenerationChunk]:
        reader, context = await asyncio.to_thread(self._prepare, messages, stop, kwargs)
        stream = reader.astream(context)
        try:
            async for chunk in to_chunks_async(stream, model=self.model):
                yield chunk
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    def _prepare(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, more: Mapping[str, Any]
    ) -> tuple[Reader, Context]:
        """Return who reads, with the sampling of a call, and what."""
        if not messages:
            raise ReaderRefused("there are no messages; ask something: [HumanMessage(…)]")
        return self._get_reader(read_call(more, stop)), to_context(messages)

    def _get_reader(self, called: SamplingFields) -> Reader:
        """Return the reader with the sampling of a call; a model is loaded when it is asked."""
        reader = self._get_late() if self.reader is None else self.reader
        return with_sampling(reader, **cast("SamplingFields", {**self._own_sampling(), **called}))

    def _get_late(self) -> LateReader:
        """Return the model's own reader, which copies of this object share as long as they name the same model."""
        key = repr((self.model, sorted(self.reader_options.items())))
        if key not in self._late:
            self._late.setdefault(key, LateReader.of_model(self.model, **self.reader_options))
        return self._late[key]

    def _own_sampling(self) -> SamplingFields:
        held = {name: getattr(self, name) for name in SAMPLING}
        return cast("SamplingFields", {name: value for name, value in held.items() if value is not None})

    # What it cannot do.

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,  # noqa: ANN401 - as the base
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Raise an error that names what can call tools.

        Raises:
            NotImplementedError: Always: a context holds no tools.
        """
        refuse("tools")

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        **kwargs: Any,  # noqa: ANN401 - as the base
    ) -> NoReturn:
        """Raise an error that names what can.

        Raises:
            NotImplementedError: Always: nothing holds the model to a schema.
        """
        refuse("structured output")

    # What it says of itself.

    @property
    def window_tokens(self) -> int | None:
        """The window, prompt and answer together; asks the reader, and so loads the model."""
        reader = self._get_late() if self.reader is None else self.reader
        reader = reader.reader if isinstance(reader, LateReader) else reader
        return find_known_window(reader, self.model, self.reader_options)

    def get_num_tokens(self, text: str) -> int:
        """Return the tokens of a text, as the model's profile counts, or else its reader, with the template's own.

        Raises:
            ProfileError: Nothing is known about the model, and no reader that counts is loaded.
        """
        try:
            return find_token_profile(self.model, self.token_profile).text_tokens(text)
        except ProfileError:
            if (count := self._find_counter()) is None:
                raise
            return int(count(to_context([HumanMessage(text)])))

    def get_num_tokens_from_messages(
        self, messages: Sequence[BaseMessage], tools: Sequence[Tool] | None = None
    ) -> int:
        """Return the tokens of messages: exact where the reader is loaded and counts, else the most they can take.

        Raises:
            ProfileError: Nothing is known about the model, and no reader that counts is loaded.
        """
        if (count := self._find_counter()) is not None and not tools:
            with suppress(ReaderRefused):  # a chat template may not take a part of a conversation
                return int(count(to_context(messages)))
        return glyph_token_counter(find_token_profile(self.model, self.token_profile))(messages, tools=tools)

    def _find_counter(self) -> Callable[[Context], int] | None:
        """Return the counter of the reader; None where it has none, or is not loaded."""
        reader: object = self.reader
        if reader is None and (late := self._get_late()).is_made:
            reader = late.reader
        return getattr(reader, "count_tokens", None)

    def close(self) -> None:
        """Close the reader that was made for `model`; one that was given is its owner's to close."""
        for late in self._late.values():
            late.close()

    @property
    def _llm_type(self) -> str:
        return "chat-glyph"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        told = {"model": self.model, **self._own_sampling(), **self.reader_options}
        # Nobody can tell what another reader answers: each has its own part of a cache.
        return (
            told if self.reader is None else told | {"reader": f"{type(self.reader).__name__} {self._token}"}
        )

    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:  # noqa: ANN401 - as the base
        # The base takes what `to_json` says, and would take all readers that cannot be written for the same one.
        return str(sorted({**self._identifying_params, **kwargs, "stop": stop or self.stop}.items()))

    def _get_ls_params(
        self,
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401 - as the base
    ) -> LangSmithParams:
        return super()._get_ls_params(stop=stop or self.stop, **kwargs)

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return that LangChain may write it as JSON; `load` takes it with `allowed_objects` and `valid_namespaces`."""
        return True

    def to_json(self) -> SerializedConstructor | SerializedNotImplemented:
        """Return what it is made from again; nothing where a reader or a profile of one's own was given."""
        is_plain = self.reader is None and not isinstance(self.token_profile, ModelProfile)
        return super().to_json() if is_plain else self.to_json_not_implemented()
