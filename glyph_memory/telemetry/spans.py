"""Spans: open one, make it the current one, tell how much there was, end it.

A span that nobody gets is one object that does nothing. One that somebody gets never raises, whatever the SDK does.
Errors are told by their class: what they say may quote what was said.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from glyph_memory.telemetry.fields import Fields
from glyph_memory.telemetry.headers import spell_headers
from glyph_memory.telemetry.names import SPANS, SpanKey
from glyph_memory.telemetry.providers import find_tracer, note_failure
from glyph_memory.telemetry.values import name_error, spell_attributes

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span as ApiSpan

T = TypeVar("T")


class Span:
    """A span that nobody gets.

    With `with` it is the current span of the block, the parent of spans that are opened there, and ends with it.
    """

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        return

    def set(self, **fields: Unpack[Fields]) -> None:
        """Report more; see `FIELDS`."""

    def enter(self) -> AbstractContextManager[None]:
        """Return a context in which this is the current span; it does not end there."""
        return nullcontext()

    def fail(self, error: str) -> None:
        """Report that something failed, by an error's class or an HTTP status."""

    def end(self, error: BaseException | None = None) -> None:
        """End it, with an error where something failed."""

    def follow(self, items: Iterator[T]) -> Iterator[T]:
        """Return an iterator whose items are made with this as the current span; it ends with the last one.

        Between two items whoever asks for them goes on in a context of its own.
        """
        return items

    def follow_async(self, items: AsyncIterator[T]) -> AsyncIterator[T]:
        """Do what `follow` does, for items that are awaited."""
        return items

    def write_headers(self) -> dict[str, str]:
        """Return the headers by which another server takes part in this trace; none where nobody gets it."""
        return {}


NO_SPAN = Span()


class LiveSpan(Span):
    """A span that somebody gets.

    Args:
        inner: OpenTelemetry's.
    """

    __slots__ = ("_has_ended", "_inner", "_token")

    def __init__(self, inner: ApiSpan) -> None:
        self._inner = inner
        self._token: Token[Context] | None = None
        self._has_ended = False

    def __enter__(self) -> Self:
        self._token = _attach(self._inner)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _detach(self._token)
        self.end(error)

    def set(self, **fields: Unpack[Fields]) -> None:
        """Report more; what is not in `FIELDS`, or not of its kind, is left out."""
        try:
            if self._inner.is_recording():  # one that a sampler leaves out is not
                self._inner.set_attributes(spell_attributes(fields))
        except Exception as failure:
            note_failure(failure)

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Make this the current span inside the block."""
        token = _attach(self._inner)
        try:
            yield
        finally:
            _detach(token)

    def fail(self, error: str) -> None:
        """Report that something failed."""
        try:
            if not self._inner.is_recording():
                return
            self._inner.set_attributes(spell_attributes({"error": error}))
            self._inner.set_status(sys.modules["opentelemetry.trace"].StatusCode.ERROR)
        except Exception as failure:
            note_failure(failure)

    def end(self, error: BaseException | None = None) -> None:
        """End it; whoever leaves an iterator early is no error. A second call does nothing."""
        if self._has_ended:
            return
        self._has_ended = True
        if error is not None and not isinstance(error, GeneratorExit):
            self.fail(name_error(error))
        try:
            self._inner.end()
        except Exception as failure:
            note_failure(failure)

    def follow(self, items: Iterator[T]) -> Iterator[T]:
        """Yield items, each made with this as the current span; end it with the last one."""
        error: BaseException | None = None
        try:
            while True:
                with self.enter():
                    try:
                        item = next(items)
                    except StopIteration:
                        return
                yield item
        except BaseException as raised:
            error = raised
            raise
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            self.end(error)

    async def follow_async(self, items: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield items, each awaited with this as the current span; end it with the last one."""
        error: BaseException | None = None
        try:
            while True:
                with self.enter():
                    try:
                        item = await anext(items)
                    except StopAsyncIteration:
                        return
                yield item
        except BaseException as raised:
            error = raised
            raise
        finally:
            try:
                close = getattr(items, "aclose", None)
                if close is not None:
                    await close()
            finally:
                self.end(error)

    def write_headers(self) -> dict[str, str]:
        """Return the headers of the propagator that is set, `traceparent` unless another one is."""
        try:
            from opentelemetry import trace  # noqa: PLC0415 - loaded where somebody traces

            return spell_headers(trace.set_span_in_context(self._inner))
        except Exception as failure:
            note_failure(failure)
            return {}


def open_span(
    key: SpanKey, /, *, title: str = "", parent: Context | None = None, **fields: Unpack[Fields]
) -> Span:
    """Open a span, which has to be ended: by `with`, by `end`, or by what it follows.

    Args:
        key: Its row in `SPANS`.
        title: Its name where that is made of attributes.
        parent: What it is a part of; the current span unless given.
        **fields: What is known of it already.
    """
    tracer = find_tracer()
    if tracer is None:
        return NO_SPAN
    row = SPANS[key]
    try:
        kind: Any = getattr(sys.modules["opentelemetry.trace"].SpanKind, row.kind)
        inner = tracer.start_span(
            title or row.name, context=parent, kind=kind, attributes=spell_attributes(fields)
        )
    except Exception as failure:
        note_failure(failure)
        return NO_SPAN
    return LiveSpan(inner)


def _attach(inner: ApiSpan) -> Token[Context] | None:
    try:
        from opentelemetry import context, trace  # noqa: PLC0415 - loaded where somebody traces

        return context.attach(trace.set_span_in_context(inner))
    except Exception as failure:
        note_failure(failure)
        return None


def _detach(token: Token[Context] | None) -> None:
    if token is None:
        return
    try:
        from opentelemetry import context  # noqa: PLC0415 - as above

        context.detach(token)
    except Exception as failure:
        note_failure(failure)
