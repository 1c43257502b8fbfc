"""`Recalling`: an answer whose model may recall: its calls are answered here, and the client sees one answer.

Knows HTTP and the loop that says what is asked next.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx2

from glyph_memory.serve.dialects.image_data import encode_body
from glyph_memory.serve.edge.errors import spell_error
from glyph_memory.serve.proxy.exchange import (
    UpstreamFailure,
    UpstreamRequest,
    make_failure,
    open_answer,
    read_error,
    send_whole,
)
from glyph_memory.serve.proxy.headers import list_answer_headers
from glyph_memory.serve.proxy.progress import Progress
from glyph_memory.serve.proxy.usage import UsageWatch
from glyph_memory.serve.recall import RecallLoop

_BROKEN = "the model recalled something, and its server then answered {status}: try again"


class Recalling:
    """The answers to one request, as one.

    Args:
        progress: The request.
        asked: What was asked of the upstream.
        client: Asks it again.
        body: What was asked, as JSON.
        run: Runs work in a thread.
    """

    def __init__(
        self,
        progress: Progress,
        asked: UpstreamRequest,
        client: httpx2.AsyncClient,
        body: Mapping[str, Any],
        *,
        run: Callable[[Callable[[], bool]], Awaitable[bool]],
    ) -> None:
        prepared = progress.prepared
        folded = prepared.folded if prepared else None
        if prepared is None or folded is None or folded.folded is None:
            raise ValueError("nothing was folded, so there is nothing to recall")
        self._loop = RecallLoop(body, dialect=progress.dialect.name, folded=folded.folded)
        self._progress, self._asked, self._client, self._run = progress, asked, client, run
        self._images = prepared.images

    async def hand_on(self, answer: httpx2.Response, began: float) -> None:
        """Hand an answer on, and those that follow when the model recalls."""
        progress = self._progress
        progress.sent.status = answer.status_code
        if progress.body.is_stream:
            await self._hand_stream_on(answer, began)
        else:
            await self._hand_whole_on(answer, began)

    async def _hand_whole_on(self, answer: httpx2.Response, began: float) -> None:
        progress, last, data = self._progress, answer, await _read_all(answer, self._asked)
        progress.sent.first_byte_s = time.perf_counter() - began
        self._loop.read_whole(data)
        while last.status_code < 400 and await self._run(self._loop.go_on):
            async with open_answer(self._client, self._ask_next()) as last:
                data = await _read_all(last, self._asked)
            self._loop.read_whole(data)
        self._watch().see(data)
        headers = list_answer_headers(last.headers.raw, more=progress.list_headers())
        progress.sent.status, progress.sent.is_whole = last.status_code, True
        await send_whole(progress.send, last.status_code, headers, data)

    async def _hand_stream_on(self, answer: httpx2.Response, began: float) -> None:
        progress, send = self._progress, self._progress.send
        headers = list_answer_headers(answer.headers.raw, more=progress.list_headers())
        headers = [(name, value) for name, value in headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        if not await self._stream(answer, began):
            return
        while await self._run(self._loop.go_on):
            try:
                async with open_answer(self._client, self._ask_next()) as following:
                    if following.status_code >= 400:
                        await read_error(following)
                        raise UpstreamFailure(502, _BROKEN.format(status=following.status_code))
                    if not await self._stream(following, began):
                        return
            except UpstreamFailure as failure:
                await self._send(self._spell_failure(failure))
                break
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        progress.sent.is_whole = True

    async def _stream(self, answer: httpx2.Response, began: float) -> bool:
        """Hand a stream on; return whether it came to its end."""
        watch = self._watch()
        try:
            async for chunk in answer.aiter_raw():
                if self._progress.sent.first_byte_s is None:
                    self._progress.sent.first_byte_s = time.perf_counter() - began
                watch.see(chunk)
                await self._send(self._loop.see(chunk))
        except httpx2.HTTPError:
            return False
        await self._send(self._loop.finish())
        return True

    async def _send(self, data: bytes) -> None:
        if data:
            await self._progress.send({"type": "http.response.body", "body": data, "more_body": True})

    def _watch(self) -> UsageWatch:
        """Return a new watch: the last answer's tokens are those that count."""
        watch = UsageWatch(self._progress.dialect, is_stream=self._progress.body.is_stream)
        self._progress.watch, self._progress.recalls = watch, self._loop.rounds
        return watch

    def _ask_next(self) -> UpstreamRequest:
        return replace(self._asked, body=encode_body(self._loop.body, self._images))

    def _spell_failure(self, failure: UpstreamFailure) -> bytes:
        """Return an event that tells of an answer that could not go on, as the client's library reads it."""
        path = str(self._progress.scope["path"])
        name = b"" if self._progress.dialect.name == "chat" else b"event: error\n"
        return name + b"data: " + spell_error(path, failure.status, failure.message) + b"\n\n"


async def _read_all(answer: httpx2.Response, asked: UpstreamRequest) -> bytes:
    try:
        return b"".join([chunk async for chunk in answer.aiter_raw()])
    except httpx2.HTTPError as error:
        raise make_failure(error, asked.upstream) from error
