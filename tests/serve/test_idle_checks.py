"""While nobody asks anything, the proxy asks for pages' codes; no client waits for that, and no key of one is kept."""

from __future__ import annotations

import base64
import json
import logging
import re
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2
import pytest

from glyph_memory import GlyphMemory, PageOptionFields, Store
from glyph_memory.nano import NanoReader
from glyph_memory.serve import ServeError, ServeOptions, Upstream
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer
from lib.serve_speed import list_messages
from tests.serve.running import run_app, run_proxy

TALK = [one for one in list_messages(120) if one["role"] in ("user", "assistant") and one.get("content")]
PAGES: PageOptionFields = {"canaries": 1, "profile": "glyph", "window_tokens": 8192}
OPTIONS: dict[str, Any] = {"pages": PAGES, "check_every_s": 0.05}
ASKED = re.compile(r"Look at page (\d+) alone")
NUMBER = re.compile(r", page (\d+) \((?!a1b2c3)[0-9a-f]{6}\)")
PNG = re.compile(r"iVBORw0KGgo[A-Za-z0-9+/=]+")
NANO = NanoReader()


def find_page(request: FakeRequest) -> int | None:
    """Return the page that a check asks about; None where a client asks."""
    found = ASKED.search(json.dumps(request.body))
    return int(found[1]) if found else None


@lru_cache(maxsize=100)
def read_code(png: str) -> str:
    """Read a page's code from its pixels."""
    lines = NANO.transcribe(base64.b64decode(png)).lines
    return next((found[1] for line in lines if (found := re.search(r"page code\W*(\w+)", line.text))), "none")


def read_truly(request: FakeRequest) -> FakeAnswer:
    """Answer a check by what stands on the page; anybody else with a word."""
    page = find_page(request)
    if page is None:
        return FakeAnswer(text="Fine.")
    body = json.dumps(request.body, ensure_ascii=False)
    pages = dict(zip(map(int, NUMBER.findall(body)), PNG.findall(body), strict=True))
    return FakeAnswer(text=read_code(pages[page]))


def read_first(request: FakeRequest) -> FakeAnswer:
    """Answer each check by what stands on the first page, as a cache does that takes one image for another."""
    if find_page(request) is None:
        return FakeAnswer(text="Fine.")
    return FakeAnswer(text=read_code(PNG.findall(json.dumps(request.body))[0]))


def list_checks(server: FakeVLMServer) -> list[FakeRequest]:
    """Return the checks that came."""
    return [request for request in server.requests if find_page(request) is not None]


def wait_for(what: Callable[[], object]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def talk(proxy: str, path: str = "/v1/chat/completions", **headers: str) -> httpx2.Response:
    """Send a long conversation; return what came."""
    key = "input" if path.endswith("responses") else "messages"
    body: dict[str, Any] = {"model": "glyph", "max_tokens": 50, key: TALK}
    return httpx2.post(f"{proxy}{path}", json=body, headers=headers, timeout=60)


def metrics(proxy: str) -> str:
    """Return all metrics."""
    return httpx2.get(f"{proxy}/metrics").text


def count(proxy: str, outcome: str) -> int:
    """Return how many checks came out so."""
    found = re.search(rf'glyph_checks_total{{outcome="{outcome}"}} (\d+)', metrics(proxy))
    return int(found[1]) if found else 0


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
def test_a_model_that_reads_its_pages_is_seen_to(path: str) -> None:
    """In each dialect; what a check sends begins as what the client was answered from, so the server has it."""
    with FakeVLMServer(answer=read_truly) as server, run_proxy(server.base_url, **OPTIONS) as proxy:
        assert httpx2.get(f"{proxy}/healthz").json()["reading"] == "not asked yet"
        assert talk(proxy, path).status_code == 200
        wait_for(lambda: count(proxy, "correct") >= 2)
        assert "glyph_reading_rate 1.0" in metrics(proxy)
        assert httpx2.get(f"{proxy}/healthz").json()["reading"] == "ok"
        assert not [
            count(proxy, what) for what in ("silently wrong", "abstained", "failed") if count(proxy, what)
        ]
        first, check = server.requests[0], list_checks(server)[0]
    assert check.path == first.path
    assert not check.body.get("stream")
    assert len(check.images) >= 2
    assert check.cached_tokens > 0.8 * check.image_tokens


def test_a_check_keeps_what_the_prompt_begins_with_and_nothing_that_is_about_the_answer() -> None:
    """Tools stay, ours for recalling as well, but none may be called; it is no stream, and no long answer."""
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    more = {"tools": [tool], "stream": True, "stop": ["x"], "temperature": 0.0, "max_tokens": 9000}
    with (
        FakeVLMServer(answer=read_truly) as server,
        run_proxy(server.base_url, recall=True, **OPTIONS) as proxy,
    ):
        body = {"model": "glyph", "messages": TALK, **more}
        assert httpx2.post(f"{proxy}/v1/chat/completions", json=body, timeout=60).status_code == 200
        wait_for(lambda: count(proxy, "correct"))
        first, check = server.requests[0], list_checks(server)[0]
    assert check.body["tools"] == first.body["tools"] != [tool]
    assert (check.body["tool_choice"], check.body["temperature"], check.body["max_tokens"]) == (
        "none",
        0.0,
        1024,
    )
    assert not {"stream", "stop"} & set(check.body)
    pages = next(message for message in first.body["messages"] if "page 1 (" in str(message))["content"]
    asked = next(message for message in check.body["messages"] if "page 1 (" in str(message))["content"]
    images = [place for place, part in enumerate(asked) if part["type"] == "image_url"]
    assert asked[: images[-1] + 1] == pages[: images[-1] + 1]


def test_a_model_that_sees_page_one_for_every_page_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """In the log, once, in `/healthz` and in the metrics."""
    caplog.set_level(logging.WARNING, "glyph_memory.serve")
    with FakeVLMServer(answer=read_first) as server, run_proxy(server.base_url, **OPTIONS) as proxy:
        talk(proxy)
        wait_for(lambda: count(proxy, "silently wrong") >= 3)
        health = httpx2.get(f"{proxy}/healthz").json()
        assert (health["reading"], health["status"]) == ("below the floor", "ok")
        found = re.search(r"^glyph_reading_rate (\S+)", metrics(proxy), re.MULTILINE)
        assert found
        assert float(found[1]) < 0.6
    told = [record.getMessage() for record in caplog.records if "too badly" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("the model 'glyph' reads pages too badly: ")


def test_a_client_never_waits_for_a_check() -> None:
    """A check that hangs is ended as soon as a client asks, and counts as nothing."""
    leaves = threading.Event()

    def hang(request: FakeRequest) -> FakeAnswer:
        if find_page(request) is not None and len(list_checks(server)) == 1:
            leaves.wait(20)
        return read_truly(request)

    with FakeVLMServer(answer=hang) as server, run_proxy(server.base_url, **OPTIONS) as proxy:
        talk(proxy)
        wait_for(lambda: list_checks(server))
        assert talk(proxy).status_code == 200
        wait_for(lambda: count(proxy, "interrupted") == 1)
        leaves.set()
        wait_for(lambda: count(proxy, "correct"))
        assert not count(proxy, "failed")


def test_a_clients_key_is_never_kept(caplog: pytest.LogCaptureFixture) -> None:
    """An upstream that wants one is asked once, without; a warning says how the proxy gets a key of its own."""
    caplog.set_level(logging.WARNING, "glyph_memory.serve")
    key = "the-clients-own"
    with (
        FakeVLMServer(answer=read_truly, api_key=key) as server,
        run_proxy(server.base_url, **OPTIONS) as proxy,
    ):
        assert talk(proxy, Authorization=f"Bearer {key}").status_code == 200
        wait_for(lambda: "wants a key" in caplog.text)
        time.sleep(0.3)
        assert not list_checks(server)  # refused at the door
        assert not count(proxy, "failed")
    assert caplog.text.count("clients' keys are never kept") == 1


def test_the_upstreams_own_key_is_used() -> None:
    """As for any request."""
    with FakeVLMServer(answer=read_truly, api_key="its-own") as server:
        options = ServeOptions(
            upstreams=(Upstream(url=server.base_url, api_key="its-own"),), memory=":memory:", **OPTIONS
        )
        with run_app(options) as proxy:
            talk(proxy)
            wait_for(lambda: count(proxy, "correct"))
        assert list_checks(server)[0].headers["authorization"] == "Bearer its-own"


def test_what_was_erased_is_not_sent_again(tmp_path: Path) -> None:
    """A conversation whose turns were erased is let go, and nobody is asked about it any more."""
    path = tmp_path / "serve.db"
    with (
        FakeVLMServer(answer=read_truly) as server,
        run_proxy(server.base_url, **OPTIONS, memory=path) as proxy,
    ):
        talk(proxy)
        wait_for(lambda: count(proxy, "correct"))
        with Store.open(path) as store:
            for session in store.sessions():
                with GlyphMemory.open(store, session=session.name) as memory:
                    memory.clear()
        time.sleep(0.5)  # one may be on its way
        asked = len(list_checks(server))
        time.sleep(0.5)
        assert len(list_checks(server)) == asked


@pytest.mark.parametrize("fault", ["empty", "cut off", "error"])
def test_a_model_that_fails_has_misread_nothing(fault: str) -> None:
    """It is counted apart, and is in no rate."""

    def fail(request: FakeRequest) -> FakeAnswer:
        if find_page(request) is None:
            return FakeAnswer(text="Fine.")
        if fault == "error":
            raise ValueError("the engine broke")
        return FakeAnswer(
            text="" if fault == "empty" else "code code code",
            finish_reason="length" if fault != "empty" else "stop",
        )

    with FakeVLMServer(answer=fail) as server, run_proxy(server.base_url, **OPTIONS) as proxy:
        talk(proxy)
        wait_for(lambda: count(proxy, "failed") >= 1)
        assert "\nglyph_reading_rate" not in metrics(proxy)
        assert httpx2.get(f"{proxy}/healthz").json()["reading"] == "not asked yet"


def test_nothing_is_asked_unless_told() -> None:
    """Off by default; and codes have to be there."""
    with FakeVLMServer(answer=read_truly) as server, run_proxy(server.base_url, pages=PAGES) as proxy:
        talk(proxy)
        time.sleep(0.3)
        assert not list_checks(server)
        assert "reading" not in httpx2.get(f"{proxy}/healthz").json()
    one = (Upstream(url="http://127.0.0.1:9/v1"),)
    with pytest.raises(ServeError, match="no page carries one; give canaries"):
        ServeOptions(upstreams=one, check_every_s=60)
    with pytest.raises(ServeError, match="check_every_s"):
        ServeOptions(upstreams=one, check_every_s=0, pages={"canaries": 8})
