"""What an SDK recorded, as trees and tables that a test can compare."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from glyph_memory.telemetry import use_providers

Tree = list["str | tuple[str, Tree]"]
"""Spans in the order in which they began; one with children is a pair of its name and them."""


class Recorded:
    """The spans and metrics of a test."""

    def __init__(self) -> None:
        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)

    def clear(self) -> None:
        """Forget the spans so far."""
        self._exporter.clear()

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """All that have ended, in the order in which they began."""
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def find(self, name: str) -> list[ReadableSpan]:
        """Return the spans of a name."""
        return [span for span in self.spans if span.name == name]

    def tree(self) -> Tree:
        """Return the spans' names as a tree, those of the package without its name."""
        return self._list_below(None)

    def _list_below(self, parent: int | None) -> Tree:
        here = {span.context.span_id for span in self.spans}
        found = Tree()
        for span in self.spans:
            above = span.parent.span_id if span.parent and span.parent.span_id in here else None
            if above == parent:
                below = self._list_below(span.context.span_id)
                name = span.name.removeprefix("glyph_memory.")
                found.append((name, below) if below else name)
        return found

    def read_metrics(self) -> dict[str, dict[tuple[object, ...], float]]:
        """Return each metric's sums, by the values of its attributes."""
        data = self._reader.get_metrics_data()
        read = dict[str, dict[tuple[object, ...], float]]()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    sums = read.setdefault(metric.name, {})
                    for point in metric.data.data_points:
                        labels = tuple((point.attributes or {}).values())
                        if isinstance(point, HistogramDataPoint):
                            sums[labels] = point.sum
                        elif isinstance(point, NumberDataPoint):
                            sums[labels] = point.value
        return read

    def dump(self) -> str:
        """Return all that was recorded as one text."""
        data = self._reader.get_metrics_data()
        return json.dumps([json.loads(span.to_json()) for span in self.spans]) + (
            data.to_json() if data else ""
        )


@contextmanager
def record() -> Iterator[Recorded]:
    """Record what happens in the block, in all threads."""
    recorded = Recorded()
    with use_providers(recorded.tracer_provider, recorded.meter_provider):
        yield recorded


def plain(span: ReadableSpan, *, without: Sequence[str] = ()) -> dict[str, object]:
    """Return a span's attributes, without some."""
    return {name: value for name, value in (span.attributes or {}).items() if name not in without}
