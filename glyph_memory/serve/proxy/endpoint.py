"""The proxy's endpoints: what is folded on its way to the upstream, and what is only passed on.

ASGI applications. A client that goes ends the upstream's request; errors of ours are in the client's own format.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import anyio.to_thread
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from glyph_memory.errors import StoreBusy, StoreError
from glyph_memory.readers.openai.failures import find_message
from glyph_memory.readers.openai.limits import overflows_window, refuses_images
from glyph_memory.serve.dialects.units import Dialect
from glyph_memory.serve.edge.errors import make_error
from glyph_memory.serve.proxy.client_side import read_body, run_while_connected
from glyph_memory.serve.proxy.exchange import (
    Sent,
    UpstreamFailure,
    UpstreamRequest,
    hand_on,
    open_answer,
    read_error,
    send_whole,
)
from glyph_memory.serve.proxy.headers import list_answer_headers, list_request_headers
from glyph_memory.serve.proxy.prepare import ParsedBody, PreparedBody, parse_body, prepare_body
from glyph_memory.serve.proxy.state import ProxyState
from glyph_memory.serve.proxy.usage import UsageWatch
from glyph_memory.serve.record import RequestRecord
from glyph_memory.serve.upstreams import Target

T = TypeVar("T")
_TRIES = 3
"""How often a prompt that the upstream refuses is made smaller."""
_SMALL = 1 << 16
"""Bodies up to this are parsed where they are: a thread would cost more."""
_GONE = 499
_STORE = "the memory cannot be written, so nothing was sent: {error}"


@dataclass(kw_only=True)
class _Exchange:
    """One request on its way."""

    scope: Scope
    send: Send
    came_s: float
    body: ParsedBody
    target: Target | None = None
    prepared: PreparedBody | None = None
    sent: Sent = field(default_factory=Sent)
    watch: UsageWatch | None = None
    own_s: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return str(self.scope["path"])


class PassingEndpoint:
    """Passes any request on as it came.

    Args:
        state: What all requests share.
    """

    def __init__(self, state: ProxyState) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        state, came = self._state, time.perf_counter()
        sent = Sent()
        try:
            data = await read_body(receive)
            model = parse_body(data).model if _is_json(scope) else None
            target = await state.upstreams.find(model)
            asked = _ask(state, scope, target, data, more={}, reads_answer=False)
            own = time.perf_counter() - came
            await run_while_connected(receive, partial(self._exchange, target, asked, send, sent, came))
        except ClientDisconnect:
            sent.status = sent.status or _GONE
            own = time.perf_counter() - came
        except UpstreamFailure as failure:
            own, sent.status = 0.0, failure.status
            await make_error(scope, failure.status, failure.message)(scope, receive, send)
        state.add_record(
            RequestRecord(
                time_s=time.time(),
                path=str(scope["path"]),
                status=sent.status,
                caller=_caller(scope),
                own_s=own,
                first_byte_s=sent.first_byte_s,
                total_s=time.perf_counter() - came,
            )
        )

    async def _exchange(
        self, target: Target, asked: UpstreamRequest, send: Send, sent: Sent, came: float
    ) -> None:
        async with open_answer(self._state.get_client(target.upstream), asked) as answer:
            await hand_on(answer, send, more_headers={}, see=_ignore, began_s=came, sent=sent)


class FoldingEndpoint:
    """Folds what a client says, asks the upstream, and hands its answer on.

    Args:
        state: What all requests share.
        dialect: The spelling.
        only_counts: Whether requests are only counted, as by Anthropic's `count_tokens`: nothing is stored.
    """

    def __init__(self, state: ProxyState, dialect: Dialect, *, only_counts: bool = False) -> None:
        self._state, self._dialect, self._keeps = state, dialect, not only_counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        came = time.perf_counter()
        try:
            data = await read_body(receive)
        except ClientDisconnect:
            return
        body = parse_body(data) if len(data) <= _SMALL else await self._run(partial(parse_body, data))
        exchange = _Exchange(scope=scope, send=send, came_s=came, body=body)
        try:
            await run_while_connected(receive, partial(self._answer, exchange))
        except ClientDisconnect:
            exchange.sent.status = exchange.sent.status or _GONE
        except UpstreamFailure as failure:
            exchange.sent.status = failure.status
            await make_error(scope, failure.status, failure.message)(scope, receive, send)
        except StoreError as error:
            exchange.sent.status = 503
            wait = 1 if isinstance(error, StoreBusy) else None
            answer = make_error(scope, 503, _STORE.format(error=error), retry_after_s=wait)
            await answer(scope, receive, send)
        finally:
            self._state.add_record(self._make_record(exchange))

    async def _answer(self, exchange: _Exchange) -> None:
        target = await self._state.upstreams.find(exchange.body.model)
        window: int | None = None
        for tries in range(_TRIES + 1):
            exchange.target = target
            prepared = await self._prepare(exchange, target, window)
            exchange.prepared = prepared
            exchange.own_s = exchange.own_s or time.perf_counter() - exchange.came_s
            session = prepared.folded.session if prepared.folded else ""
            more = {**prepared.headers, **({"x-glyph-session": session} if session else {})}
            asked = _ask(self._state, exchange.scope, target, prepared.data, more=more, reads_answer=True)
            client, began = self._state.get_client(target.upstream), time.perf_counter()
            async with open_answer(client, asked) as answer:
                if answer.status_code < 400 or not prepared.holds_pages:
                    exchange.watch = UsageWatch(self._dialect, is_stream=exchange.body.is_stream)
                    await hand_on(
                        answer,
                        exchange.send,
                        more_headers=_tell(exchange),
                        see=exchange.watch.see,
                        began_s=began,
                        sent=exchange.sent,
                    )
                    return
                error = await read_error(answer)
            said = find_message(error)
            overflow = overflows_window(said)
            if tries < _TRIES and refuses_images(said):
                target = self._state.upstreams.learn_text_only(target, exchange.body.model, said)
            elif tries < _TRIES and overflow is not None and target.options is not None and prepared.folded:
                narrowed = target.options.narrow_window(window)
                window = overflow.next_window(narrowed.fold_policy, sent_tokens=prepared.folded.sent_tokens)
            else:
                headers = list_answer_headers(answer.headers.raw, more=_tell(exchange))
                exchange.sent.status = answer.status_code
                await send_whole(exchange.send, answer.status_code, headers, error)
                return

    async def _prepare(self, exchange: _Exchange, target: Target, window: int | None) -> PreparedBody:
        prepare = partial(
            prepare_body,
            exchange.body,
            dialect=self._dialect,
            folder=self._state.folder,
            target=target,
            rules=self._state.rules,
            caller=_caller(exchange.scope),
            session=_read_session(exchange.scope),
            keeps=self._keeps,
            window_tokens=window,
        )
        return await self._run(prepare)

    async def _run(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._state.limiter)

    def _make_record(self, exchange: _Exchange) -> RequestRecord:
        prepared = exchange.prepared
        folded = prepared.folded if prepared else None
        usage = exchange.watch.finish() if exchange.watch else None
        return RequestRecord(
            time_s=time.time(),
            path=exchange.path,
            status=exchange.sent.status,
            caller=_caller(exchange.scope),
            session=folded.session if folded else "",
            dialect=self._dialect.name,
            model=exchange.body.model or "",
            turns=folded.turns if folded else 0,
            text_turns=folded.text_turns if folded else 0,
            pages=folded.pages if folded else 0,
            generation=folded.generation if folded else 0,
            plain_tokens=folded.plain_tokens if folded else 0,
            sent_tokens=folded.sent_tokens if folded else 0,
            prompt_tokens=usage.prompt_tokens if usage else None,
            cached_tokens=usage.cached_tokens if usage else None,
            answer_tokens=usage.completion_tokens if usage else None,
            own_s=exchange.own_s,
            first_byte_s=exchange.sent.first_byte_s,
            total_s=time.perf_counter() - exchange.came_s,
            notes=prepared.notes if prepared else (),
        )


def _ask(
    state: ProxyState,
    scope: Scope,
    target: Target,
    data: bytes,
    *,
    more: Mapping[str, str],
    reads_answer: bool,
) -> UpstreamRequest:
    headers = list_request_headers(
        scope["headers"],
        api_key=target.upstream.api_key,
        keeps_key=not state.has_keys,
        more=more,
        reads_answer=reads_answer,
    )
    return UpstreamRequest(
        upstream=target.upstream,
        method=scope["method"],
        url=make_url(target.upstream.url, scope["path"], scope.get("query_string", b"").decode("latin-1")),
        headers=headers,
        body=data,
    )


def make_url(base_url: str, path: str, query: str) -> str:
    """Return the address of a path at an upstream, whose own address may end with `/v1`.

    Example:
        >>> make_url("http://127.0.0.1:8000/v1", "/v1/models", ""), make_url("http://127.0.0.1:8000/v1", "/version", "")
        ('http://127.0.0.1:8000/v1/models', 'http://127.0.0.1:8000/version')
    """
    base = base_url.rstrip("/")
    root = base.removesuffix("/v1")
    is_api = path == "/v1" or path.startswith("/v1/")
    address = f"{base}{path.removeprefix('/v1')}" if is_api else f"{root}{path}"
    return f"{address}?{query}" if query else address


def _tell(exchange: _Exchange) -> dict[str, str]:
    prepared = exchange.prepared
    session = prepared.folded.session if prepared and prepared.folded else ""
    return {"x-glyph-session": session, "x-glyph-note": "; ".join(prepared.notes if prepared else ())}


def _caller(scope: Scope) -> str:
    caller = scope.get("glyph.caller")
    return str(getattr(caller, "name", "") or "")


def _read_session(scope: Scope) -> str:
    value = next((value for name, value in scope["headers"] if name == b"x-glyph-session"), b"")
    return "".join(filter(str.isprintable, value.decode("utf-8", "replace")))[:200]


def _is_json(scope: Scope) -> bool:
    kinds = (value for name, value in scope["headers"] if name == b"content-type")
    return any(b"json" in value for value in kinds)


def _ignore(_chunk: bytes) -> None:
    return None
