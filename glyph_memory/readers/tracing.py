"""Spans and metrics of a reader's calls, by OpenTelemetry's conventions for generative AI.

Knows readings and their figures; what was asked and what was answered is never looked at.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Literal, ParamSpec, TypeVar, cast

from glyph_memory.context import Context
from glyph_memory.readers.reader import Reading, ReadingDelta
from glyph_memory.telemetry import Span, is_listening, measure, name_error, open_span, shorten_model

P = ParamSpec("P")
R = TypeVar("R", bound=Reading)
S = TypeVar("S")
Provider = Literal["openai", "transformers", "glyph_memory"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReaderCall:
    """One call of a reader, as far as it may be told."""

    provider: Provider
    """How the model is asked."""
    model: Callable[[], str | None]
    """Returns the model's name, which may be known only once its server was asked."""
    is_stream: bool | None = False
    """Whether the answer comes in pieces; None where nobody asks for that."""
    is_warming: bool = False
    """Whether pages are only read in advance."""
    max_tokens: int | None = None
    """Most tokens of the answer."""
    temperature: float | None = None
    """The temperature."""
    host: str | None = None
    """The server's."""
    port: int | None = None
    """The server's."""

    def open(self, context: Context) -> Span:
        """Open a span for asking about a context."""
        model = self.model()
        return open_span(
            "chat",
            title=f"chat {shorten_model(model)}" if model else "",
            operation="chat",
            provider=self.provider,
            model=model,
            is_stream=self.is_stream,
            is_warming=self.is_warming,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            host=self.host,
            port=self.port,
            images=len(context.images) if isinstance(context, Context) else None,
        )

    def report(self, span: Span, reading: Reading) -> None:
        """Report a span and the metrics what a reading came to."""
        usage, model = reading.usage, self.model()
        span.set(
            model=model,
            answered_by=reading.model,
            finish_reason=reading.finish_reason,
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            image_tokens=usage.image_tokens,
            first_token_s=reading.timing.first_token_s,
        )
        measure(
            "chat.first_token",
            reading.timing.first_token_s,
            operation="chat",
            provider=self.provider,
            model=model,
        )
        for token_type, tokens in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
            measure(
                "chat.tokens",
                tokens,
                operation="chat",
                provider=self.provider,
                model=model,
                token_type=token_type,
            )
        if usage.cached_tokens is not None and usage.prompt_tokens:
            measure("cached_share", usage.cached_tokens / usage.prompt_tokens, asked_by="reader")

    def report_time(self, began_s: float, error: BaseException | None) -> None:
        """Report the metrics how long it took, and which error there was; one who stops to listen is none."""
        is_error = error is not None and not isinstance(error, GeneratorExit)
        measure(
            "chat.duration",
            time.perf_counter() - began_s,
            operation="chat",
            provider=self.provider,
            model=self.model(),
            error=name_error(error) if is_error and error is not None else None,
        )


def trace_steps(call: ReaderCall, context: Context, steps: Iterator[ReadingDelta]) -> Iterator[ReadingDelta]:
    """Return the pieces of an answer, as a span from the first piece that is asked for to the last."""
    return _trace(call, context, steps) if is_listening() else steps


def trace_steps_async(
    call: ReaderCall, context: Context, steps: AsyncIterator[ReadingDelta]
) -> AsyncIterator[ReadingDelta]:
    """Do what `trace_steps` does, for pieces that are awaited."""
    return _trace_async(call, context, steps) if is_listening() else steps


def trace_read(
    provider: Provider, model: str
) -> Callable[[Callable[Concatenate[S, Context, P], R]], Callable[Concatenate[S, Context, P], R]]:
    """Return a decorator for a reader's `read`."""
    call = ReaderCall(provider=provider, model=lambda: model)

    def decorate(
        read: Callable[Concatenate[S, Context, P], R],
    ) -> Callable[Concatenate[S, Context, P], R]:
        @wraps(read)
        def read_traced(self: S, context: Context, /, *given: P.args, **named: P.kwargs) -> R:
            if not is_listening():
                return read(self, context, *given, **named)
            began_s = time.perf_counter()
            error: BaseException | None = None
            try:
                with call.open(context) as span:
                    reading = read(self, context, *given, **named)
                    call.report(span, reading)
                    return reading
            except BaseException as raised:
                error = raised
                raise
            finally:
                call.report_time(began_s, error)

        return read_traced

    return decorate


def _trace(call: ReaderCall, context: Context, steps: Iterator[ReadingDelta]) -> Iterator[ReadingDelta]:
    span = call.open(context)
    yield from span.follow(_report_steps(call, span, steps))


async def _trace_async(
    call: ReaderCall, context: Context, steps: AsyncIterator[ReadingDelta]
) -> AsyncIterator[ReadingDelta]:
    span = call.open(context)
    async with aclosing(_as_generator(span.follow_async(_report_steps_async(call, span, steps)))) as followed:
        async for delta in followed:
            yield delta


def _report_steps(call: ReaderCall, span: Span, steps: Iterator[ReadingDelta]) -> Iterator[ReadingDelta]:
    began_s = time.perf_counter()
    error: BaseException | None = None
    try:
        for delta in steps:
            if delta.reading is not None:
                call.report(span, delta.reading)
            yield delta
    except BaseException as raised:
        error = raised
        raise
    finally:
        call.report_time(began_s, error)
        if isinstance(steps, Generator):
            steps.close()


async def _report_steps_async(
    call: ReaderCall, span: Span, steps: AsyncIterator[ReadingDelta]
) -> AsyncIterator[ReadingDelta]:
    began_s = time.perf_counter()
    error: BaseException | None = None
    try:
        async for delta in steps:
            if delta.reading is not None:
                call.report(span, delta.reading)
            yield delta
    except BaseException as raised:
        error = raised
        raise
    finally:
        call.report_time(began_s, error)
        if isinstance(steps, AsyncGenerator):
            await steps.aclose()


def _as_generator(steps: AsyncIterator[ReadingDelta]) -> AsyncGenerator[ReadingDelta]:
    """Return what is a generator as one: a span gives back what it follows, or a generator of its own."""
    return cast("AsyncGenerator[ReadingDelta]", steps)
