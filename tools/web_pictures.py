"""Take the documentation's pictures of the web page: `python tools/web_pictures.py [FOLDER]`, with Debian's Chromium.

The page is the real one, the proxy too; the model behind them is the fake server, which says what stands here.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx2
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from glyph_memory import write_atomic
from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.app import create_app
from glyph_memory.testing import FakeRequest, FakeVLMServer, agent_conversation

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SIZE = (1400, 900)
COLORS = 96
QUOTED = "Spills are told to the duty officer at once"
ANSWER = f'The duty officer, at once, on channel 16 or at extension 4471. The handbook says: "{QUOTED}".'
SAID = (
    ("The night shift keeps its keys in cabinet 7.", "Noted: the night shift's keys are in cabinet 7."),
    ("Berth N2 is closed until the 14th, for the fenders.", "Noted: N2 is closed until the 14th."),
    (
        "The Anna left at five today, and was back at nine.",
        "Noted. The breaker Anna: out at five, back at nine.",
    ),
    ("Mrs Okonjo keeps the list of regulars; her extension is 4409.", "Noted: Mrs Okonjo, extension 4409."),
)
WINDS = ("north", "north-west", "west", "south-west", "south", "south-east", "east")
MORE = (
    "Two freighters wait at anchor, and the ferry is on time.",
    "The tide gauge at the north mole was read twice and agrees with the table.",
    "The pilot boat took on fuel; the log of the crane at N1 is signed.",
)
ASKED = "Which berth is closed, and where are the keys of the night shift?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture to take."""

    name: str
    """Its file's, without the end."""
    scheme: Literal["light", "dark"]
    """Light or dark."""
    take: Callable[[Page, str], None]
    """Brings the page, at an address, to what is to be seen."""


def answer(request: FakeRequest) -> str:
    """Return what the model says: to a question about the sample, in the chat, to an agent."""
    asked = request.question
    if "spill" in asked:
        return ANSWER
    if ASKED in asked:
        return (
            "N2 is closed, until the 14th; its fenders are renewed. The night shift's keys are in cabinet 7."
        )
    return next((said for text, said in reversed(SAID) if text in asked), "Done.")


def show_documents(page: Page, url: str) -> None:
    """Show the sample, a question, its answer, and the frame round what it quotes."""
    page.goto(f"{url}/#/documents")
    page.get_by_role("button", name="Take a sample").click()
    page.wait_for_selector(".pages[aria-busy=false] img")
    page.fill("#question", "Who is told of a spill?")
    page.keyboard.press("Control+Enter")
    page.locator(".quotes li button").click()
    page.locator("h1").focus()


def show_chat(page: Page, url: str) -> None:
    """Show a chat whose first turns are on pages, and a question about them."""
    for number in range(56):
        text, _ = SAID[number % len(SAID)]
        clock = f"{6 + number // 4}:{number % 4 * 15:02}"
        log = f"At {clock} wind {WINDS[number % 7]}, {4 + number % 5}, sea {number % 3 + 1}."
        body = {"text": f"{log} {text} {MORE[number % 3]}"}
        httpx2.post(f"{url}/glyph/api/chats/harbour/messages", json=body, timeout=60).raise_for_status()
    page.goto(f"{url}/#/chat/harbour")
    page.wait_for_selector(".memory .pages img")
    page.fill("#say", ASKED)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=fenders are renewed")
    page.fill("#recall", "cabinet keys")
    page.keyboard.press("Enter")
    page.wait_for_selector(".found li")
    page.locator(".turn.on-text").first.evaluate("turn => turn.scrollIntoView({ block: 'center' })")


def show_watch(page: Page, url: str) -> None:
    """Show an agent's conversation after some forty requests."""
    turns = [
        {
            "role": turn.role if turn.role in {"user", "assistant"} else "user",
            "content": turn.text or "Go on.",
        }
        for turn in agent_conversation(turns=260)
    ]
    for stop in range(12, len(turns), 6):
        httpx2.post(
            f"{url}/v1/chat/completions",
            json={"model": "glyph", "messages": [*turns[:stop], {"role": "user", "content": "Go on."}]},
            headers={"X-Glyph-Session": "on-call"},
            timeout=60,
        ).raise_for_status()
    page.goto(f"{url}/#/watch/on-call")
    page.wait_for_selector(".chart svg")
    page.wait_for_selector(".stack .pages img")


PICTURES = (
    Picture(name="serve-documents", scheme="light", take=show_documents),
    Picture(name="serve-chat", scheme="light", take=show_chat),
    Picture(name="serve-watch", scheme="dark", take=show_watch),
)


@contextmanager
def run_proxy(folder: Path) -> Iterator[str]:
    """Yield the address of a proxy before the fake server."""
    with FakeVLMServer(window_tokens=12_288, answer=answer) as fake:
        told = ServeOptions(upstreams=(Upstream(url=fake.base_url),), memory=folder / "kept.db", port=0)
        config = uvicorn.Config(create_app(told), port=0, log_level="error", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def take_picture(browser: Browser, url: str, picture: Picture) -> bytes:
    """Return a picture as PNG, in few colours."""
    width, height = SIZE
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=picture.scheme, reduced_motion="reduce"
    )
    picture.take(page, url)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(500)
    drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    file = io.BytesIO()
    drawn.quantize(COLORS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> None:
    """Write all pictures into a folder; the documentation's unless given."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    chromium = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as kept, run_proxy(Path(kept)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in PICTURES:
            data = take_picture(browser, url, picture)
            write_atomic(folder / f"{picture.name}.png", data)
            print(f"{picture.name}.png: {len(data):,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
