"""Send what an exchange asks for over HTTP, sync or async, and translate what goes wrong.

What httpx2 and those below it raise ends here, with its frames: they hold the request's bytes, and so the key.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import suppress
from typing import TypeVar, cast

import httpx2

from glyph_memory.context import Context
from glyph_memory.errors import ReaderError, ReaderRefused, ReaderUnavailable
from glyph_memory.readers.openai.clients import Clients
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.exchange import (
    Caller,
    Finish,
    HttpAnswer,
    NextChunk,
    Outcome,
    Send,
    Step,
    Wait,
    advance,
    converse,
)
from glyph_memory.readers.openai.meter import watch_connection, watch_connection_async
from glyph_memory.readers.reader import ReadingDelta
from glyph_memory.telemetry import write_headers

T = TypeVar("T")

_LAST_WAIT_S = 0.25
"""How long to wait for a stream's end after its last event: a connection that was read to its end is used again."""
_FOREIGN = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, UnicodeError)


def run_steps(caller: Caller, clients: Clients, context: Context, *, stream: bool) -> Iterator[ReadingDelta]:
    """Run a conversation to its end, blocking; yield its deltas."""
    steps = converse(caller, context, stream=stream)
    wire = Wire(clients)
    try:
        step = advance(steps, None)
        while step is not None:
            if isinstance(step, ReadingDelta):
                yield step
                step = advance(steps, None)
            else:
                step = advance(steps, wire.do(step))
    except ReaderError as error:
        raise _cut_traceback(error)  # noqa: B904  the same error
    finally:
        wire.close()


async def run_steps_async(
    caller: Caller, clients: Clients, context: Context, *, stream: bool
) -> AsyncIterator[ReadingDelta]:
    """Run a conversation to its end, awaiting; yield its deltas."""
    steps = converse(caller, context, stream=stream)
    wire = AsyncWire(clients)
    try:
        step = advance(steps, None)
        while step is not None:
            if isinstance(step, ReadingDelta):
                yield step
                step = advance(steps, None)
            else:
                step = advance(steps, await wire.do(step))
    except ReaderError as error:
        raise _cut_traceback(error)  # noqa: B904  the same error
    finally:
        await wire.close()


def run_requests(steps: Generator[Step, Outcome, T], clients: Clients) -> T:
    """Run steps that bring a value, blocking; return it."""
    wire = Wire(clients)
    try:
        step = next(steps)
        while True:
            outcome = wire.do(cast("Send", step))
            step = steps.throw(outcome) if isinstance(outcome, ReaderError) else steps.send(outcome)
    except StopIteration as end:
        return cast("T", end.value)
    except ReaderError as error:
        raise _cut_traceback(error)  # noqa: B904  the same error
    finally:
        wire.close()


async def run_requests_async(steps: Generator[Step, Outcome, T], clients: Clients) -> T:
    """Run steps that bring a value, awaiting; return it."""
    wire = AsyncWire(clients)
    try:
        step = next(steps)
        while True:
            outcome = await wire.do(cast("Send", step))
            step = steps.throw(outcome) if isinstance(outcome, ReaderError) else steps.send(outcome)
    except StopIteration as end:
        return cast("T", end.value)
    except ReaderError as error:
        raise _cut_traceback(error)  # noqa: B904  the same error
    finally:
        await wire.close()


class Wire:
    """Does a conversation's steps over httpx2, blocking."""

    def __init__(self, clients: Clients) -> None:
        self._client, self._endpoint = clients.get_client(), clients.endpoint
        self._meter = clients.make_meter()
        self._response: httpx2.Response | None = None
        self._chunks: Iterator[bytes] = iter(())

    def do(self, step: Send | NextChunk | Finish | Wait) -> Outcome:
        """Do one step; errors are returned, not raised."""
        if isinstance(step, Wait):
            time.sleep(step.seconds)
            return None
        try:
            with self._meter.measure():
                if isinstance(step, NextChunk):
                    return self._read_chunk()
                if isinstance(step, Finish):
                    self._finish()
                    return None
                return self._send(step)
        except (ReaderError, *_FOREIGN) as error:
            return translate_error(error, endpoint=self._endpoint)
        except BaseException as error:
            raise forget_frames(error)  # noqa: B904  the same error, without what httpx2 held

    def close(self) -> None:
        """Close a stream that is still open."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def _send(self, step: Send) -> HttpAnswer:
        self.close()
        self._meter.begin()
        request = build_http_request(self._client, self._endpoint, step)
        request.extensions["trace"] = watch_connection
        response = self._client.send(request, stream=True)
        self._response, self._chunks = response, response.iter_raw()
        self._meter.read_encoding(response.headers)
        if step.stream and response.status_code == 200:
            return HttpAnswer(status=200, headers=response.headers)
        body = b"".join(iter(self._read_chunk, b""))
        self.close()
        return HttpAnswer(status=response.status_code, headers=response.headers, body=body)

    def _read_chunk(self) -> bytes:
        """Return the next bytes of the body; none at its end."""
        for chunk in self._chunks:
            if plain := self._meter.unpack(chunk):
                return plain
        return b""

    def _finish(self) -> None:
        self._meter.end_within(_LAST_WAIT_S)
        with suppress(ReaderError, *_FOREIGN):
            while self._read_chunk():
                pass
        self.close()


class AsyncWire:
    """Does a conversation's steps over httpx2, awaiting."""

    def __init__(self, clients: Clients) -> None:
        self._client, self._endpoint = clients.get_async_client(), clients.endpoint
        self._meter = clients.make_meter()
        self._response: httpx2.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None

    async def do(self, step: Send | NextChunk | Finish | Wait) -> Outcome:
        """Do one step; errors are returned, not raised."""
        if isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
            return None
        try:
            with self._meter.measure():
                if isinstance(step, NextChunk):
                    return await self._read_chunk()
                return await (self._finish() if isinstance(step, Finish) else self._send(step))
        except (ReaderError, *_FOREIGN) as error:
            return translate_error(error, endpoint=self._endpoint)
        except BaseException as error:
            raise forget_frames(error)  # noqa: B904  the same error, without what httpx2 held

    async def close(self) -> None:
        """Close a stream that is still open."""
        if self._response is not None:
            await self._response.aclose()
            self._response = None

    async def _send(self, step: Send) -> HttpAnswer:
        await self.close()
        self._meter.begin()
        request = build_http_request(self._client, self._endpoint, step)
        request.extensions["trace"] = watch_connection_async
        response = await self._client.send(request, stream=True)
        self._response, self._chunks = response, response.aiter_raw()
        self._meter.read_encoding(response.headers)
        if step.stream and response.status_code == 200:
            return HttpAnswer(status=200, headers=response.headers)
        pieces = []
        while piece := await self._read_chunk():
            pieces.append(piece)
        await self.close()
        return HttpAnswer(status=response.status_code, headers=response.headers, body=b"".join(pieces))

    async def _read_chunk(self) -> bytes:
        """Return the next bytes of the body; none at its end."""
        if self._chunks is not None:
            async for chunk in self._chunks:
                if plain := self._meter.unpack(chunk):
                    return plain
        return b""

    async def _finish(self) -> None:
        self._meter.end_within(_LAST_WAIT_S)
        with suppress(ReaderError, *_FOREIGN):
            while await self._read_chunk():
                pass
        await self.close()


def build_http_request(
    client: httpx2.Client | httpx2.AsyncClient, endpoint: Endpoint, step: Send
) -> httpx2.Request:
    """Build httpx2's request for a step; the client adds the credentials."""
    base = endpoint.base_url
    url = (base.removesuffix("/v1") if step.is_root else base) + step.path
    headers = {name: value for name, value in write_headers().items() if name not in client.headers}
    if step.body is None:
        return client.build_request("GET", url, headers=headers)
    headers["Content-Type"] = "application/json"
    return client.build_request("POST", url, headers=headers, content=step.body)


def _cut_traceback(error: ReaderError) -> ReaderError:
    """Return an error without the frames that hold the server's words, which may repeat what it was sent."""
    if error.__cause__ is not None:
        error.__cause__ = error.__cause__.with_traceback(None)
    return error.with_traceback(None)


def forget_frames(error: BaseException) -> BaseException:
    """Return an error without the frames below ours, which hold the request, and without what those raised first."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def translate_error(error: Exception, *, endpoint: Endpoint) -> ReaderError:
    """Return one of our errors for one of httpx2's; its cause is of the same class, with no more than its words."""
    where = endpoint.safe_url
    said = endpoint.quote(str(error) or type(error).__name__)
    mine: ReaderError
    if isinstance(error, ReaderError):
        mine = error
    elif isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        mine = ReaderUnavailable(f"no server at {where}: {said}. Is it running? Try: vllm serve <model>")
    elif isinstance(error, httpx2.TimeoutException):
        seconds = error.request.extensions.get("timeout", {}).get("read")
        mine = ReaderUnavailable(
            f"no answer from {where} within {seconds} s. Is it overloaded? Send less, or raise timeout_s"
        )
    elif isinstance(error, (httpx2.UnsupportedProtocol, httpx2.InvalidURL, UnicodeError)):
        mine = ReaderRefused(f"{where} is no address of a server: {said}. Try 'http://127.0.0.1:8000/v1'")
    else:
        mine = ReaderUnavailable(f"{where} broke off the connection: {said}. The server's log says why")
    forget_frames(mine)
    if isinstance(error, httpx2.HTTPError):
        mine.__cause__ = type(error)(said)
    return mine
