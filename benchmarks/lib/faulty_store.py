"""A server of the S3 protocol that misbehaves when it is told to: a proxy in front of moto's."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>key AKIASECRET secret hunter2</Message></Error>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What happens to a request."""

    status: int = 0
    """Answered instead of the store; 0 for none."""
    code: str = ""
    """The store's word for it."""
    wait_s: float = 0.0
    """Before it is answered."""
    stops: bool = False
    """Whether the body stops in the middle, and the connection stays open."""
    before: Callable[[], object] | None = None
    """Done before the store is asked."""


class FaultyStore:
    """Where the proxy is, and how it behaves."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests = 0
        self.find_fault: Callable[[str, str], Fault | None] = lambda method, path: None
        """Takes a method, and a path with its query."""


@contextmanager
def serve_faults(behind: int) -> Iterator[FaultyStore]:
    """Serve on a free port what another port serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    store = FaultyStore(server.server_port)
    _Handler.store, _Handler.behind = store, behind
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: FaultyStore
    behind: int

    def log_message(self, format: str, *args: object) -> None:
        """Write no line for a request."""

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        data = self.rfile.read(length)
        self.store.requests += 1
        fault = self.store.find_fault(self.command, self.path) or Fault()
        time.sleep(fault.wait_s)
        if fault.before is not None:
            fault.before()
        with suppress(OSError):
            if fault.status:
                self._send(fault.status, {}, _ERROR.format(fault.code).encode())
            else:
                self._forward(data, fault)

    def _forward(self, data: bytes, fault: Fault) -> None:
        there = http.client.HTTPConnection("127.0.0.1", self.behind)
        # http.client would write another Host, which is signed
        there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {"connection", "expect", "transfer-encoding"}:
                there.putheader(name, value)
        there.endheaders(data)
        answer = there.getresponse()
        body = answer.read()
        there.close()
        headers = {
            name: value
            for name, value in answer.getheaders()
            if name.lower() not in {"connection", "content-length", "transfer-encoding", "date", "server"}
        }
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(body))
        self._send(answer.status, headers, body, length=length, stops=fault.stops)

    def _send(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes,
        *,
        length: str | None = None,
        stops: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[: len(body) // 2] if stops else body)
        if stops:
            self.wfile.flush()
            time.sleep(3600)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer
