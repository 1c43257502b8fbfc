"""Serve an MCP server: over standard input and output, or over HTTP; and end it so that nothing is lost.

Knows streams, ports and signals; knows nothing about memories.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import anyio
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from glyph_memory.serve.edge.keys import Keys
from glyph_memory.serve.mcp.callers import KeyCheck
from glyph_memory.serve.mcp.calls import Calls
from glyph_memory.serve.mcp.lines import answer_all_lines
from glyph_memory.serve.options import ServeError

PATH = "/mcp"
_BODY_BYTES = 64 << 20
"""Of a request: what a document of 32 MiB takes as base64, with room."""
_GRACE_S = 5


def run_stdio(server: Server[Any], *, calls: Calls, close: Callable[[], object]) -> None:
    """Serve until standard input ends, or a signal comes; what was asked for before that is answered first.

    While it runs, nothing but the protocol reaches standard output: the SDK sends all else to standard error.

    Args:
        server: The server.
        calls: What its tools do.
        close: Closes the store, where a signal ends the process.
    """
    try:
        anyio.run(_serve_stdio, server, calls, close)
    except* (BrokenPipeError, ConnectionResetError, anyio.BrokenResourceError):
        pass  # nobody reads the answers any more: the client was killed


async def _serve_stdio(server: Server[Any], calls: Calls, close: Callable[[], object]) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_end_at_signal, calls, close)
        async with stdio_server() as streams, answer_all_lines(*streams) as (read, write):
            await server.run(read, write, server.create_initialization_options())
        group.cancel_scope.cancel()


async def _end_at_signal(calls: Calls, close: Callable[[], object]) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            await calls.finish()
            close()
            # A thread waits for the next line of standard input, and nothing but a line would wake it.
            os._exit(128 + number)


def run_http(
    server: Server[Any],
    *,
    host: str = "127.0.0.1",
    port: int = 8401,
    keys: Keys | None = None,
    ready: Callable[[str], object],
) -> None:
    """Serve streamable HTTP until a signal comes; open answers get a few seconds to end.

    On loopback, requests whose Host or Origin is another one, as of a page in a browser, are refused.

    Args:
        server: The server.
        host: Where it listens; anything but loopback needs keys.
        port: The port there; 0 takes a free one.
        keys: Whoever has one may ask, and sees its own sessions alone; everybody may unless given.
        ready: Called with its address as soon as it listens.

    Raises:
        ServeError: The host needs keys, or cannot be listened on.
    """
    import uvicorn  # noqa: PLC0415 - only who serves over HTTP needs it

    if keys is None and not is_loopback(host):
        raise ServeError(
            f"on host {host!r} everybody who reaches this machine could read and write the memory; give keys, by "
            "--key-file, or listen on 127.0.0.1"
        )
    listening = _listen(host, port)
    app: ASGIApp = server.streamable_http_app(
        host=host,
        streamable_http_path=PATH,
        max_request_body_size=_BODY_BYTES,
        transport_security=_guard_names(host),
    )
    config = uvicorn.Config(
        app if keys is None else KeyCheck(app, keys),
        log_config=None,  # its own writes to standard output
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    with listening:
        address = listening.getsockname()
        shown = f"[{address[0]}]" if listening.family == socket.AF_INET6 else address[0]
        ready(f"http://{shown}:{address[1]}{PATH}")
        ended = uvicorn.Server(config)
        ended.run(sockets=[listening])
        # uvicorn raises the signal again while its loop ends, which now and then does not hear it.
        if ended.should_exit:
            raise KeyboardInterrupt


def _guard_names(host: str) -> TransportSecuritySettings:
    """Return which names a request may ask for; behind any other address there may be any name, and keys guard it."""
    if not is_loopback(host):
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    names = dict.fromkeys((f"[{host}]" if ":" in host else host, "127.0.0.1", "localhost", "[::1]"))
    allowed = [f"{name}:*" for name in names]
    return TransportSecuritySettings(
        allowed_hosts=allowed, allowed_origins=[f"http://{name}" for name in allowed]
    )


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from this machine alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port < 1 << 16:  # a higher one would be taken for another
        raise ServeError(f"port={port} is none; give one up to 65535, or 0 for a free one")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, OverflowError) as error:
        raise ServeError(f"cannot listen on {host}:{port}: {error}; give another --port") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        raise ServeError(f"cannot listen on {host}:{port}: {error}; give another --port") from error
    return listening
