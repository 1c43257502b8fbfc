"""A server in a process of its own, with a small application behind the guard; run as a script."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Sequence

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.edge.run import run_server
from glyph_memory.serve.edge.wiring import Listener, make_edge


async def stream(request: Request) -> Response:
    """Answer piece by piece: one at once, the last when the file that is named is there."""
    gate = request.query_params["gate"]

    async def pieces() -> AsyncIterator[str]:
        yield "begun\n"
        while not await anyio.Path(gate).exists():  # noqa: ASYNC110 - another process makes it
            await anyio.sleep(0.02)
        yield "ended\n"

    return StreamingResponse(pieces())


async def count(request: Request) -> Response:
    """Answer how long the body was."""
    return JSONResponse({"bytes": len(await request.body())})


async def watch(request: Request) -> Response:
    """Answer for as long as somebody watches."""

    async def records() -> AsyncIterator[str]:
        yield "watching\n"
        with request.app.state.recorder.subscribe() as watching:
            async for record in watching:
                yield record.path + "\n"

    return StreamingResponse(records())


def make_app(options: ServeOptions, *, listeners: Sequence[Listener] = ()) -> Starlette:
    """Return the application of a worker."""
    edge = make_edge(options, check_store=lambda: None, list_upstreams=dict, listeners=listeners)
    routes = [
        *edge.routes,
        Route("/v1/stream", stream),
        Route("/v1/watch", watch),
        Route("/{path:path}", count, methods=["GET", "POST"]),
    ]
    app = Starlette(routes=routes, middleware=edge.middleware)
    app.state.recorder = edge.recorder
    return app


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    run_server(
        ServeOptions(upstreams=(Upstream(url="http://127.0.0.1:9/v1"),), port=0, **told), make_app=make_app
    )
