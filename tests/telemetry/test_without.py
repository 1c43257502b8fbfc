"""Without the package, without an SDK, with a broken one: what is done is the same, and nothing is loaded or raised."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.metrics import Histogram, Meter, NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import NoOpTracerProvider

from glyph_memory import Context
from glyph_memory.nano import NanoReader
from glyph_memory.telemetry import Span, count, is_listening, measure, open_span, use_providers
from tests.telemetry.recorded import record
from tests.telemetry.talks import TALK, open_memory

_USE = """
from glyph_memory import GlyphMemory
with GlyphMemory.open(":memory:") as memory:
    memory.add("user", "Hello.")
    memory.context()
"""
_BLOCK = """
import sys
class Block:
    def find_spec(self, name, *rest):
        if name.split(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
"""
_LOOK = "print(*sorted(name for name in sys.modules if name.startswith('opentelemetry')))"


def run(program: str, **variables: str) -> str:
    """Run a program in a new process; return what it prints."""
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **variables}
    ).stdout.strip()


def test_without_the_package_all_works() -> None:
    """Nobody has to install it, even where the environment asks for a provider."""
    assert run(f"{_BLOCK}{_USE}{_LOOK}", OTEL_PYTHON_TRACER_PROVIDER="sdk_tracer_provider") == ""


def test_a_package_that_nobody_uses_is_not_loaded() -> None:
    """It is looked for among what is loaded already."""
    assert run(f"import sys{_USE}{_LOOK}") == ""


def test_a_provider_that_the_environment_names_is_found() -> None:
    """As OpenTelemetry's own launcher has it: nobody imports anything."""
    program = f"import sys{_USE}from opentelemetry import trace; print(type(trace.get_tracer_provider()).__module__)"
    assert run(program, OTEL_PYTHON_TRACER_PROVIDER="sdk_tracer_provider") == "opentelemetry.sdk.trace"


def test_a_provider_that_is_set_after_the_first_call_is_found() -> None:
    """Whoever configures an SDK late has what comes from then on; before it, nothing was kept for it."""
    setting = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
"""
    look = "print(sum(span.name == 'glyph_memory.memory.context' for span in exporter.get_finished_spans()))"
    assert run(f"import opentelemetry.trace, opentelemetry.metrics{_USE}{setting}{_USE}{look}") == "1"


_SDK = """
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
metrics.set_meter_provider(MeterProvider())
"""
_IS_LISTENING = "from glyph_memory.telemetry import is_listening; print(is_listening())"


def test_an_sdk_that_is_disabled_is_none() -> None:
    """It is configured, and hands out what does nothing: so nothing is spelled for it either."""
    assert run(f"{_SDK}{_USE}{_IS_LISTENING}", OTEL_SDK_DISABLED="true") == "False"
    assert run(f"{_SDK}{_USE}{_IS_LISTENING}") == "True"


def test_a_provider_that_cannot_be_loaded_is_asked_for_once() -> None:
    """The API writes a traceback to its log each time; a provider that is set afterwards is found all the same."""
    listen = """
import logging
from opentelemetry import trace, metrics
errors = []
logging.getLogger("opentelemetry.util._providers").exception = lambda *_: errors.append(1)
"""
    late = "from opentelemetry.sdk.trace import TracerProvider; trace._TRACER_PROVIDER = TracerProvider()"
    program = f"{listen}{_USE}{_IS_LISTENING}; print(len(errors))\n{late}\nprint(is_listening())"
    assert run(program, OTEL_PYTHON_TRACER_PROVIDER="none_such").split() == ["False", "1", "True"]


def test_an_old_api_measures_into_buckets_of_its_own() -> None:
    """One before 1.30 takes no bounds: the values are there."""

    class OldMeters(MeterProvider):
        def get_meter(self, *given: Any, **named: Any) -> Meter:
            meter = super().get_meter(*given, **named)
            create = meter.create_histogram

            def create_as_before(name: str, unit: str = "", description: str = "") -> Histogram:
                return create(name, unit, description)

            vars(meter)["create_histogram"] = create_as_before
            return meter

    reader = InMemoryMetricReader()
    with use_providers(None, OldMeters([reader], shutdown_on_exit=False)):
        measure("store.wait", 0.1, database="sqlite", access="read")
    data = reader.get_metrics_data()
    assert data is not None
    assert "glyph_memory.store.wait" in data.to_json()


def test_what_a_sampler_leaves_out_is_not_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A span's later figures are dropped before they are looked at."""
    spelled = list[object]()
    monkeypatch.setattr("glyph_memory.telemetry.spans.spell_attributes", spelled.append)
    with use_providers(TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)):
        span = open_span("focus")
        spelled.clear()
        span.set(lines=3)
        span.fail("500")
        span.end()
    assert spelled == []


def test_with_the_api_alone_a_span_is_one_object_that_does_nothing() -> None:
    """Providers of the API itself are none."""
    with use_providers(NoOpTracerProvider(), NoOpMeterProvider()):
        assert not is_listening()
        span = open_span("focus", lines=3)
        assert span is open_span("chat", title="chat glyph")
        assert type(span) is Span
        items = iter([1, 2])
        assert span.follow(items) is items
        with span as same, span.enter():
            same.set(lines=4)
            same.fail("500")
        span.end(ValueError())
        assert span.write_headers() == {}
        count("pages.drawn", 3, use="seal")
        measure("store.wait", 0.1, database="sqlite", access="read")


class BrokenProcessor(SpanProcessor):
    """A processor that raises, at both ends."""

    def on_start(self, span: object, parent_context: object = None) -> None:
        """Raise."""
        raise RuntimeError("no disk")

    def on_end(self, span: ReadableSpan) -> None:
        """Raise."""
        raise RuntimeError("no disk")


class BrokenExporter(SpanExporter):
    """An exporter that raises."""

    def export(self, spans: object) -> SpanExportResult:
        """Raise."""
        raise OSError("no collector")


class BrokenMeters(MeterProvider):
    """A provider of meters that has none."""

    def get_meter(self, *_: object, **__: object) -> object:  # type: ignore[override]  # which is the point
        """Raise."""
        raise RuntimeError("no meter")


@pytest.mark.parametrize("processor", [BrokenProcessor(), SimpleSpanProcessor(BrokenExporter())])
def test_a_broken_exporter_loses_spans_and_nothing_else(
    processor: SpanProcessor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Turns are stored, contexts written, answers read; a line in the log tells of it, once."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    with caplog.at_level(logging.WARNING, "glyph_memory"), use_providers(provider, BrokenMeters()):
        with open_memory(tmp_path) as memory:
            memory.extend(TALK[:20])
            assert memory.context().messages
        NanoReader().read(Context.of("Who?", pages=[]))
    ours = [one for one in caplog.records if one.name == "glyph_memory.telemetry"]
    assert len(ours) == 1
    assert "spans or metrics are missing" in ours[0].getMessage()


def test_an_unknown_keyword_or_a_wrong_value_raises_nothing() -> None:
    """Telling is never worth a failure of what is told about."""
    with record() as recorded, open_span("focus", lines="many") as span:  # type: ignore[arg-type]
        span.set(nonsense=3)  # type: ignore[call-arg]
    assert recorded.spans[0].attributes == {}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_traces_on_its_own(tmp_path: Path) -> None:
    """While another thread is within a span; the child's spans are its own, and the parent waits for nothing."""
    from threading import Event, Thread

    begun, go_on = Event(), Event()

    def hold() -> None:
        with open_span("focus"):
            begun.set()
            go_on.wait(20)

    with record() as recorded:
        thread = Thread(target=hold)
        thread.start()
        assert begun.wait(20)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                recorded.clear()
                with open_memory(tmp_path, "child.db") as memory:
                    memory.add(TALK[0])
                status = 0 if recorded.find("glyph_memory.memory.add") else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        go_on.set()
        thread.join()
    assert recorded.tree() == ["focus"]


def test_the_web_pages_framework_tells_nothing_of_its_own() -> None:
    """FastAPI's own spans have paths and queries: names of conversations, and what is searched for."""
    program = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
from starlette.testclient import TestClient
from glyph_memory.serve import ServeOptions, Upstream, create_app
app = create_app(ServeOptions(upstreams=(Upstream(url="http://127.0.0.1:9/v1"),), memory=":memory:"))
with TestClient(app, base_url="http://127.0.0.1:8000") as client:
    client.get("/glyph/api/sessions/hunter2?query=hunter2")
told = [span for span in exporter.get_finished_spans() if span.name.startswith("GET")]
print([span.name for span in told], any("hunter2" in span.to_json() for span in exporter.get_finished_spans()))
"""
    assert run(program) == "['GET /glyph'] False"
