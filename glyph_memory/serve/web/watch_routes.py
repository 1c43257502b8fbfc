"""Routes that show the proxy's conversations as they go by.

Knows HTTP; what a conversation is made of stands elsewhere.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from glyph_memory.context import ImageCache
from glyph_memory.serve.web.context import WebContext
from glyph_memory.serve.web.events import Emit, EventResponse
from glyph_memory.serve.web.faults import WebFault
from glyph_memory.serve.web.json_answer import JsonAnswer
from glyph_memory.serve.web.watched import Watched, describe_conversation
from glyph_memory.serve.web.work import run_until_gone

_FRESH = {"Cache-Control": "no-store"}
_IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
_RECORDS = 2_000
_SHOWN = 240
_TURNS_AT_MOST = 500
_HIGHEST = 2**53


class WatchRoutes:
    """The routes `/events` and those under `/conversations`.

    Args:
        context: What the interface is given.
        images: Where page files are kept.
    """

    def __init__(self, context: WebContext, images: ImageCache) -> None:
        self._context, self._images = context, images
        self._watched = Watched(context.store)

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["watch"])
        router.add_api_route("/events", self.events, methods=["GET"])
        router.add_api_route("/conversations", self.list, methods=["GET"])
        # A session may be called with slashes: the longer route is tried first.
        router.add_api_route(
            "/conversations/{session:path}/pages/{digest}.png", self.show, methods=["GET"], name="page"
        )
        router.add_api_route("/conversations/{session:path}", self.look, methods=["GET"])
        return router

    async def events(self, request: Request) -> Response:
        """Stream the records of requests as they come, without end."""
        caller = self._context.caller_of(request)

        async def produce(emit: Emit) -> None:
            with self._context.recorder.subscribe(caller) as records:
                async for record in records:
                    await emit("record", asdict(record))

        return EventResponse(produce)

    async def list(self, request: Request) -> Response:
        """Return the conversations, the latest first."""
        caller = self._context.caller_of(request)
        found = await run_until_gone(request, lambda _: self._watched.list_conversations(caller))
        return JsonAnswer(found, headers=_FRESH)

    async def look(
        self,
        request: Request,
        session: str,
        after: Annotated[int, Query(ge=0, le=_HIGHEST)] = 0,
        limit: Annotated[int, Query(ge=1, le=_TURNS_AT_MOST)] = 100,
    ) -> Response:
        """Return a conversation: turns after an anchor, pages, its last requests."""
        caller = self._context.caller_of(request)
        told = await run_until_gone(
            request,
            lambda _: describe_conversation(self._watched, caller, session, after=after, limit=limit),
        )
        address = f"{request.scope.get('root_path', '')}/conversations/{quote(session, safe='')}/pages"
        for page in told["pages"]:
            page["url"] = f"{address}/{page['digest']}.png"
        records = [one for one in self._context.recorder.recent(_RECORDS, caller) if one.session == session]
        told["requests"] = [asdict(record) for record in records[-_SHOWN:]]
        return JsonAnswer(told, headers=_FRESH)

    async def show(self, request: Request, session: str, digest: str) -> Response:
        """Return the file of a page of a conversation, where it is kept."""
        caller = self._context.caller_of(request)

        def read() -> bytes | None:
            found = self._watched.find(caller, session)
            is_its_own = any(page.digest == digest for page in found.pages)
            return self._images.get(digest) if is_its_own else None

        data = await run_until_gone(request, lambda _: read())
        if data is None:
            raise WebFault(
                "this page is not kept here: it left the conversation, or its file was deleted", status=404
            )
        return Response(data, headers=_IMMUTABLE, media_type="image/png")
