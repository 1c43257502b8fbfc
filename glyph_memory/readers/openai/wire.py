"""Send what an exchange asks for over HTTP, sync or async, and translate what goes wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Generator, Iterator
from typing import TypeVar, cast

import httpx

from glyph_memory.context import Context
from glyph_memory.errors import BadReading, ReaderError, ReaderRefused, ReaderUnavailable
from glyph_memory.readers.openai.exchange import (
    Caller,
    HttpAnswer,
    NextChunk,
    Outcome,
    Send,
    Step,
    Wait,
    advance,
    converse,
)
from glyph_memory.readers.openai.failures import Endpoint
from glyph_memory.readers.reader import ReadingDelta

T = TypeVar("T")


def run_steps(
    caller: Caller, client: httpx.Client, context: Context, *, stream: bool
) -> Iterator[ReadingDelta]:
    """Run a conversation to its end, blocking; yield its deltas."""
    steps = converse(caller, context, stream=stream)
    wire = Wire(client, caller.endpoint)
    try:
        step = advance(steps, None)
        while step is not None:
            if isinstance(step, ReadingDelta):
                yield step
                step = advance(steps, None)
            else:
                step = advance(steps, wire.do(step))
    finally:
        wire.close()


async def run_steps_async(
    caller: Caller, client: httpx.AsyncClient, context: Context, *, stream: bool
) -> AsyncIterator[ReadingDelta]:
    """Run a conversation to its end, awaiting; yield its deltas."""
    steps = converse(caller, context, stream=stream)
    wire = AsyncWire(client, caller.endpoint)
    try:
        step = advance(steps, None)
        while step is not None:
            if isinstance(step, ReadingDelta):
                yield step
                step = advance(steps, None)
            else:
                step = advance(steps, await wire.do(step))
    finally:
        await wire.close()


def run_requests(steps: Generator[Step, Outcome, T], client: httpx.Client, endpoint: Endpoint) -> T:
    """Run steps that bring a value, blocking; return it."""
    wire = Wire(client, endpoint)
    try:
        step = next(steps)
        while True:
            outcome = wire.do(cast("Send", step))
            step = steps.throw(outcome) if isinstance(outcome, ReaderError) else steps.send(outcome)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        wire.close()


async def run_requests_async(
    steps: Generator[Step, Outcome, T], client: httpx.AsyncClient, endpoint: Endpoint
) -> T:
    """Run steps that bring a value, awaiting; return it."""
    wire = AsyncWire(client, endpoint)
    try:
        step = next(steps)
        while True:
            outcome = await wire.do(cast("Send", step))
            step = steps.throw(outcome) if isinstance(outcome, ReaderError) else steps.send(outcome)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        await wire.close()


class Wire:
    """Does a conversation's steps over httpx, blocking."""

    def __init__(self, client: httpx.Client, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self._response: httpx.Response | None = None
        self._chunks: Iterator[bytes] = iter(())

    def do(self, step: Send | NextChunk | Wait) -> Outcome:
        """Do one step; errors are returned, not raised."""
        try:
            if isinstance(step, Wait):
                time.sleep(step.seconds)
                return None
            if isinstance(step, NextChunk):
                return next(self._chunks, b"")
            return self._send(step)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return translate_error(error, endpoint=self._endpoint)

    def close(self) -> None:
        """Close a stream that is still open."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def _send(self, step: Send) -> HttpAnswer:
        self.close()
        response = self._client.send(build_http_request(self._client, self._endpoint, step), stream=True)
        if step.stream and response.status_code == 200:
            self._response, self._chunks = response, response.iter_bytes()
            return HttpAnswer(status=200, headers=response.headers)
        try:
            return HttpAnswer(status=response.status_code, headers=response.headers, body=response.read())
        finally:
            response.close()


class AsyncWire:
    """Does a conversation's steps over httpx, awaiting."""

    def __init__(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        self._client = client
        self._endpoint = endpoint
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None

    async def do(self, step: Send | NextChunk | Wait) -> Outcome:
        """Do one step; errors are returned, not raised."""
        try:
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
                return None
            if isinstance(step, NextChunk):
                return await anext(self._chunks, b"") if self._chunks is not None else b""
            return await self._send(step)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return translate_error(error, endpoint=self._endpoint)

    async def close(self) -> None:
        """Close a stream that is still open."""
        if self._response is not None:
            await self._response.aclose()
            self._response = None

    async def _send(self, step: Send) -> HttpAnswer:
        await self.close()
        response = await self._client.send(
            build_http_request(self._client, self._endpoint, step), stream=True
        )
        if step.stream and response.status_code == 200:
            self._response, self._chunks = response, response.aiter_bytes()
            return HttpAnswer(status=200, headers=response.headers)
        try:
            return HttpAnswer(
                status=response.status_code, headers=response.headers, body=await response.aread()
            )
        finally:
            await response.aclose()


def build_http_request(
    client: httpx.Client | httpx.AsyncClient, endpoint: Endpoint, step: Send
) -> httpx.Request:
    """Build httpx's request for a step; the key goes into its header here and nowhere else."""
    headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
    base = endpoint.base_url.rstrip("/")
    url = (base.removesuffix("/v1") if step.is_root else base) + step.path
    if step.body is None:
        return client.build_request("GET", url, headers=headers)
    return client.build_request(
        "POST", url, headers=headers | {"Content-Type": "application/json"}, content=step.body
    )


def translate_error(error: httpx.HTTPError | httpx.InvalidURL, *, endpoint: Endpoint) -> ReaderError:
    """Return one of our errors for one of httpx's, which becomes its cause."""
    where = endpoint.safe_url
    said = endpoint.quote(str(error) or type(error).__name__)
    mine: ReaderError
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        mine = ReaderUnavailable(f"no server at {where}: {said}. Is it running? Try: vllm serve <model>")
    elif isinstance(error, (httpx.TimeoutException)):
        seconds = error.request.extensions.get("timeout", {}).get("read")
        mine = ReaderUnavailable(
            f"no answer from {where} within {seconds} s. Is it overloaded? Send less, or raise timeout_s"
        )
    elif isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL)):
        mine = ReaderRefused(f"{where} is no address of a server: {said}. Try 'http://127.0.0.1:8000/v1'")
    elif isinstance(error, httpx.DecodingError):
        mine = BadReading(
            f"{where} answered bytes that its own headers misdescribe: {said}. Is a proxy between?"
        )
    else:
        mine = ReaderUnavailable(f"{where} broke off the connection: {said}. The server's log says why")
    mine.__cause__ = error
    return mine
