"""The interface behind the web page: a FastAPI app, to be mounted at `/glyph/api`.

Wiring only: what is done stands in the routes.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glyph_memory import __version__
from glyph_memory.nano import NanoReader
from glyph_memory.serve.web.chat_routes import ChatRoutes
from glyph_memory.serve.web.context import WebContext
from glyph_memory.serve.web.document_routes import DocumentRoutes
from glyph_memory.serve.web.faults import install_faults
from glyph_memory.serve.web.headers import security_headers
from glyph_memory.serve.web.status_routes import StatusRoutes
from glyph_memory.serve.web.watch_routes import WatchRoutes

_READ_PAGES = 1_024
"""Of so many pages the nano reader remembers what it read."""


class ErrorDetail(BaseModel):
    """What is wrong."""

    message: str
    """One line: what, which, what to do."""
    field: str
    """The field of the request that is wrong; empty where it is none."""


class ErrorAnswer(BaseModel):
    """Every error of this interface."""

    error: ErrorDetail
    """What is wrong."""


def create_web_api(context: WebContext) -> FastAPI:
    """Return the interface behind the web page.

    Args:
        context: What it is given.
    """
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorAnswer, "description": "What is wrong, in one line"}
        for status in (422, "4XX", "5XX")
    }
    app = FastAPI(
        title="glyph-memory's web page",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=errors,
        middleware=[Middleware(_SecurityHeaders)],
        # Its own spans tell paths and queries, which name conversations and what is searched for; we have our own.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    install_faults(app)
    nano = NanoReader(cached_pages=_READ_PAGES)
    chats = ChatRoutes(context, nano)
    for routes in (
        StatusRoutes(context),
        DocumentRoutes(context, nano),
        chats,
        WatchRoutes(context, chats.images),
    ):
        app.include_router(routes.router())
    return app


class _SecurityHeaders:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [
            (name.lower().encode(), value.encode()) for name, value in security_headers().items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", ())}
                more = [one for one in self._headers if one[0] not in there]
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)
