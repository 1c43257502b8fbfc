"""The local reader's calls as spans. Knows its name and its sampling; knows nothing about models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from glyph_memory.context import Context
from glyph_memory.readers.reader import ReadingDelta
from glyph_memory.readers.tracing import ReaderCall, trace_steps, trace_steps_async

P = ParamSpec("P")
if TYPE_CHECKING:
    from glyph_memory.readers.local.reader import TransformersReader

    Run = Callable[Concatenate[TransformersReader, Context, P], Iterator[ReadingDelta]]
    RunAsync = Callable[Concatenate[TransformersReader, Context, P], AsyncIterator[ReadingDelta]]


def trace_run(run: Run[P]) -> Run[P]:
    """Return a method that answers piece by piece, whose calls are spans."""

    @wraps(run)
    def run_traced(
        reader: TransformersReader, context: Context, /, *given: P.args, **named: P.kwargs
    ) -> Iterator[ReadingDelta]:
        steps = run(reader, context, *given, **named)
        return trace_steps(_describe(reader, is_warming=bool(named["is_warming"])), context, steps)

    return run_traced


def trace_run_async(run: RunAsync[P]) -> RunAsync[P]:
    """Return a method that answers piece by piece, awaited, whose calls are spans."""

    @wraps(run)
    def run_traced(
        reader: TransformersReader, context: Context, /, *given: P.args, **named: P.kwargs
    ) -> AsyncIterator[ReadingDelta]:
        steps = run(reader, context, *given, **named)
        return trace_steps_async(_describe(reader, is_warming=bool(named["is_warming"])), context, steps)

    return run_traced


def _describe(reader: TransformersReader, *, is_warming: bool) -> ReaderCall:
    sampling = reader._sampling
    return ReaderCall(
        provider="transformers",
        model=lambda: reader.model,
        is_stream=None,
        is_warming=is_warming,
        max_tokens=sampling.max_tokens,
        temperature=sampling.temperature,
    )
