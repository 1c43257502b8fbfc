"""The page's own files: served from the package, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from glyph_memory.serve.web.headers import security_headers
from glyph_memory.serve.web.page import page_routes


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """Return a client of a page of three files, beside one that is no part of it."""
    static = tmp_path / "static"
    (static / "js").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>glyph</title>", "utf-8")
    (static / "js" / "app.js").write_text("export const one = 1;", "utf-8")
    (static / ".hidden").write_text("secret", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    (static / "link.txt").symlink_to(tmp_path / "secret.txt")
    return TestClient(Starlette(routes=page_routes(static)))


def test_the_page_and_its_files_are_served(client: TestClient) -> None:
    """Each with its type, and with all security headers."""
    index, script = client.get("/"), client.get("/glyph/static/js/app.js")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    for answer in (index, script):
        assert answer.status_code == 200
        assert (
            security_headers().items() <= {name: answer.headers[name] for name in security_headers()}.items()
        )


def test_a_file_that_is_known_is_not_sent_again(client: TestClient) -> None:
    """Its tag is a digest of what it holds."""
    tag = client.get("/").headers["etag"]
    again = client.get("/", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "", "nothing.js", "../secret.txt", "..%2fsecret.txt", "js/../../secret.txt", "/etc/passwd", "js", "js/",
        ".hidden", "link.txt", "%2e%2e/secret.txt", "js\\app.js", "index.html%00.js", "C:/windows/win.ini",
    ],
)  # fmt: skip
def test_no_other_file_is_reachable(client: TestClient, path: str) -> None:
    """However a path is spelled."""
    answer = client.get(f"http://testserver/glyph/static/{path}")
    assert answer.status_code == 404
    assert b"secret" not in answer.content


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    """A script that somebody gets into a page does not run."""
    policy = dict(part.split(" ", 1) for part in security_headers()["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in str(policy)
