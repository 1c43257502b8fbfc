"""`FakeVLMServer`: a server over HTTP that counts as a model does, and has none.

It speaks what vLLM speaks: chat completions, Responses, Anthropic's Messages, completions, embeddings.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from glyph_memory.testing.completions import embed
from glyph_memory.testing.dialects import MESSAGES_PATH, SPELLINGS, spell_refusal
from glyph_memory.testing.engine import BLOCK_TOKENS, FakeEngine, estimate_text_tokens, glm_image_tokens
from glyph_memory.testing.replies import VERSION, list_models
from glyph_memory.testing.requests import CHAT_PATH, FakeRequest, Refusal
from glyph_memory.testing.script import Answerer, FakeAnswer, FakeReply, Fault, describe
from glyph_memory.testing.sockets import CountingServer, Handler


class FakeVLMServer:
    """A server to point a client at; use it with `with`.

    Args:
        answer: What to say to a request; by default, a short description of it.
        model: The name it serves.
        models: Other names it serves.
        owner: What `/v1/models` says of the model's owner; `"vllm"` makes clients send uuids.
        api_key: Where given, requests without it are answered 401.
        window_tokens: vLLM's `--max-model-len`.
        max_images: vLLM's `--limit-mm-per-prompt`.
        takes_images: Whether the model is a vision-language model at all.
        image_cache: How many images the cache by uuid holds.
        block_tokens: How many tokens a block of the prefix cache has: vLLM's 16 on a GPU; 128 on a CPU.
        image_tokens: What an image of a width and height costs.
        text_tokens: What a text costs.
        faults: What is to go wrong, one request each.

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
        models: Iterable[str] = (),
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
        """Every request for an answer that was understood, in order, without those that a fault swallowed."""
        self.paths: list[str] = []
        """Every request's method and path, in order."""
        self.left_streams = 0
        """How many streams the client left before their end."""
        self.faults = deque(faults)
        """What is still to go wrong."""
        self.answer: Answerer = answer or describe
        self.model = model
        self.owner = owner
        self.api_key = api_key
        self.engine = FakeEngine(
            models=(model, *models),
            window_tokens=window_tokens,
            max_images=max_images,
            takes_images=takes_images,
            image_cache=image_cache,
            block_tokens=block_tokens,
            image_tokens=image_tokens,
            text_tokens=text_tokens,
        )
        self._stopping = threading.Event()
        self._numbers, self._calls = itertools.count(), itertools.count()
        self._http = CountingServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
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

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer_request(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> FakeReply:
        """Read a request and answer it.

        Raises:
            Refusal: It is refused, as vLLM would.
        """
        chat = _read_chat(path, body)
        try:
            request = self.engine.process_request(body, headers, chat=chat, path=path)
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise _refuse_body(error) from error
        request = replace(request, number=next(self._numbers))
        self.requests.append(request)
        said = self.answer(request)
        answer = FakeAnswer(text=said) if isinstance(said, str) else said.number_calls(self._calls)
        model = request.model or self.model
        return FakeReply(model=model, request=request, answer=answer, text_tokens=self.engine.text_tokens)

    def wait(self, seconds: float) -> None:
        """Wait for some seconds, but not beyond the server's end."""
        self._stopping.wait(seconds)


_COUNT, _EMBED, _TOKENIZE = f"{MESSAGES_PATH}/count_tokens", "/v1/embeddings", "/tokenize"
_POSTED = {_COUNT, _EMBED, _TOKENIZE, *SPELLINGS}
"""What is asked by POST."""


class _Handler(Handler):
    fake: FakeVLMServer

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        fake, path = self.fake, urlsplit(self.path).path
        fake.paths.append(f"{self.command} {self.path}")
        if path == "/v1/models":
            told = list_models(fake.engine.models, owner=fake.owner, window_tokens=fake.engine.window_tokens)
            self.send_json(200, told)
        elif path == "/version":
            self.send_json(200, {"version": VERSION})
        elif path in {"/health", "/ping"}:
            self.send_bytes(200, b"", {})
        elif path in _POSTED:
            self.send_json(405, {"detail": "Method Not Allowed"})
        else:
            self.send_json(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        fake, path = self.fake, urlsplit(self.path).path
        fake.paths.append(f"POST {self.path}")
        data = self.read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        if path not in _POSTED:
            self.send_json(404, {"detail": "Not Found"})
        elif fake.api_key and headers.get("authorization") != f"Bearer {fake.api_key}":
            self.send_json(401, {"error": "Unauthorized"})
        else:
            try:
                self._answer(path, data, headers)
            except Refusal as refusal:
                self.send_json(refusal.status, spell_refusal(path, refusal))

    def _answer(self, path: str, data: bytes, headers: Mapping[str, str]) -> None:
        fake = self.fake
        if path not in SPELLINGS:
            self.send_json(200, self._count(path, _read_json(data)))
            return
        fault = fake.faults.popleft() if fake.faults else Fault()
        if fault.delay_s:
            fake.wait(fault.delay_s)
        if fault.hangs_up:
            self.close_connection = True
        elif fault.status is not None:
            self.send_bytes(fault.status, fault.body, fault.headers)
        else:
            reply = fake.answer_request(path, _read_json(data), headers)
            if reply.request.body.get("stream"):
                self._stream(SPELLINGS[path].stream(reply), fault)
            else:
                self.send_json(200, SPELLINGS[path].complete(reply))

    def _count(self, path: str, body: Mapping[str, Any]) -> dict[str, object]:
        engine = self.fake.engine
        try:
            if path == _EMBED:
                return embed(body, str(body.get("model", self.fake.model)), text_tokens=engine.text_tokens)
            if path == _TOKENIZE and "prompt" in body:
                count = engine.text_tokens(body["prompt"])
            else:
                count = engine.count_prompt(_read_chat(MESSAGES_PATH if path == _COUNT else CHAT_PATH, body))
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise _refuse_body(error) from error
        if path == _COUNT:
            return {"input_tokens": count, "context_management": {"original_input_tokens": count}}
        tokens = {"tokens": list(range(count)), "token_strs": None}
        return {"count": count, "max_model_len": engine.window_tokens, **tokens}

    def _stream(self, events: Iterator[str], fault: Fault) -> None:
        pieces: Iterable[bytes] = (
            event.encode("utf-8", "replace") for event in itertools.islice(events, fault.events)
        )
        if fault.piece_bytes is not None:
            pieces = _cut(b"".join(pieces), fault.piece_bytes)
        if not self.send_stream(self._pause(pieces, fault.pause_s)):
            self.fake.left_streams += 1
        elif next(events, None) is None:
            self.end_stream()
        else:
            self.close_connection = True

    def _pause(self, pieces: Iterable[bytes], seconds: float) -> Iterator[bytes]:
        for piece in pieces:
            if seconds:
                self.fake.wait(seconds)
            yield piece


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _read_json(data: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _refuse_body(error) from error
    if not isinstance(body, dict):
        raise _refuse_body(TypeError(f"a {type(body).__name__}, and no object"))
    return body


def _read_chat(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return SPELLINGS[path].read(body)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise _refuse_body(error) from error


def _refuse_body(error: Exception) -> Refusal:
    """Return what is said of a body that cannot be read, shorter than vLLM does."""
    return Refusal(400, f"1 validation error: {type(error).__name__}: {error}", kind="Bad Request")
