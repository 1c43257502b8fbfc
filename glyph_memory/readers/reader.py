"""What a reader is and what it says: `Reader`, `Reading` and the deltas of a stream.

Knows contexts; knows nothing about servers.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from glyph_memory.context import Context
from glyph_memory.errors import BadReading, ReaderError, ReaderOverflow, ReaderUnavailable, show_value
from glyph_memory.readers.asking import ask_in_tasks, ask_in_threads, run_in_daemon


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens as the server counted them; `None` where it did not say."""

    prompt_tokens: int | None = None
    """What was sent: text, pages and the template's own tokens."""
    completion_tokens: int | None = None
    """What was written, reasoning included."""
    cached_tokens: int | None = None
    """How many of the prompt's tokens came from the prefix cache (vLLM: `--enable-prompt-tokens-details`)."""
    image_tokens: int | None = None
    """How many of the prompt's tokens are pictures; of servers, vLLM says it with the same flag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How long the attempt took that brought the answer; earlier attempts are not counted."""

    first_token_s: float | None = None
    """Seconds until the first token; `None` where the answer was not streamed."""
    total_s: float | None = None
    """Seconds until the whole answer stood; a stream's pauses between two `next` calls included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a reader answered.

    Example:
        >>> Reading(text="Page 3 says 14:05.", finish_reason="stop").is_cut_off
        False
    """

    text: str
    """The answer, without reasoning and without the tags a model wraps it in."""
    reasoning: str = ""
    """What the model thought before it answered, where it shows that."""
    usage: Usage = field(default_factory=Usage)
    """Token counts."""
    finish_reason: str | None = None
    """Why it stopped: `"stop"`, `"length"`, …; `None` where it broke off or the reader does not know."""
    model: str | None = None
    """The model's name as the server gives it."""
    timing: Timing = field(default_factory=Timing)
    """How long it took."""

    @property
    def is_cut_off(self) -> bool:
        """Whether the answer ends because `max_tokens` or the window was used up."""
        return self.finish_reason == "length"

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens a second after the first one came; `None` where the counts or the times are not known.

        Example:
            >>> usage, timing = Usage(completion_tokens=11), Timing(first_token_s=2.0, total_s=4.0)
            >>> Reading(text="…", usage=usage, timing=timing).tokens_per_s
            5.0
        """
        written, first_s, total_s = (
            self.usage.completion_tokens,
            self.timing.first_token_s,
            self.timing.total_s,
        )
        if written is None or written < 2 or first_s is None or total_s is None or total_s <= first_s:
            return None
        return (written - 1) / (total_s - first_s)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingDelta:
    """A piece of a streamed reading; the pieces' texts, joined, are the reading's text."""

    text: str = ""
    """What the answer grew by."""
    reasoning: str = ""
    """What the reasoning grew by."""
    reading: Reading | None = None
    """The whole reading, on the last piece alone."""


class Reader(Protocol):
    """Anything that can look at a context and answer.

    A class that inherits from `Reader` writes `read` alone; the others are then made from it, the async ones in a
    thread, and `warm` does nothing. A class that does not inherit needs all of them. Failures are `ReaderError`s.

    Example:
        >>> from glyph_memory.context import Context
        >>> class Counter(Reader):
        ...     def read(self, context: Context) -> Reading:
        ...         return Reading(text=f"{len(context.images)} pages")
        >>> Counter().read(Context.of("How many?", pages=[])).text
        '0 pages'
        >>> [delta.text for delta in Counter().stream(Context.of("How many?", pages=[]))]
        ['0 pages']
    """

    @abstractmethod
    def read(self, context: Context) -> Reading:
        """Look at a context and answer.

        Raises:
            ReaderError: No usable answer came; its class says why, `retryable` whether asking again may help.
        """
        ...

    async def aread(self, context: Context) -> Reading:
        """Do what `read` does, without blocking the event loop."""
        import asyncio  # noqa: PLC0415 - only who awaits loads it

        return await asyncio.to_thread(self.read, context)

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Yield the answer piece by piece; the last piece carries the whole reading."""
        yield _make_delta(self.read(context))

    async def astream(self, context: Context) -> AsyncIterator[ReadingDelta]:
        """Do what `stream` does, without blocking the event loop."""
        yield _make_delta(await self.aread(context))

    def warm(self, context: Context) -> Usage:
        """Have what stays of a context computed, `Context.stable_prefix`, so that the next question starts at once.

        Does nothing unless the reader keeps what it computed. The usage says what was read, and in `cached_tokens` how
        much of it was there already.

        Raises:
            ReaderError: As `read`.
        """
        return Usage()

    async def awarm(self, context: Context) -> Usage:
        """Do what `warm` does, without blocking the event loop."""
        import asyncio  # noqa: PLC0415 - as in `aread`

        return await asyncio.to_thread(self.warm, context)

    def read_many(
        self,
        contexts: Iterable[Context],
        *,
        progress: Callable[[int, int], None] | None = None,
        max_concurrent: int = 8,
    ) -> list[Reading | ReaderError]:
        """Return the answer to each context, in the order given; where one failed, its error stands in its place.

        Contexts with the same pages are one document. Its first question goes alone, and the others once that has been
        read, so that a server's prefix cache has the pages; documents come one after the other. All contexts are taken
        before the first is asked; pages that many show are held once, and let go with their last answer.

        Args:
            contexts: In any order.
            progress: Called after each answer, in this thread, with how many are there, and how many there will be.
            max_concurrent: How many are asked at a time: `read` is called from so many threads. With 1 it is called
                from this thread alone, as readers need that are not safe to share among threads.

        Raises:
            ReaderRefused: `max_concurrent` is no number of questions, or what is given are no contexts.
            Exception: What `read` or `progress` raises besides a `ReaderError`, once what runs has ended.
        """
        return ask_in_threads(
            lambda context: check_reading(self.read(context)),
            contexts,
            progress=progress,
            max_concurrent=max_concurrent,
        )

    async def aread_many(
        self,
        contexts: Iterable[Context],
        *,
        progress: Callable[[int, int], None] | None = None,
        max_concurrent: int = 8,
    ) -> list[Reading | ReaderError]:
        """Do what `read_many` does, without blocking the event loop; where it is cancelled, what runs is cancelled.

        Contexts are taken in a thread: a generator may draw pages.
        """

        async def ask(context: Context) -> Reading:
            if type(self).aread is Reader.aread:  # a pool's threads would be waited for after Ctrl-C
                return check_reading(await run_in_daemon(self.read, context))
            return check_reading(await self.aread(context))

        return await ask_in_tasks(ask, contexts, progress=progress, max_concurrent=max_concurrent)


class BrokenStream(ReaderUnavailable):
    """A stream that ended before its answer did."""

    def __init__(self, message: str, *, partial: Reading) -> None:
        super().__init__(message)
        self.partial = partial
        """What had come until then; its `finish_reason` is `None`."""


class ServerBusy(ReaderUnavailable):
    """A server that asked to be asked again later (HTTP 429, 502, 503, 504)."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        """How long the server asked to wait, in seconds; `None` where it did not say."""


class OutOfMemory(ReaderOverflow):
    """A model in this process needed more memory than there is, even with all caches empty. The reader stays usable."""


def check_reading(reading: object) -> Reading:
    """Return what a reader answered.

    Raises:
        BadReading: It is no reading, as of a reader that forgets to return one.
    """
    if isinstance(reading, Reading):
        return reading
    raise BadReading(f"a reader answered {show_value(reading)}, which is no Reading; return Reading(text=…)")


def take_reading(deltas: Sequence[ReadingDelta]) -> Reading:
    """Return the reading of an answer's pieces."""
    reading = deltas[-1].reading
    assert reading is not None  # noqa: S101  an answer ends with a reading or raises
    return reading


def _make_delta(answer: Reading) -> ReadingDelta:
    reading = check_reading(answer)
    return ReadingDelta(text=reading.text, reasoning=reading.reasoning, reading=reading)
