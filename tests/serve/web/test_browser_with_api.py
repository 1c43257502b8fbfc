"""The web page in a browser over the real interface: with a model behind it, and with none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

import uvicorn
from playwright.sync_api import Browser, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from glyph_memory.serve.record import RequestRecord
from glyph_memory.serve.web.page import page_routes
from glyph_memory.testing import FakeVLMServer
from tests.serve.web.browser import CHROMIUM, open_browser, visit
from tests.serve.web.fakes import MakeWeb, Web
from tests.serve.web.test_watch import follow, make_messages

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"
)

TEXT = "# The gate\n\nThe code for the gate is 4711-B.\n\n" + "Nobody pumps before the tug is there.\n" * 30


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return one browser for all tests."""
    with open_browser() as opened:
        yield opened


@contextmanager
def serve(web: Web) -> Iterator[str]:
    """Yield the address of the page and its interface."""
    app = Starlette(routes=[*page_routes(), Mount("/glyph/api", app=web.app)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()


def test_without_any_server_the_nano_reader_answers_from_the_pages(browser: Browser, web: Web) -> None:
    """The whole way: text, pages, question, and the frame round the line that says it."""
    with serve(web) as url, visit(browser, url) as at:
        at.go().take_text(TEXT)
        expect(at.find(".figures")).to_contain_text("fewer tokens")
        at.page.fill("#question", "What is the code for the gate?")
        at.page.keyboard.press("Control+Enter")
        expect(at.find(".quotes q").first).to_contain_text("4711-B")
        expect(at.find(".frame").first).to_be_visible()
        at.page.reload()
        at.wait_for_pages()
        expect(at.find(".frame").first).to_be_visible()


def test_a_model_answers_and_what_it_quotes_is_framed(
    browser: Browser, make_web: MakeWeb, server: FakeVLMServer
) -> None:
    """Its pages are drawn for the model that is chosen, so its quotes stand where they are shown."""
    server.answer = lambda request: 'The page says "The code for the gate is 4711-B."'
    with serve(make_web(server.base_url)) as url, visit(browser, url) as at:
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
        expect(at.find("#look-font_pt-error")).to_be_visible()
        at.page.fill("#look-font_pt", "12")
        at.page.fill("#look-line_height_pt", "9")
        expect(at.find("#look-line_height_pt-error")).to_contain_text("lines would overlap")


def test_a_chat_remembers_in_pages(browser: Browser, make_web: MakeWeb) -> None:
    """Long turns fill a small window: the first go onto pages, and are found again by words."""
    fake = FakeVLMServer(window_tokens=8_192, answer=lambda request: "Noted. It is written down.")
    with fake as server, serve(web := make_web(server.base_url)) as url, visit(browser, url) as at:
        at.expected = "422"
        at.go("#/chat")
        at.page.fill("#chat-name", "gate / tug")
        at.page.keyboard.press("Enter")
        expect(at.find("#chats-error")).to_contain_text("without slashes")
        for number in range(24):
            text = f"Crate {number} holds 4711-{number}. " + " ".join(
                f"herring{place}" for place in range(90)
            )
            web.client().post("chats/gate & tug/messages", json={"text": text})
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


def test_the_proxy_s_conversations_go_by(browser: Browser, web: Web) -> None:
    """What was folded is listed; a record moves the figures; pages are the files that were sent."""
    follow(web, make_messages(70))
    record = RequestRecord(
        time_s=time.time(), path="/v1/chat/completions", status=200, session="trip", dialect="chat", model="glyph",
        turns=71, pages=4, generation=1, plain_tokens=9_000, sent_tokens=3_000, prompt_tokens=3_010,
        cached_tokens=2_400,
    )  # fmt: skip
    with serve(web) as url, visit(browser, url) as at:
        at.go("#/watch")
        expect(at.find("tbody tr")).to_contain_text("trip")
        expect(at.find(".head")).to_contain_text("live")
        web.recorder.add(record)
        expect(at.find("tbody tr")).to_contain_text("80 %")
        at.find("tbody a").click()
        expect(at.find(".turn").last).to_contain_text("And now?")
        expect(at.find(".bare tbody tr")).to_have_count(1)
        assert at.find(".stack .pages img").first.evaluate("e => e.decode().then(() => e.naturalWidth > 0)")
        at.press("Earlier turns")
        expect(at.find(".turn").first).to_contain_text("turn0:")
