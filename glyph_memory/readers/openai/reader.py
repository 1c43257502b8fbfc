"""`OpenAIReader`: read contexts with any server that speaks OpenAI's chat completions.

vLLM, SGLang, llama.cpp's server, `transformers serve`, OpenAI itself. Wiring only: what is said stands in
`request`, `reply` and `failures`, in which order in `exchange`, and over what in `wire`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import NoReturn, cast
from urllib.parse import urlsplit

from glyph_memory.context import Context
from glyph_memory.errors import show_value
from glyph_memory.readers.openai.connect import (
    CONNECT_TIMEOUT_S,
    MAX_REPLY_BYTES,
    TOTAL_TIMEOUT_S,
    open_clients,
)
from glyph_memory.readers.openai.discovery import ask_what_is_served
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.exchange import Caller
from glyph_memory.readers.openai.options import check_options, copy_fields
from glyph_memory.readers.openai.request import ImageUuids, Limits, Sampling
from glyph_memory.readers.openai.served import ServedModel
from glyph_memory.readers.reader import Reader, Reading, ReadingDelta, Usage, take_reading
from glyph_memory.readers.taking import check_context
from glyph_memory.readers.tracing import ReaderCall, trace_steps, trace_steps_async


class OpenAIReader(Reader):
    """A reader that asks an OpenAI-compatible server.

    Connections are kept and reused; `close` or `with` gives them back. One reader may be shared among
    threads, and among event loops.

    Args:
        base_url: The server's address up to and including `/v1`.
        model: The model's name. `None` takes the first that `/v1/models` lists, or sends none where it lists
            none.
        api_key: Sent as a bearer token. Never repeated in an error, a log line or a traceback.
        max_tokens: Most tokens to write, reasoning included; the server's own limit where `None`.
        temperature: 0 by default; `None` leaves it to the server.
        seed: Sent where given.
        extra_body: Further fields of the request, such as vLLM's `cache_salt`. A server may refuse those it
            does not know; the error then names them.
        special_tokens: The model's special tokens, in addition to those that `defuse` knows; wherever they
            stand in text that is sent, a visible backslash breaks them.
        image_uuids: Whether an image's `uuid` is sent, and an image sent before is sent again by its uuid
            alone. `"auto"` does so where the server says that it is vLLM.
        max_images: Most images in one request; a context with more is not sent.
        max_request_bytes: Most bytes of one request; more is not sent.
        timeout_s: How long the server may be silent. Without a stream that is the whole answer, hence 300 s.
        connect_timeout_s: How long connecting may take.
        total_timeout_s: How long an answer may take from the request to its last byte, however busy the server
            keeps; an hour unless given, `None` for no limit.
        max_reply_bytes: Most bytes of an answer, as it comes and as it is unpacked; 64 MiB unless given, some
            200,000 tokens of a stream. `None` for no limit.
        retries: How often to ask again after an error whose class is `retryable`.
        backoff_s: The wait before the first retry; doubled each time, up to an hour. A server's `Retry-After` is kept
            up to 30 s.
        headers: Sent with every request, and hidden as the key is.

    Raises:
        ReaderUnavailable: No server, no answer in time, HTTP 429 or 5xx (`ServerBusy` where the server named
            a time), or half a stream (`BrokenStream`, which carries the half).
        ReaderOverflow: More tokens, images or bytes than the model, the server or the limits above take.
        ReaderRefused: The key, the model's name, a field, or images as such. An address, key, header or option that
            cannot work, when the reader is made.
        BadReading: The answer is no chat completion, or beyond `total_timeout_s` or `max_reply_bytes`.

    Example:
        >>> from glyph_memory.testing import FakeVLMServer
        >>> with FakeVLMServer(answer=lambda request: "14:05") as server:
        ...     with OpenAIReader(server.base_url) as reader:
        ...         reader.read(Context.of("When did it start?", pages=[])).text
        '14:05'
    """

    def __init__(
        self,
        base_url: str,
        *,
        model: str | None = None,
        api_key: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = 0.0,
        seed: int | None = None,
        extra_body: Mapping[str, object] | None = None,
        special_tokens: Sequence[str] = (),
        image_uuids: ImageUuids = "auto",
        max_images: int | None = None,
        max_request_bytes: int | None = None,
        timeout_s: float = 300.0,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        total_timeout_s: float | None = TOTAL_TIMEOUT_S,
        max_reply_bytes: int | None = MAX_REPLY_BYTES,
        retries: int = 2,
        backoff_s: float = 0.5,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        endpoint = Endpoint.parse(base_url, api_key=api_key, headers=headers)
        del base_url, api_key, headers  # what raises from here on shows none of them
        from glyph_memory.readers.openai import wire  # noqa: PLC0415 - an HTTP client is loaded with the first reader

        fields = copy_fields(extra_body)
        del extra_body  # as those
        check_options(
            fields=fields, model=model, max_tokens=max_tokens, temperature=temperature, seed=seed,
            special_tokens=special_tokens, image_uuids=image_uuids, max_images=max_images,
            max_request_bytes=max_request_bytes, retries=retries, backoff_s=backoff_s,
        )  # fmt: skip
        self._caller = Caller(
            endpoint=endpoint,
            model=model,
            sampling=Sampling(
                max_tokens=max_tokens,
                temperature=temperature,
                seed=seed,
                extra_body=cast("dict[str, object]", fields),
            ),
            limits=Limits(max_images=max_images, max_request_bytes=max_request_bytes),
            special_tokens=tuple(special_tokens),
            image_uuids=image_uuids,
            retries=retries,
            backoff_s=backoff_s,
            clock=time.perf_counter,
        )
        self._wire = wire
        self._clients = open_clients(
            endpoint, timeout_s=timeout_s, connect_timeout_s=connect_timeout_s,
            total_timeout_s=total_timeout_s, max_reply_bytes=max_reply_bytes,
        )  # fmt: skip

    def __repr__(self) -> str:
        if not hasattr(self, "_caller"):  # an option was refused; a debugger shows what is half made
            return "OpenAIReader(…)"
        return f"OpenAIReader({self._caller.endpoint.safe_url}, model={show_value(self._caller.model)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an OpenAIReader holds connections and is not pickled or copied; make one where it is needed"
        )

    def read(self, context: Context) -> Reading:
        """Ask, and wait for the whole answer."""
        return take_reading(list(self._run(context)))

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Ask, and yield the answer as it is written; the last piece carries the whole reading."""
        return self._run(context, stream=True)

    async def aread(self, context: Context) -> Reading:
        """Do what `read` does, without blocking the event loop."""
        return take_reading([delta async for delta in self._arun(context)])

    async def astream(self, context: Context) -> AsyncIterator[ReadingDelta]:
        """Do what `stream` does, without blocking the event loop."""
        async for delta in self._arun(context, stream=True):
            yield delta

    def warm(self, context: Context) -> Usage:
        """Have the server read what stays of a context, `Context.stable_prefix`, by a request for one token.

        It pays where the server keeps what it read: vLLM and SGLang do, and llama.cpp's server for its last requests.

        Raises:
            ReaderError: As `read`.
        """
        prefix = check_context(context).stable_prefix()
        if prefix is None:
            return Usage()
        return take_reading(list(self._run(prefix, is_warming=True))).usage

    async def awarm(self, context: Context) -> Usage:
        """Do what `warm` does, without blocking the event loop."""
        prefix = check_context(context).stable_prefix()
        if prefix is None:
            return Usage()
        return take_reading([delta async for delta in self._arun(prefix, is_warming=True)]).usage

    def served_model(self) -> ServedModel:
        """Return what the server serves: the model, its window, what else it says.

        Raises:
            ReaderUnavailable: Nobody is there.
            ReaderRefused: The key is wrong.
        """
        steps = ask_what_is_served(self._caller.endpoint, self._caller.model)
        return self._wire.run_requests(steps, self._clients)

    async def aserved_model(self) -> ServedModel:
        """Do what `served_model` does, without blocking the event loop."""
        steps = ask_what_is_served(self._caller.endpoint, self._caller.model)
        return await self._wire.run_requests_async(steps, self._clients)

    def _run(
        self, context: Context, *, stream: bool = False, is_warming: bool = False
    ) -> Iterator[ReadingDelta]:
        caller = self._caller.with_one_token() if is_warming else self._caller
        steps = self._wire.run_steps(caller, self._clients, context, stream=stream)
        return trace_steps(_describe(caller, stream=stream, is_warming=is_warming), context, steps)

    def _arun(
        self, context: Context, *, stream: bool = False, is_warming: bool = False
    ) -> AsyncIterator[ReadingDelta]:
        caller = self._caller.with_one_token() if is_warming else self._caller
        steps = self._wire.run_steps_async(caller, self._clients, context, stream=stream)
        return trace_steps_async(_describe(caller, stream=stream, is_warming=is_warming), context, steps)

    def close(self) -> None:
        """Close the blocking calls' connections; a later call opens new ones."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close all connections of this event loop and of the blocking calls."""
        await self._clients.aclose()

    def __enter__(self) -> OpenAIReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> OpenAIReader:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _describe(caller: Caller, *, stream: bool, is_warming: bool) -> ReaderCall:
    """Return what may be told of a call: of the address, host and port alone."""
    address, sampling = urlsplit(caller.endpoint.base_url), caller.sampling
    return ReaderCall(
        provider="openai",
        model=lambda: caller.model or (caller.cards[0].model if caller.cards else None),
        is_stream=stream,
        is_warming=is_warming,
        max_tokens=sampling.max_tokens,
        temperature=sampling.temperature,
        host=address.hostname,
        port=address.port,
    )
