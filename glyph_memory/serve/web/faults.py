"""Errors of the web page's interface: always `{"error": {"message", "field"}}`, one line that says what to do.

Knows requests and errors; knows nothing about what was asked for.
"""

from __future__ import annotations

import logging
import re
from typing import cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from glyph_memory.errors import DocumentError, GlyphMemoryError, ReaderError, StoreBusy, StoreError
from glyph_memory.serve.spelling import spell_for_readers
from glyph_memory.serve.web.json_answer import JsonAnswer

_FIELD = re.compile(r"([a-z][a-z_]{1,40})=")
"""How errors about values name the one that is wrong."""
_FORM_NAMES = {"font_size_pt": "font_pt", "style": "preset", "newline_mark": "dense", "source": "file"}
_LONGEST_FIELD = 100
_LOG = logging.getLogger("glyph_memory.serve.web")
UNFORESEEN = "something went wrong in this server that it did not foresee; its log says what"


class WebFault(GlyphMemoryError):
    """A request that cannot be answered as it is."""

    def __init__(self, message: str, *, status: int = 422, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        """The answer's status."""
        self.field = field
        """The field of the request that is wrong; empty where it is none."""


def install_faults(app: FastAPI) -> None:
    """Have an app answer each error in the one form."""
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(GlyphMemoryError, _answer_ours)
    app.add_exception_handler(Exception, _answer_unforeseen)


def describe_unforeseen(error: Exception) -> str:
    """Log an error that nobody foresaw, and return what the client is told."""
    _LOG.error("the web page's interface failed: %s", type(error).__name__, exc_info=error)
    return UNFORESEEN


def find_field(error: GlyphMemoryError) -> str:
    """Return the field that an error is about, as the form calls it; empty where it names none."""
    found = _FIELD.match(str(error))
    return _FORM_NAMES.get(found[1], found[1]) if found else ""


def _write(status: int, message: str, field: str = "", headers: dict[str, str] | None = None) -> Response:
    line = str(WebFault(message))  # names of fields may come from anybody: one line, not too long
    shown = "".join(one for one in field if one.isprintable())[:_LONGEST_FIELD]
    return JsonAnswer({"error": {"message": line, "field": shown}}, status, headers)


async def _answer_invalid(_: Request, error: Exception) -> Response:
    first = cast("RequestValidationError", error).errors()[0]
    where = [str(part) for part in first["loc"][1:]]
    field = next((part for part in reversed(where) if not part.isdecimal()), "")
    told = str(first["msg"])
    return _write(422, f"{'.'.join(where) or 'the body'}: {told[:1].lower()}{told[1:]}", field)


async def _answer_http(_: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    message = (
        "there is nothing here; /glyph/api/openapi.json lists what is" if found.status_code == 404 else ""
    )
    return _write(
        found.status_code,
        message or str(found.detail),
        headers=dict(found.headers) if found.headers else None,
    )


async def _answer_ours(_: Request, error: Exception) -> Response:
    if isinstance(error, WebFault):
        return _write(error.status, str(error), error.field)
    status = 503 if isinstance(error, StoreError) else 502 if isinstance(error, ReaderError) else 422
    headers = {"Retry-After": "1"} if isinstance(error, StoreBusy) else None
    message = spell_for_readers(str(error)) if isinstance(error, DocumentError) else str(error)
    return _write(status, message, find_field(cast("GlyphMemoryError", error)), headers)


async def _answer_unforeseen(_: Request, error: Exception) -> Response:
    return _write(500, describe_unforeseen(error))
