"""The proxy's socket: requests that are no HTTP, or two at once, have an answer or an end, and no second one slips in.

The server is the real one, with next to no patience, so that what never ends is cut off within the test.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.edge import exchange, protocol
from tests.fuzz.bad_bytes import mutated
from tests.fuzz.serve_upstream import YesServer
from tests.serve.running import run_app

PATIENCE_S, LONGEST_S = 0.5, 30.0
SAID = json.dumps({"model": "glyph", "messages": [{"role": "user", "content": "Hello."}]}).encode()
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(SAID), SAID)


def make_post(*lines: bytes, body: bytes = b"", target: bytes = b"/v1/chat/completions") -> bytes:
    """Return a request's bytes."""
    head = [b"POST " + target + b" HTTP/1.1", b"Host: 127.0.0.1", b"Content-Type: application/json", *lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


GOOD = make_post(b"Content-Length: %d" % len(SAID), b"Connection: close", body=SAID)
GOOD_CHUNKED = make_post(b"Transfer-Encoding: chunked", b"Connection: close", body=CHUNKED)
DOUBTFUL = {
    "both lengths": make_post(
        b"Content-Length: %d" % len(CHUNKED + SMUGGLED),
        b"Transfer-Encoding: chunked",
        body=CHUNKED + SMUGGLED,
    ),
    "both, the other way": make_post(
        b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"2b\r\n" + SMUGGLED + b"\r\n0\r\n\r\n"
    ),
    "two lengths": make_post(b"Content-Length: 0", b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED),
    "a list of lengths": make_post(b"Content-Length: 0, %d" % len(SMUGGLED), body=SMUGGLED),
    "a length with a sign": make_post(b"Content-Length: +%d" % len(SMUGGLED), body=SMUGGLED),
    "a length below nothing": make_post(b"Content-Length: -1", body=SMUGGLED),
    "a length in another base": make_post(b"Content-Length: 0x0", body=SMUGGLED),
    "a length without an end": make_post(b"Content-Length: " + b"9" * 4000, body=SMUGGLED),
    "chunked, spelt oddly": make_post(b"Transfer-Encoding: xchunked", body=CHUNKED + SMUGGLED),
    "chunked among others": make_post(b"Transfer-Encoding: identity, chunked", body=CHUNKED + SMUGGLED),
    "chunked twice": make_post(
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=CHUNKED + SMUGGLED
    ),
    "a space before the colon": make_post(b"Transfer-Encoding : chunked", body=CHUNKED + SMUGGLED),
    "a folded line": make_post(b"Content-Length: 0\r\n Transfer-Encoding: chunked", body=SMUGGLED),
    "a line's end alone": make_post(b"Content-Length: 0\nTransfer-Encoding: chunked", body=CHUNKED + SMUGGLED),
    "a return alone": make_post(
        b"X: y\rTransfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n" + SMUGGLED
    ),
    "a chunk below nothing": make_post(b"Transfer-Encoding: chunked", body=b"-1\r\n" + SMUGGLED),
    "a chunk of no number": make_post(b"Transfer-Encoding: chunked", body=b"0x2\r\nab\r\n0\r\n\r\n" + SMUGGLED),
    "a chunk larger than all": make_post(b"Transfer-Encoding: chunked", body=b"f" * 30 + b"\r\n" + SMUGGLED),
    "a chunk that is longer": make_post(b"Transfer-Encoding: chunked", body=b"1\r\nabc\r\n0\r\n\r\n" + SMUGGLED),
    "a name with a NUL": make_post(b"Content-Length\0: 0", body=SMUGGLED),
    "a tab in the name": make_post(b"Content-Length\t: 0", body=SMUGGLED),
    "a line in the target": make_post(b"Content-Length: 0", target=b"/v1/x HTTP/1.1\r\nX: y\r\n\r\nGET /smuggled"),
    "no version": b"GET /smuggled\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 40,
}  # fmt: skip
"""Requests whose end is in doubt: a server before or behind this one may see another request in them."""
ODD = (
    make_post(b"Content-Length: 10", body=b"{}"),
    make_post(b"Content-Length: 2", b"Expect: 100-continue", body=b"{}"),
    make_post(b"Transfer-Encoding: chunked", body=b"2;x=" + b"y" * 500 + b"\r\n{}\r\n0\r\nTrailer: x\r\n\r\n"),
    make_post(b"Transfer-Encoding: chunked", body=b"2\r\n{}\r\n"),
    make_post(b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: eA=="),
    b"GET http://example.com/v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /%00%ff%2e%2e/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"\r\n\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    GOOD.replace(b"HTTP/1.1", b"HTTP/2.0"),
    make_post(b"Connection: close", b"X: " + b"y" * 100_000),
    make_post(b"Connection: close", *[b"X: y"] * 5000),
    b"\0" * 300,
    b"G",
    b"",
)  # fmt: skip


@pytest.fixture(scope="module")
def upstream() -> Iterator[YesServer]:
    """Yield the upstream."""
    with YesServer() as server:
        yield server


@pytest.fixture(scope="module")
def port(upstream: YesServer) -> Iterator[int]:
    """Yield the port of a proxy that waits for nobody for long."""
    told = ServeOptions(
        upstreams=(Upstream(url=upstream.base_url),), memory=":memory:", pages={"profile": "glyph"}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "_HEAD_S", PATIENCE_S)
        patch.setattr(exchange, "_PIECE_S", PATIENCE_S)
        with run_app(told) as address:
            found = urlsplit(address).port
            assert found is not None
            yield found


def talk(port: int, *pieces: bytes, ends: bool = False) -> bytes:
    """Send pieces, and return all that comes back until the connection ends.

    Raises:
        TimeoutError: It does not end, though the client waits for nothing but an answer.
    """
    told = b""
    with socket.create_connection(("127.0.0.1", port), timeout=LONGEST_S) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            while more := connection.recv(1 << 16):
                told += more
        except (ConnectionResetError, BrokenPipeError):
            pass
    return told


def list_statuses(told: bytes) -> list[int]:
    """Return the statuses of all answers."""
    return [int(status) for status in re.findall(rb"^HTTP/1\.1 (\d{3})", told, re.MULTILINE)]


def check(port: int, upstream: YesServer, told: bytes) -> None:
    """Hold that no answer was a bug's, and that the next request is answered."""
    assert not told or list_statuses(told)
    assert not {500, 502, 503, 504} & set(list_statuses(told)), told[:400]
    assert list_statuses(talk(port, GOOD)) == [200]
    assert any(asked.body == SAID for asked in upstream.take())


@pytest.mark.parametrize("raw", [GOOD, GOOD_CHUNKED], ids=["a length", "chunks"])
def test_a_good_request_goes_on_as_it_came(port: int, upstream: YesServer, raw: bytes) -> None:
    """With a length or in chunks, whole or byte for byte."""
    upstream.take()
    assert list_statuses(talk(port, raw)) == [200]
    assert list_statuses(talk(port, *[raw[at : at + 7] for at in range(0, len(raw), 7)])) == [200]
    assert [asked.body for asked in upstream.take()] == [SAID, SAID]


@pytest.mark.parametrize("raw", DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_may_be_two_requests_is_refused(port: int, upstream: YesServer, raw: bytes) -> None:
    """And the connection ends: what follows on it is read by nobody."""
    upstream.take()
    told = talk(port, raw)
    assert not any("smuggled" in asked.path for asked in upstream.take())
    assert all(400 <= status < 500 for status in list_statuses(told))
    check(port, upstream, told)


@settings(settings.get_profile("fuzz"))
@given(
    raw=st.sampled_from(ODD) | mutated(*ODD, *DOUBTFUL.values(), GOOD, GOOD_CHUNKED, head=200),
    ends=st.booleans(),
)
@example(raw=ODD[0], ends=False)
@example(raw=ODD[3], ends=True)
@example(raw=ODD[4], ends=False)
def test_any_bytes_have_an_answer_or_an_end(port: int, upstream: YesServer, raw: bytes, ends: bool) -> None:
    """Whether the client goes on, waits or has closed its half."""
    upstream.take()
    check(port, upstream, talk(port, raw, ends=ends))
