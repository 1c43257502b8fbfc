"""`Tracing`: each request as a span that takes part in its client's trace, and what became of it as metrics.

Knows ASGI's messages and records; never looks into a body, and tells neither names, addresses nor keys.
"""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glyph_memory.serve.edge.paths import UNCOUNTED
from glyph_memory.serve.record import RequestRecord
from glyph_memory.telemetry import FIELDS, is_listening, measure, open_span, read_parent

_SPAN = "glyph.span"
"""Where a request's scope has its span."""
_FAILED = 500


class Tracing:
    """ASGI middleware round the whole application, the guard included.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"] in UNCOUNTED or not is_listening():
            await self._app(scope, receive, send)
            return
        method, route, began_s, statuses = (
            scope["method"],
            find_route(scope["path"]),
            time.perf_counter(),
            [0],
        )

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses[0] = message["status"]
            await send(message)

        known = method if method in FIELDS["method"].words else "HTTP"
        span = open_span(
            "proxy.request",
            title=f"{known} {route}" if route else known,
            parent=read_parent(scope["headers"]),
            method=method,
            route=route,
        )
        try:
            with span:
                scope[_SPAN] = span
                await self._app(scope, receive, send_noted)
                status = statuses[0]
                span.set(status=status or None)
                if status >= _FAILED:
                    span.fail(str(status))
        finally:
            taken_s = time.perf_counter() - began_s
            measure("proxy.duration", taken_s, method=method, route=route, status=statuses[0] or None)


def report_record(scope: Scope, record: RequestRecord) -> None:
    """Report a request's span and the metrics what became of it, as far as that is figures.

    Which model was asked for is not told: a client may write anything there.
    """
    if record.cached_tokens is not None and record.prompt_tokens:
        measure("cached_share", record.cached_tokens / record.prompt_tokens, asked_by="proxy")
    span = scope.get(_SPAN)
    if span is None or not record.dialect:
        return
    span.set(
        dialect=record.dialect,
        turns=record.turns,
        pages=record.pages,
        generation=record.generation,
        plain_tokens=record.plain_tokens,
        sent_tokens=record.sent_tokens,
        input_tokens=record.prompt_tokens,
        cached_tokens=record.cached_tokens,
        output_tokens=record.answer_tokens,
        recalls=record.recalls,
    )


def find_route(path: str) -> str | None:
    """Return a path if it is one of those that are known; None for any other, which may hold anything.

    Example:
        >>> find_route("/v1/messages"), find_route("/messages"), find_route("/glyph/api/chats/Ada"), find_route("/Ada")
        ('/v1/messages', '/v1/messages', '/glyph', None)
    """
    if path.startswith("/glyph/"):
        return "/glyph"
    routes = FIELDS["route"].words
    return next((route for route in (path, f"/v1{path}") if route in routes), None)
