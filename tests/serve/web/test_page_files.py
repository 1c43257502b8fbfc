"""The files of the web page: nothing inline, nothing from elsewhere, and what is vendored is what it says."""

from __future__ import annotations

import hashlib
import re

import pytest
from starlette.testclient import TestClient

from tests.serve.web.stub_api import STATIC

FILES = {
    path.relative_to(STATIC).as_posix(): path.read_bytes() for path in STATIC.rglob("*") if path.is_file()
}
SCRIPTS = sorted(name for name in FILES if name.endswith(".js") and not name.startswith("vendor/"))
LARGEST_BYTES = 160_000


def read(name: str) -> str:
    """Return the text of a file of the page."""
    return FILES[name].decode()


def test_the_vendored_module_is_the_published_one() -> None:
    """Its digest stands beside it, and so do both licences."""
    digest = hashlib.sha256(FILES["vendor/standalone.module.js"]).hexdigest()
    assert digest in read("vendor/README.md")
    assert "Apache License" in read("vendor/LICENSE-htm.txt")
    assert "MIT License" in read("vendor/LICENSE-preact.txt")


def test_nothing_is_inline_and_no_asset_comes_from_another_host() -> None:
    """The content policy forbids both; a browser would leave the page bare."""
    index = read("index.html")
    assert re.findall(r"<script(?![^>]*\bsrc=)", index) == []
    assert re.findall(r"<style|\bstyle=|\bon[a-z]+=", index) == []
    for name in ("index.html", "style.css", "views.css", *SCRIPTS):
        assert re.findall(r"(?:src|href)=\"(?:https?:)?//|url\(|@import", read(name)) == [], name


def test_every_file_that_the_page_asks_for_is_there() -> None:
    """Links of the index, and imports of the modules."""
    linked = {
        found.removeprefix("/glyph/static/")
        for found in re.findall(r"(?:src|href)=\"([^\"]+)\"", read("index.html"))
    }
    imported = {
        (f"js/{found[2:]}" if found.startswith("./") else found[3:])
        for name in SCRIPTS
        for found in re.findall(r"from \"([^\"]+)\"", read(name))
    }
    assert linked | imported <= {*FILES}
    assert {*SCRIPTS} <= linked | imported | {"theme.js"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_text_is_never_put_in_as_markup(name: str) -> None:
    """What an API says is text, whatever stands in it; and no module grows beyond what one reads at once."""
    script = read(name)
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script)
        == []
    )
    assert len(script.splitlines()) <= 300


def test_the_page_is_light() -> None:
    """All of it together, not yet compressed, in bytes."""
    assert (
        sum(len(one) for name, one in FILES.items() if name.endswith((".js", ".css", ".html")))
        < LARGEST_BYTES
    )


def test_a_document_tells_of_itself(client: TestClient) -> None:
    """As it did when it was given; another caller learns nothing."""
    told = client.post("documents", json={"text": "The gate opens at nine.", "name": "gate.txt"}).json()
    assert client.get(f"documents/{told['id']}").json() == told
    assert client.get(f"documents/{told['id']}", headers={"X-Caller": "else"}).status_code == 404
