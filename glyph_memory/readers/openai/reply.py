"""Make readings out of whole chat completions.

Servers with a reasoning parser send the two apart; without one they come in one text, which `reasoning` parts. Knows
the OpenAI wire format and its dialects; knows nothing about HTTP. The only `Any` here is the JSON that comes in.
"""

from __future__ import annotations

from typing import Any

from glyph_memory.errors import BadReading, ReaderError, show_value
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.failures import make_error
from glyph_memory.readers.openai.json_values import (
    is_content,
    parse_object,
    read_count,
    read_mapping,
    read_string,
    read_text,
)
from glyph_memory.readers.reader import Reading, Usage
from glyph_memory.readers.reasoning import Splitter

_REASONING_FIELDS = ("reasoning_content", "reasoning")  # SGLang, llama.cpp, transformers; vLLM


def parse_reply(body: bytes, *, endpoint: Endpoint) -> Reading:
    """Return the reading in the body of a chat completion.

    Raises:
        BadReading: The body is no chat completion.
        ReaderError: It is an error under status 200.
    """
    reply = parse_object(body)
    if reply is not None and reply.get("error"):
        raise extract_error(reply, body, endpoint=endpoint)
    choice = find_first_choice(reply) if reply is not None else None
    message = choice.get("message") if choice is not None else None
    if reply is None or choice is None or not isinstance(message, dict):
        quoted = endpoint.quote(body.decode("utf-8", errors="replace"))
        raise BadReading(
            f"{endpoint.safe_url} answered no chat completion: {quoted}. Is base_url a chat server's?"
        )
    check_content(message.get("content"), endpoint=endpoint)
    splitter = Splitter()
    splitter.feed(read_text(message.get("content")), reasoning=read_reasoning(message))
    splitter.close()
    return Reading(
        text=splitter.text,
        reasoning=splitter.reasoning,
        usage=read_usage(reply.get("usage")),
        finish_reason=read_string(choice.get("finish_reason")),
        model=read_string(reply.get("model")),
    )


def check_content(content: object, *, endpoint: Endpoint) -> None:
    """Raise `BadReading` for content that is neither a text nor parts: no text can be read out of it."""
    if not is_content(content):
        quoted = endpoint.quote(show_value(content))
        raise BadReading(
            f"{endpoint.safe_url} answered with content that is no text: {quoted}. Is it a chat server?"
        )


def extract_error(reply: dict[str, Any], body: bytes, *, endpoint: Endpoint) -> ReaderError:
    """Return the error inside an answer of status 200, as if it had the status that it names."""
    error = reply["error"]
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return make_error(status, {}, body, endpoint=endpoint)


def find_first_choice(reply: dict[str, Any]) -> dict[str, Any] | None:
    """Return the first choice of a reply or event; None where there is none."""
    choices = reply.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def read_reasoning(message: dict[str, Any]) -> str:
    """Return the reasoning that a server sends in a field of its own, or an empty string."""
    return next((text for name in _REASONING_FIELDS if (text := read_text(message.get(name)))), "")


def read_usage(usage: object) -> Usage:
    """Return the token counts of a reply, as far as it has any."""
    if not isinstance(usage, dict):
        return Usage()
    details = read_mapping(usage.get("prompt_tokens_details"))
    return Usage(
        prompt_tokens=read_count(usage.get("prompt_tokens")),
        completion_tokens=read_count(usage.get("completion_tokens")),
        cached_tokens=read_count(details.get("cached_tokens")),
        image_tokens=read_count(read_mapping(details.get("multimodal_tokens")).get("image")),  # vLLM
    )
