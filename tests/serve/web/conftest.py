"""An interface over a store in a folder of its own, with a fake upstream where one is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from glyph_memory.context import PageOptions
from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.web import WebContext, create_web_api
from glyph_memory.store import Store
from glyph_memory.testing import FakeVLMServer
from tests.serve.web.fakes import MakeWeb, Web, caller_of, find_models


@pytest.fixture
def make_web(tmp_path: Path) -> Iterator[MakeWeb]:
    """Return what makes an interface over upstreams, and closes its store in the end."""
    stores = list[Store]()

    def make(*urls: str, page_options: PageOptions | None = None, **options: Any) -> Web:
        store = Store.open(tmp_path / f"{len(stores)}.db")
        stores.append(store)
        upstreams = tuple(Upstream(url=url, name=f"u{place}") for place, url in enumerate(urls))
        recorder = Recorder()
        context = WebContext(
            options=ServeOptions(upstreams=upstreams, web=True, **options),
            store=store,
            page_options=page_options or PageOptions(),
            recorder=recorder,
            find_models=find_models(upstreams),
            caller_of=caller_of,
        )
        return Web(context=context, app=create_web_api(context), recorder=recorder)

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def web(make_web: MakeWeb) -> Web:
    """Return an interface without any upstream."""
    return make_web()


@pytest.fixture
def client(web: Web) -> TestClient:
    """Return a client of an interface without any upstream."""
    return web.client()


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """Return a fake upstream."""
    with FakeVLMServer(answer=lambda request: 'The page says "the gate code is 4711-B".') as fake:
        yield fake
