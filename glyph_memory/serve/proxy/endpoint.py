"""The proxy's endpoints: what is folded on its way to the upstream, and what is only passed on.

ASGI applications. A client that goes ends the upstream's request; errors of ours are in the client's own format.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import anyio.to_thread
import httpx2
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from glyph_memory.errors import StoreBusy, StoreError
from glyph_memory.readers.openai.failures import find_message
from glyph_memory.readers.openai.limits import find_image_limit, overflows_window, refuses_images
from glyph_memory.serve.dialects.units import Dialect
from glyph_memory.serve.edge.errors import make_error
from glyph_memory.serve.edge.tracing import report_record
from glyph_memory.serve.proxy.asking import find_caller, is_json, make_request, read_session
from glyph_memory.serve.proxy.client_side import read_body, run_while_connected
from glyph_memory.serve.proxy.code_request import ShownPages
from glyph_memory.serve.proxy.exchange import (
    ReadError,
    Sent,
    UpstreamFailure,
    UpstreamRequest,
    hand_on,
    open_answer,
    read_error,
)
from glyph_memory.serve.proxy.idle_checks import HeldConversation
from glyph_memory.serve.proxy.keeping import Keeping
from glyph_memory.serve.proxy.pictures import PictureCheck, PictureRefused
from glyph_memory.serve.proxy.prepare import PreparedBody, parse_body, prepare_body
from glyph_memory.serve.proxy.progress import Progress
from glyph_memory.serve.proxy.recalling import Recalling
from glyph_memory.serve.proxy.state import ProxyState
from glyph_memory.serve.proxy.usage import UsageWatch
from glyph_memory.serve.record import RequestRecord
from glyph_memory.serve.upstreams import NoUpstream, Target

T = TypeVar("T")
_TRIES = 3
"""How often a prompt that the upstream refuses is made smaller."""
_SMALL = 1 << 16
"""Bodies up to this are parsed where they are: a thread would cost more."""
_GONE = 499
_STORE = "the memory cannot be read or written, so there is no answer: {error}"


class PassingEndpoint:
    """Passes any request on as it came.

    Args:
        state: What all requests share.
    """

    def __init__(self, state: ProxyState) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        state, came, sent = self._state, time.perf_counter(), Sent()
        own = 0.0
        try:
            data = await read_body(receive)
            model = parse_body(data).model if is_json(scope) else None
            target = await state.upstreams.find(model)
            asked = make_request(state, scope, target, data, more={}, reads_answer=False)
            own = time.perf_counter() - came
            await run_while_connected(receive, partial(self._exchange, target, asked, send, sent, came))
        except ClientDisconnect:
            sent.status = sent.status or _GONE
        except UpstreamFailure as failure:
            sent.status = failure.status
            await make_error(scope, failure.status, failure.message)(scope, receive, send)
        except NoUpstream as error:
            sent.status = 502
            await make_error(scope, 502, str(error))(scope, receive, send)
        state.add_record(
            RequestRecord(
                time_s=time.time(),
                path=str(scope["path"]),
                status=sent.status,
                caller=find_caller(scope),
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
        self._pictures = PictureCheck(state.options.max_image_px)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        came = time.perf_counter()
        try:
            data = await read_body(receive)
        except ClientDisconnect:
            return
        body = parse_body(data) if len(data) <= _SMALL else await self._run(partial(parse_body, data))
        progress = Progress(scope=scope, send=send, came_s=came, body=body, dialect=self._dialect)
        try:
            await run_while_connected(receive, partial(self._answer, progress))
        except ClientDisconnect:
            progress.sent.status = progress.sent.status or _GONE
        except UpstreamFailure as failure:
            progress.sent.status = failure.status
            await make_error(scope, failure.status, failure.message)(scope, receive, send)
        except NoUpstream as error:
            progress.sent.status = 502
            await make_error(scope, 502, str(error))(scope, receive, send)
        except StoreError as error:
            progress.sent.status = 503
            wait = 1 if isinstance(error, StoreBusy) else None
            answer = make_error(scope, 503, _STORE.format(error=error), retry_after_s=wait)
            await answer(scope, receive, send)
        except PictureRefused as error:
            progress.sent.status = 413
            await make_error(scope, 413, str(error))(scope, receive, send)
        except Exception:
            progress.sent.status = progress.sent.status or 500
            raise
        finally:
            record = progress.make_record()
            report_record(scope, record)
            self._state.add_record(record)

    async def _answer(self, progress: Progress) -> None:
        """Ask until the upstream takes the prompt, then hand its answer on."""
        target = await self._state.upstreams.find(progress.body.model)
        window: int | None = None
        for tries_left in range(_TRIES, -1, -1):
            prepared = progress.prepared = await self._prepare(progress, target, window)
            progress.own_s = progress.own_s or time.perf_counter() - progress.came_s
            asked = make_request(
                self._state,
                progress.scope,
                target,
                prepared.data,
                more={**prepared.headers, **progress.name_session()},
                reads_answer=True,
            )
            client, began = self._state.get_client(target.upstream), time.perf_counter()
            keeping = Keeping(partial(self._run, prepared.keep) if prepared.keep else None)
            async with keeping, open_answer(client, asked) as answer:
                progress.own_s += await keeping.wait()
                if answer.status_code < 400:
                    self._hold(progress, prepared, target)
                if answer.status_code < 400 and prepared.recalling is not None:
                    recalling = Recalling(progress, asked, client, prepared.recalling, run=self._run)
                    await recalling.hand_on(answer, began)
                    return
                if answer.status_code < 400 or prepared.folded is None or not tries_left:
                    await self._hand_on(progress, answer, began)
                    return
                error = await read_error(answer)
                learnt = self._learn(progress, prepared, target, window, find_message(error.body))
                if learnt is None:
                    await self._hand_on(progress, answer, began, error)
                    return
            target, window = learnt

    def _hold(self, progress: Progress, prepared: PreparedBody, target: Target) -> None:
        """Hold what the upstream took, where its pages are asked for later."""
        checks, folded, request = self._state.checks, prepared.folded, prepared.request
        if checks is None or not self._keeps or folded is None or folded.folded is None or request is None:
            return
        shown = ShownPages(
            dialect=self._dialect,
            request=request,
            folded=folded.folded,
            can_recall=prepared.recalling is not None,
        )
        caller = find_caller(progress.scope)
        checks.hold(
            HeldConversation(caller=caller, session=folded.session, upstream=target.upstream, shown=shown)
        )

    def _learn(
        self, progress: Progress, prepared: PreparedBody, target: Target, window: int | None, said: str
    ) -> tuple[Target, int | None] | None:
        """Return where to ask again, and for which window; None where the upstream's answer is the answer."""
        upstreams, model, folded = self._state.upstreams, progress.body.model, prepared.folded
        if folded is None or target.options is None:
            return None
        if prepared.holds_pages and refuses_images(said):
            return upstreams.learn_text_only(target, model, said), window
        if prepared.holds_pages and (most := find_image_limit(said)) is not None:
            fewer = upstreams.learn_image_limit(target, model, most)
            return None if fewer is None else (fewer, window)
        overflow = overflows_window(said)
        if overflow is None or overflow.leaves_no_prompt:
            return None
        policy = target.options.narrow_window(window).fold_policy
        return target, overflow.next_window(policy, sent_tokens=folded.sent_tokens)

    async def _hand_on(
        self, progress: Progress, answer: httpx2.Response, began: float, error: ReadError | None = None
    ) -> None:
        progress.watch = UsageWatch(self._dialect, is_stream=progress.body.is_stream)
        await hand_on(
            answer,
            progress.send,
            more_headers=progress.list_headers(),
            see=progress.watch.see,
            began_s=began,
            sent=progress.sent,
            error=error,
        )

    async def _prepare(self, progress: Progress, target: Target, window: int | None) -> PreparedBody:
        prepare = partial(
            prepare_body,
            progress.body,
            dialect=self._dialect,
            folder=self._state.folder,
            target=target,
            rules=self._state.choose_rules(target),
            caller=find_caller(progress.scope),
            session=read_session(progress.scope),
            recalls=self._state.options.recall,
            keeps=self._keeps,
            window_tokens=window,
            pictures=self._pictures,
        )
        return await self._run(prepare)

    async def _run(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._state.limiter)


def _ignore(_chunk: bytes) -> None:
    return None
