"""An interface of the web page with what stands behind it, as tests make it; two callers by a header."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount
from starlette.testclient import TestClient

from glyph_memory.errors import ReaderError
from glyph_memory.readers import OpenAIReader
from glyph_memory.serve import Upstream
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.web import FoundModels, WebContext


@dataclass
class Web:
    """An interface, and what stands behind it."""

    context: WebContext
    app: FastAPI
    recorder: Recorder

    def client(self, caller: str = "") -> TestClient:
        """Return a client of a caller, mounted where the proxy mounts it."""
        outer = Starlette(routes=[Mount("/glyph/api", app=self.app)])
        client = TestClient(outer, raise_server_exceptions=False, headers={"X-Caller": caller})
        client.base_url = client.base_url.join("/glyph/api/")
        return client


MakeWeb = Callable[..., Web]


def find_models(upstreams: Sequence[Upstream]) -> Callable[[], Any]:
    """Return what asks upstreams for their first model."""

    async def ask() -> list[FoundModels]:
        found = list[FoundModels]()
        for upstream in upstreams:
            async with OpenAIReader(upstream.url, retries=0) as reader:
                try:
                    found.append(FoundModels(upstream=upstream, models=(await reader.aserved_model(),)))
                except ReaderError as error:
                    found.append(FoundModels(upstream=upstream, error=str(error)))
        return found

    return ask


def caller_of(request: Request) -> str:
    """Return the caller that a test names."""
    return request.headers.get("x-caller", "")


def fetch(client: TestClient, url: str) -> Response:
    """Return what an address gives that the interface told."""
    return client.get(f"http://testserver{url}")


def read_events(text: str) -> list[tuple[str, Any]]:
    """Return the events of a stream, each with its data."""
    events = list[tuple[str, Any]]()
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith(":")]
        if lines:
            name, data = lines
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events
