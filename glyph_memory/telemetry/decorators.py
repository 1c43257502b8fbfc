"""`trace_call`: a function whose calls are spans."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from glyph_memory.telemetry.fields import Fields
from glyph_memory.telemetry.names import SpanKey
from glyph_memory.telemetry.providers import find_tracer, note_failure
from glyph_memory.telemetry.spans import open_span

P = ParamSpec("P")
T = TypeVar("T")


def trace_call(
    key: SpanKey, describe: Callable[[Any], Fields] | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator; each call of what it decorates is a span.

    Args:
        key: The span's row in `SPANS`.
        describe: Returns what is told of what a call returned; asked where somebody gets it.
    """

    def decorate(call: Callable[P, T]) -> Callable[P, T]:
        @wraps(call)
        def call_traced(*given: P.args, **named: P.kwargs) -> T:
            if find_tracer() is None:
                return call(*given, **named)
            with open_span(key) as span:
                result = call(*given, **named)
                if describe is not None:
                    try:
                        span.set(**describe(result))
                    except Exception as failure:
                        note_failure(failure)
                return result

        return call_traced

    return decorate
