"""Make readings out of streamed chat completions: bytes into events, events into deltas.

Knows server-sent events and the OpenAI wire format; knows nothing about HTTP.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace

from glyph_memory.errors import ReaderUnavailable
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.json_values import parse_object, read_mapping, read_string, read_text
from glyph_memory.readers.openai.reply import (
    check_content,
    extract_error,
    find_first_choice,
    read_reasoning,
    read_usage,
)
from glyph_memory.readers.reader import Reading, ReadingDelta, Timing, Usage
from glyph_memory.readers.reasoning import Splitter

# Not str.splitlines: it also breaks at U+2028, U+0085 and others, which JSON leaves standing inside strings.
_LINE_END = re.compile(r"\r\n|\n|\r")


class EventDecoder:
    """Turns chunks of bytes into the data of the events that are complete, in time proportional to the bytes."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._pieces: list[str] = []  # of the line that has no end yet
        self._return = ""  # a \r whose \n may be the next chunk's first byte
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[str]:
        """Add a chunk; return the data of every event that it completes."""
        text = self._return + self._utf8.decode(chunk)
        self._return = "\r" if text.endswith("\r") else ""
        return self._split_lines(text.removesuffix("\r"))

    def close(self) -> list[str]:
        """Return the data of a last event that no blank line ended."""
        return self._split_lines(f"{self._return}{self._utf8.decode(b'', final=True)}\n\n")

    def _split_lines(self, text: str) -> list[str]:
        first, *others = _LINE_END.split(text)
        self._pieces.append(first)
        events: list[str] = []
        for rest in others:
            self._take_line("".join(self._pieces), events)
            self._pieces = [rest]
        return events

    def _take_line(self, line: str, events: list[str]) -> None:
        if not line and self._data:
            events.append("\n".join(self._data))
            self._data = []
        elif line == "data" or line.startswith("data:"):
            self._data.append(line[5:].removeprefix(" "))


class StreamParser:
    """Makes deltas, and in the end a reading, of the bytes of a streamed chat completion."""

    def __init__(self, *, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._decoder = EventDecoder()
        self._splitter = Splitter()
        self._reading = Reading(text="")
        self._is_done = False

    @property
    def is_done(self) -> bool:
        """Whether the server said that nothing more will come."""
        return self._is_done

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
        event = parse_object(data)
        if event is None:
            # Cut off in the middle, or transformers' {"error": "…"} with quotes that are not escaped.
            raise ReaderUnavailable(
                f"{self._endpoint.safe_url} broke off its stream: {self._endpoint.quote(data)}. "
                "The server's log says why; asking again may help"
            )
        if event.get("error"):
            raise extract_error(event, data.encode(), endpoint=self._endpoint)
        choice = find_first_choice(event) or {}
        delta = read_mapping(choice.get("delta"))
        check_content(delta.get("content"), endpoint=self._endpoint)
        usage = read_usage(event.get("usage"))
        self._reading = replace(
            self._reading,
            usage=usage if usage != Usage() else self._reading.usage,
            finish_reason=read_string(choice.get("finish_reason")) or self._reading.finish_reason,
            model=read_string(event.get("model")) or self._reading.model,
        )
        piece = self._splitter.feed(read_text(delta.get("content")), reasoning=read_reasoning(delta))
        return _delta(piece.text, piece.reasoning)


def _delta(text: str, reasoning: str) -> list[ReadingDelta]:
    return [ReadingDelta(text=text, reasoning=reasoning)] if text or reasoning else []
