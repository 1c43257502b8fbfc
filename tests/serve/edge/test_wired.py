"""The proxy as it is served stands inside its guard."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.app import create_app
from glyph_memory.testing import FakeVLMServer
from tests.serve.edge.conftest import ADA, BEN, UPSTREAM
from tests.serve.running import run_app

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    "path", [CHAT, "/v1/models", "/v1/messages", "/glyph/api/sessions", "/metrics", "/x"]
)
def test_every_path_is_guarded(tmp_path: Path, key_file: Path, path: str) -> None:
    """By names, sites and keys; but the page and the health check are open."""
    options = ServeOptions(upstreams=(UPSTREAM,), memory=tmp_path / "m.db", key_file=key_file)
    with TestClient(create_app(options), base_url="http://127.0.0.1:8400") as client:
        assert client.get(path, headers={"Host": "evil.example", "x-api-key": ADA}).status_code == 403
        assert (
            client.get(path, headers={"Origin": "https://evil.example", "x-api-key": ADA}).status_code == 403
        )
        assert client.get(path).status_code == 401
        assert client.get("/healthz").json()["store"] == "ok"
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("web", [True, False])
def test_no_upstream_answers_for_paths_of_ours(tmp_path: Path, key_file: Path, web: bool) -> None:
    """Nor is it asked by anybody without a key; what it said there would run under this server's name."""
    with FakeVLMServer(api_key="upstreams-own-key") as upstream:
        told = Upstream(url=upstream.base_url, api_key="upstreams-own-key")
        options = ServeOptions(upstreams=(told,), memory=tmp_path / "m.db", key_file=key_file, web=web)
        with TestClient(create_app(options), base_url="http://127.0.0.1:8400") as client:
            for path in ("/", "/favicon.ico", "/glyph/static/x", "/glyph/x"):
                client.get(path)
            for path in ("/glyph/x", "/glyph/static/x", "/glyph/"):
                assert client.get(path, headers={"x-api-key": ADA}).status_code == 404
    asked = [path for path in upstream.paths if path != "GET /v1/models"]
    assert [one for one in asked if "glyph" in one or one in {"GET /", "GET /favicon.ico"}] == []


def test_an_escaped_slash_leads_to_no_other_server(tmp_path: Path) -> None:
    """`%2F@host` behind the upstream's address would."""
    with FakeVLMServer() as upstream, FakeVLMServer() as other:
        options = ServeOptions(upstreams=(Upstream(url=upstream.base_url),), memory=tmp_path / "m.db")
        with run_app(options) as address, socket.create_connection(split_address(address), timeout=20) as to:
            target = f"%2F@{urlsplit(other.base_url).netloc}/steal"
            to.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            assert to.recv(100).startswith(b"HTTP/1.1 400 ")
    assert other.paths == []


def split_address(address: str) -> tuple[str, int]:
    """Return an address' host and port."""
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or 0


def test_keys_go_to_whom_they_are_for(tmp_path: Path, key_file: Path) -> None:
    """Ours stays at the door; the upstream gets its own."""
    with FakeVLMServer(api_key="upstreams-own-key") as upstream:
        told = Upstream(url=upstream.base_url, api_key="upstreams-own-key")
        options = ServeOptions(upstreams=(told,), memory=tmp_path / "m.db", key_file=key_file)
        body = {"model": "glyph", "messages": [{"role": "user", "content": "Hi."}]}
        with TestClient(create_app(options), base_url="http://127.0.0.1:8400") as client:
            for headers in ({"x-api-key": ADA}, {"Authorization": f"Bearer {BEN}", "Cookie": f"a={BEN}"}):
                assert client.post(CHAT, json=body, headers=headers).status_code == 200
        sent = [str(request.headers) for request in upstream.requests]
    assert len(sent) == 2
    assert not [one for one in sent if ADA in one or BEN in one]


def test_two_callers_who_say_the_same_have_a_conversation_each(tmp_path: Path, key_file: Path) -> None:
    """And see its records alone."""
    with FakeVLMServer() as upstream:
        told = Upstream(url=upstream.base_url)
        app = create_app(ServeOptions(upstreams=(told,), memory=tmp_path / "m.db", key_file=key_file))
        body = {"model": "glyph", "messages": [{"role": "user", "content": "Hi."}]}
        with TestClient(app, base_url="http://127.0.0.1:8400") as client:
            for key in (ADA, BEN):
                assert client.post(CHAT, json=body, headers={"x-api-key": key}).status_code == 200
    seen = [app.state.recorder.recent(caller=name) for name in ("ada", "ben", "eve", "")]
    assert [len(records) for records in seen] == [1, 1, 0, 0]
    assert seen[0][0].session != seen[1][0].session
