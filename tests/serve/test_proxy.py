"""A proxy between a client and an upstream: what goes through as it came, and what is told where something is wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h11
import httpx2
import pytest
from sqlalchemy import Pool, create_engine, event, text

from glyph_memory.context import PageOptionFields
from glyph_memory.errors import StoreError
from glyph_memory.serve import ServeOptions, Upstream, create_app
from glyph_memory.serve.proxy.headers import list_answer_headers
from glyph_memory.serve.upstreams import Upstreams
from glyph_memory.store import Store
from glyph_memory.store.schema import SCHEMA, Schema
from glyph_memory.testing import FakeVLMServer, Fault
from glyph_memory.testing.script import Answerer
from lib.serve_speed import list_messages
from tests.serve.dialects.folds import make_picture
from tests.serve.running import run_proxy

LONG = list_messages(200)
HELLO = [{"role": "user", "content": "Hello."}]


class PatientServer(FakeVLMServer):
    """An upstream that writes each piece of a stream once its client has told that it read those before."""

    pieces = 0
    """How many it wrote or is about to."""

    def __init__(self, *, answer: Answerer) -> None:
        super().__init__(answer=answer)
        self._read, self._reading = 0, threading.Condition()

    def go_on(self, read: int) -> None:
        """Tell how many pieces were read."""
        with self._reading:
            self._read = read
            self._reading.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait for the client before a piece, however long a pause was asked for."""
        with self._reading:
            self._reading.wait_for(lambda: self._read >= self.pieces, timeout=30)
            self.pieces += 1


@pytest.fixture
def fake() -> Iterator[FakeVLMServer]:
    """Yield an upstream with a small window."""
    with FakeVLMServer(window_tokens=8192) as server:
        yield server


@pytest.fixture
def proxy(fake: FakeVLMServer) -> Iterator[str]:
    """Yield the address of a proxy in front of it."""
    with run_proxy(fake.base_url) as address:
        yield address


def ask(address: str, messages: list[dict[str, Any]], **fields: Any) -> httpx2.Response:
    """Ask a proxy or an upstream."""
    headers = fields.pop("headers", {})
    body = {"model": "glyph", "messages": messages, **fields}
    return httpx2.post(f"{address}/v1/chat/completions", json=body, headers=headers, timeout=30)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_comes_back_as_the_upstream_wrote_it(fake: FakeVLMServer, proxy: str, stream: bool) -> None:
    """To the byte, streamed or not; the fake numbers its answers."""
    direct = ask(fake.base_url.removesuffix("/v1"), HELLO, stream=stream)
    through = ask(proxy, HELLO, stream=stream)
    assert re.sub(rb"chatcmpl-\d+", b"", through.content) == re.sub(rb"chatcmpl-\d+", b"", direct.content)
    assert through.headers["content-type"] == direct.headers["content-type"]
    assert through.headers["x-glyph-session"]


def test_whatever_else_is_asked_for_is_passed_on(fake: FakeVLMServer, proxy: str) -> None:
    """Lists of models, versions, tokens, and what nobody has: the upstream answers."""
    root = fake.base_url.removesuffix("/v1")
    for path in ("/v1/models", "/version", "/health", "/nothing?here=1"):
        assert httpx2.get(f"{proxy}{path}").content == httpx2.get(f"{root}{path}").content
    body = {"prompt": "one two", "model": "glyph"}
    assert (
        httpx2.post(f"{proxy}/tokenize", json=body).json()
        == httpx2.post(f"{root}/tokenize", json=body).json()
    )


def test_a_long_conversation_is_sent_as_pages_and_fits_its_window(fake: FakeVLMServer, proxy: str) -> None:
    """It has three times as many tokens as the upstream takes; nothing else is done by the client."""
    answer = ask(proxy, LONG)
    assert answer.status_code == 200
    assert len(fake.requests[-1].images) > 3
    assert fake.requests[-1].prompt_tokens < 8192
    assert fake.requests[-1].headers["x-glyph-session"] == answer.headers["x-glyph-session"]


@pytest.mark.parametrize("piece_bytes", [None, 7])
@pytest.mark.parametrize("path", ["chat/completions", "responses", "messages"])
def test_each_piece_of_a_stream_comes_when_it_is_written(path: str, piece_bytes: int | None) -> None:
    """The upstream writes the next one only once the client has read the former: none is held back or collected."""
    with PatientServer(answer=lambda _: "word " * 5) as fake, run_proxy(fake.base_url) as address:
        fake.faults.append(Fault.slow_stream(1, piece_bytes=piece_bytes))
        body = {"model": "glyph", "messages": HELLO, "input": HELLO, "max_tokens": 9, "stream": True}
        read = b""
        with httpx2.stream("POST", f"{address}/v1/{path}", json=body, timeout=20) as stream:
            for chunk in stream.iter_raw():
                read += chunk
                fake.go_on(len(read) // piece_bytes if piece_bytes else read.count(b"\n\n"))
    assert fake.pieces > 5
    assert read.count(b"word") >= 5


def test_where_nobody_answers_the_client_is_told_in_its_own_words(fake: FakeVLMServer) -> None:
    """One line that says what to do, as the API that was asked writes errors."""
    fake.stop()
    with run_proxy(fake.base_url) as address:
        answer = ask(address, HELLO)
        models = httpx2.get(f"{address}/v1/models")
    assert (answer.status_code, models.status_code) == (502, 502)
    assert "start the model's server" in answer.json()["error"]["message"]
    assert "\n" not in answer.json()["error"]["message"]


def test_a_conversation_is_not_folded_for_a_window_that_is_a_guess(
    fake: FakeVLMServer, tmp_path: Path
) -> None:
    """While a model is loaded nobody says what its window is; once it is there, its pages are the first."""
    path = tmp_path / "serve.db"
    with run_proxy("http://127.0.0.1:9/v1", memory=path) as address:
        told = ask(address, LONG)
        assert told.status_code == 502
    with run_proxy(fake.base_url, memory=path) as address:
        answer = ask(address, LONG)
    assert answer.status_code == 200
    assert "anew" not in answer.headers.get("x-glyph-note", "")


def test_a_server_that_cannot_be_asked_again_stays_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is busy, or restarted: its window is no guess for that."""
    monkeypatch.setattr("glyph_memory.serve.upstreams._FRESH_S", 0.0)
    with FakeVLMServer(window_tokens=8192) as fake:
        upstreams = Upstreams(ServeOptions(upstreams=(Upstream(url=fake.base_url),)))

        async def ask_twice() -> None:
            first = await upstreams.find("glyph")
            assert first.options is not None
            assert first.options.window_tokens == 8192
            fake.stop()
            assert await upstreams.find("glyph") == first

        asyncio.run(ask_twice())


def test_an_upstream_that_is_slow_is_told_as_that(fake: FakeVLMServer) -> None:
    """After the time that was given, and no earlier."""
    fake.faults.append(Fault.delay(3))
    with run_proxy(fake.base_url, answer_timeout_s=0.5) as address:
        answer = ask(address, HELLO)
        assert answer.status_code == 504
        assert ask(address, HELLO).status_code == 200


def test_a_busy_upstream_answers_for_itself(fake: FakeVLMServer, proxy: str) -> None:
    """Its status, its body, its headers."""
    fault = Fault(status=429, body=b'{"error": {"message": "busy"}}', headers={"Retry-After": "7"})
    fake.faults.append(fault)
    answer = ask(proxy, LONG)
    assert (answer.status_code, answer.content) == (429, fault.body)
    assert answer.headers["retry-after"] == "7"
    assert ask(proxy, LONG).status_code == 200


def test_an_upstream_that_takes_no_images_gets_text_from_then_on(fake: FakeVLMServer) -> None:
    """It says so when it is sent pages; the client is told, and has its answer."""
    fake.engine.takes_images = False
    with run_proxy(fake.base_url, pages={"window_tokens": 8192}) as address:
        fake.engine.window_tokens = 65_536
        first, second = ask(address, LONG), ask(address, LONG)
    assert (first.status_code, second.status_code) == (200, 200)
    assert "takes no images" in first.headers["x-glyph-note"]
    assert fake.requests[-1].body["messages"] == LONG


def test_a_window_that_is_smaller_than_was_said_is_learnt_and_kept(
    fake: FakeVLMServer, tmp_path: Path
) -> None:
    """The upstream refuses a prompt; it is made smaller, and so are later ones, after a restart, too."""
    path = tmp_path / "serve.db"
    with run_proxy(fake.base_url, pages={"window_tokens": 8192}) as address:
        assert ask(address, LONG).status_code == 200
    fake.engine.window_tokens = fake.requests[-1].prompt_tokens - 100
    before = len(fake.paths)
    with run_proxy(fake.base_url, memory=path, pages={"window_tokens": 8192}) as address:
        assert ask(address, LONG).status_code == 200
        asked = len(fake.paths)
    assert len([path for path in fake.paths[before:] if path.startswith("POST")]) > 1
    with run_proxy(fake.base_url, memory=path, pages={"window_tokens": 8192}) as address:
        assert ask(address, LONG).status_code == 200
    posted = [path for path in fake.paths[asked:] if path.startswith("POST")]
    assert posted == ["POST /v1/chat/completions"]


def test_more_images_of_a_clients_own_than_are_taken_are_refused_by_the_upstream() -> None:
    """In its own words; no page is there that could leave. One image leaves none for a page: text goes on, audibly."""
    with FakeVLMServer(window_tokens=8192, max_images=1) as fake, run_proxy(fake.base_url) as address:
        url = f"data:image/png;base64,{make_picture()}"
        said = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}] * 2}]
        answer = ask(address, said)
        assert answer.status_code == 400
        assert "At most 1 image" in answer.json()["error"]["message"]
        long = ask(address, LONG)
        assert long.status_code == 200
        assert "max_images=1 leaves none" in long.headers["x-glyph-note"]
        assert fake.requests[-1].images == ()
        assert ask(address, HELLO).status_code == 200


def test_a_conversation_that_was_all_text_is_folded_where_it_turns_out_too_long(fake: FakeVLMServer) -> None:
    """By what the upstream says of itself it fits; the upstream's own refusal says that it does not."""
    fake.engine.window_tokens = 4096
    with run_proxy(fake.base_url, pages={"window_tokens": 131_072}) as address:
        assert ask(address, LONG[:120]).status_code == 200
    assert fake.requests[-1].images


def test_an_answer_too_long_for_any_prompt_makes_no_prompt_smaller(fake: FakeVLMServer, proxy: str) -> None:
    """The client asks for more than the window: it is told by the upstream, and its next prompt is as large."""
    assert ask(proxy, LONG).status_code == 200
    asked, pages = len(fake.paths), len(fake.requests[-1].images)
    assert ask(proxy, LONG, max_tokens=9000).status_code == 400
    assert ask(proxy, LONG).status_code == 200
    assert len(fake.requests[-1].images) == pages
    assert len(fake.paths) == asked + 2


@pytest.mark.parametrize("most", [1, 3])
@pytest.mark.parametrize("pages", [{}, {"profile": "glyph"}])
def test_a_limit_of_images_is_learnt(fake: FakeVLMServer, most: int, pages: PageOptionFields) -> None:
    """A server tells it when it is sent more. Where it leaves no page, the model gets text, and the client is told."""
    fake.engine.max_images = most
    with run_proxy(fake.base_url, pages=pages) as address:
        fake.engine.window_tokens = 65_536 if most < 2 else 8192
        first = ask(address, LONG)
        asked = len(fake.paths)
        second = ask(address, LONG)
    assert (first.status_code, second.status_code) == (200, 200)
    assert bool(fake.requests[-1].images) == (most > 1)
    assert ("max_images=1" in second.headers.get("x-glyph-note", "")) == (most < 2)
    assert fake.paths[asked:] == ["POST /v1/chat/completions"]


@pytest.mark.parametrize("messages", [HELLO, LONG])
def test_a_very_long_error_comes_back_to_the_byte(
    fake: FakeVLMServer, proxy: str, messages: list[dict[str, Any]]
) -> None:
    """Servers repeat the request in it."""
    body = json.dumps({"error": {"message": "no", "input": "x" * (3 << 20)}}).encode()
    fake.faults.append(Fault(status=422, body=body))
    answer = ask(proxy, messages)
    assert (answer.status_code, answer.content) == (422, body)


def test_a_status_that_is_none_is_told(fake: FakeVLMServer, proxy: str) -> None:
    """No server can send it on."""
    fake.faults.append(Fault(status=999, body=b"{}"))
    answer = ask(proxy, HELLO)
    assert answer.status_code == 502
    assert "999" in answer.json()["error"]["message"]


def test_a_client_that_goes_ends_the_upstreams_request(fake: FakeVLMServer, proxy: str) -> None:
    """No model writes for nobody: the connection to it is closed while it still waits."""
    fake.faults.append(Fault.delay(5))
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(
            f"{proxy}/v1/chat/completions",
            json={"model": "glyph", "messages": HELLO},
            timeout=httpx2.Timeout(5, read=0.3),
        )
    assert ask(proxy, HELLO).status_code == 200


def test_a_store_that_is_locked_is_told_and_the_conversation_goes_on_afterwards(
    fake: FakeVLMServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer is given to what could not be kept."""
    path = tmp_path / "serve.db"
    monkeypatch.setattr("glyph_memory.serve.app.STORE_WAIT_S", 0.2)
    with run_proxy(fake.base_url, memory=path) as address:
        assert ask(address, HELLO).status_code == 200
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as other:
            other.execute(text("BEGIN EXCLUSIVE"))
            answer = ask(address, [*HELLO, {"role": "assistant", "content": "Hi."}, *HELLO])
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            other.rollback()
        engine.dispose()
        assert ask(address, [*HELLO, {"role": "assistant", "content": "Hi."}, *HELLO]).status_code == 200


def test_a_full_store_is_told_and_the_conversation_goes_on_where_there_is_room(
    fake: FakeVLMServer, tmp_path: Path
) -> None:
    """SQLite's own limit on pages stands for a disk without room."""
    path, long = tmp_path / "serve.db", [{"role": "user", "content": "word " * 100_000}]

    def limit(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 130")

    event.listen(Pool, "connect", limit)
    try:
        with run_proxy(fake.base_url, memory=path) as address:
            assert ask(address, HELLO).status_code == 200
            told = ask(address, long)
            assert told.status_code == 503
            assert "there is no room left" in told.json()["error"]["message"]
            assert ask(address, HELLO).status_code == 200
    finally:
        event.remove(Pool, "connect", limit)
    with run_proxy(fake.base_url, memory=path) as address:
        assert ask(address, long).status_code == 200


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """It is told at the start, with what to do."""
    path = tmp_path / "serve.db"
    newer = Schema(migrations=(*SCHEMA.migrations, lambda _: None))
    Store.open(path, schema=newer).close()
    options = ServeOptions(upstreams=(Upstream(url="http://127.0.0.1:9/v1"),), memory=path)
    with pytest.raises(StoreError, match="pip install --upgrade glyph-memory"):
        create_app(options)
    Store.open(path, schema=newer).close()


def test_no_answer_is_given_before_what_was_said_is_stored(
    fake: FakeVLMServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upstream is asked meanwhile; an answer that is there waits for the disk."""
    may_store, keep = threading.Event(), Store.keep_conversation

    def keep_late(self: Store, *given: Any, **named: Any) -> None:
        assert may_store.wait(20)
        keep(self, *given, **named)

    monkeypatch.setattr(Store, "keep_conversation", keep_late)
    with run_proxy(fake.base_url, memory=tmp_path / "serve.db") as address, ThreadPoolExecutor() as pool:
        asking = pool.submit(ask, address, HELLO)
        while not fake.requests:
            time.sleep(0.01)
        with pytest.raises(TimeoutError):
            asking.result(0.3)
        may_store.set()
        assert asking.result(20).status_code == 200
        with Store.open(tmp_path / "serve.db") as store:
            (held,) = store.conversations()
            assert held.turns == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"messages": 7}'])
def test_a_body_that_is_no_request_is_answered_by_the_upstream(proxy: str, body: bytes) -> None:
    """It says in its own words what is wrong; the proxy goes on."""
    answer = httpx2.post(
        f"{proxy}/v1/chat/completions", content=body, headers={"content-type": "application/json"}, timeout=30
    )
    assert answer.status_code in {400, 502}
    assert ask(proxy, HELLO).status_code == 200


def test_a_key_of_the_upstreams_is_sent_there_and_the_clients_is_not(tmp_path: Path) -> None:
    """What the client has as a key goes on only where the upstream was given none."""
    with FakeVLMServer(api_key="upstream-secret-1") as fake, run_proxy(fake.base_url) as address:
        told = ask(address, HELLO, headers={"authorization": "Bearer upstream-secret-1"})
        assert told.status_code == 200
        assert ask(address, HELLO, headers={"authorization": "Bearer another"}).status_code == 401


def test_the_upstreams_answer_to_a_follow_up_is_cached_but_for_what_is_new(
    fake: FakeVLMServer, proxy: str
) -> None:
    """The prefix stays: each request of a conversation begins with the former one's."""
    for end in range(100, 130):
        if LONG[end - 1]["role"] == "user":
            ask(proxy, LONG[:end])
    cached = [request.cached_tokens / request.prompt_tokens for request in fake.requests[1:]]
    assert sum(cached) / len(cached) > 0.5
    assert json.dumps(fake.requests[-1].body["messages"])


def test_a_picture_of_200_megapixels_is_refused_and_the_conversation_goes_on(proxy: str) -> None:
    """Its header says how large it is; no pixel is decoded, and nothing is sent."""
    header = b"IHDR" + (20_000).to_bytes(4, "big") + (10_000).to_bytes(4, "big") + b"\x08\0\0\0\0"
    png = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + zlib.crc32(header).to_bytes(4, "big") + b"\0\0\0\0IDAT"
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What is it?"}]
    answer = ask(proxy, [{"role": "user", "content": content}])
    assert answer.status_code == 413
    assert "send a smaller one" in answer.json()["error"]["message"]
    assert ask(proxy, HELLO).status_code == 200


def test_an_escaped_path_means_upstream_what_it_meant_to_the_client(fake: FakeVLMServer, proxy: str) -> None:
    """A slash or a question mark that is escaped stays escaped."""
    httpx2.get(f"{proxy}/v1/files/a%2Fb%3Fc?x=%20y")
    assert fake.paths[-1] == "GET /v1/files/a%2Fb%3Fc?x=%20y"


@pytest.mark.parametrize("told", [*("x" * at + " yes" * 400 for at in range(4)), "a\0b\x1b[31m", "x\ud800"])
def test_any_note_is_a_header_that_can_be_sent(told: str) -> None:
    """Cut after a space, or with a control character in it, it would keep the whole answer back."""
    headers = list_answer_headers([(b"content-length", b"2")], more={"x-glyph-note": told})
    sent = dict(h11.Response(status_code=200, headers=headers).headers)
    assert sent[b"x-glyph-note"].startswith(told.strip()[:1].encode("ascii", "replace"))


@pytest.mark.parametrize("given", ["a" * 199 + " b", "\u00fc", "tab\there"])
def test_any_name_of_a_conversation_goes_on_to_the_upstream(proxy: str, given: str) -> None:
    """It is cut at its end, and what is no letter there is taken off."""
    answer = httpx2.post(
        f"{proxy}/v1/chat/completions",
        json={"model": "glyph", "messages": HELLO},
        headers=[(b"x-glyph-session", given.encode())],
    )
    assert answer.status_code == 200


def test_a_client_cannot_name_a_chat_of_the_web_page(proxy: str) -> None:
    """The page's chats have names of their own."""
    assert (
        ask(proxy, HELLO, headers={"x-glyph-session": "web/mine"}).headers["x-glyph-session"]
        == "client-web/mine"
    )
