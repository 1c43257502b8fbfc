"""Nobody comes in who may not, and what comes in is what may."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glyph_memory.serve.edge.keys import Keys
from glyph_memory.serve.edge.paths import is_plain
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.edge.slots import Slots
from tests.serve.edge.conftest import ADA, BEN

Make = Callable[..., TestClient]
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


def test_a_request_of_this_machine_comes_through(make_client: Make) -> None:
    """Without keys nobody has a name, and a client's own key goes on."""
    answer = make_client().post(CHAT, json={}, headers={"Authorization": "Bearer upstreams-own"}).json()
    assert (answer["caller"], answer["headers"]["authorization"]) == ("", "Bearer upstreams-own")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "[::1]:8400", "LOCALHOST"])
def test_loopback_is_known_by_its_names(make_client: Make, host: str) -> None:
    """On any port: somebody may forward one."""
    assert make_client().get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "localhost@evil", "", "a b", "[::1"],
)
def test_a_foreign_name_is_refused(make_client: Make, host: str) -> None:
    """A page of that name, which leads to 127.0.0.1 now, could read everything (DNS rebinding)."""
    assert make_client().get("/v1/models", headers={"Host": host}).status_code == 403


def test_a_name_can_be_allowed(make_client: Make) -> None:
    """Such as that by which containers reach their host."""
    client = make_client(allow_hosts=("host.docker.internal",))
    assert client.get("/v1/models", headers={"Host": "host.docker.internal:8400"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
def test_another_sites_page_is_refused(make_client: Make, headers: dict[str, str]) -> None:
    """Whatever way its browser asks."""
    assert make_client().get("/v1/models", headers=headers).status_code == 403
    assert make_client().post(CHAT, headers=headers).status_code == 403


def test_the_servers_own_page_and_an_allowed_site_may_ask(make_client: Make) -> None:
    """And somebody who follows a link to the page."""
    client = make_client(allow_origins=("https://chat.example/",))
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    own = {"Origin": "http://127.0.0.1:8400", "Sec-Fetch-Site": "same-origin"}
    assert client.get("/", headers=link).status_code == 200
    assert client.post("/", headers=link).status_code == 403
    assert client.post(CHAT, headers=own).status_code == 200
    assert client.post(CHAT, headers={"Origin": "https://chat.example"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/%2e%2e/admin", "/v1/..%2fadmin", "/v1/a%0d%0ab", "/v1/%5c..%5cb", "/v1/%00"]
)
def test_a_path_leads_nowhere_but_down(make_client: Make, path: str) -> None:
    """It is put behind the upstream's address."""
    assert make_client().get(path).status_code == 400


@pytest.mark.parametrize("raw_path", [b"%2F@evil.example/x", b"%2fv1/models", b"%2F:9@evil.example"])
def test_a_path_begins_with_a_slash_that_is_spelled_as_one(raw_path: bytes) -> None:
    """Behind the upstream's address, as it came, it would name another host."""
    scope = {"path": f"/{raw_path[3:].decode()}", "raw_path": raw_path}
    assert not is_plain(scope)
    assert is_plain(scope | {"raw_path": b"/" + raw_path[3:]})


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_nothing_is_traced(make_client: Make, method: str) -> None:
    """An upstream would answer with the request it got, its key in it."""
    assert make_client().request(method, "/v1/models").status_code == 400


def test_whoever_has_a_key_has_its_name(make_client: Make, key_file: Path) -> None:
    """In either header; and the key goes no further."""
    client = make_client(keys=Keys.read(key_file))
    for headers in (
        {"Authorization": f"Bearer {ADA}"},
        {"x-api-key": ADA},
        {"authorization": f"bearer  {ADA}"},
    ):
        answer = client.post(CHAT, json={}, headers=headers)
        assert answer.json()["caller"] == "ada"
        assert ADA not in answer.text
    assert client.post(CHAT, headers={"x-api-key": BEN}).json()["caller"] == "ben"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer no-such-key-0123"},
        {"Authorization": ADA},
        {"x-api-key": ADA[:-1]},
        {"api-key": ADA},
    ],
)
@pytest.mark.parametrize("path", [CHAT, "/metrics", "/glyph/api/sessions", "/glyph/static", "/anything"])
def test_without_a_right_key_there_is_nothing(
    make_client: Make, key_file: Path, headers: dict[str, str], path: str
) -> None:
    """But the health check and the page's own files, and these by GET alone."""
    client = make_client(keys=Keys.read(key_file))
    answer = client.post(path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert all(value not in answer.text for value in headers.values())
    assert client.get(path, headers=headers).status_code == 401
    assert client.get("/healthz").status_code == 200
    assert client.get("/glyph/static/style.css").status_code == 200
    assert client.post("/glyph/static/style.css").status_code == 401


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/glyph/static/style.css"])
def test_where_there_is_no_page_its_paths_need_a_key(make_client: Make, key_file: Path, path: str) -> None:
    """The upstream would answer them, and ask for its own key's sake."""
    keys = Keys.read(key_file)
    assert make_client(keys=keys, web=False).get(path).status_code == 401
    assert make_client(keys=keys, web=True).get(path).status_code == 200


def test_a_refusal_is_in_the_clients_own_format(make_client: Make, key_file: Path) -> None:
    """Anthropic's clients read `error.type`, OpenAI's `error.code`."""
    client = make_client(keys=Keys.read(key_file))
    assert client.post(MESSAGES).json()["error"]["type"] == "authentication_error"
    assert client.post(CHAT).json()["error"]["type"] == "invalid_request_error"


def test_a_body_that_says_it_is_huge_is_refused_at_once(make_client: Make) -> None:
    """Nothing of it is read."""
    client = make_client(max_body_bytes=1_000)
    assert client.post(CHAT, content=b"x" * 1_000).json()["bytes"] == 1_000
    answer = client.post(MESSAGES, content=b"x" * 1_001)
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "request_too_large")


def test_a_body_that_does_not_say_is_counted(make_client: Make) -> None:
    """It ends where the limit is, and the connection with it."""

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    answer = make_client(max_body_bytes=1_000).post(CHAT, content=pieces())
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")


def test_too_many_headers_are_refused(make_client: Make) -> None:
    """Before anything is made of them."""
    assert make_client().get("/v1/models", headers={"x-a": "a" * 40_000}).status_code == 431


@pytest.mark.parametrize(("path", "status"), [(CHAT, 503), (MESSAGES, 529)])
def test_when_all_places_are_taken_others_come_again(make_client: Make, path: str, status: int) -> None:
    """They are told when; whether the server lives is answered in any case."""
    slots = Slots(1, is_shared=False)
    client = make_client(slots=slots)
    slots.take("")
    answer = client.post(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "2")
    assert client.get("/healthz").status_code == 200
    slots.release("")
    assert client.post(path).status_code == 200


def test_one_key_cannot_take_all_places(make_client: Make, key_file: Path) -> None:
    """Another finds one."""
    slots = Slots(3, is_shared=True)
    client = make_client(keys=Keys.read(key_file), slots=slots)
    assert [slots.take("ada"), slots.take("ada")] == [None, None]
    assert client.post(CHAT, headers={"x-api-key": ADA}).status_code == 429
    assert client.post(CHAT, headers={"x-api-key": BEN}).status_code == 200
    assert slots.open_requests == 2


def test_a_bug_is_one_line_and_a_number(make_client: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The log has where; neither has what was said."""
    with caplog.at_level(logging.ERROR, "glyph_memory.serve"):
        answer = make_client().post("/v1/fail", content=b"a secret")
    number = answer.json()["error"]["message"].split()[-1].rstrip(".")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert number in caplog.text
    assert "RuntimeError" in caplog.text
    assert "a secret" not in answer.text + caplog.text


def test_an_upstreams_page_runs_nothing_here(make_client: Make) -> None:
    """Its scripts would have this server's name; and which sites may ask is not for it to say."""
    answer = make_client().get("/docs")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert "access-control-allow-origin" not in answer.headers
    assert "content-security-policy" not in make_client().post(CHAT).headers


@pytest.mark.parametrize(
    "kind", ["application/json, text/html", "text/plain;x=1,text/html", "text/html", "image/svg+xml", ""]
)
def test_a_kind_that_a_browser_would_run_is_known_however_it_is_spelled(make_client: Make, kind: str) -> None:
    """Of several kinds in one header browsers take the last."""
    for path in ("/kind", "/healthz/kind", "/metrics-kind"):
        answer = make_client().get(path, params={"kind": kind})
        assert answer.headers["content-security-policy"] == "sandbox", path
    for plain in ("application/json", "text/event-stream; charset=utf-8", "Text/Plain"):
        answer = make_client().get("/kind", params={"kind": plain})
        assert "content-security-policy" not in answer.headers


def test_bodies_are_logged_where_that_is_asked_for(
    make_client: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Each on one line: what a client sends cannot look like a line of the log."""
    with caplog.at_level(logging.INFO, "glyph_memory.serve"):
        make_client().post(CHAT, content=b"silent")
        make_client(log_bodies=True).post(CHAT, content=b"one\ntwo")
    assert "silent" not in caplog.text
    assert f'POST {CHAT}: "one\\ntwo"' in caplog.messages


def test_what_was_refused_is_recorded(make_client: Make, key_file: Path) -> None:
    """And who asked for the page; of all else the proxy tells."""
    recorder = Recorder()
    client = make_client(keys=Keys.read(key_file), recorder=recorder)
    client.post(CHAT)
    client.get("/healthz")
    client.post(CHAT, headers={"x-api-key": ADA})
    client.get("/glyph/api/x", headers={"x-api-key": ADA})
    assert [(record.path, record.status) for record in recorder.recent()] == [(CHAT, 401)]
    assert [record.path for record in recorder.recent(caller="ada")] == ["/glyph/api/x"]


def test_cookies_stay_here(make_client: Make) -> None:
    """A browser sends those of every server on 127.0.0.1."""
    assert "cookie" not in make_client().post(CHAT, headers={"Cookie": "a=b"}).json()["headers"]
