"""Routes that show the proxy's conversations as they go by."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from glyph_memory.serve.web.context import WebContext
from glyph_memory.serve.web.events import Emit, EventResponse
from glyph_memory.serve.web.work import close_stream


class WatchRoutes:
    """The routes `/events` and those under `/conversations`.

    Args:
        context: What the interface is given.
    """

    def __init__(self, context: WebContext) -> None:
        self._context = context

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["watch"])
        router.add_api_route("/events", self.events, methods=["GET"])
        return router

    async def events(self, request: Request) -> Response:
        """Stream the records of requests as they come, without end."""
        caller = self._context.caller_of(request)

        async def produce(emit: Emit) -> None:
            async with close_stream(self._context.recorder.subscribe(caller)) as records:
                async for record in records:
                    await emit("record", asdict(record))

        return EventResponse(produce)
