"""Patience ends: with a client that never ends its headers, and with one that never ends its body."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message
from uvicorn.server import ServerState

from glyph_memory.serve import ServeOptions
from glyph_memory.serve.edge import exchange, protocol
from glyph_memory.serve.edge.guard import Guard
from glyph_memory.serve.edge.protocol import PatientProtocol
from tests.serve.edge.conftest import UPSTREAM


async def count(request: Request) -> Response:
    """Answer how long the body was."""
    return PlainTextResponse(str(len(await request.body())))


async def refuse(_: Request) -> Response:
    """Answer before the body is there."""
    return PlainTextResponse("no")


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """Listen with next to no patience."""
    monkeypatch.setattr(protocol, "_HEAD_S", 0.05)
    monkeypatch.setattr(protocol, "_REST_S", 0.05, raising=False)
    app = Starlette(
        routes=[Route("/", count, methods=["GET", "POST"]), Route("/refuse", refuse, methods=["POST"])]
    )
    config = uvicorn.Config(app, http=PatientProtocol, lifespan="off", log_config=None, ws="none")
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: PatientProtocol(config, state, {}), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for connection in list(state.connections):
        connection.transport.abort()
    await server.wait_closed()


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: a\r\nX: "])
async def test_who_never_ends_a_head_is_cut_off(port: int, sent: bytes) -> None:
    """Also on a connection that was used before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" if sent == b"G" else sent)
    if sent == b"G":
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await reader.readexactly(1)
        writer.write(sent)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


async def test_who_waits_between_requests_or_is_slow_with_a_body_is_not(port: int) -> None:
    """The first is a client that keeps its connection; the second, the guard looks after."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
        await asyncio.sleep(0.15)
        writer.write(b"b")
        assert (await reader.readuntil(b"\r\n\r\n2")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.15)
    writer.close()


async def test_who_goes_on_with_a_body_that_was_answered_is_cut_off(port: int) -> None:
    """A byte now and then would hold the connection for ever, without any key."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
    assert (await reader.readuntil(b"no")).startswith(b"HTTP/1.1 200")
    with pytest.raises(ConnectionError):
        for _ in range(200):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)
    writer.close()


async def test_who_ends_a_body_that_was_answered_may_ask_again(port: int) -> None:
    """As a client does that reads the answer when it has sent everything; its connection stays open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
        assert (await reader.readuntil(b"no")).startswith(b"HTTP/1.1 200")
        writer.write(b"ab")
        await asyncio.sleep(0.15)
    writer.close()


async def test_who_asks_for_another_protocol_is_answered_in_this_one(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Java's client asks for HTTP/2 with each first request; the log does not say what to install for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for kind in (b"h2c", b"websocket"):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n" % kind)
        assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")
    writer.close()
    assert caplog.messages == []


async def test_a_body_that_stops_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the client's format, and the connection ends."""
    monkeypatch.setattr(exchange, "_PIECE_S", 0.02)
    pieces: list[Message] = [{"type": "http.request", "body": b"a", "more_body": True}]
    sent: list[Message] = []

    async def receive() -> Message:
        if pieces:
            return pieces.pop()
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    guard = Guard(
        Starlette(routes=[Route("/v1/messages", count, methods=["POST"])]),
        options=ServeOptions(upstreams=(UPSTREAM,)),
    )
    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "headers": [(b"host", b"127.0.0.1")]}
    await guard(scope | {"query_string": b"", "http_version": "1.1", "scheme": "http"}, receive, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["error"]["type"] == "timeout_error"
