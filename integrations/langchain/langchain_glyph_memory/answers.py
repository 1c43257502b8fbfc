"""Readings as LangChain's messages: text, reasoning, tokens, and how long it took.

Knows readings and messages; knows nothing about readers.
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from glyph_memory import Reading, ReadingDelta

PROVIDER = "glyph"
"""What tracers and LangChain's own translators are told that a message comes from."""


def to_result(reading: Reading, *, model: str) -> ChatResult:
    """Return a reading as a chat model's result."""
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
