"""A proxy that runs in a thread of the test's process, between a client and the fake upstream."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import uvicorn

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.app import create_app
from glyph_memory.serve.edge.protocol import PatientProtocol
from glyph_memory.serve.edge.wiring import Listener

_LONGEST_S = 20.0


@contextmanager
def run_proxy(upstream_url: str, **options: Any) -> Iterator[str]:
    """Yield the address of a proxy in front of an upstream, `/v1` left out."""
    told = ServeOptions(upstreams=(Upstream(url=upstream_url),), **{"memory": ":memory:", **options})
    with run_app(told) as address:
        yield address


@contextmanager
def run_app(options: ServeOptions, *, listeners: Sequence[Listener] = ()) -> Iterator[str]:
    """Yield the address of a proxy that was told these options, at a port that is free."""
    app = create_app(replace(options, port=0), listeners=listeners)
    config = uvicorn.Config(
        app,
        port=0,
        http=PatientProtocol,
        ws="none",
        log_level="critical",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + _LONGEST_S
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_LONGEST_S)
