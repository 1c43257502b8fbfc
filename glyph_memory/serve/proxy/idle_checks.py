"""`IdleChecks`: while no client asks anything, ask an upstream for the code of a page that it was shown lately.

A client's request ends such a question at once. No client's key is kept: an upstream is asked with its own key, or with
none. Knows HTTP and idle moments; how a question is spelled is told by `code_request`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import anyio.to_thread
import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from glyph_memory.context import find_codes
from glyph_memory.memory.code_questions import PageChoice, describe_failure
from glyph_memory.memory.reading_rate import CodeAnswer, judge_code
from glyph_memory.serve.edge.paths import is_own
from glyph_memory.serve.options import Upstream
from glyph_memory.serve.proxy.asking import make_url
from glyph_memory.serve.proxy.code_request import ShownPages, make_code_body, read_code_answer
from glyph_memory.serve.proxy.exchange import UpstreamFailure, UpstreamRequest, open_answer
from glyph_memory.serve.reading_status import ReadingStatus

_QUIET_S = 2.0
"""How long nobody has to have asked anything."""
_LATELY_S = 900.0
"""For how long a conversation is asked about after its last request: a server's cache has it hardly longer."""
_CONVERSATIONS = 8
"""Of so many conversations the latest request is held."""
_NO_KEY = (
    "the upstream %s wants a key, and the proxy has none of its own, so whether its model reads pages is not checked: "
    "clients' keys are never kept. Give it by GLYPH_MEMORY_API_KEY or --upstream-key-file"
)

logger = logging.getLogger("glyph_memory.serve")


@dataclass(kw_only=True, slots=True)
class HeldConversation:
    """A conversation whose pages can be asked for."""

    caller: str
    """The name of the key that it came with."""
    session: str
    """The conversation, without the caller's name."""
    upstream: Upstream
    """Who was shown it."""
    shown: ShownPages = field(repr=False)
    """What was shown."""
    used_s: float = 0.0
    """When its latest request came, by the monotonic clock."""
    edits: int | None = None
    """How often the store says that its past was changed; None before it was looked at."""


class IdleChecks:
    """Asks for codes in idle moments. Belongs to one event loop.

    Args:
        every_s: How long to wait between two questions.
        canaries: Of sealed pages each so-many-th carries a code.
        status: Told what came of each question.
        get_client: Returns the client of an upstream.
        read_edits: Returns how often a conversation's past was changed, by caller and session; None where it has no
            turns any more. Called in a thread.
    """

    def __init__(
        self,
        *,
        every_s: float,
        canaries: int,
        status: ReadingStatus,
        get_client: Callable[[Upstream], httpx2.AsyncClient],
        read_edits: Callable[[str, str], int | None],
    ) -> None:
        self._every_s, self._canaries, self._status = every_s, canaries, status
        self._get_client, self._read_edits = get_client, read_edits
        self._quiet_s = min(_QUIET_S, every_s)
        self._choice = PageChoice()
        self._held = OrderedDict[tuple[str, str], HeldConversation]()
        self._without_key = set[str]()
        self._open, self._none_open = 0, asyncio.Event()
        self._none_open.set()
        self._quiet_since = time.monotonic()
        self._question: asyncio.Task[None] | None = None

    @contextmanager
    def mark_request(self) -> Iterator[None]:
        """Mark that a client's request is being answered; a question that is being asked is ended."""
        self._open += 1
        self._none_open.clear()
        if self._question is not None:
            self._question.cancel()
        try:
            yield
        finally:
            self._open -= 1
            self._quiet_since = time.monotonic()
            if not self._open:
                self._none_open.set()

    def hold(self, held: HeldConversation) -> None:
        """Hold a conversation whose pages an upstream has just been shown."""
        key = held.caller, held.session
        self._held.pop(key, None)
        if any(find_codes(held.shown.folded.fold.visible_seals, self._canaries).values()):
            held.used_s = time.monotonic()
            self._held[key] = held
        if len(self._held) > _CONVERSATIONS:
            self._held.popitem(last=False)

    async def run(self) -> None:
        """Ask, again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self._wait_until_idle()
            held = self._next()
            if held is None:
                continue
            self._question = asyncio.create_task(self._ask(held))
            try:
                await asyncio.wait([self._question])
            finally:  # the server ends
                self._question.cancel()
            self._finish(self._question)
            self._question = None

    async def _wait_until_idle(self) -> None:
        """Return when nobody has asked anything for a while."""
        while self._open or time.monotonic() < self._quiet_since + self._quiet_s:
            await self._none_open.wait()
            await asyncio.sleep(max(0.0, self._quiet_since + self._quiet_s - time.monotonic()))

    def _next(self) -> HeldConversation | None:
        """Return the conversation that was asked about least lately, of those that were used lately."""
        oldest = time.monotonic() - _LATELY_S
        for key in [key for key, held in self._held.items() if held.used_s < oldest]:
            del self._held[key]
        for key, held in self._held.items():
            if held.upstream.url not in self._without_key:
                self._held.move_to_end(key)
                return held
        return None

    def _finish(self, question: asyncio.Task[None]) -> None:
        """Count a question that was cut short; tell of one that broke, without what was said."""
        if question.cancelled():
            self._status.add_interruption()
        elif (error := question.exception()) is not None:
            logger.error("a check of pages broke off: %s", type(error).__name__)

    async def _ask(self, held: HeldConversation) -> None:
        """Ask for one page's code, and tell the status what came."""
        edits = await anyio.to_thread.run_sync(self._read_edits, held.caller, held.session)
        if edits is None or held.edits not in (None, edits):  # erased: what it said is not sent again
            self._held.pop((held.caller, held.session), None)
            return
        held.edits = edits
        codes = find_codes(held.shown.folded.fold.visible_seals, self._canaries)
        for page in self._choice.choose(codes, 1):
            body = await anyio.to_thread.run_sync(make_code_body, held.shown, page)
            answer = await self._ask_upstream(held, body, page=page, code=codes[page])
            if answer is not None:
                self._status.add(held.upstream.url, held.shown.request.model or "", answer)

    async def _ask_upstream(
        self, held: HeldConversation, body: bytes, *, page: int, code: str
    ) -> CodeAnswer | None:
        """Return what an upstream says; None where it wants a key that there is not."""
        failed = partial(CodeAnswer, page=page, code=code, said="", outcome="failed")
        try:
            async with open_answer(self._get_client(held.upstream), _make_request(held, body)) as answer:
                if answer.status_code in (401, 403):
                    self._without_key.add(held.upstream.url)
                    logger.warning(_NO_KEY, held.upstream.name or held.upstream.url)
                    return None
                if answer.status_code >= 400:
                    return failed(error=f"the upstream answered {answer.status_code}")
                reading = read_code_answer(await answer.aread(), held.shown.dialect)
        except UpstreamFailure as failure:
            return failed(error=failure.message)
        except httpx2.HTTPError as error:
            return failed(error=type(error).__name__)
        if why := describe_failure(reading):
            return failed(error=why)
        return CodeAnswer(page=page, code=code, said="", outcome=judge_code(reading.text, code))


def _make_request(held: HeldConversation, body: bytes) -> UpstreamRequest:
    headers = [(b"content-type", b"application/json"), (b"accept-encoding", b"identity")]
    if held.shown.dialect.name == "messages":
        headers.append((b"anthropic-version", b"2023-06-01"))
    if held.upstream.api_key is not None:
        headers.append((b"authorization", f"Bearer {held.upstream.api_key}".encode()))
    return UpstreamRequest(
        upstream=held.upstream,
        method="POST",
        url=make_url(held.upstream.url, f"/v1{held.shown.dialect.path}", ""),
        headers=headers,
        body=body,
    )


class RequestMarker:
    """ASGI middleware that marks requests which may ask a model: all but the page's own streams and files.

    Args:
        app: What answers.
        checks: Told of each request.
    """

    def __init__(self, app: ASGIApp, *, checks: IdleChecks) -> None:
        self._app, self._checks = app, checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or (is_own(scope, has_web=True) and scope["method"] != "POST"):
            await self._app(scope, receive, send)
            return
        with self._checks.mark_request():
            await self._app(scope, receive, send)
