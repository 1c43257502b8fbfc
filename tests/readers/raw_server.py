"""A `RawServer` answers each request with the bytes it is given, right or wrong, and may keep the connection open."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

Answer = Callable[[bytes], Iterable[bytes]]
"""Takes a request, gives the pieces to send; the connection is closed after the last."""


class RawServer:
    """A TCP server to point a client at; use it with `with`.

    Args:
        answer: What to send, the same to every request or chosen by it.
    """

    def __init__(self, answer: bytes | Answer) -> None:
        self.answer = answer
        """What is sent from now on."""
        self.requests: list[bytes] = []
        """What was asked, head and body."""
        self.sent_bytes = 0
        """How much the client took, of all answers."""
        self.stopping = threading.Event()
        """Set at the end; for answers that wait."""
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def address(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def base_url(self) -> str:
        """Its address for a reader."""
        return f"{self.address}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = _read_request(connection)
                if request:
                    self.requests.append(request)
                    for piece in [self.answer] if isinstance(self.answer, bytes) else self.answer(request):
                        connection.sendall(piece)
                        self.sent_bytes += len(piece)
                        if self.stopping.is_set():
                            return
            except OSError:  # the client has seen enough
                return


def http(
    body: str | bytes, status: str = "200 OK", *, kind: str = "application/json", more: str = ""
) -> bytes:
    """Return a whole answer of HTTP; `more` holds lines of its head."""
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n{more}"
    return f"{head}\r\n".encode("latin-1") + data


def open_stream(*events: str, more: str = "") -> bytes:
    """Return the beginning of a streamed answer, which ends when the connection does."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{more}\r\n"
    return head.encode() + "".join(f"data: {event}\n\n" for event in events).encode()


def repeat(head: bytes, piece: bytes) -> Answer:
    """Return an answer without an end."""

    def answer(_: bytes) -> Iterator[bytes]:
        yield head
        while True:
            yield piece

    return answer


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(1 << 16)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().partition(b": ")[::2] for line in head.split(b"\r\n")[1:])
    length = int(fields.get(b"content-length", b"0"))
    while len(body) < length and (more := connection.recv(1 << 16)):
        body += more
    return head + b"\r\n\r\n" + body
