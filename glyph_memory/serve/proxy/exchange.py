"""One exchange with an upstream: ask it, and hand its answer on, each chunk when it comes.

Nothing is collected but the body of an error, where somebody wants to read it first. Knows HTTP; knows nothing about
what is said.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import httpx2
from starlette.types import Send

from glyph_memory.serve.options import Upstream
from glyph_memory.serve.proxy.headers import Header, list_answer_headers, replace_headers
from glyph_memory.telemetry import FIELDS, Span, name_error, open_span

_LONGEST_ERROR = 1 << 20
_REFUSED = 400
_LAST_STATUS = 599
"""HTTP has none above it, and a server cannot send one on."""
_NO_STATUS = "{where} answered {status}, which is no status of HTTP: is it a model's server?"


class UpstreamFailure(Exception):
    """An upstream that gave no answer: a status and one line for the client.

    Args:
        status: 502 where nobody is there, 504 where it takes too long.
        message: One line that says what to do.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, kw_only=True, slots=True)
class UpstreamRequest:
    """What is asked of an upstream."""

    upstream: Upstream
    """The server."""
    method: str
    """GET, POST and the like."""
    url: str
    """The whole address."""
    headers: list[Header] = field(repr=False)
    """As they are sent."""
    body: bytes = field(repr=False)
    """As it is sent."""


@dataclass(kw_only=True)
class Sent:
    """How far an answer came."""

    status: int = 0
    """Its status; 0 before anything came."""
    first_byte_s: float | None = None
    """From asking to its first bytes."""
    is_whole: bool = False
    """Whether all of it went on."""


@asynccontextmanager
async def open_answer(client: httpx2.AsyncClient, asked: UpstreamRequest) -> AsyncIterator[httpx2.Response]:
    """Ask, and yield the answer, whose body was not read yet; it is ended where the caller leaves.

    Raises:
        UpstreamFailure: There is none.
    """
    span = _open_span(asked)
    try:
        headers = replace_headers(asked.headers, span.write_headers())
        request = httpx2.Request(asked.method, asked.url, headers=headers, content=asked.body)
        request.extensions = {"timeout": client.timeout.as_dict()}
        with span.enter():
            answer = await client.send(request, stream=True)
    except httpx2.HTTPError as error:
        span.end(error)
        raise make_failure(error, asked.upstream) from error
    except BaseException as error:
        span.end(error)
        raise
    span.set(status=answer.status_code)
    if answer.status_code >= _REFUSED:  # of whoever asks, a refusal is an error, too: so the conventions
        span.fail(str(answer.status_code))
    answer.stream = _TracedStream(answer.stream, span)
    try:
        if answer.status_code > _LAST_STATUS:
            raise UpstreamFailure(
                502, _NO_STATUS.format(where=_name(asked.upstream), status=answer.status_code)
            )
        yield answer
    finally:
        try:
            await answer.aclose()
        finally:
            span.end()


class _TracedStream(httpx2.AsyncByteStream):
    """An answer's bytes; where the upstream breaks off, its span has failed, whoever reads them.

    Args:
        inner: The answer's own.
        span: Of asking the upstream.
    """

    def __init__(self, inner: httpx2.SyncByteStream | httpx2.AsyncByteStream, span: Span) -> None:
        self._inner, self._span = cast("httpx2.AsyncByteStream", inner), span

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._inner:
                yield chunk
        except httpx2.HTTPError as error:
            self._span.fail(name_error(error))
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()


def _open_span(asked: UpstreamRequest) -> Span:
    """Open a span for asking an upstream: its host and port, nothing else of its address."""
    try:
        url = httpx2.URL(asked.url)
    except httpx2.InvalidURL:
        return open_span("proxy.upstream", title="HTTP")
    is_known = asked.method in FIELDS["method"].words
    return open_span(
        "proxy.upstream",
        title=asked.method if is_known else "HTTP",
        method=asked.method,
        host=url.host,
        port=url.port,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadError:
    """An error as far as it was read."""

    body: bytes
    """All of it; of a very long one the beginning."""
    rest: AsyncIterator[bytes] | None = None
    """What is still to come of a very long one."""


async def read_error(answer: httpx2.Response) -> ReadError:
    """Read the body of an answer that is an error."""
    parts, length, chunks = [], 0, answer.aiter_raw()
    try:
        async for chunk in chunks:
            parts.append(chunk)
            length += len(chunk)
            if length > _LONGEST_ERROR:
                return ReadError(body=b"".join(parts), rest=chunks)
    except httpx2.HTTPError:
        pass  # what came of it is what the client gets
    return ReadError(body=b"".join(parts))


async def hand_on(
    answer: httpx2.Response,
    send: Send,
    *,
    more_headers: dict[str, str],
    see: Callable[[bytes], None],
    began_s: float,
    sent: Sent,
    error: ReadError | None = None,
) -> None:
    """Hand an answer on to the client as it comes: a slow client slows the upstream, and nothing piles up.

    Where the upstream breaks off, so does the answer, and the client's library says so.

    Args:
        answer: The upstream's.
        send: To the client.
        more_headers: Ours.
        see: Looks at what goes by.
        began_s: When it was asked for.
        sent: How far it came.
        error: What was read of it before.
    """
    sent.status = answer.status_code
    headers = list_answer_headers(answer.headers.raw, more=more_headers)
    if error is not None and error.rest is None:
        await send_whole(send, answer.status_code, headers, error.body)
        sent.is_whole = True
        return
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    chunks = answer.aiter_raw() if error is None or error.rest is None else error.rest
    try:
        if error is not None:
            await send({"type": "http.response.body", "body": error.body, "more_body": True})
        async for chunk in chunks:
            if sent.first_byte_s is None:
                sent.first_byte_s = time.perf_counter() - began_s
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            see(chunk)
    except httpx2.HTTPError:
        return
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    sent.is_whole = True


async def send_whole(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Send an answer that is at hand."""
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    kept.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": kept})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def make_failure(error: httpx2.HTTPError, upstream: Upstream) -> UpstreamFailure:
    """Return what the client is told of an upstream that did not answer."""
    where = _name(upstream)
    if isinstance(error, httpx2.ConnectTimeout):
        return UpstreamFailure(
            504, f"{where} cannot be reached in time: is the model's server running there?"
        )
    if isinstance(error, httpx2.TimeoutException):
        return UpstreamFailure(
            504, f"{where} did not answer in time: it may be busy; try again, or raise --answer-timeout"
        )
    if isinstance(error, httpx2.ConnectError):
        return UpstreamFailure(
            502, f"nobody answers at {where}: start the model's server, or name it with --upstream"
        )
    if isinstance(error, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return UpstreamFailure(502, f"{where} is no address of a server; give --upstream http://HOST:PORT/v1")
    return UpstreamFailure(502, f"{where} broke off before it answered: look at its log, then try again")


def _name(upstream: Upstream) -> str:
    return upstream.name or _hide_password(upstream.url)


def _hide_password(url: str) -> str:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "the upstream"
    return str(parsed.copy_with(userinfo=b"", query=None, fragment=None))
