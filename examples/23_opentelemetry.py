"""Trace a memory and a reader with OpenTelemetry: spans as a tree, and what was counted. No server, no collector.

python examples/23_opentelemetry.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from glyph_memory import FoldPolicy, GlyphMemory, OpenAIReader
from glyph_memory.testing import FakeVLMServer, agent_conversation

POLICY = FoldPolicy(window_tokens=16_384, keep_recent_tokens=400, trigger_tokens=2_000, seal_tokens=800)


def configure() -> tuple[InMemorySpanExporter, InMemoryMetricReader]:
    """Configure an SDK that keeps everything in memory; a program would have exporters instead."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    return exporter, reader


def show(spans: list[ReadableSpan], parent: int | None = None, depth: int = 0) -> None:
    """Print spans as a tree, each with the time that it took."""
    for span in spans:
        if (span.parent.span_id if span.parent else None) == parent:
            taken_ms = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
            print(f"{'  ' * depth}{span.name:{44 - 2 * depth}} {taken_ms:7.1f} ms")
            show(spans, span.context.span_id, depth + 1)


def main() -> None:
    """Talk to a memory until something is sealed, ask about it, and print what was recorded."""
    exporter, reader = configure()
    tracer = trace.get_tracer("my agent")
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeVLMServer() as server,
        GlyphMemory.open(Path(folder) / "chat.db", policy=POLICY) as memory,
        OpenAIReader(server.base_url, model="glyph") as model,
    ):
        for turn in agent_conversation(turns=60).turns:
            exporter.clear()
            with tracer.start_as_current_span("a turn"):
                memory.add(turn)
                sealed = memory.fold().seals
                model.read(memory.context("What is known so far?"))
            if sealed:
                break
    show(sorted(exporter.get_finished_spans(), key=lambda span: span.start_time or 0))
    data = reader.get_metrics_data()
    for scope in data.resource_metrics[0].scope_metrics if data else ():
        for metric in scope.metrics:
            for point in metric.data.data_points:
                value = point.value if isinstance(point, NumberDataPoint) else point.sum
                print(f"{metric.name} {dict(point.attributes or {})}: {value:,.3g} {metric.unit}")


if __name__ == "__main__":
    main()
