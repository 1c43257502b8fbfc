"""Readings as LangChain's messages: text, reasoning, tokens, and how long it took.

Knows readings and messages; knows nothing about readers.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from glyph_memory import BadReading, Reading, ReadingDelta

PROVIDER = "glyph"
"""What tracers and LangChain's own translators are told that a message comes from."""
_NO_READING = "a reader answered {answer!r}, which is no Reading; return Reading(text=…)"
_NO_DELTA = "a reader's stream ended without a word; yield one ReadingDelta at the least"


def to_result(reading: Reading, *, model: str) -> ChatResult:
    """Return a reading as a chat model's result.

    Raises:
        BadReading: It is none, as of a reader that forgets to return one.
    """
    if not isinstance(reading, Reading):
        raise BadReading(_NO_READING.format(answer=reading))
    message = AIMessage(
        reading.text,
        additional_kwargs=_tell_reasoning(reading.reasoning),
        usage_metadata=_count_usage(reading),
        response_metadata=_describe(reading, model),
    )
    return ChatResult(generations=[ChatGeneration(message=message)])


def to_chunk(delta: ReadingDelta, *, model: str) -> ChatGenerationChunk:
    """Return a piece of a reading; the last one carries the counts."""
    fields: dict[str, Any] = {}
    if delta.reading is not None:
        fields = {
            "usage_metadata": _count_usage(delta.reading),
            "response_metadata": _describe(delta.reading, model),
            "chunk_position": "last",
        }
    message = AIMessageChunk(content=delta.text, additional_kwargs=_tell_reasoning(delta.reasoning), **fields)
    return ChatGenerationChunk(message=message)


def to_chunks(stream: Iterable[ReadingDelta], *, model: str) -> Iterator[ChatGenerationChunk]:
    """Yield the pieces of a stream.

    Raises:
        BadReading: There are none.
    """
    is_empty = True
    for delta in stream:
        is_empty = False
        yield to_chunk(delta, model=model)
    if is_empty:
        raise BadReading(_NO_DELTA)


async def to_chunks_async(
    stream: AsyncIterable[ReadingDelta], *, model: str
) -> AsyncIterator[ChatGenerationChunk]:
    """Do what `to_chunks` does."""
    is_empty = True
    async for delta in stream:
        is_empty = False
        yield to_chunk(delta, model=model)
    if is_empty:
        raise BadReading(_NO_DELTA)


def _tell_reasoning(reasoning: str) -> dict[str, Any]:
    """Return reasoning where LangChain looks for it, to make blocks of it: `message.content_blocks`."""
    return {"reasoning_content": reasoning} if reasoning else {}


def _count_usage(reading: Reading) -> UsageMetadata | None:
    """Return the tokens as LangChain has them; `None` where the reader did not count."""
    usage = reading.usage
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    told = UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
    )
    if usage.cached_tokens is not None:
        # Pictures are counted beside it: these details are parts of the input that do not overlap.
        told["input_token_details"] = InputTokenDetails(cache_read=usage.cached_tokens)
    return told


def _describe(reading: Reading, model: str) -> dict[str, Any]:
    told = {
        "model_name": reading.model or model,
        "finish_reason": reading.finish_reason,
        "image_tokens": reading.usage.image_tokens,
        "first_token_s": reading.timing.first_token_s,
        "total_s": reading.timing.total_s,
        "tokens_per_s": reading.tokens_per_s,
    }
    return {"model_provider": PROVIDER} | {name: value for name, value in told.items() if value is not None}
