"""`Guard`: stands round the whole application, and lets in only what may come in: names, sites, keys, sizes, numbers.

Knows headers and lengths; never looks into a body. What it refuses is refused before anything is read or stored.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
import traceback
from collections.abc import Iterable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.serve.edge.errors import find_busy_status, make_error
from glyph_memory.serve.edge.exchange import BodyTooLarge, BodyTooSlow, Exchange, describe_too_large
from glyph_memory.serve.edge.keys import Caller, Keys
from glyph_memory.serve.edge.origins import Origins
from glyph_memory.serve.edge.paths import UNCOUNTED, is_open, is_own, is_page, is_plain
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.edge.slots import Slots
from glyph_memory.serve.options import ServeOptions
from glyph_memory.serve.record import RequestRecord

CALLER = "glyph.caller"
"""Where a request's scope has its `Caller`."""
_KEYS = frozenset({b"authorization", b"x-api-key"})
_MOST_HEADER_BYTES = 32 << 10
_RETRY_S = 2

logger = logging.getLogger("glyph_memory.serve")


class Guard:
    """ASGI middleware round the whole application.

    Args:
        app: What answers.
        options: Limits, names and sites.
        keys: Whoever has one may ask; None where everybody may.
        recorder: Told what was refused, and who asked for the page.
        slots: Places for requests, where somebody else counts them, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        options: ServeOptions,
        keys: Keys | None = None,
        recorder: Recorder | None = None,
        slots: Slots | None = None,
    ) -> None:
        self._app, self._options, self._keys, self._recorder = app, options, keys, recorder
        self._origins = Origins(options)
        self._slots = make_slots(options, keys) if slots is None else slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        exchange = Exchange(
            scope,
            receive,
            send,
            most_bytes=self._options.max_body_bytes,
            keeps_body=self._options.log_bodies,
            is_own=is_own(scope, has_web=self._options.has_web),
        )
        began, since = time.time(), time.perf_counter()
        try:
            await self._admit(scope, exchange)
        finally:
            self._keep_record(scope, exchange, time_s=began, total_s=time.perf_counter() - since)

    async def _admit(self, scope: Scope, exchange: Exchange) -> None:
        refused = self._find_problem(scope) or self._find_caller(scope) or _find_length(scope, self._options)
        if refused:
            # What is left of the body is read, so that the client reads this; not where nobody knows where it ends.
            await exchange.refuse(make_error(scope, *refused, closes=refused[0] in {400, 413}))
            return
        if scope["path"] in UNCOUNTED:
            await self._answer(scope, exchange)
            return
        caller = scope[CALLER].name
        if why := self._slots.take(caller):
            await exchange.refuse(self._make_busy(scope, why))
            return
        try:
            await self._answer(scope, exchange)
        finally:
            self._slots.release(caller)

    def _find_problem(self, scope: Scope) -> tuple[int, str] | None:
        """Return a status and a sentence where a request is refused, whoever sent it."""
        headers = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > _MOST_HEADER_BYTES:
            return 431, f"The headers come to more than {_MOST_HEADER_BYTES >> 10} KiB. Send fewer."
        if {b"content-length", b"transfer-encoding"} <= {name for name, _ in headers}:  # h11 takes the chunks
            return 400, "The request has both Content-Length and Transfer-Encoding. Send one of them."
        if scope["method"] in {"TRACE", "CONNECT"} or not is_plain(scope):
            return 400, "This method or path is not taken. Ask for a path such as /v1/models, by GET or POST."
        if problem := self._origins.find_problem(scope["method"], headers):
            return 403, problem
        return None

    def _find_caller(self, scope: Scope) -> tuple[int, str] | None:
        """Put who asks into the scope, and take the key out; return a status and a sentence where there is none."""
        scope[CALLER], headers = Caller(), scope["headers"]
        # Cookies of 127.0.0.1 are those of every server on this machine.
        dropped = {b"cookie"} if self._keys is None else {b"cookie", *_KEYS}
        scope["headers"] = [(name, value) for name, value in headers if name not in dropped]
        if self._keys is None:
            return None
        found = self._keys.find(headers)
        if found is not None:
            scope[CALLER] = found
        elif not is_open(scope, has_web=self._options.has_web):
            return 401, (
                "No key of this server came with the request. Give the one that you were told, as OPENAI_API_KEY or "
                "ANTHROPIC_API_KEY (Authorization: Bearer KEY, or x-api-key: KEY)."
            )
        return None

    def _make_busy(self, scope: Scope, why: str) -> ASGIApp:
        if why == "share":
            said = "Too many requests of this key are being answered. Try again when one of them is done."
            return make_error(scope, 429, said, retry_after_s=_RETRY_S)
        said = f"All {self._options.max_requests} places are taken. Try again in a moment."
        return make_error(scope, find_busy_status(scope["path"]), said, retry_after_s=_RETRY_S)

    async def _answer(self, scope: Scope, exchange: Exchange) -> None:
        """Ask the application; whatever it raises becomes one line."""
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            pass
        except (BodyTooLarge, BodyTooSlow):
            pass  # told below, also where the application caught it
        except GlyphMemoryError as error:
            if not error.retryable:
                await self._fail(scope, exchange, error)
            elif not exchange.has_begun:
                await exchange.refuse(make_error(scope, 503, f"{error}", retry_after_s=_RETRY_S))
        except Exception as error:  # a traceback is for the log, in which it has a number
            await self._fail(scope, exchange, error)
        if self._options.log_bodies:
            body = json.dumps(exchange.body.decode("utf-8", "replace"))  # one line, whatever is in it
            logger.info("%s %s: %s", scope["method"], scope["path"], body)
        if exchange.problem is not None and not exchange.has_begun:
            await exchange.refuse(make_error(scope, *exchange.problem, closes=True))

    async def _fail(self, scope: Scope, exchange: Exchange, error: Exception) -> None:
        number = secrets.token_hex(4)
        is_ours = isinstance(error, GlyphMemoryError) or self._options.log_bodies
        said = f": {error}" if is_ours else ""  # others' errors quote what they were given
        where = "".join(traceback.format_tb(error.__traceback__))
        logger.error("error %s at %s: %s%s\n%s", number, scope["path"], type(error).__name__, said, where)
        if not exchange.has_begun:
            told = f"Something went wrong here, which is not your request's fault. Its log has it as error {number}."
            await exchange.refuse(make_error(scope, 500, told))

    def _keep_record(self, scope: Scope, exchange: Exchange, *, time_s: float, total_s: float) -> None:
        """Record what was answered here; the proxy records what it asked for."""
        path = scope["path"]
        is_ours = path.startswith("/glyph/") or is_page(scope, has_web=self._options.has_web)
        is_told = exchange.is_refused or is_ours
        if self._recorder is None or not is_told:
            return
        caller = scope[CALLER].name if CALLER in scope else ""
        status = exchange.status or 499
        record = RequestRecord(time_s=time_s, path=path, status=status, caller=caller, total_s=total_s)
        self._recorder.add(record)


def make_slots(options: ServeOptions, keys: Keys | None) -> Slots:
    """Return a worker's places for requests."""
    places = max(1, options.max_requests // options.workers)
    return Slots(places, is_shared=keys is not None and len(keys) > 1)


def _find_length(scope: Scope, options: ServeOptions) -> tuple[int, str] | None:
    """Return a status and a sentence where a body says that it is too large."""
    if _read_length(scope["headers"]) <= options.max_body_bytes:
        return None
    return 413, describe_too_large(options.max_body_bytes)


def _read_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    return max(
        (int(value) for name, value in headers if name == b"content-length" and value.isdigit()), default=0
    )
