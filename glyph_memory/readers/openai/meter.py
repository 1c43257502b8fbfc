"""Measure what a server sends, byte by byte and second by second, and stop at a limit: headers, body, unpacked body.

httpx2 limits each silence, not an answer. It tells of each connection that it opens, though (its `trace` extension),
and whoever reads from that connection is measured here. Knows bytes and seconds; knows nothing about what they mean.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from glyph_memory.errors import BadReading

_PIECE_BYTES = 1 << 16
"""Between two looks at the clock while a request is sent."""
_TICK_S = 0.01
"""By so much a wait may end early."""
_PACKED = {"gzip", "x-gzip", "deflate"}
_PACKED_OTHERWISE = {"br", "zstd", "compress", "x-compress"}

_measuring: ContextVar[Meter | None] = ContextVar("_measuring", default=None)
"""Who measures what this thread or task reads."""


class OverLimit(BadReading):
    """An answer that is larger or slower than a limit of ours; asking again would bring no other."""


class Meter:
    """Measures one answer at a time.

    Args:
        where: The server's address, for errors.
        max_bytes: Most bytes of an answer, headers included, as they come and as they are unpacked.
        total_s: Most seconds from sending a request to the answer's last byte; `None` for no limit.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        *,
        where: str,
        max_bytes: int | None,
        total_s: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._where, self._max_bytes, self._total_s, self._clock = where, max_bytes, total_s, clock
        self._ends_at: float | None = None
        self.begin()

    def begin(self) -> None:
        """Measure from here: another request."""
        self._received = self._unpacked = 0
        self._unpack: Callable[[bytes], bytes] | None = None
        self._ends_at = None if self._total_s is None else self._clock() + self._total_s

    def end_within(self, seconds: float) -> None:
        """Take no more than some seconds for what is left."""
        ends_at = self._clock() + seconds
        self._ends_at = ends_at if self._ends_at is None else min(ends_at, self._ends_at)

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Measure what is read and written inside the block."""
        token = _measuring.set(self)
        try:
            yield
        finally:
            _measuring.reset(token)

    def limit_wait(self, timeout: float | None) -> float | None:
        """Return how long a single wait may take.

        Raises:
            OverLimit: The time is over.
        """
        if self._ends_at is None:
            return timeout
        self.check_time()
        left_s = self._ends_at - self._clock()
        return left_s if timeout is None else min(timeout, left_s)

    def check_time(self) -> None:
        """Do nothing while there is time.

        Raises:
            OverLimit: The time is over.
        """
        if self._ends_at is not None and self._clock() >= self._ends_at - _TICK_S:
            raise OverLimit(
                f"the answer of {self._where} took longer than total_timeout_s={self._total_s or 0:g}. "
                "Ask for less, by max_tokens, or raise total_timeout_s"
            )

    def count(self, data: bytes) -> bytes:
        """Count bytes that came; return them.

        Raises:
            OverLimit: They are too many.
        """
        self._received += len(data)
        self._check(self._received)
        return data

    def read_encoding(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers how its body is packed.

        Raises:
            BadReading: In a way that was not asked for, and that is not known here.
        """
        words = headers.get("content-encoding", "").lower().split(",")
        codings = [word for word in map(str.strip, words) if word in _PACKED | _PACKED_OTHERWISE]
        if not codings:
            return
        if len(codings) > 1 or codings[0] in _PACKED_OTHERWISE:
            raise BadReading(
                f"{self._where} packed its answer with {', '.join(codings)}, which was not asked for. "
                "Is a proxy between? It should pass answers on as they are"
            )
        unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as its first bytes say

        def unpack(data: bytes) -> bytes:
            most = 0 if self._max_bytes is None else self._max_bytes - self._unpacked + 1
            try:
                return unpacker.decompress(data, most)
            except zlib.error as error:
                raise BadReading(
                    f"{self._where} answered bytes that its own headers misdescribe: {str(error)!r}. "
                    "Is a proxy between?"
                ) from None

        self._unpack = unpack

    def unpack(self, data: bytes) -> bytes:
        """Return a piece of a body, unpacked.

        Raises:
            OverLimit: It unfolds to more than an answer may have.
            BadReading: It is not packed as the headers say.
        """
        plain = data if self._unpack is None else self._unpack(data)
        self._unpacked += len(plain)
        self._check(self._unpacked)
        return plain

    def _check(self, size: int) -> None:
        if self._max_bytes is not None and size > self._max_bytes:
            raise OverLimit(
                f"the answer of {self._where} is larger than max_reply_bytes={self._max_bytes}. "
                "Is base_url a chat server's? Else raise max_reply_bytes"
            )


def watch_connection(event: str, told: Mapping[str, Any]) -> None:
    """Measure what goes over a connection that httpx2 has just opened; its `trace` extension tells of it."""
    if not event.endswith(_OPENED):
        return
    stream = told["return_value"]
    read, write = stream.read, stream.write

    def read_measured(max_bytes: int, timeout: float | None = None) -> bytes:
        with _waiting(timeout) as (meter, most_s):
            data: bytes = read(max_bytes, most_s)
        return data if meter is None else meter.count(data)

    def write_measured(buffer: bytes, timeout: float | None = None) -> None:
        for piece in _cut(buffer):
            with _waiting(timeout) as (_, most_s):
                write(piece, most_s)

    vars(stream).update(read=read_measured, write=write_measured)


async def watch_connection_async(event: str, told: Mapping[str, Any]) -> None:
    """Do what `watch_connection` does, for a connection that is awaited."""
    if not event.endswith(_OPENED):
        return
    stream = told["return_value"]
    read, write = stream.read, stream.write

    async def read_measured(max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  httpcore2's own
        with _waiting(timeout) as (meter, most_s):
            data: bytes = await read(max_bytes, most_s)
        return data if meter is None else meter.count(data)

    async def write_measured(buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  as above
        for piece in _cut(buffer):
            with _waiting(timeout) as (_, most_s):
                await write(piece, most_s)

    vars(stream).update(read=read_measured, write=write_measured)


_OPENED = ("connect_tcp.complete", "start_tls.complete")


@contextmanager
def _waiting(timeout: float | None) -> Iterator[tuple[Meter | None, float | None]]:
    """Yield who measures, and how long a wait may take; where it ends because the time is over, say so."""
    meter = _measuring.get()
    if meter is None:
        yield None, timeout
        return
    try:
        yield meter, meter.limit_wait(timeout)
    except Exception:
        meter.check_time()  # a wait that was cut short times out as one that was not
        raise


def _cut(buffer: bytes) -> Iterator[bytes]:
    return (buffer[at : at + _PIECE_BYTES] for at in range(0, len(buffer), _PIECE_BYTES))
