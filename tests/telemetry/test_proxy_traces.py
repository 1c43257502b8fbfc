"""A request through the proxy: one trace from the client through it to the model's server."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from glyph_memory.testing import FakeVLMServer
from tests.serve.running import run_proxy
from tests.telemetry.recorded import Recorded, plain, record

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CAME = f"00-{TRACE}-{PARENT}-01"
SAID = [{"role": "user", "content": "Hello."}]
_LONGEST_S = 20.0


def ask(address: str, *, stream: bool = False, **headers: str) -> int:
    """Ask a proxy, read the answer to its end, and return its status."""
    body = {"model": "glyph", "messages": SAID, "stream": stream}
    return httpx2.post(f"{address}/v1/chat/completions", json=body, headers=headers).status_code


def wait_for_request(recorded: Recorded, title: str = "POST /v1/chat/completions") -> ReadableSpan:
    """Return the span of the request; it ends a moment after the client has its answer."""
    until = time.monotonic() + _LONGEST_S
    while not (found := recorded.find(title)):
        assert time.monotonic() < until, [span.name for span in recorded.spans]
        time.sleep(0.01)
    return found[0]


def name_of(span: ReadableSpan) -> str:
    """Return the header that names a span as a parent."""
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"


@contextmanager
def run_both() -> Iterator[tuple[str, FakeVLMServer]]:
    """Yield a proxy's address and its upstream, which has answered for its models."""
    with FakeVLMServer() as server, run_proxy(server.base_url) as address:
        httpx2.get(f"{address}/healthz")
        yield address, server


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_goes_on_in_its_clients_trace(stream: bool) -> None:
    """A server's span under the client's; below it what the store and folding did, and the upstream as a client's span.

    The upstream's request names that last one as its parent, and nothing else of the client's header.
    """
    with run_both() as (address, server), record() as recorded:
        assert ask(address, stream=stream, traceparent=CAME) == 200
        request = wait_for_request(recorded)
    assert recorded.tree() == [
        ("POST /v1/chat/completions", ["store.read", "history.fold", *_beside(recorded)])
    ]
    assert (request.kind, f"{request.context.trace_id:032x}") == (SpanKind.SERVER, TRACE)
    assert request.parent and f"{request.parent.span_id:016x}" == PARENT
    (upstream,) = recorded.find("POST")
    assert upstream.kind is SpanKind.CLIENT
    (sent,) = server.requests
    assert sent.headers["traceparent"] == name_of(upstream)
    told = plain(request)
    assert told["http.response.status_code"] == told["glyph_memory.turns"] * 200 == 200  # type: ignore[operator]
    assert (told["http.route"], told["glyph_memory.proxy.dialect"]) == ("/v1/chat/completions", "chat")
    assert plain(upstream, without=["server.port"]) == {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "http.response.status_code": 200,
    }


def _beside(recorded: Recorded) -> Sequence[str]:
    """Return the two that run side by side, storing and asking, in the order in which they began."""
    names = [span.name.removeprefix("glyph_memory.") for span in recorded.spans]
    return [name for name in names if name in {"store.write", "POST"}]


def test_without_a_parent_a_request_begins_a_trace() -> None:
    """And a `traceparent` that is none is no parent."""
    with run_both() as (address, server), record() as recorded:
        ask(address, traceparent="00-secret-words-01")
        request = wait_for_request(recorded)
    assert request.parent is None
    assert server.requests[0].headers["traceparent"].split("-")[1] == f"{request.context.trace_id:032x}"


def test_where_nobody_traces_the_clients_header_goes_on_as_it_came() -> None:
    """The model's server is still part of its trace."""
    with run_both() as (address, server):
        ask(address, traceparent=CAME, tracestate="ada=1")
    headers: Mapping[str, str] = server.requests[0].headers
    assert (headers["traceparent"], headers["tracestate"]) == (CAME, "ada=1")


def test_an_upstream_that_is_not_there_is_an_error_of_both_spans(recorded: Recorded) -> None:
    """By class, and by status."""
    with run_proxy("http://127.0.0.1:9/v1") as address:
        assert ask(address) == 502
        request = wait_for_request(recorded)
    upstream = recorded.find("POST")[-1]
    assert plain(request)["error.type"] == "502"
    assert plain(upstream)["error.type"] == "ConnectError"
    assert request.status.status_code is upstream.status.status_code is StatusCode.ERROR
    assert request.status.description is upstream.status.description is None


def test_metrics_of_the_proxy_have_routes_and_no_paths(recorded: Recorded) -> None:
    """A path of a client's choice is no label, nor is a method; whoever asks for `/metrics` is not counted."""
    with run_both() as (address, _):
        ask(address)
        httpx2.get(f"{address}/v1/a-path-of-my-own?key=hunter2")
        httpx2.request("BREW", f"{address}/v1/models")
        httpx2.get(f"{address}/metrics")
        wait_for_request(recorded)
    assert set(recorded.read_metrics()["http.server.request.duration"]) == {
        ("POST", "/v1/chat/completions", 200),
        ("GET", 404),
        ("other", "/v1/models", 501),
    }
    assert "hunter2" not in recorded.dump()


def test_what_prometheus_is_told_stays_as_it_is(recorded: Recorded) -> None:
    """`/metrics` has the same names with an SDK and without."""
    with run_both() as (address, _):
        ask(address)
        wait_for_request(recorded)
        traced = httpx2.get(f"{address}/metrics").text
    assert "gen_ai" not in traced
    assert 'glyph_requests_total{dialect="chat",status="200"} 1.0' in traced
