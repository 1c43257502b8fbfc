"""Readings as LlamaIndex's responses: text, reasoning, tokens, and how long it took.

Knows readings and responses; knows nothing about readers.
"""

from __future__ import annotations

from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ContentBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
)

from glyph_memory import BadReading, Reading, ReadingDelta


def to_response(reading: Reading, *, model: str) -> ChatResponse:
    """Return a reading as a response.

    Raises:
        BadReading: It is none, as of a reader that forgets to return one.
    """
    if not isinstance(reading, Reading):
        raise BadReading(f"a reader answered {reading!r}, which is no Reading; return Reading(text=…)")
    counts = _count_usage(reading)
    return ChatResponse(
        message=_make_message(reading.text, reading.reasoning),
        raw=_describe(reading, model) | ({"usage": counts} if counts else {}),
        additional_kwargs=counts,
    )


class Growing:
    """A response that grows: LlamaIndex wants all that was said so far with each piece."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._text, self._reasoning = "", ""
        self._is_begun = False

    def add(self, delta: ReadingDelta) -> ChatResponse:
        """Return the response after a piece; the last one has the counts."""
        self._is_begun = True
        self._text += delta.text
        self._reasoning += delta.reasoning
        if delta.reading is not None:
            grown = to_response(delta.reading, model=self._model)
        else:
            grown = ChatResponse(message=_make_message(self._text, self._reasoning), raw={})
        grown.delta = delta.text
        if delta.reasoning:
            grown.additional_kwargs["thinking_delta"] = (
                delta.reasoning
            )  # where LlamaIndex's agents look for it
        return grown

    def end(self) -> None:
        """Raise an error where nothing was added.

        Raises:
            BadReading: The stream ended without a word.
        """
        if not self._is_begun:
            raise BadReading("a reader's stream ended without a word; yield one ReadingDelta at the least")


def _make_message(text: str, reasoning: str) -> ChatMessage:
    thought: list[ContentBlock] = [ThinkingBlock(content=reasoning)] if reasoning else []
    return ChatMessage(role=MessageRole.ASSISTANT, blocks=[*thought, TextBlock(text=text)])


def _count_usage(reading: Reading) -> dict[str, Any]:
    """Return the tokens under the names that LlamaIndex's counters look for; nothing where the reader did not count."""
    usage = reading.usage
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return {}
    told = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "image_tokens": usage.image_tokens,
    }
    return {name: count for name, count in told.items() if count is not None}


def _describe(reading: Reading, model: str) -> dict[str, Any]:
    told = {
        "model": reading.model or model,
        "finish_reason": reading.finish_reason,
        "first_token_s": reading.timing.first_token_s,
        "total_s": reading.timing.total_s,
        "tokens_per_s": reading.tokens_per_s,
    }
    return {name: value for name, value in told.items() if value is not None}
