"""The web page in a browser as the proxy serves it: with a model behind it, with none, and with keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

from playwright.sync_api import Browser, expect

from glyph_memory.serve import ServeOptions
from glyph_memory.testing import FakeVLMServer
from tests.serve.running import run_app, run_proxy
from tests.serve.web.browser import CHROMIUM, open_browser, visit
from tests.serve.web.test_watch import make_messages

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"
)

TEXT = "# The gate\n\nThe code for the gate is 4711-B.\n\n" + "Nobody pumps before the tug is there.\n" * 30
KEY = "a-key-of-more-than-16-letters"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return one browser for all tests."""
    with open_browser() as opened:
        yield opened


def test_without_any_server_the_nano_reader_answers_from_the_pages(browser: Browser) -> None:
    """The whole way: text, pages, question, and the frame round the line that says it."""
    with (
        run_app(ServeOptions(upstreams=(), web=True, memory=":memory:")) as url,
        visit(browser, f"{url}/") as at,
    ):
        at.go().take_text(TEXT)
        expect(at.find(".bar .state")).to_have_text("nano reader")
        expect(at.find(".figures")).to_contain_text("fewer tokens")
        at.page.fill("#question", "What is the code for the gate?")
        at.page.keyboard.press("Control+Enter")
        expect(at.find(".quotes q").first).to_contain_text("4711-B")
        expect(at.find(".frame").first).to_be_visible()
        at.page.reload()
        at.wait_for_pages()
        expect(at.find(".frame").first).to_be_visible()


def test_a_model_answers_and_what_it_quotes_is_framed(browser: Browser) -> None:
    """Its pages are drawn for the model that is chosen, so its quotes stand where they are shown."""
    fake = FakeVLMServer(answer=lambda request: 'The page says "The code for the gate is 4711-B."')
    with fake as server, run_proxy(server.base_url) as url, visit(browser, f"{url}/") as at:
        at.expected = "422"
        at.go().take_text(TEXT)
        expect(at.find(".bar .state")).to_have_text("glyph")
        at.page.fill("#question", "What is the code for the gate?")
        at.page.keyboard.press("Control+Enter")
        expect(at.find(".quotes q").first).to_have_text("The code for the gate is 4711-B.")
        expect(at.find(".frame").first).to_be_visible()
        expect(at.find(".usage")).to_contain_text("tokens read")
        for name in ("code", "document", "dark"):
            at.page.select_option("#look-preset", name)
            at.wait_for_pages()
        at.find("#look-dense").check()
        at.wait_for_pages()
        at.page.fill("#look-font_pt", "2")
        expect(at.find("#look-font_pt-error")).to_have_text("Input should be greater than or equal to 4")
        at.page.fill("#look-font_pt", "12")
        at.page.fill("#look-line_height_pt", "9")
        expect(at.find("#look-line_height_pt-error")).to_contain_text("lines would overlap")


def test_a_chat_remembers_in_pages(browser: Browser) -> None:
    """Long turns fill a small window: the first go onto pages, and are found again by words."""
    fake = FakeVLMServer(window_tokens=8_192, answer=lambda request: "Noted. It is written down.")
    with fake as server, run_proxy(server.base_url) as url, visit(browser, f"{url}/") as at:
        at.expected = "422"
        at.go("#/chat")
        at.page.fill("#chat-name", "gate / tug")
        at.page.keyboard.press("Enter")
        expect(at.find("#chats-error")).to_contain_text("without slashes")
        for number in range(24):
            text = f"Crate {number} holds 4711-{number}. " + " ".join(
                f"herring{place}" for place in range(90)
            )
            httpx.post(f"{url}/glyph/api/chats/gate & tug/messages", json={"text": text}).raise_for_status()
        at.page.reload()
        at.find(".chats a").click()
        at.page.fill("#say", "Where is the gate?")
        at.page.keyboard.press("Control+Enter")
        expect(at.find(".turn")).to_have_count(50)
        expect(at.find(".turn .page-place").first).to_contain_text("page")
        assert at.find(".memory .pages img").first.evaluate("e => e.decode().then(() => e.naturalWidth > 0)")
        at.page.fill("#recall", "crate 0 4711-0")
        at.page.keyboard.press("Enter")
        at.find(".found button").first.click()
        expect(at.find(".turn.marked")).to_contain_text("4711-0")


def test_the_proxy_s_conversations_go_by(browser: Browser, tmp_path: Path) -> None:
    """A client's requests are listed as they come, with the share that the server had cached, and their pages."""
    fake = FakeVLMServer(window_tokens=8_192, answer=lambda request: "Noted.")
    with (
        fake as server,
        run_proxy(server.base_url, memory=tmp_path / "kept.db") as url,
        visit(browser, f"{url}/") as at,
    ):

        def ask(turns: int) -> None:
            body = {"model": "glyph", "messages": make_messages(turns)}
            answer = httpx.post(f"{url}/v1/chat/completions", json=body, headers={"X-Glyph-Session": "trip"})
            answer.raise_for_status()

        at.go("#/watch")
        expect(at.find(".empty")).to_contain_text(f"{url}/v1")
        expect(at.find(".empty")).to_be_visible()
        for turns in (60, 62):
            ask(turns)
        expect(at.find("tbody tr")).to_contain_text("trip")
        at.find("tbody a").click()
        expect(at.find(".turn").last).to_contain_text("And now?")
        expect(at.find(".bare tbody tr")).to_have_count(2)
        assert at.find(".stack .pages img").first.evaluate("e => e.decode().then(() => e.naturalWidth > 0)")
        ask(64)
        expect(at.find(".bare tbody tr")).to_have_count(3)
        at.press("Earlier turns")
        expect(at.find(".turn").first).to_contain_text("turn0:")


def test_with_keys_nothing_is_shown_before_one_is_given(browser: Browser, tmp_path: Path) -> None:
    """The page itself loads; what it asks for does not, until it sends the key."""
    keys = tmp_path / "keys"
    keys.touch(mode=0o600)
    keys.write_text(f"ada:{KEY}\n")
    told = ServeOptions(upstreams=(), web=True, memory=":memory:", key_file=keys)
    with run_app(told) as url, visit(browser, f"{url}/") as at:
        at.expected = "401"
        at.go().page.fill("#key", KEY)
        at.page.keyboard.press("Enter")
        at.take_text(TEXT)
        assert at.find(".pages img").first.evaluate("e => e.decode().then(() => e.naturalWidth > 0)")
        at.go("#/watch")
        expect(at.find(".head")).to_contain_text("live")
