"""`FakeVLMServer`: an OpenAI-compatible server over HTTP that counts as a model does, and has none."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from glyph_memory.testing.dialects import read_messages, read_responses, spell_messages, spell_responses
from glyph_memory.testing.engine import (
    BLOCK_TOKENS,
    FakeEngine,
    FakeRequest,
    Refusal,
    estimate_text_tokens,
    glm_image_tokens,
)
from glyph_memory.testing.replies import VERSION, complete, list_models, stream_events
from glyph_memory.testing.script import Answerer, FakeAnswer, Fault, describe


class FakeVLMServer:
    """A server to point a client at; use it with `with`.

    Args:
        answer: What to say to a request; by default, a short description of it.
        model: The name it serves.
        owner: What `/v1/models` says of the model's owner; `"vllm"` makes clients send uuids.
        api_key: Where given, requests without it are answered 401.
        window_tokens: vLLM's `--max-model-len`.
        max_images: vLLM's `--limit-mm-per-prompt`.
        takes_images: Whether the model is a vision-language model at all.
        image_cache: How many images the cache by uuid holds.
        block_tokens: How many tokens a block of the prefix cache has: vLLM's 16 on a GPU; 128 on a CPU.
        image_tokens: What an image of a width and height costs.
        text_tokens: What a text costs.
        faults: What is to go wrong, one chat request each.

    Example:
        >>> import httpx2
        >>> with FakeVLMServer(answer=lambda request: f"{len(request.images)} pages") as server:
        ...     body = {"messages": [{"role": "user", "content": "How many?"}]}
        ...     reply = httpx2.post(f"{server.base_url}/chat/completions", json=body).json()
        >>> reply["choices"][0]["message"]["content"]
        '0 pages'
    """

    def __init__(
        self,
        *,
        answer: Answerer | None = None,
        model: str = "glyph",
        owner: str = "vllm",
        api_key: str | None = None,
        window_tokens: int = 131_072,
        max_images: int = 999,
        takes_images: bool = True,
        image_cache: int = 1000,
        block_tokens: int = BLOCK_TOKENS,
        image_tokens: Callable[[tuple[int, int]], int] = glm_image_tokens,
        text_tokens: Callable[[str], int] = estimate_text_tokens,
        faults: Iterable[Fault] = (),
    ) -> None:
        self.requests: list[FakeRequest] = []
        """Every chat request that was understood, in order, without those that a fault swallowed."""
        self.paths: list[str] = []
        """Every request's method and path, in order."""
        self.faults = deque(faults)
        """What is still to go wrong."""
        self.answer: Answerer = answer or describe
        self.model = model
        self.owner = owner
        self.api_key = api_key
        self.engine = FakeEngine(
            model=model,
            window_tokens=window_tokens,
            max_images=max_images,
            takes_images=takes_images,
            image_cache=image_cache,
            block_tokens=block_tokens,
            image_tokens=image_tokens,
            text_tokens=text_tokens,
        )
        self._stopping = threading.Event()
        self._http = _HTTPServer(("127.0.0.1", 0), _Handler)
        self._http.fake = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def base_url(self) -> str:
        """The address for a client, `/v1` included."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    @property
    def connections(self) -> int:
        """How many connections were opened so far."""
        return self._http.opened

    def forget(self) -> None:
        """Empty the prefix cache and the image cache, as a restart does."""
        self.engine.forget()

    def stop(self) -> None:
        """Close the port and all connections; later requests cannot connect."""
        self._stopping.set()
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
        self._http.hang_up()
        self._http.server_close()

    def __enter__(self) -> FakeVLMServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer_request(
        self, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[FakeRequest, FakeAnswer]:
        """Read a request and answer it."""
        request = self.engine.process_request(body, headers)
        self.requests.append(request)
        said = self.answer(request)
        return request, FakeAnswer(text=said) if isinstance(said, str) else said

    def wait(self, seconds: float) -> None:
        """Wait for some seconds, but not beyond the server's end."""
        self._stopping.wait(seconds)


_CHAT, _COUNT = "/v1/chat/completions", "/v1/messages/count_tokens"
_DIALECTS = {
    "/v1/responses": (read_responses, spell_responses),
    "/v1/messages": (read_messages, spell_messages),
}
_POSTED = {_CHAT, _COUNT, "/tokenize", *_DIALECTS}
"""What is asked by POST."""


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    fake: FakeVLMServer

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.opened = 0
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.opened += 1
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: some tests are about clients that disconnect in the middle."""

    def hang_up(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it was gone already


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTPServer

    def do_GET(self) -> None:
        fake = self.server.fake
        fake.paths.append(f"GET {self.path}")
        if self.path == "/v1/models":
            self._json(
                200, list_models(fake.model, owner=fake.owner, window_tokens=fake.engine.window_tokens)
            )
        elif self.path == "/version":
            self._json(200, {"version": VERSION})
        elif self.path in {"/health", "/ping"}:
            self._send(200, b"", {})
        elif self.path in _POSTED:
            self._json(405, {"detail": "Method Not Allowed"})
        else:
            self._json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        fake = self.server.fake
        fake.paths.append(f"POST {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path not in _POSTED:
            self._json(404, {"detail": "Not Found"})
        elif fake.api_key and headers.get("authorization") != f"Bearer {fake.api_key}":
            self._json(401, {"error": "Unauthorized"})
        elif self.path in {"/tokenize", _COUNT}:
            self._count(json.loads(body))
        else:
            self._chat(json.loads(body), headers, fake.faults.popleft() if fake.faults else Fault())

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""

    def _chat(self, body: Mapping[str, Any], headers: Mapping[str, str], fault: Fault) -> None:
        fake = self.server.fake
        if fault.delay_s:
            fake.wait(fault.delay_s)
        if fault.hangs_up:
            self.close_connection = True
        elif fault.status is not None:
            self._send(fault.status, fault.body, fault.headers)
        else:
            try:
                read, _ = _DIALECTS.get(self.path, (dict, None))
                request, answer = fake.answer_request(read(body), headers)
            except Refusal as refusal:
                self._json(refusal.status, refusal.body)
            else:
                self._answer(request, answer, fault)

    def _count(self, body: Mapping[str, Any]) -> None:
        engine = self.server.fake.engine
        try:
            if self.path == _COUNT:
                count = engine.count_prompt(read_messages(body))
                self._json(
                    200, {"input_tokens": count, "context_management": {"original_input_tokens": count}}
                )
                return
            count = engine.text_tokens(body["prompt"]) if "prompt" in body else engine.count_prompt(body)
        except Refusal as refusal:
            self._json(refusal.status, refusal.body)
        else:
            told = {"count": count, "max_model_len": engine.window_tokens, "tokens": list(range(count))}
            self._json(200, told | {"token_strs": None})

    def _answer(self, request: FakeRequest, answer: FakeAnswer, fault: Fault) -> None:
        fake = self.server.fake
        if self.path in _DIALECTS:
            _, spell = _DIALECTS[self.path]
            self._json(200, spell(fake.model, request, answer, fake.engine.text_tokens))
        elif request.body.get("stream"):
            said = stream_events(fake.model, request, answer, text_tokens=fake.engine.text_tokens)
            self._stream(said, stop_after=fault.events)
        else:
            self._json(200, complete(fake.model, request, answer, text_tokens=fake.engine.text_tokens))

    def _stream(self, said: Iterator[str], *, stop_after: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for count, event in enumerate(said):
            if count == stop_after:
                self.close_connection = True
                return
            data = f"data: {event}\n\n".encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _json(self, status: int, value: object) -> None:
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
