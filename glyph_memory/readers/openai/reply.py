"""Make readings out of chat completions, whole or streamed.

Knows the OpenAI wire format and its dialects; knows nothing about HTTP. The only `Any` here is the JSON that
comes in.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import replace
from typing import Any

from glyph_memory.errors import BadReading, ReaderError, ReaderUnavailable
from glyph_memory.readers.openai.failures import Endpoint, make_error
from glyph_memory.readers.openai.reasoning import Splitter
from glyph_memory.readers.reader import Reading, ReadingDelta, Timing, Usage

# Not str.splitlines: it also breaks at U+2028, U+0085 and others, which JSON leaves standing inside strings.
_LINE_END = re.compile(r"\r\n|\n|\r")


class EventDecoder:
    """Turns chunks of bytes into the data of the events that are complete."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._text = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[str]:
        """Add a chunk; return the data of every event that it completes."""
        return self._decode_lines(self._utf8.decode(chunk), final=False)

    def close(self) -> list[str]:
        """Return the data of a last event that no blank line ended."""
        return self._decode_lines(self._utf8.decode(b"", final=True) + "\n\n", final=True)

    def _decode_lines(self, text: str, *, final: bool) -> list[str]:
        text = self._text + text
        held = ""
        if text.endswith("\r") and not final:  # its \n may be the next chunk's first byte
            text, held = text[:-1], "\r"
        *lines, rest = _LINE_END.split(text)
        self._text = rest + held
        events: list[str] = []
        for line in lines:
            if not line and self._data:
                events.append("\n".join(self._data))
                self._data = []
            elif line == "data" or line.startswith("data:"):
                self._data.append(line[5:].removeprefix(" "))
        return events


_REASONING_FIELDS = ("reasoning_content", "reasoning")  # SGLang, llama.cpp, transformers; vLLM


def parse_reply(body: bytes, *, endpoint: Endpoint) -> Reading:
    """Return the reading in the body of a chat completion.

    Raises:
        BadReading: The body is no chat completion.
        ReaderError: It is an error under status 200.
    """
    reply = _parse_object(body)
    if reply is not None and reply.get("error"):
        raise _extract_error(reply, endpoint=endpoint)
    choice = _first_choice(reply) if reply is not None else None
    message = choice.get("message") if choice is not None else None
    if reply is None or choice is None or not isinstance(message, dict):
        quoted = endpoint.quote(body.decode("utf-8", errors="replace"))
        raise BadReading(
            f"{endpoint.safe_url} answered no chat completion: {quoted}. Is base_url a chat server's?"
        )
    splitter = Splitter()
    splitter.feed(_text(message.get("content")), reasoning=_reasoning(message))
    splitter.close()
    return Reading(
        text=splitter.text,
        reasoning=splitter.reasoning,
        usage=_usage(reply.get("usage")),
        finish_reason=_string(choice.get("finish_reason")),
        model=_string(reply.get("model")),
    )


class StreamParser:
    """Makes deltas, and in the end a reading, of the bytes of a streamed chat completion."""

    def __init__(self, *, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._decoder = EventDecoder()
        self._splitter = Splitter()
        self._reading = Reading(text="")
        self._is_done = False

    @property
    def is_complete(self) -> bool:
        """Whether the answer came to its end; only a finish reason tells, not every server says `[DONE]`."""
        return self._reading.finish_reason is not None

    def feed(self, chunk: bytes) -> list[ReadingDelta]:
        """Add bytes; return the deltas that they complete.

        Raises:
            ReaderError: The server reports an error within the stream, or sends what is no chat completion.
        """
        return self._parse_events(self._decoder.feed(chunk))

    def close(self) -> list[ReadingDelta]:
        """End the bytes; return the deltas of a last event that no blank line ended."""
        return self._parse_events(self._decoder.close())

    def flush(self) -> list[ReadingDelta]:
        """Return the text that was held back because it might have become a tag."""
        rest = self._splitter.close()
        return _delta(rest.text, rest.reasoning)

    def build_reading(self, timing: Timing) -> Reading:
        """Return the reading so far; after the end, the whole one."""
        return replace(
            self._reading, text=self._splitter.text, reasoning=self._splitter.reasoning, timing=timing
        )

    def _parse_events(self, events: list[str]) -> list[ReadingDelta]:
        deltas: list[ReadingDelta] = []
        for data in events:
            if data.strip() == "[DONE]":
                self._is_done = True
            elif not self._is_done:
                deltas += self._parse_event(data)
        return deltas

    def _parse_event(self, data: str) -> list[ReadingDelta]:
        event = _parse_object(data.encode())
        if event is None:
            # Cut off in the middle, or transformers' {"error": "…"} with quotes that are not escaped.
            raise ReaderUnavailable(
                f"{self._endpoint.safe_url} broke off its stream: {self._endpoint.quote(data)}. "
                "The server's log says why; asking again may help"
            )
        if event.get("error"):
            raise _extract_error(event, endpoint=self._endpoint)
        choice = _first_choice(event) or {}
        delta = _mapping(choice.get("delta"))
        usage = _usage(event.get("usage"))
        self._reading = replace(
            self._reading,
            usage=usage if usage != Usage() else self._reading.usage,
            finish_reason=_string(choice.get("finish_reason")) or self._reading.finish_reason,
            model=_string(event.get("model")) or self._reading.model,
        )
        piece = self._splitter.feed(_text(delta.get("content")), reasoning=_reasoning(delta))
        return _delta(piece.text, piece.reasoning)


def _delta(text: str, reasoning: str) -> list[ReadingDelta]:
    return [ReadingDelta(text=text, reasoning=reasoning)] if text or reasoning else []


def _extract_error(event: dict[str, Any], *, endpoint: Endpoint) -> ReaderError:
    """Return the error inside an answer of status 200, as if it had the status that it names."""
    error = event["error"]
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return make_error(status, {}, json.dumps(event, ensure_ascii=False).encode(), endpoint=endpoint)


def _parse_object(body: bytes) -> dict[str, Any] | None:
    try:
        reply = json.loads(body)
    except ValueError:
        return None
    return reply if isinstance(reply, dict) else None


def _first_choice(reply: dict[str, Any]) -> dict[str, Any] | None:
    choices = reply.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(content: object) -> str:
    """Return content as text; it is a string, `None` beside tool calls, or a list of parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _reasoning(message: dict[str, Any]) -> str:
    return next((text for name in _REASONING_FIELDS if (text := _text(message.get(name)))), "")


def _usage(usage: object) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details")
    return Usage(
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(details.get("cached_tokens")) if isinstance(details, dict) else None,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
