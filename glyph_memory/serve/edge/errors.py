"""Errors of our own, each in the format of the API that was asked: one line, with what to do next.

Knows the formats of Anthropic's and OpenAI's errors; knows nothing about what went wrong.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import Scope

_LONGEST = 1_000
_ANTHROPIC = re.compile(r"/v1/messages(?:/|$)")


class _Kind(NamedTuple):
    """What each API calls a status.

    Attributes:
        anthropic: Anthropic's type.
        openai: OpenAI's type.
        code: OpenAI's code.
    """

    anthropic: str
    openai: str
    code: str | None


_KINDS = {
    400: _Kind("invalid_request_error", "invalid_request_error", None),
    401: _Kind("authentication_error", "invalid_request_error", "invalid_api_key"),
    403: _Kind("permission_error", "request_forbidden", "forbidden"),
    404: _Kind("not_found_error", "invalid_request_error", "not_found"),
    408: _Kind("timeout_error", "invalid_request_error", "timeout"),
    413: _Kind("request_too_large", "invalid_request_error", "request_too_large"),
    429: _Kind("rate_limit_error", "requests", "rate_limit_exceeded"),
    431: _Kind("request_too_large", "invalid_request_error", "request_too_large"),
    499: _Kind("api_error", "server_error", "client_closed_request"),
    500: _Kind("api_error", "server_error", "internal_error"),
    502: _Kind("api_error", "server_error", "bad_gateway"),
    503: _Kind("overloaded_error", "server_error", "service_unavailable"),
    504: _Kind("timeout_error", "server_error", "timeout"),
    529: _Kind("overloaded_error", "server_error", "service_unavailable"),
}


def is_anthropic(path: str) -> bool:
    """Return whether a path is one of Anthropic's API."""
    return _ANTHROPIC.search(path) is not None


def spell_error(path: str, status: int, message: str, *, kind: str = "") -> bytes:
    """Return an error's body, as the client's own API would write it.

    Args:
        path: What was asked for; it says which API that is.
        status: The HTTP status.
        message: What, which, and what to do next; it becomes one line.
        kind: The error's type, where it is not the status's own.

    Example:
        >>> spell_error("/v1/messages", 401, "No key came.").decode()
        '{"type":"error","error":{"type":"authentication_error","message":"No key came."}}'
    """
    known = _KINDS.get(status) or _KINDS[500 if status >= 500 else 400]
    line = " ".join(message.split())[:_LONGEST]
    body: dict[str, object]
    if is_anthropic(path):
        body = {"type": "error", "error": {"type": kind or known.anthropic, "message": line}}
    else:
        body = {"error": {"message": line, "type": kind or known.openai, "param": None, "code": known.code}}
    return json.dumps(body, separators=(",", ":")).encode()


def make_error(
    scope: Scope,
    status: int,
    message: str,
    *,
    kind: str = "",
    retry_after_s: int | None = None,
    closes: bool = False,
) -> Response:
    """Return an error as a response: an ASGI application that is called with the request's scope.

    Args:
        scope: The request's.
        status: The HTTP status.
        message: As for `spell_error`.
        kind: As for `spell_error`.
        retry_after_s: When the client may try again, where that helps.
        closes: Whether the connection ends with it, and what is left of the request is not read.
    """
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if closes:
        headers["Connection"] = "close"
    body = spell_error(scope["path"], status, message, kind=kind)
    return Response(body, status, headers, media_type="application/json")


def find_busy_status(path: str) -> int:
    """Return how "come again later" is told: Anthropic's API has a status of its own."""
    return 529 if is_anthropic(path) else 503
