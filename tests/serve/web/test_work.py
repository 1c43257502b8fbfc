"""Work that ends when nobody waits for it any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import pytest

from glyph_memory.nano import NanoReader, Transcription
from glyph_memory.serve.web.document_routes import DocumentRoutes
from glyph_memory.serve.web.drawings import Drawings
from glyph_memory.serve.web.shelf import Shelf, Upload, read_upload
from glyph_memory.serve.web.work import Stop, Stopped, run_in_thread
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault
from glyph_memory.tokens import ModelProfile
from tests.serve.web.fakes import MakeWeb, Web

GLYPH = ModelProfile.from_name("glyph")


def read(text: str) -> Upload:
    """Return pasted text as a document."""
    return read_upload(text.encode(), name="", profile=GLYPH, at_most_bytes=10**8, check=Stop().check)


async def ask(web: Web, path: str, body: bytes, *, until: Callable[[bytes], bool]) -> bytes:
    """Post a body, go away once enough of the answer came, and return that."""
    had, sent, gone = bytearray(), False, anyio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        had.extend(message.get("body", b""))
        if until(bytes(had)):
            gone.set()

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "scheme": "http", "http_version": "1.1", "server": ("t", 80), "client": ("c", 1),
        "headers": [(b"content-type", b"application/json")], "asgi": {"version": "3.0"},
    }  # fmt: skip
    with anyio.fail_after(60):
        await web.app(scope, receive, send)
    return bytes(had)


async def test_work_is_told_that_nobody_waits_and_is_waited_for() -> None:
    """A thread that runs on would take a processor from those who wait."""
    began, was_told = threading.Event(), list[bool]()

    def work(stop: Stop) -> None:
        began.set()
        was_told.append(stop.wait(20))

    async with anyio.create_task_group() as group:
        group.start_soon(run_in_thread, work)
        await anyio.to_thread.run_sync(began.wait, 30)
        group.cancel_scope.cancel()
    assert was_told == [True]


async def test_an_error_of_the_work_comes_as_it_is() -> None:
    """In no group of errors."""

    def work(_: Stop) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        await run_in_thread(work)


async def test_the_nano_reader_stops_when_its_client_is_gone(web: Web) -> None:
    """Pages that nobody waits for are not read."""
    read_pages = list[object]()

    def transcribe(page: object) -> Transcription:
        read_pages.append(page)
        time.sleep(0.05)
        return Transcription(size=(1, 1), lines=())

    shelf, drawings, nano = Shelf(), Drawings(), NanoReader(transcriber=transcribe)
    routes = DocumentRoutes(web.context, nano, shelf=shelf, drawings=drawings)
    web.app.router.routes.insert(0, *routes.router().routes[-1:])
    upload = read("".join(f"Boat {number} came in to the harbour.\n" for number in range(5_000)))
    shelf.put("", upload)
    body = b'{"question": "When was the harbour quiet?", "look": {"preset": "document"}}'
    had = await ask(web, f"/documents/{upload.id}/answers", body, until=lambda text: b"progress" in text)
    assert b"event: done" not in had
    assert 0 < len(read_pages) < 40


async def test_an_answer_that_was_stopped_is_kept_as_far_as_it_came(make_web: MakeWeb) -> None:
    """The model reads later that it is not whole."""
    words = "One word after the other. " * 400
    with FakeVLMServer(answer=lambda _: FakeAnswer(text=words)) as server:
        web = make_web(server.base_url)
        body = b'{"text": "Tell me all."}'
        await ask(web, "/chats/Trip/messages", body, until=lambda text: b"event: delta" in text)
        turns = web.client().get("chats/Trip").json()["turns"]
    assert [one["role"] for one in turns] == ["user", "assistant"]
    assert turns[1]["text"].startswith("One")


async def test_nothing_is_kept_of_an_answer_of_which_no_word_came(make_web: MakeWeb) -> None:
    """The message waits for another try."""
    with FakeVLMServer(faults=[Fault(delay_s=30)]) as server:
        web = make_web(server.base_url)
        with anyio.move_on_after(1):
            await ask(web, "/chats/Trip/messages", b'{"text": "Tell me all."}', until=lambda _: False)
        turns = web.client().get("chats/Trip").json()["turns"]
    assert [one["role"] for one in turns] == ["user"]


async def test_a_chat_answers_one_message_at_a_time(make_web: MakeWeb) -> None:
    """Another window is told to wait, and may not erase the chat meanwhile."""
    asked, ends = threading.Event(), threading.Event()

    def answer(_: object) -> str:
        asked.set()
        ends.wait(30)
        return "One."

    with FakeVLMServer(answer=answer) as server:
        web = make_web(server.base_url)
        async with anyio.create_task_group() as group:

            async def say() -> None:
                await ask(web, "/chats/Trip/messages", b'{"text": "One."}', until=lambda _: False)

            group.start_soon(say)
            await anyio.to_thread.run_sync(asked.wait, 30)
            again = await anyio.to_thread.run_sync(_say_and_erase, web)
            ends.set()
            group.cancel_scope.cancel()
    assert again == [409, 409]


def _say_and_erase(web: Web) -> list[int]:
    client = web.client()
    said = client.post("chats/Trip/messages", json={"text": "Two."})
    return [said.status_code, client.delete("chats/Trip").status_code]


def test_documents_that_were_used_least_recently_make_room() -> None:
    """For each caller alone, and for all of them together."""
    one, two, three = (read(letter * 10_000) for letter in "abc")
    shelf = Shelf(caller_bytes=2 * one.bytes + 100, all_bytes=3 * one.bytes + 100)
    shelf.put("ann", one)
    shelf.put("ann", two)
    shelf.get("ann", one.id)
    shelf.put("ann", three)
    assert [_has(shelf, "ann", kept) for kept in (one, two, three)] == [True, False, True]
    shelf.put("bob", two)
    assert [_has(shelf, "ann", kept) for kept in (one, three)] == [True, True]
    shelf.put("bob", one)
    assert _has(shelf, "ann", one) is False


def _has(shelf: Shelf, caller: str, upload: Upload) -> bool:
    return (caller, upload.id) in shelf._held
