"""The web page's interface with scripted answers, so that a browser sees every case at once: errors, keys, slowness.

Pages are real ones; models, chats and conversations are not.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import glyph_memory.serve
from glyph_memory import Page, PageStyle, typeset
from glyph_memory.style import PRESETS

STATIC = Path(glyph_memory.serve.__file__).parent / "web" / "static"
POLICY = (
    "default-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)
HOSTILE = '<img src="/glyph/static/missing.png" onerror="document.title=1"> <b>not bold</b>'
"""Text that must be shown, never obeyed."""
Json = dict[str, Any]


@dataclass
class StubApi:
    """What the page talks to, as a server on a port of its own; use it with `with`."""

    has_upstream: bool = True
    needs_key: str = ""
    """The key that is asked for; none where empty."""
    hold: threading.Event = field(default_factory=threading.Event)
    """A held answer goes on when this is set."""
    posted: list[tuple[str, Json]] = field(default_factory=list)
    """What was posted as JSON, in order."""
    closed: list[str] = field(default_factory=list)
    """Questions whose client went away before the end."""
    chats: dict[str, list[Json]] = field(default_factory=dict)
    records: list[Json] = field(default_factory=list)
    """What `/events` tells, also later."""

    pages: dict[tuple[str, str], list[Page]] = field(default_factory=dict)
    """Pages that were drawn, by document and key."""

    def __post_init__(self) -> None:
        self._documents: dict[str, tuple[Json, str]] = {}
        self._server = uvicorn.Server(
            uvicorn.Config(self._app(), port=0, log_level="error", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        """The page's address."""
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *error: object) -> None:
        self.hold.set()
        self._server.should_exit = True
        self._thread.join()

    def die(self) -> None:
        """Break all connections, and listen no more, as a process does that is killed."""
        loop = self._server.servers[0].get_loop()
        loop.call_soon_threadsafe(self._break_connections)
        self._thread.join()

    def _break_connections(self) -> None:
        self._server.should_exit = True
        for server in self._server.servers:
            server.close()
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    def _app(self) -> Starlette:
        api: dict[str, Callable[..., Any]] = {
            "GET /status": self._status,
            "GET /looks": self._looks,
            "POST /documents": self._take_document,
            "GET /documents/{id}": self._find_document,
            "POST /documents/{id}/pages": self._draw,
            "GET /documents/{id}/pages/{key}/{number}.png": self._send_page,
            "POST /documents/{id}/answers": self._answer,
            "GET /chats": self._list_chats,
            "POST /chats": self._begin_chat,
            "GET /chats/{name}": self._show_chat,
            "DELETE /chats/{name}": self._delete_chat,
            "POST /chats/{name}/messages": self._say,
            "GET /chats/{name}/recall": self._recall,
            "GET /chats/{name}/pages/{number}.png": self._send_chat_page,
            "GET /conversations": self._list_conversations,
            "GET /conversations/{session}": self._show_conversation,
            "GET /events": self._events,
        }
        routes = [
            Route(f"/glyph/api{path}", self._guard(handle), methods=[method])
            for (method, path), handle in ((name.split(" "), handle) for name, handle in api.items())
        ]
        return Starlette(
            routes=[
                Route("/", lambda request: FileResponse(STATIC / "index.html")),
                Mount("/glyph/static", StaticFiles(directory=STATIC)),
                *routes,
            ],
            middleware=[Middleware(_Policy)],
        )

    def _guard(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        async def guarded(request: Request) -> Response:
            if self.needs_key and request.headers.get("Authorization") != f"Bearer {self.needs_key}":
                return _refuse(401, "give a key: Authorization: Bearer KEY")
            if request.headers.get("content-type") == "application/json":
                self.posted.append((request.url.path, await request.json()))
            answer: Response = await handle(request)
            return answer

        return guarded

    async def _status(self, request: Request) -> Response:
        model = {"id": "glyph", "profile": "glyph", "window_tokens": 131072, "takes_images": True}
        text = {"id": "llama-text", "profile": None, "window_tokens": 32768, "takes_images": False}
        upstream = {"name": "", "url": "http://127.0.0.1:8000/v1", "error": None, "models": [text, model]}
        return JSONResponse(
            {
                "version": "0.0",
                "upstreams": [upstream] if self.has_upstream else [],
                "has_upstream": self.has_upstream,
                "needs_key": bool(self.needs_key),
                "limits": {"max_body_bytes": 1 << 20},
            }
        )

    async def _looks(self, request: Request) -> Response:
        def number(name: str, least: float, most: float, kind: str = "number") -> Json:
            return {"name": name, "type": kind, "default": None, "least": least, "most": most}

        fields = [
            {"name": "preset", "type": "choice", "default": "auto"},
            number("font_pt", 4, 40), number("line_height_pt", 4, 60), number("dpi", 36, 300, "integer"),
            number("columns", 1, 4, "integer"), number("page_width_pt", 100, 2000), number("page_height_pt", 100, 2000),
            *({"name": name, "type": "boolean", "default": False} for name in ("dense", "syntax_colors", "dark")),
        ]  # fmt: skip
        presets = [{"name": name, "looks": looks} for name, looks in PRESETS.items()]
        return JSONResponse({"presets": presets, "fields": fields, "profiles": ["glyph", "qwen2.5-vl"]})

    async def _take_document(self, request: Request) -> Response:
        if request.headers["content-type"] == "application/json":
            body = await request.json()
            name, text = body.get("name") or "Pasted text", body["text"]
        else:
            async with request.form() as form:
                file = form["file"]
                assert not isinstance(file, str)
                name, data = file.filename or "", await file.read()
            if b"\0" in data:
                return _refuse(415, f"{name!r} is no document; give text, PDF, Word, HTML or a sheet", "file")
            text = data.decode()
        number = f"d{len(self._documents) + 1}"
        shown = {
            "id": number, "title": name, "kind": "text", "characters": len(text), "text_tokens": len(text) // 4,
            "defects": ["2 pictures have no text"] if "picture" in text else [], "excerpt": text[:80],
        }  # fmt: skip
        self._documents[number] = (shown, text)
        return JSONResponse(shown)

    async def _find_document(self, request: Request) -> Response:
        if request.path_params["id"] not in self._documents:
            return _refuse(404, "no such document")
        return JSONResponse(self._documents[request.path_params["id"]][0])

    async def _draw(self, request: Request) -> Response:
        body = await request.json()
        look, number = body["look"], request.path_params["id"]
        if number not in self._documents:
            return _refuse(404, "no such document")
        if look.get("font_pt", 9) < 4:
            return _refuse(422, f"font_pt={look['font_pt']} is below 4; raise it", "look.font_pt")
        if look.get("columns") == 3:  # the slow one: a later answer must not be overtaken by it
            await asyncio.sleep(0.5)
        style = PageStyle.from_name(look.get("preset", "auto"))
        pages = typeset(self._documents[number][1], style=style)
        key = f"k{abs(hash(json.dumps(body, sort_keys=True)))}"
        self.pages[number, key] = pages
        shown: list[Json] = [
            {
                "number": page.number, "width": page.size[0], "height": page.size[1], "lines": len(page.lines),
                "tokens": page.size[0] * page.size[1] // 784,
                "url": f"/glyph/api/documents/{number}/pages/{key}/{page.number}.png",
            }
            for page in pages
        ]  # fmt: skip
        text_tokens, page_tokens = len(self._documents[number][1]) // 4, sum(page["tokens"] for page in shown)
        return JSONResponse(
            {
                "key": key, "pages": shown, "page_tokens": page_tokens, "text_tokens": text_tokens,
                "ratio": text_tokens / page_tokens, "layout": f"columns {look.get('columns', 1)}", "notes": [],
                "seconds": 0.031,
            }
        )  # fmt: skip

    async def _send_page(self, request: Request) -> Response:
        where = request.path_params
        page = self.pages[where["id"], where["key"]][int(where["number"]) - 1]
        return Response(
            page.png(), media_type="image/png", headers={"Cache-Control": "private, max-age=3600"}
        )

    async def _answer(self, request: Request) -> Response:
        body = await request.json()
        number, question = request.path_params["id"], body["question"]
        if body.get("model") == "llama-text":
            return _refuse(422, "'llama-text' takes no images; choose a vision model", "model")
        pages = next(pages for (document, _), pages in reversed(self.pages.items()) if document == number)

        async def tell() -> AsyncIterator[tuple[str, Json]]:
            yield "progress", {"done": 0, "total": len(pages)}
            if "fail" in question:
                yield "error", {"message": "no answer from 'http://127.0.0.1:8000/v1' within 30 s"}
                return
            yield "reasoning", {"text": "The page has a rule about it."}
            for word in ("The boom ", "is kept ", f"in shed 3. {HOSTILE}"):
                yield "delta", {"text": word}
                await asyncio.sleep(0.01)
            while "wait" in question and not self.hold.is_set():  # noqa: ASYNC110  # set from another thread
                await asyncio.sleep(0.02)
            for page in pages:
                for line in page.lines:
                    if "boom" in line.text:
                        left, top, right, bottom = line.box
                        boxes = [[left, top, right - left, bottom - top]]
                        yield "quote", {"page": page.number, "text": line.text.strip(), "boxes": boxes}
            yield "usage", {"prompt_tokens": 1204, "completion_tokens": 9, "cached_tokens": 900}
            yield "done", {}

        return self._stream(tell(), question)

    def _stream(self, events: AsyncIterator[tuple[str, Json]], name: str) -> Response:
        async def write() -> AsyncIterator[str]:
            is_whole = False
            try:
                async for event, data in events:
                    yield f"event: {event}\ndata: {json.dumps(data)}\n\n"
                is_whole = True
            finally:
                if not is_whole:
                    self.closed.append(name)

        return StreamingResponse(write(), media_type="text/event-stream")

    async def _list_chats(self, request: Request) -> Response:
        return JSONResponse([{"name": name, "turns": len(turns)} for name, turns in self.chats.items()])

    async def _begin_chat(self, request: Request) -> Response:
        name = (await request.json()).get("name") or f"chat-{len(self.chats) + 1}"
        if name in self.chats:
            return _refuse(409, f"there is a chat {name!r} already; take another name", "name")
        self.chats[name] = []
        return JSONResponse({"name": name})

    async def _show_chat(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self.chats:
            return _refuse(404, f"no chat {name!r}")
        turns = self.chats[name]
        on_page = [turn["anchor"] for turn in turns if turn["place"] == "page"]
        pages = []
        if on_page:
            page = self._chat_page(name)
            pages = [
                {
                    "number": 1, "width": page.size[0], "height": page.size[1], "tokens": 210,
                    "anchors": [on_page[0], on_page[-1]], "url": f"/glyph/api/chats/{name}/pages/1.png",
                }
            ]  # fmt: skip
        report = {
            "context_tokens": 310 + 20 * len(turns), "plain_tokens": 120 * len(turns), "pages": len(pages),
            "generation": len(pages), "notes": [],
        }  # fmt: skip
        return JSONResponse({"name": name, "turns": turns, "pages": pages, "report": report})

    def _chat_page(self, name: str) -> Page:
        old = [turn for turn in self.chats[name] if turn["place"] == "page"]
        return typeset("\n\n".join(f"{turn['role']}: {turn['text']}" for turn in old), style="glyph")[0]

    async def _send_chat_page(self, request: Request) -> Response:
        return Response(self._chat_page(request.path_params["name"]).png(), media_type="image/png")

    async def _delete_chat(self, request: Request) -> Response:
        del self.chats[request.path_params["name"]]
        return Response(status_code=204)

    async def _recall(self, request: Request) -> Response:
        query = request.query_params["query"].lower()
        turns = self.chats[request.path_params["name"]]
        return JSONResponse([turn for turn in turns if query in turn["text"].lower()])

    def add_turn(self, name: str, role: str, text: str) -> Json:
        """Add a turn to a chat; all but the last four stand on pages then."""
        turns = self.chats[name]
        turn = {
            "anchor": len(turns) + 1, "role": role, "text": text, "place": "text", "page": None, "is_recalled": False
        }  # fmt: skip
        turns.append(turn)
        for old in turns[:-4]:
            old |= {"place": "page", "page": 1}
        return turn

    async def _say(self, request: Request) -> Response:
        name, text = request.path_params["name"], (await request.json())["text"]

        async def tell() -> AsyncIterator[tuple[str, Json]]:
            yield "turn", self.add_turn(name, "user", text)
            if "fail" in text:
                yield "error", {"message": "the upstream is busy; ask again in a moment"}
                return
            if "remember" in text and len(self.chats[name]) > 2:
                self.chats[name][0]["is_recalled"] = True
                yield "recalled", {"anchor": 1, "text": self.chats[name][0]["text"]}
            said = f"Noted: {text} {HOSTILE}"
            for at in range(0, len(said), 16):
                yield "delta", {"text": said[at : at + 16]}
            while "wait" in text and not self.hold.is_set():  # noqa: ASYNC110  # set from another thread
                await asyncio.sleep(0.02)
            yield "turn", self.add_turn(name, "assistant", said)
            yield "usage", {"prompt_tokens": 410, "completion_tokens": 9, "cached_tokens": 380}
            yield "done", {}

        return self._stream(tell(), text)

    def add_record(self, session: str, number: int) -> None:
        """Tell of a request of a conversation."""
        plain, generation = 900 * number, number // 6
        sent = plain if number < 4 else 2400 + 300 * (number % 6)
        self.records.append(
            {
                "time_s": 1_790_000_000.0 + 20 * number, "path": "/v1/chat/completions", "status": 200, "caller": "",
                "session": session, "dialect": "chat", "model": "glyph", "turns": 2 * number,
                "text_turns": min(2 * number, 8), "pages": generation * 2, "generation": generation,
                "plain_tokens": plain, "sent_tokens": sent, "prompt_tokens": sent + 12,
                "cached_tokens": None if number == 1 else int((0.3 if number % 6 == 0 else 0.9) * sent),
                "answer_tokens": 80, "own_s": 0.004, "first_byte_s": 0.2, "total_s": 1.2, "recalls": number % 2,
                "notes": [f"2 pages drawn anew {HOSTILE}"] if number == 12 else [],
            }
        )  # fmt: skip

    async def _list_conversations(self, request: Request) -> Response:
        last = {record["session"]: record for record in self.records if record["session"]}
        return JSONResponse(
            [
                {
                    "session": session, "parent": "", "turns": record["turns"], "updated": "2026-09-21T10:00:00+00:00",
                    "report": {
                        "context_tokens": record["sent_tokens"], "plain_tokens": record["plain_tokens"],
                        "pages": record["pages"], "generation": record["generation"], "notes": record["notes"],
                    },
                }
                for session, record in reversed(last.items())
            ]
        )  # fmt: skip

    async def _show_conversation(self, request: Request) -> Response:
        session = request.path_params["session"]
        requests = [record for record in self.records if record["session"] == session]
        if not requests:
            return _refuse(404, f"no conversation {session!r}")
        after, limit = int(request.query_params.get("after", 0)), int(request.query_params.get("limit", 50))
        turns = [
            {
                "anchor": number, "role": ("user", "assistant")[number % 2 == 0], "is_recalled": False,
                "text": f"Turn {number} of {session}. {HOSTILE}", "place": "page" if number < 16 else "text",
                "page": 1 if number < 16 else None,
            }
            for number in range(after + 1, min(after + limit, requests[-1]["turns"]) + 1)
        ]  # fmt: skip
        self.chats.setdefault("shown", [{"role": "user", "text": "A page.", "place": "page"}])
        page = self._chat_page("shown")
        pages = [
            {
                "number": number, "width": page.size[0], "height": page.size[1], "tokens": 120, "anchors": [1, 1],
                "url": "/glyph/api/chats/shown/pages/1.png",
            }
            for number in range(1, requests[-1]["pages"] + 1)
        ]  # fmt: skip
        return JSONResponse(
            {
                "session": session, "parent": "", "updated": "2026-09-21T10:00:00+00:00",
                "turn_count": requests[-1]["turns"], "turns": turns, "pages": pages,
                "requests": requests,
                "report": {
                    "context_tokens": requests[-1]["sent_tokens"], "plain_tokens": requests[-1]["plain_tokens"],
                    "pages": requests[-1]["pages"], "generation": requests[-1]["generation"], "notes": [],
                },
            }
        )  # fmt: skip

    async def _events(self, request: Request) -> Response:
        told = len(self.records)

        async def tell() -> AsyncIterator[tuple[str, Json]]:
            nonlocal told
            while not self._server.should_exit:
                for record in self.records[told:]:
                    yield "record", record
                told = len(self.records)
                await asyncio.sleep(0.02)

        return self._stream(tell(), "events")


def _refuse(status: int, message: str, field: str = "") -> Response:
    return JSONResponse({"error": {"message": message, "field": field}}, status_code=status)


class _Policy:
    """Put the content policy onto every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", POLICY.encode())]
            await send(message)

        with suppress(asyncio.CancelledError):
            await self._app(scope, receive, send_with_policy)
