"""Headers that say which trace a request is a part of: read those that came, write those that go. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from glyph_memory.telemetry.providers import find_tracer, note_failure

if TYPE_CHECKING:
    from opentelemetry.context import Context


def read_parent(headers: Iterable[tuple[bytes, bytes]]) -> Context | None:
    """Return what a request is a part of, by the propagator that is set; None for whatever is current.

    Where somebody else's instrumentation has opened a span for the request already, that one is current.

    Args:
        headers: As ASGI has them, names in small letters.
    """
    if find_tracer() is None:
        return None
    try:
        from opentelemetry import propagate, trace  # noqa: PLC0415 - loaded where somebody traces

        if trace.get_current_span().get_span_context().is_valid:
            return None
        wanted = {name.lower() for name in propagate.get_global_textmap().fields}
        carrier = dict[str, list[str]]()
        for name, value in headers:
            if (spelled := name.decode("latin-1")) in wanted:
                carrier.setdefault(spelled, []).append(value.decode("latin-1"))
        if len(carrier.get("traceparent", ())) > 1:  # none of them can be trusted, says the W3C
            del carrier["traceparent"]
        return propagate.extract(carrier)
    except Exception as failure:
        note_failure(failure)
        return None


def write_headers() -> dict[str, str]:
    """Return the headers by which another server takes part in the trace of the current span; none without one."""
    return {} if find_tracer() is None else spell_headers(None)


def spell_headers(context: Context | None) -> dict[str, str]:
    """Return the headers of a context, or of the current one, by the propagator that is set.

    Baggage is left out: it may be anything that a program says of its users, and the server may be anybody's.
    """
    headers = dict[str, str]()
    try:
        from opentelemetry import propagate  # noqa: PLC0415 - loaded where somebody traces

        propagate.inject(headers, context=context)
    except Exception as failure:
        note_failure(failure)
    return {name: value for name, value in headers.items() if name != "baggage"}
