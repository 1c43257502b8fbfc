"""A visit to the web page in headless Chromium, which notes whatever a page should not do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
WIDE, NARROW = (1400, 900), (390, 844)
Scheme = Literal["light", "dark"]
_AXE = Axe()


class Visit:
    """A page in a context of its own.

    Args:
        page: The page, not gone anywhere yet.
        url: Where the web page is.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        """What the console said, and scripts raised."""
        self.abroad: list[str] = []
        """Requests to any other host."""
        self.expected = ""
        """What the console may say: a pattern."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _note(self, url: str) -> None:
        if not url.startswith(("blob:", "data:")) and urlsplit(url).netloc != urlsplit(self.url).netloc:
            self.abroad.append(url)

    def go(self, route: str = "") -> Visit:
        """Go to a route, `#/chat`, by loading the page anew."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}{route}")
        return self

    def find(self, selector: str) -> Locator:
        """Return what a selector finds."""
        return self.page.locator(selector)

    def press(self, name: str) -> None:
        """Press the button of a name."""
        self.page.get_by_role("button", name=re.compile(f"^{name}\\b")).click()

    def take_text(self, text: str) -> None:
        """Paste a text, have it drawn, and wait for its pages."""
        self.page.fill("#pasted", text)
        self.page.keyboard.press("Control+Enter")
        self.wait_for_pages()

    def wait_for_pages(self) -> None:
        """Wait until pages are there and none is being drawn."""
        self.page.wait_for_selector(".pages[aria-busy=false] img")

    def focused(self) -> str:
        """Return the id, the label or the text of what has the focus."""
        script = "(e => e.id || e.getAttribute('aria-label') || e.textContent.trim())(document.activeElement)"
        found = self.page.evaluate(script)
        assert isinstance(found, str)
        return found

    def overflows(self) -> bool:
        """Return whether the page is wider than its window."""
        found = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert isinstance(found, bool)
        return found

    def list_violations(self) -> list[str]:
        """Return what axe finds serious or critical in the view that is shown."""
        found: dict[str, Any] = _AXE.run(self.page).response
        return [
            f"{one['id']}: {node['html'][:160]}"
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]

    def check(self) -> None:
        """Raise an error for whatever the page should not have done."""
        told = [one for one in self.errors if not (self.expected and re.search(self.expected, one))]
        assert told == []
        assert self.abroad == []


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Open Debian's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(
    browser: Browser, url: str, *, size: tuple[int, int] = WIDE, scheme: Scheme = "light", **context: Any
) -> Iterator[Visit]:
    """Open a page at some width and scheme, and check in the end that it behaved."""
    opened = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, **context
    )
    opened.set_default_timeout(10_000)
    try:
        visited = Visit(opened.new_page(), url)
        yield visited
        visited.check()
    finally:
        opened.close()
