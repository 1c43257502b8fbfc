"""An answer without an end ends: in bytes, unpacked bytes and seconds, with one line that names the dial."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from glyph_memory.context import Context
from glyph_memory.errors import BadReading, ReaderError
from glyph_memory.readers import OpenAIReader, Reading, ReadingDelta, afind_served_model, find_served_model
from glyph_memory.readers.openai.meter import Meter, OverLimit
from glyph_memory.readers.openai.stream import EventDecoder
from glyph_memory.readers.reasoning import Splitter
from glyph_memory.testing import FakeVLMServer
from tests.readers.raw_server import Answer, RawServer, http, open_stream, repeat

Ask = Callable[[OpenAIReader, Context], Reading]
Listen = Callable[[OpenAIReader, Context], list[ReadingDelta]]

QUESTION = Context.of("When?", pages=[])
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
EVENT = '{"choices": [{"delta": {"content": "a"}}]}'
LAST_EVENT = '{"choices": [{"delta": {"content": "b"}, "finish_reason": "stop"}]}'
MIB = 1 << 20
SOCKETS_BYTES = 32 * MIB
"""More than the system keeps on the way between two sockets."""


def make_reader(server: RawServer, *, total_timeout_s: float | None = 60.0) -> OpenAIReader:
    """Return a reader that takes a mebibyte and asks once."""
    return OpenAIReader(
        server.base_url, model="m", retries=0, max_reply_bytes=MIB, total_timeout_s=total_timeout_s
    )


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Return 64 KiB of gzip that unfold to 64 MiB."""
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, 31), bytes(MIB)
    return b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Oh"])
def test_a_body_without_an_end_is_refused(ask: Ask, status: str) -> None:
    """Of an answer as of an error, and no more of it is read than the limit and what was on its way."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n".encode()
    with RawServer(repeat(head, b"x" * 65_536)) as server:
        with pytest.raises(BadReading, match=f"larger than max_reply_bytes={MIB}") as refused:
            ask(make_reader(server), QUESTION)
        assert not refused.value.retryable
        assert server.sent_bytes < SOCKETS_BYTES


@pytest.mark.parametrize(
    "piece",
    [
        b"data: " + b"x" * 65_536,
        b": a comment\n\n" * 5000,
        b"data:\n" * 10_000,
        f"data: {EVENT}\n\n".encode() * 1000,
    ],
    ids=["line", "comments", "data", "events"],
)
def test_a_stream_without_an_end_is_refused(listen: Listen, piece: bytes) -> None:
    """As one line, as comments, as one event of many lines, as many events."""
    with RawServer(repeat(open_stream(), piece)) as server:
        with pytest.raises(BadReading, match="larger than max_reply_bytes"):
            listen(make_reader(server), QUESTION)
        assert server.sent_bytes < SOCKETS_BYTES


def test_a_line_is_read_in_time_proportional_to_its_length() -> None:
    """64 MiB in 65,536 chunks; were each joined with what came before, this test would take minutes."""
    decoder, chunk = EventDecoder(), b"x" * 1024
    for _ in range(65_536):
        assert decoder.feed(chunk) == []
    assert decoder.feed(b"\n\ndata: end\n\n") == ["end"]


def test_an_answer_is_taken_in_in_time_proportional_to_its_length() -> None:
    """White space that may stand before a tag, an answer of many pieces, and one of many tags."""
    splitter = Splitter()
    for piece in [" "] * 40_000 + ["word "] * 40_000 + ["<|begin_of_box|>" * 40_000]:
        splitter.feed(piece)
    splitter.close()
    assert splitter.text == " " * 40_000 + "word " * 40_000


def test_a_small_gzip_that_unfolds_to_much_is_refused(ask: Ask, bomb: bytes) -> None:
    """What counts is what it unfolds to."""
    with (
        RawServer(http(bomb, more="Content-Encoding: gzip\r\n")) as server,
        pytest.raises(BadReading, match="larger than max_reply_bytes"),
    ):
        ask(make_reader(server), QUESTION)


def test_a_small_gzip_is_refused_in_a_stream_too(listen: Listen, bomb: bytes) -> None:
    """It unfolds no further than the limit."""
    answer = http(bomb, kind="text/event-stream", more="Content-Encoding: gzip\r\n")
    with RawServer(answer) as server, pytest.raises(BadReading, match="larger than max_reply_bytes"):
        listen(make_reader(server), QUESTION)


def test_a_gzip_is_unfolded_no_further_than_the_limit(bomb: bytes) -> None:
    """Refusing it takes no more memory than taking it in would."""
    meter = Meter(where="'h'", max_bytes=MIB, total_s=None)
    meter.read_encoding({"content-encoding": "gzip"})
    tracemalloc.start()
    try:
        with pytest.raises(OverLimit):
            meter.unpack(bomb)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_answers_are_asked_for_unpacked_and_an_honest_gzip_is_read_all_the_same(ask: Ask) -> None:
    """Some proxies pack whatever passes."""
    body = b'{"choices": [{"message": {"content": "14:05"}, "finish_reason": "stop"}]}'
    with RawServer(http(gzip.compress(body), more="Content-Encoding: gzip\r\n")) as server:
        assert ask(make_reader(server), QUESTION).text == "14:05"
    assert b"accept-encoding: identity" in server.requests[0].lower()


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip"])
def test_what_cannot_be_unpacked_is_told_in_one_line(ask: Ask, coding: str) -> None:
    """Packed in a way that nobody asked for, twice, or not packed at all."""
    with (
        RawServer(http("{}", more=f"Content-Encoding: {coding}\r\n")) as server,
        pytest.raises(BadReading, match="Is a proxy between"),
    ):
        ask(make_reader(server), QUESTION)


HEADS = {
    "fields": repeat(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"b" * 4000 + b"\r\n"),
    "one field": repeat(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 4000),
    "100 Continue": repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a chunk's": repeat(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"x" * 4000),
}


@pytest.mark.parametrize("answer", HEADS.values(), ids=HEADS)
def test_headers_without_an_end_are_refused(ask: Ask, answer: Answer) -> None:
    """Before any body, and between its pieces."""
    with RawServer(answer) as server:
        with pytest.raises(ReaderError) as refused:
            ask(make_reader(server), QUESTION)
        assert "\n" not in str(refused.value)
        assert server.sent_bytes < SOCKETS_BYTES


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-A: ", JSON_HEAD], ids=["head", "body"])
def test_an_answer_that_trickles_ends_with_the_total_time(ask: Ask, head: bytes) -> None:
    """Each byte comes in time, the answer never."""
    server = RawServer(b"")

    def trickle(_: bytes) -> Iterator[bytes]:
        yield head
        while not server.stopping.wait(0.02):
            yield b" "

    server.answer = trickle
    with server:
        with pytest.raises(BadReading, match=r"longer than total_timeout_s=0\.3\. .* raise total_timeout_s"):
            ask(make_reader(server, total_timeout_s=0.3), QUESTION)
        with pytest.raises(BadReading, match="total_timeout_s"):
            find_served_model(server.base_url, timeout_s=0.3)
        with pytest.raises(BadReading, match="total_timeout_s"):
            asyncio.run(afind_served_model(server.base_url, timeout_s=0.3))


def test_a_stream_that_trickles_ends_with_the_total_time(listen: Listen) -> None:
    """What came until then was given out piece by piece."""
    server = RawServer(b"")

    def trickle(_: bytes) -> Iterator[bytes]:
        yield open_stream(EVENT)
        while not server.stopping.wait(0.02):
            yield b":\n"

    server.answer = trickle
    with server, pytest.raises(BadReading, match="total_timeout_s"):
        listen(make_reader(server, total_timeout_s=0.3), QUESTION)


def test_a_stream_that_stays_open_after_its_last_event_is_over(listen: Listen) -> None:
    """No limit is needed: `[DONE]` is the end, whatever the server does with the connection."""
    server = RawServer(b"")
    waited: list[bool] = []

    def stay(_: bytes) -> Iterator[bytes]:
        yield open_stream(EVENT, LAST_EVENT, "[DONE]")
        waited.append(not server.stopping.wait(20))

    server.answer = stay
    with server:
        deltas = listen(make_reader(server, total_timeout_s=None), QUESTION)
        assert waited == []
    assert deltas[-1].reading is not None
    assert deltas[-1].reading.text == "ab"


def test_what_comes_after_the_last_event_is_not_read(listen: Listen) -> None:
    """Not even an error, and not without an end."""
    after = b'data: {"error": "gone"}\n\n' * 1000
    with RawServer(repeat(open_stream(EVENT, LAST_EVENT, "[DONE]"), after)) as server:
        deltas = listen(make_reader(server), QUESTION)
    assert "".join(delta.text for delta in deltas) == "ab"


async def _stream_two(reader: OpenAIReader) -> None:
    async with reader:
        for _ in range(2):
            deltas: AsyncIterator[ReadingDelta] = reader.astream(QUESTION)
            assert [delta async for delta in deltas][-1].reading


def test_a_connection_is_used_again_after_a_stream() -> None:
    """An honest server's stream is read to its end."""
    with FakeVLMServer() as server:
        with OpenAIReader(server.base_url) as reader:
            assert all(list(reader.stream(QUESTION))[-1].reading for _ in range(2))
        assert server.connections == 1
        asyncio.run(_stream_two(OpenAIReader(server.base_url)))
        assert server.connections == 2


def test_none_is_no_limit(ask: Ask) -> None:
    """For those who know their server."""
    text = "a" * 2 * MIB
    body = f'{{"choices": [{{"message": {{"content": "{text}"}}}}]}}'
    with RawServer(http(body)) as server:
        free = OpenAIReader(server.base_url, model="m", max_reply_bytes=None, total_timeout_s=None)
        assert ask(free, QUESTION).text == text
        with pytest.raises(BadReading, match="max_reply_bytes"):
            ask(make_reader(server), QUESTION)


def test_a_meter_counts_by_its_own_clock() -> None:
    """Time that is left shortens each wait; a new request begins anew."""
    now = [0.0]
    meter = Meter(where="'h'", max_bytes=3, total_s=10.0, clock=lambda: now[0])
    assert meter.limit_wait(30.0) == 10.0
    now[0] = 8.0
    assert meter.limit_wait(None) == 2.0
    assert meter.limit_wait(1.0) == 1.0
    now[0] = 10.0
    with pytest.raises(OverLimit):
        meter.limit_wait(1.0)
    meter.begin()
    assert meter.limit_wait(None) == 10.0
    assert meter.count(b"abc") == b"abc"
    with pytest.raises(OverLimit):
        meter.count(b"d")
