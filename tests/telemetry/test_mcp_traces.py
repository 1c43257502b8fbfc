"""The MCP server's requests: spans of ours and none of the SDK's, and nothing that a client wrote."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import RequestParamsMeta
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from glyph_memory.serve.mcp import create_mcp_server
from glyph_memory.store import Store
from tests.telemetry.recorded import Recorded, plain

SECRET = "hunter2hunter2"  # noqa: S105 - of nobody

_PROGRAM = f"""
import anyio, contextlib
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
from mcp import Client
from glyph_memory.serve.mcp import create_mcp_server
from glyph_memory.store import Store

async def ask():
    with Store.open(":memory:") as store:
        async with Client(create_mcp_server(store)) as client:
            for call in (
                client.call_tool({SECRET!r}, {{}}),
                client.call_tool("zoom", {{"what": {SECRET!r}}}),
                client.read_resource("glyph://{SECRET}"),
            ):
                with contextlib.suppress(Exception):
                    await call

anyio.run(ask)
served = [span for span in exporter.get_finished_spans() if span.kind is trace.SpanKind.SERVER]
told = "".join(span.to_json() for span in served)
print(sorted({{span.instrumentation_scope.name for span in served}}), {SECRET!r} in told, len(served) > 3)
"""


def test_the_sdks_own_spans_are_not_there() -> None:
    """They tell a tool's name as the client wrote it, and what errors say, which quotes arguments."""
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert told.stdout.strip() == "['glyph_memory'] False True", told.stderr


async def test_a_call_is_a_span_and_the_tools_work_is_below_it(tmp_path: Path, recorded: Recorded) -> None:
    """Also in the thread that does it; a failed call and an unknown tool are errors, each told once."""
    with Store.open(tmp_path / "memory.db") as store:
        async with Client(create_mcp_server(store)) as client:
            recorded.clear()
            await client.call_tool("remember", {"text": SECRET})
            (stored,) = recorded.find("tools/call remember")
            (added,) = recorded.find("glyph_memory.memory.add")
            assert stored.kind is SpanKind.SERVER
            assert plain(stored) == {"mcp.method.name": "tools/call", "gen_ai.tool.name": "remember"}
            assert stored.context.trace_id == added.context.trace_id
            recorded.clear()
            assert (await client.call_tool("zoom", {"what": SECRET})).is_error
            with contextlib.suppress(MCPError):
                await client.call_tool(SECRET, {})
    failed, unknown = recorded.find("tools/call zoom")[0], recorded.find("tools/call other")[0]
    assert plain(failed)["error.type"] == "tool_error"
    assert plain(unknown)["error.type"] == "MCPError"
    assert failed.status.status_code is unknown.status.status_code is StatusCode.ERROR
    assert SECRET not in recorded.dump()


async def test_a_call_goes_on_in_its_clients_trace(tmp_path: Path, recorded: Recorded) -> None:
    """By the `traceparent` in the request's `_meta`."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with Store.open(tmp_path / "memory.db") as store:
        async with Client(create_mcp_server(store)) as client:
            meta = cast("RequestParamsMeta", {"traceparent": parent})
            await client.call_tool("recall", {"query": "gate"}, meta=meta)
    assert not trace.get_current_span().get_span_context().is_valid
    (asked,) = recorded.find("tools/call recall")
    assert f"{asked.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert asked.parent and f"{asked.parent.span_id:016x}" == "b7ad6b7169203331"
