"""A small HTTP server that counts its connections and can drop them, and a handler that writes answers and streams.

Knows bytes and sockets; knows nothing about models.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class CountingServer(ThreadingHTTPServer):
    """Counts the connections that were opened."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.opened = 0
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Return the next connection."""
        connection, address = super().get_request()
        self.opened += 1
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: some tests are about clients that disconnect in the middle."""

    def hang_up(self) -> None:
        """Drop all connections."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it was gone already


class Handler(BaseHTTPRequestHandler):
    """Reads bodies and writes answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def read_body(self) -> bytes:
        """Return the request's body, whether its length was told or it came in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def send_stream(self, pieces: Iterable[bytes]) -> bool:
        """Write a stream of events, a chunk for each piece; return whether all was written.

        The last chunk is left to `end_stream`: a stream without it was cut off.
        """
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for piece in pieces:
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
            return False
        return True

    def end_stream(self) -> None:
        """Write the chunk that says that there are no more."""
        self.wfile.write(b"0\r\n\r\n")

    def send_json(self, status: int, value: object) -> None:
        """Write an answer as JSON."""
        self.send_bytes(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send_bytes(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Write an answer; without its body where only the head was asked for."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""
