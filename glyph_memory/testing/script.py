"""What a fake model answers: scripts of answers and faults, and `ScriptedReader`, a reader that plays one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from glyph_memory.context import Context
from glyph_memory.locks import ForkSafeLock
from glyph_memory.readers import Reader, Reading, ReadingDelta, Usage
from glyph_memory.readers.taking import check_context
from glyph_memory.testing.requests import FakeRequest
from glyph_memory.transcript import ToolCall


@dataclass(frozen=True, kw_only=True, slots=True)
class FakeAnswer:
    """What the fake model says."""

    text: str = ""
    """The answer."""
    reasoning: str = ""
    """Sent in a field of its own, as vLLM does with `--reasoning-parser`."""
    finish_reason: str = "stop"
    """Why it stopped; where it calls tools, `"tool_calls"` whatever is given."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Tools that it asks for; one without an id is given one."""

    @property
    def reported_finish_reason(self) -> str:
        """The finish reason that the server reports."""
        return "tool_calls" if self.tool_calls else self.finish_reason

    def number_calls(self, numbers: Iterator[int]) -> FakeAnswer:
        """Return the answer with an id for each call that has none, by the next number."""
        calls = [
            call if call.id else replace(call, id=f"chatcmpl-tool-{next(numbers)}")
            for call in self.tool_calls
        ]
        return replace(self, tool_calls=tuple(calls))


@dataclass(frozen=True, kw_only=True, slots=True)
class FakeReply:
    """An answer with all that is needed to spell it."""

    model: str
    """The name of the model that answers."""
    request: FakeRequest
    """What was asked."""
    answer: FakeAnswer
    """What is answered."""
    text_tokens: Callable[[str], int]
    """What a text costs."""

    @property
    def written_tokens(self) -> int:
        """What the answer costs, its reasoning included and its calls not."""
        return self.text_tokens(self.answer.text) + self.text_tokens(self.answer.reasoning)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that goes wrong with one chat request; each is used once, in order."""

    delay_s: float = 0.0
    """Seconds of silence before anything else."""
    status: int | None = None
    """Answer this instead; `None` answers as usual."""
    body: bytes = b""
    """The body that goes with `status`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that go with `status`."""
    hangs_up: bool = False
    """Close the connection without a word."""
    events: int | None = None
    """Close the connection after so many events of a stream."""
    pause_s: float = 0.0
    """Seconds of silence before each piece of a stream."""
    piece_bytes: int | None = None
    """Write a stream in pieces of so many bytes, which part events and letters; `None` writes an event at a time."""

    @classmethod
    def disconnect(cls) -> Fault:
        """Close the connection without an answer."""
        return cls(hangs_up=True)

    @classmethod
    def delay(cls, seconds: float) -> Fault:
        """Wait for a while, then answer as usual."""
        return cls(delay_s=seconds)

    @classmethod
    def cut_stream(cls, *, events: int = 3) -> Fault:
        """Break the connection off in the middle of a stream."""
        return cls(events=events)

    @classmethod
    def slow_stream(cls, pause_s: float, *, piece_bytes: int | None = None) -> Fault:
        """Answer a stream a piece at a time: an event, or so many bytes."""
        return cls(pause_s=pause_s, piece_bytes=piece_bytes)

    @classmethod
    def error(cls, status: int, message: str = "EngineCore encountered an issue.") -> Fault:
        """Answer with an error in vLLM's form."""
        kind = "InternalServerError" if status >= 500 else "BadRequestError"
        error = {"error": {"message": message, "type": kind, "param": None, "code": status}}
        return cls(
            status=status, body=json.dumps(error).encode(), headers={"Content-Type": "application/json"}
        )

    @classmethod
    def html(cls, status: int = 502, *, text: str = "Bad Gateway") -> Fault:
        """Answer with an HTML page, as a proxy in between does."""
        body = f"<html>\n<head><title>{text}</title></head>\n<body><h1>{text}</h1></body>\n</html>\n".encode()
        return cls(status=status, body=body, headers={"Content-Type": "text/html"})

    @classmethod
    def busy(cls, *, retry_after_s: float | None = None) -> Fault:
        """Answer 429, with a `Retry-After` where one is given."""
        headers = {} if retry_after_s is None else {"Retry-After": f"{retry_after_s:g}"}
        return cls(status=429, body=b'{"error": "Too Many Requests"}', headers=headers)


Answerer = Callable[[FakeRequest], "FakeAnswer | str"]


def describe(request: FakeRequest) -> str:
    """Return a short description of what was asked."""
    pages = f"{len(request.images)} image{'' if len(request.images) == 1 else 's'}"
    return f"{pages}, {request.prompt_tokens} tokens, asked: {request.question}"


def spell_event(value: object, *, kind: str | None = None) -> str:
    """Return an event of a stream; chats name no kind."""
    data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"data: {data}\n\n" if kind is None else f"event: {kind}\ndata: {data}\n\n"


def cut_json(text: str) -> list[str]:
    """Cut a call's arguments into pieces, as a model writes them."""
    return [text[start : start + 12] for start in range(0, len(text), 12)]


def words(text: str) -> list[str]:
    """Cut a text into words, each with the white space before it."""
    return re.findall(r"\s*\S+|\s+$", text)


Script = Callable[[Context], "Reading | str"]


class ScriptedReader(Reader):
    """Answers from a list, one after the other, or by a function of the context. Safe to share among threads.

    Args:
        script: Answers in order; an exception among them is raised in its turn. Or a function that answers.
        model: The name that it answers to, where whoever asks wants to know its model.
        window_tokens: The window that it says it has.

    Raises:
        IndexError: More was asked than the list answers.

    Example:
        >>> reader = ScriptedReader(["14:05", "Ada"])
        >>> reader.read(Context.of("When?", pages=[])).text
        '14:05'
        >>> len(reader.contexts)
        1
    """

    def __init__(
        self,
        script: Iterable[Reading | str | Exception] | Script,
        *,
        model: str | None = None,
        window_tokens: int | None = None,
    ) -> None:
        self.model = model
        self.window_tokens = window_tokens
        self.contexts: list[Context] = []
        """What was asked, in order."""
        self.warmed: list[Context] = []
        """What was to be computed before it is asked about, in order: `Context.stable_prefix` of each."""
        self._lock = ForkSafeLock(is_brief=True)
        self._answer: Script | None = script if callable(script) else None
        self._script: list[Reading | str | Exception] = [] if callable(script) else list(script)

    def read(self, context: Context) -> Reading:
        """Return the next answer of the script."""
        check_context(context)
        with self._lock:
            self.contexts.append(context)
            asked = len(self.contexts)
        said = self._answer(context) if self._answer else self._take(asked)
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Reading) else Reading(text=said, finish_reason="stop")

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Return the next answer of the script word by word."""
        reading = self.read(context)
        if reading.reasoning:
            yield ReadingDelta(reasoning=reading.reasoning)
        for word in words(reading.text):
            yield ReadingDelta(text=word)
        yield ReadingDelta(reading=reading)

    def warm(self, context: Context) -> Usage:
        """Record what would be computed."""
        prefix = check_context(context).stable_prefix()
        if prefix is not None:
            self.warmed.append(prefix)
        return Usage()

    def _take(self, asked: int) -> Reading | str | Exception:
        if asked > len(self._script):
            raise IndexError(f"asked {asked} times, but the script has {len(self._script)} answers. Add one")
        return self._script[asked - 1]
