"""`Tracing`: each request as a span that takes part in its client's trace, and what became of it as metrics.

Knows ASGI's messages and records; never looks into a body, and tells neither names, addresses nor keys.
"""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glyph_memory.serve.edge.paths import UNCOUNTED
from glyph_memory.serve.record import RequestRecord
from glyph_memory.telemetry import FIELDS, is_listening, measure, name_error, open_span, read_parent

_SPAN = "glyph.span"
"""Where a request's scope has its span."""
_FAILED = 500
_BROKEN_OFF = "broken_off"
"""What is told of an answer that began and did not come to its end: the model's server broke off."""


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
        method, route = scope["method"], find_route(scope["path"])
        known = method if method in FIELDS["method"].words else "HTTP"
        answer, began_s, error = _Answer(receive, send), time.perf_counter(), ""
        span = open_span(
            "proxy.request",
            title=f"{known} {route}" if route else known,
            parent=read_parent(scope["headers"]),
            method=method,
            route=route,
            scheme=scope.get("scheme", "http"),
        )
        try:
            with span:
                scope[_SPAN] = span
                await self._app(scope, answer.receive, answer.send)
                error = answer.find_error()
                span.set(status=answer.status)
                if error:
                    span.fail(error)
        except BaseException as raised:
            error = name_error(raised)
            raise
        finally:
            measure(
                "proxy.duration",
                time.perf_counter() - began_s,
                method=method,
                route=route,
                status=answer.status,
                error=error or None,
                scheme=scope.get("scheme", "http"),
            )


class _Answer:
    """How far an answer came.

    Args:
        receive: From the client.
        send: To the client.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.status: int | None = None
        self._is_whole = self._is_client_gone = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._is_client_gone = self._is_client_gone or message["type"] == "http.disconnect"
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self._is_whole = not message.get("more_body", False)
        await self._send(message)

    def find_error(self) -> str:
        """Return what is told of an answer that failed; a client that goes away is no error of the server."""
        if self.status is not None and self.status >= _FAILED:
            return str(self.status)
        if self._is_whole or self._is_client_gone or self.status is None:
            return ""
        return _BROKEN_OFF


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
