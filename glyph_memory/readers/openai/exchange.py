"""Hold a conversation with a server: find its model, ask, ask again, and take in the answer.

A generator that yields what is to be done next and is handed what came of it; it opens no connection, reads
no clock of its own and never sleeps. `wire` does those things, once for sync and once for async callers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, cast

from glyph_memory.context import Context
from glyph_memory.errors import BadReading, ReaderError, ReaderUnavailable
from glyph_memory.locks import ForkSafeLock
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.failures import is_cache_miss, make_error
from glyph_memory.readers.openai.json_values import parse_object, read_mapping, read_name
from glyph_memory.readers.openai.meter import OverLimit
from glyph_memory.readers.openai.reply import parse_reply
from glyph_memory.readers.openai.request import (
    ChatRequest,
    ImageUuids,
    Limits,
    Sampling,
    SentImages,
    build_request,
)
from glyph_memory.readers.openai.stream import StreamParser
from glyph_memory.readers.reader import BrokenStream, ReadingDelta, ServerBusy, Timing
from glyph_memory.readers.taking import check_context

_LONGEST_WAIT_S = 30.0
_LONGEST_BACKOFF_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Send:
    """A step: send a request and return its `HttpAnswer`; a stream stays open, for `NextChunk` to read on."""

    path: str
    """Below the base URL."""
    body: bytes | None = field(default=None, repr=False)
    """JSON to POST; `None` for a GET."""
    stream: bool = False
    """Whether a 200 is to be left open."""
    is_root: bool = False
    """Whether the path is below the server's root, not below `/v1`."""


@dataclass(frozen=True)
class NextChunk:
    """A step: return the open stream's next bytes, none at its end."""


@dataclass(frozen=True)
class Finish:
    """A step: the answer is there; read the open stream's end, but wait for it no longer than a moment."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """A step: wait."""

    seconds: float
    """How much."""


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """What a server answered."""

    status: int
    """HTTP's status code."""
    headers: Mapping[str, str]
    """Names without regard to case."""
    body: bytes = field(default=b"", repr=False)
    """The whole body; empty for a stream left open."""


Step = Send | NextChunk | Finish | Wait | ReadingDelta
Outcome = HttpAnswer | bytes | ReaderError | None
Steps = Generator[Step, Outcome, None]


class ServerInfo(NamedTuple):
    """What `/v1/models` says about a server."""

    model: str | None = None
    is_vllm: bool = False


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One reader's settings, and what it has learnt about its server; shared by all its conversations."""

    endpoint: Endpoint
    model: str | None
    sampling: Sampling
    limits: Limits
    special_tokens: tuple[str, ...]
    image_uuids: ImageUuids
    retries: int
    backoff_s: float
    clock: Callable[[], float]
    """Seconds, monotonic."""
    sent: SentImages = field(default_factory=SentImages)
    cards: list[ServerInfo] = field(default_factory=list)
    """The server's card, once it is known or has done without one; it never changes from then on."""
    lock: ForkSafeLock = field(default_factory=partial(ForkSafeLock, is_brief=True))

    def with_one_token(self) -> Caller:
        """Return a caller that has one token written, and shares all that this one learns about its server."""
        return replace(self, sampling=self.sampling.with_one_token())


def converse(caller: Caller, context: Context, *, stream: bool) -> Steps:
    """Ask, and retry where that may help; yield deltas, the last one with the whole reading.

    Raises:
        ReaderError: No answer. A broken stream is begun anew only while nothing of it was given out.
    """
    check_context(context)
    for attempt in range(caller.retries + 1):
        try:
            yield from _ask(caller, context, stream=stream)
            return
        except ReaderError as error:
            wait_s = _choose_wait(error, attempt=attempt, caller=caller)
            if wait_s is None:
                if attempt:
                    error.add_note(f"asked {attempt + 1} times")
                raise
        yield Wait(seconds=wait_s)


def advance(steps: Steps, outcome: Outcome) -> Step | None:
    """Send the outcome of its last step to a conversation; return its next step, `None` at its end."""
    try:
        return steps.throw(outcome) if isinstance(outcome, ReaderError) else steps.send(outcome)
    except StopIteration:
        return None


def _choose_wait(error: ReaderError, *, attempt: int, caller: Caller) -> float | None:
    """Return how many seconds to wait before asking again; `None` for never."""
    if not error.retryable or attempt >= caller.retries:
        return None
    if isinstance(error, BrokenStream) and (error.partial.text or error.partial.reasoning):
        return None
    wait_s: float = min(caller.backoff_s * 2.0**attempt, _LONGEST_BACKOFF_S)
    asked_s = error.retry_after_s if isinstance(error, ServerBusy) else None
    if asked_s is not None and asked_s > _LONGEST_WAIT_S:
        return None  # Nobody waits that long within a call; the caller finds `retry_after_s` on the error.
    return max(wait_s, asked_s or 0.0)


def _ask(caller: Caller, context: Context, *, stream: bool) -> Steps:
    card = yield from _fetch_server_info(caller, context)
    request = _request(caller, context, card, stream=stream, known=True)
    began = caller.clock()
    answer = yield from _send(request, stream=stream)
    if request.omitted and is_cache_miss(answer.status, answer.body):
        caller.sent.forget(request.uuids)
        request = _request(caller, context, card, stream=stream, known=False)
        answer = yield from _send(request, stream=stream)
    if answer.status != 200:
        raise make_error(answer.status, answer.headers, answer.body, endpoint=caller.endpoint)
    caller.sent.remember(request.uuids)
    if _asks_for_uuids(caller, context):
        _keep_server_info(caller, card)
    if stream:
        yield from _read_stream(caller, answer, began=began)
    else:
        reading = parse_reply(answer.body, endpoint=caller.endpoint)
        timing = Timing(total_s=caller.clock() - began)
        yield ReadingDelta(reading=replace(reading, timing=timing))


def _send(request: ChatRequest, *, stream: bool) -> Generator[Step, Outcome, HttpAnswer]:
    return cast("HttpAnswer", (yield Send(path="/chat/completions", body=request.body, stream=stream)))


def _request(caller: Caller, context: Context, card: ServerInfo, *, stream: bool, known: bool) -> ChatRequest:
    uuids = [part.uuid for part in context.images if part.uuid]
    return build_request(
        context,
        model=caller.model or card.model,
        sampling=caller.sampling,
        limits=caller.limits,
        special_tokens=caller.special_tokens,
        takes_uuids=caller.image_uuids == "always" or (caller.image_uuids == "auto" and card.is_vllm),
        known_uuids=caller.sent.find_known(uuids) if known else frozenset(),
        stream=stream,
    )


def _read_stream(caller: Caller, answer: HttpAnswer, *, began: float) -> Steps:
    kind = answer.headers.get("content-type", "")
    if "text/event-stream" not in kind.lower():
        raise BadReading(
            f"{caller.endpoint.safe_url} answered {caller.endpoint.quote(kind)} instead of a stream. "
            "Is base_url a chat server's? Use read() where a server does not stream"
        )
    parser = StreamParser(endpoint=caller.endpoint)
    first_s: float | None = None
    cause: ReaderUnavailable | OverLimit | None = None
    try:
        while chunk := cast("bytes", (yield NextChunk())):
            deltas = parser.feed(chunk)
            if deltas and first_s is None:
                first_s = caller.clock() - began
            yield from deltas
            if parser.is_done:
                break
        yield from parser.close()
    except (ReaderUnavailable, OverLimit) as error:
        cause = error
    yield from parser.flush()
    reading = parser.build_reading(Timing(first_token_s=first_s, total_s=caller.clock() - began))
    if not parser.is_complete:
        if isinstance(cause, OverLimit):
            raise cause
        said = (
            str(cause)
            if cause
            else f"{caller.endpoint.safe_url} ended its stream without a finish reason. Ask again"
        )
        raise BrokenStream(
            f"half an answer, {len(reading.text)} characters: {said}", partial=reading
        ) from cause
    # A connection that breaks after the finish reason has brought the whole answer, if not its usage.
    yield ReadingDelta(reading=reading)
    if parser.is_done:
        yield Finish()


def _fetch_server_info(caller: Caller, context: Context) -> Generator[Step, Outcome, ServerInfo]:
    """Ask once what the server serves; if it does not say, requests name no model."""
    if caller.model and not _asks_for_uuids(caller, context):
        return ServerInfo()
    with caller.lock:
        if caller.cards:
            return caller.cards[0]
    answer = cast("HttpAnswer", (yield Send(path="/models")))
    card = _parse_server_info(answer.body) if answer.status == 200 else ServerInfo()
    if answer.status not in {429, 502, 503, 504}:  # these will say more another time
        _keep_server_info(caller, card)
    return card


def _asks_for_uuids(caller: Caller, context: Context) -> bool:
    """Return whether the server's card decides if uuids are sent."""
    return caller.image_uuids == "auto" and any(part.uuid for part in context.images)


def _keep_server_info(caller: Caller, card: ServerInfo) -> None:
    """Hold to what a first answer was got with: vLLM shares no prefix between requests with uuids and without."""
    with caller.lock:
        if not caller.cards:
            caller.cards.append(card)


def _parse_server_info(body: bytes) -> ServerInfo:
    listed = read_mapping(parse_object(body)).get("data")
    first = read_mapping(listed[0]) if isinstance(listed, list) and listed else {}
    model, owner = read_name(first.get("id")), first.get("owned_by")
    if model is None or owner == model.rpartition("/")[0]:
        return ServerInfo()  # `transformers serve` lists what lies in the Hub's cache, not what it serves
    return ServerInfo(model=model, is_vllm=owner == "vllm")
