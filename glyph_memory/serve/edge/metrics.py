"""`Metrics`: sums over all conversations, for Prometheus. What one conversation comes to, the recorder knows.

Names of conversations, models and callers are no labels: there is no end to them. Knows records and numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_asgi_app
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import Receive, Scope, Send

from glyph_memory.serve.record import RequestRecord

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where several workers put their numbers together; the client library's own name."""
_OWN_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_FIRST_BYTE_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250)
_DIALECTS = frozenset({"chat", "responses", "messages"})


class Metrics:
    """Counts records, and answers `/metrics`.

    Args:
        count_open: Returns how many requests are being answered; None where nobody counts them.
    """

    def __init__(self, count_open: Callable[[], int] | None = None) -> None:
        registry = CollectorRegistry()
        self._requests = Counter(
            "glyph_requests", "Requests that were answered.", ["dialect", "status"], registry=registry
        )
        count = _CounterMaker(registry)
        self._tokens = {
            "plain_tokens": count("glyph_plain_tokens", "What conversations come to as text, as we count."),
            "sent_tokens": count("glyph_sent_tokens", "What was sent, as we count."),
            "prompt_tokens": count("glyph_prompt_tokens", "Prompt tokens, as servers told them."),
            "cached_tokens": count(
                "glyph_cached_tokens", "Those that servers' prefix caches had, as they told."
            ),
            "answer_tokens": count("glyph_answer_tokens", "Tokens of answers, as servers told them."),
            "pages": count("glyph_pages", "Pages that were sent, each time that one was."),
            "recalls": count("glyph_recalls", "How often models recalled something."),
        }
        self._notes = count(
            "glyph_notes", "What users were told: losses, pages drawn anew, models without images."
        )
        self._own = Histogram(
            "glyph_own_seconds",
            "What a folded request took here before its server was asked.",
            buckets=_OWN_S,
            registry=registry,
        )
        self._first_byte = Histogram(
            "glyph_first_byte_seconds",
            "From asking a server to the first byte of its answer.",
            buckets=_FIRST_BYTE_S,
            registry=registry,
        )
        self._open = Gauge(
            "glyph_open_requests",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._checks = Counter(
            "glyph_checks",
            "Questions for the codes of pages, in idle moments.",
            ["outcome"],
            registry=registry,
        )
        self._registry = registry
        self._rate: Gauge | None = None
        self._count_open = count_open
        self._show = make_asgi_app(_find_registry(registry))

    def add(self, record: RequestRecord) -> None:
        """Count a request."""
        dialect = record.dialect if record.dialect in _DIALECTS else ""
        self._requests.labels(dialect=dialect, status=str(record.status)).inc()
        for name, counter in self._tokens.items():
            counter.inc(getattr(record, name) or 0)
        self._notes.inc(len(record.notes))
        if record.dialect:
            self._own.observe(record.own_s)
        if record.first_byte_s is not None:
            self._first_byte.observe(record.first_byte_s)
        self._look()

    def add_check(self, outcome: str, lowest_rate: float | None) -> None:
        """Count a question for a page's code.

        Args:
            outcome: What came of it.
            lowest_rate: The share of right answers of the model that reads worst; None where none has answered.
        """
        self._checks.labels(outcome=outcome).inc()
        if lowest_rate is None:
            return
        if self._rate is None:  # made with the first answer: before it there is no rate, and 0 would be one
            self._rate = Gauge(
                "glyph_reading_rate",
                "Share of the latest 200 answers about pages' codes that were right, of the model that reads worst.",
                registry=self._registry,
                multiprocess_mode="livemin",
            )
        self._rate.set(lowest_rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with all numbers, in the format that is asked for."""
        self._look()
        await self._show(scope, receive, send)

    def _look(self) -> None:
        if self._count_open is not None:
            self._open.set(self._count_open())


class _CounterMaker:
    """Makes counters without labels in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def __call__(self, name: str, about: str) -> Counter:
        return Counter(name, about, registry=self._registry)


def _find_registry(own: CollectorRegistry) -> CollectorRegistry:
    """Return what is shown: this process's numbers, or those of all workers together."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        return own
    together = CollectorRegistry()
    MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]  # it has no types
    return together
