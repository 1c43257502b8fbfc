"""`create_app`: the proxy as an ASGI application. Wiring only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from glyph_memory.serve.conversations import ConversationFolder
from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.dialects.units import Dialect
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.options import ServeOptions
from glyph_memory.serve.proxy import FoldingEndpoint, PassingEndpoint, ProxyState
from glyph_memory.serve.upstreams import Upstreams
from glyph_memory.store import Store


def create_app(options: ServeOptions) -> Starlette:
    """Return the proxy as an ASGI application; its store is opened at once.

    Raises:
        StoreError: The store cannot be opened.
        ServeError: A file of keys cannot be read.
    """
    store, recorder = Store.open(options.memory), Recorder()
    state = ProxyState(
        options=options,
        folder=ConversationFolder(store),
        upstreams=Upstreams(options),
        rules=frozenset(),
        add_record=recorder.add,
        has_keys=options.key_file is not None,
    )

    @asynccontextmanager
    async def live(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await state.close()
            store.close()

    dialects: list[Dialect] = [ChatDialect()]
    folded = [
        Route(f"{prefix}{dialect.path}", FoldingEndpoint(state, dialect), methods=["POST"])
        for dialect in dialects
        for prefix in ("/v1", "")
    ]
    return Starlette(routes=[*folded, Mount("/", PassingEndpoint(state))], lifespan=live)
