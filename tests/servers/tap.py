"""A `Tap` stands between the proxy and a real server, and keeps what the one is sent by the other, body by body.

Knows HTTP; knows nothing about what is asked. It collects answers whole: streams are watched without it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_START_S = 20.0


class Tap:
    """Hands requests on to a server.

    Args:
        root: The server's.
    """

    def __init__(self, root: str) -> None:
        self.bodies: list[dict[str, Any]] = []
        """What was posted and answered, in order; what was refused is left out."""
        self._root = root

    async def __call__(self, request: Request) -> Response:
        """Ask the server, and answer what it answers."""
        data = await request.body()
        async with httpx2.AsyncClient(timeout=300.0) as client:
            kind = {"content-type": request.headers.get("content-type", "application/json")}
            answer = await client.request(
                request.method, f"{self._root}{request.url.path}", content=data, headers=kind
            )
        if request.method == "POST" and answer.status_code == 200:
            self.bodies.append(json.loads(data))
        return Response(
            answer.content, answer.status_code, {"content-type": answer.headers.get("content-type", "")}
        )


@contextmanager
def open_tap(root: str) -> Iterator[tuple[Tap, str]]:
    """Yield a tap and its own root."""
    tap = Tap(root)
    app = Starlette(routes=[Route("/{path:path}", tap.__call__, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + _START_S
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield tap, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_START_S)
