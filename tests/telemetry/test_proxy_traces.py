"""A request through the proxy: one trace from the client through it to the model's server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from glyph_memory.testing import FakeVLMServer, Fault
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
    tree = ("POST /v1/chat/completions", ["store.read", "history.fold", *_beside(recorded)])
    assert tree in recorded.tree()  # beside what the proxy's start may still be at
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
        ("POST", "/v1/chat/completions", 200, "http"),
        ("GET", 404, "http"),
        ("_OTHER", "/v1/models", 501, "501", "http"),
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


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_an_upstream_that_breaks_off_is_an_error_of_both_spans(path: str, recorded: Recorded) -> None:
    """Though the status was 200: the client got no end. Whether it is folded or only handed on."""
    with BreaksOff() as upstream, run_proxy(upstream) as address:
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.post(address + path, json={"model": "glyph", "messages": SAID, "stream": True})
        request = wait_for_request(recorded, f"POST {path}")
    asked = recorded.find("POST")[-1]
    assert plain(asked)["error.type"] == "RemoteProtocolError"
    assert plain(request)["error.type"] == "broken_off"
    assert plain(request)["http.response.status_code"] == 200
    assert request.status.status_code is asked.status.status_code is StatusCode.ERROR
    counted = recorded.read_metrics()["http.server.request.duration"]
    assert ("POST", path, 200, "broken_off", "http") in counted


def test_a_client_that_goes_away_is_no_error(recorded: Recorded) -> None:
    """Neither of the proxy nor of the upstream."""
    slow = [Fault.slow_stream(0.05)]
    with FakeVLMServer(faults=slow) as server, run_proxy(server.base_url) as address:
        body = {"model": "glyph", "messages": SAID, "stream": True}
        with httpx2.stream("POST", f"{address}/v1/chat/completions", json=body) as answer:
            next(answer.iter_raw())
        request = wait_for_request(recorded)
    asked = recorded.find("POST")[-1]
    assert "error.type" not in {**plain(request), **plain(asked)}
    assert request.status.status_code is asked.status.status_code is StatusCode.UNSET


def test_an_upstreams_refusal_is_an_error_of_whoever_asked_alone(recorded: Recorded) -> None:
    """So the conventions: a status from 400 on is one for clients, from 500 on for servers, too."""
    with FakeVLMServer(faults=[Fault.error(422)]) as server, run_proxy(server.base_url) as address:
        assert ask(address) == 422
        request = wait_for_request(recorded)
    assert plain(recorded.find("POST")[-1])["error.type"] == "422"
    assert request.status.status_code is StatusCode.UNSET
    assert "error.type" not in plain(request)


def test_lines_of_a_header_are_one_list_and_two_parents_are_none(recorded: Recorded) -> None:
    """As the W3C has it: `tracestate` may come in pieces, and of two `traceparent` neither is to be trusted."""
    with run_both() as (address, server):
        states = [("tracestate", "ada=1"), ("tracestate", "bo=2")]
        for headers in ([("traceparent", CAME), *states], [("traceparent", CAME), ("traceparent", CAME)]):
            body = {"model": "glyph", "messages": SAID}
            httpx2.post(f"{address}/v1/chat/completions", json=body, headers=headers)
        first, second = server.requests
    assert first.headers["traceparent"].split("-")[1] == TRACE
    assert first.headers["tracestate"] == "ada=1,bo=2"
    assert second.headers["traceparent"].split("-")[1] != TRACE


class BreaksOff(threading.Thread):
    """A model's server that closes the connection in the middle of each answer."""

    _PART = b'data: {"choices": []}\n\n'
    _ANSWER = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        + b"%x\r\n%s\r\n" % (len(_PART), _PART)
    )
    _NO_MODELS = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

    def __enter__(self) -> str:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.daemon = True
        self.start()
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/v1"

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.join(_LONGEST_S)

    def run(self) -> None:
        """Answer until it is closed."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                asked, length = stream.readline(), 0
                while line := stream.readline().strip().lower():
                    if line.startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                stream.read(length)  # what is not read would make a reset of the end
                connection.sendall(self._ANSWER if asked.startswith(b"POST") else self._NO_MODELS)
