"""`Edge`: everything that stands round the proxy, wired: the guard, other sites' pages, the recorder, our own paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route

from glyph_memory.serve.edge.guard import Guard, make_slots
from glyph_memory.serve.edge.health import Health
from glyph_memory.serve.edge.keys import Keys
from glyph_memory.serve.edge.metrics import Metrics
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.edge.tracing import Tracing
from glyph_memory.serve.options import ServeOptions
from glyph_memory.serve.reading_status import ReadingStatus
from glyph_memory.serve.record import RequestRecord

Listener = Callable[[RequestRecord], None]
_EXPOSED = ("X-Glyph-Session", "X-Glyph-Note", "Retry-After")


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """What stands round the proxy."""

    recorder: Recorder
    """Takes what became of requests; `app.state.recorder` has to be it, so that it ends with the server."""
    middleware: tuple[Middleware, ...]
    """Round the whole application, in this order."""
    routes: tuple[BaseRoute, ...]
    """`/healthz` and `/metrics`."""


def make_edge(
    options: ServeOptions,
    *,
    check_store: Callable[[], object],
    list_upstreams: Callable[[], Mapping[str, str]],
    listeners: Sequence[Listener] = (),
    reading: ReadingStatus | None = None,
) -> Edge:
    """Return what stands round the proxy.

    Args:
        options: What the server was told.
        check_store: As for `Health`.
        list_upstreams: As for `Health`.
        listeners: Told of each request, beside the metrics: the access log.
        reading: How well models read; None where that is not checked.

    Raises:
        ServeError: The file of keys cannot be read.
    """
    keys = None if options.key_file is None else Keys.read(options.key_file)
    slots = make_slots(options, keys)
    metrics = Metrics(lambda: slots.open_requests)
    recorder = Recorder(metrics.add, *listeners)
    if reading is not None:
        reading.listeners.append(metrics.add_check)
    health = Health(check_store, list_upstreams, None if reading is None else lambda: reading.word)
    guard = Middleware(Guard, options=options, keys=keys, recorder=recorder, slots=slots)
    return Edge(
        recorder=recorder,
        middleware=(Middleware(Tracing), *_let_sites_in(options), guard),
        routes=(Route("/healthz", health), Route("/metrics", metrics)),
    )


def _let_sites_in(options: ServeOptions) -> list[Middleware]:
    """Return what tells browsers that a site's pages may ask; before the guard, whose refusals they then can read."""
    if not options.allow_origins:
        return []
    sites = [origin.rstrip("/") for origin in options.allow_origins]
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=sites,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )
    ]
