"""A guarded application to ask, and what it is started with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.edge.guard import CALLER, Guard
from glyph_memory.serve.edge.keys import Keys
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.edge.slots import Slots

UPSTREAM = Upstream(url="http://127.0.0.1:1/v1")
ADA, BEN = "ada-key-0123456789", "ben-key-0123456789"


async def show(request: Request) -> Response:
    """Answer what came through the guard."""
    body = await request.body()
    headers = dict(request.headers.items())
    return JSONResponse({"caller": request.scope[CALLER].name, "headers": headers, "bytes": len(body)})


async def fail(request: Request) -> Response:
    """Raise, as a bug does."""
    raise RuntimeError(f"a bug about {(await request.body())!r}")


async def page(request: Request) -> Response:
    """Answer with an upstream's web page, which lets every site in."""
    return Response("<script>", media_type="text/html", headers={"Access-Control-Allow-Origin": "*"})


async def kind(request: Request) -> Response:
    """Answer with the kind that is asked for."""
    return Response("<script>", headers={"Content-Type": request.query_params["kind"]})


async def alive(request: Request) -> Response:
    """Answer that all is well."""
    return PlainTextResponse("ok")


@pytest.fixture
def make_client() -> Callable[..., TestClient]:
    """Return a client of a guarded application, by its options."""

    def make(
        *,
        keys: Keys | None = None,
        recorder: Recorder | None = None,
        slots: Slots | None = None,
        **options: object,
    ) -> TestClient:
        routes = [
            Route("/v1/fail", fail, methods=["POST"]),
            Route("/docs", page),
            Route("/kind", kind),
            Route("/healthz/kind", kind),
            Route("/metrics-kind", kind),
            Route("/healthz", alive),
            Route("/{path:path}", show, methods=["GET", "POST", "OPTIONS"]),
        ]
        told = ServeOptions(upstreams=(UPSTREAM,), **options)  # type: ignore[arg-type]  # a test's own
        guard = Middleware(Guard, options=told, keys=keys, recorder=recorder, slots=slots)
        app = Starlette(routes=routes, middleware=[guard])
        return TestClient(app, base_url="http://127.0.0.1:8400", raise_server_exceptions=False)

    return make


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Return a file of two keys, its owner's alone."""
    path = tmp_path / "keys"
    path.write_text(f"# who may ask\n\nada:{ADA}\n ben : {BEN} \n")
    path.chmod(0o600)
    return path
