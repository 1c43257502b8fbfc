"""The page over the interface itself, in a browser: a document asked about, a chat, a conversation that goes by."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

import httpx2
import uvicorn
from playwright.sync_api import expect

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.app import create_app
from glyph_memory.testing import FakeVLMServer
from tests.serve.web.browser import CHROMIUM, open_browser, visit

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"
)

TEXT = "The harbour.\n\nThe boom is kept in shed 3. Nobody pumps before the tug is there.\n"


@pytest.fixture
def url(server: FakeVLMServer, tmp_path: Path) -> Iterator[str]:
    """Return where the whole server listens, in front of a fake upstream."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ServeOptions(
        upstreams=(Upstream(url=server.base_url),), memory=tmp_path / "memory.db", port=port
    )
    config = uvicorn.Config(create_app(options), port=port, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    ready = httpx2.HTTPTransport(retries=8)
    with httpx2.Client(transport=ready) as client:
        client.get(f"http://127.0.0.1:{port}/healthz")
    yield f"http://127.0.0.1:{port}/"
    running.should_exit = True
    thread.join(20)


def test_the_page_and_the_interface_agree(url: str, server: FakeVLMServer) -> None:
    """What one sends the other takes, and what that tells is shown; nothing comes from elsewhere."""
    server.answer = lambda _: 'Shed 3: "The boom is kept in shed 3."'
    with open_browser() as browser, visit(browser, url) as at:
        at.go().take_text(TEXT)
        at.page.fill("#question", "Where is the boom?")
        at.page.keyboard.press("Control+Enter")
        expect(at.find(".frame").first).to_be_visible()
        expect(at.page.get_by_text("Shed 3:").first).to_be_visible()

        at.go("#/chat/Harbour")
        at.page.fill("#say", "Where is the boom?")
        at.page.keyboard.press("Control+Enter")
        expect(at.find(".turn.assistant")).to_contain_text("The boom is kept in shed 3.")

        said = {"model": "glyph", "messages": [{"role": "user", "content": "How many tugs?"}]}
        at.go("#/watch")
        httpx2.post(f"{url}v1/chat/completions", json=said, headers={"X-Glyph-Session": "tugs"})
        at.page.get_by_role("link", name="tugs").click()
        expect(at.find(".turn.user")).to_contain_text("How many tugs?")
