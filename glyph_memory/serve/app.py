"""`create_app`: the proxy as an ASGI application. Wiring only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import anyio.to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from glyph_memory.context import PageOptions
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.serve.conversations import ConversationFolder
from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.dialects.messages import MessagesDialect
from glyph_memory.serve.dialects.prefix_rules import choose_rules
from glyph_memory.serve.dialects.responses import ResponsesDialect
from glyph_memory.serve.dialects.units import Dialect
from glyph_memory.serve.edge.errors import make_error
from glyph_memory.serve.edge.wiring import Edge, Listener, make_edge
from glyph_memory.serve.options import ServeOptions
from glyph_memory.serve.proxy import FoldingEndpoint, PassingEndpoint, ProxyState
from glyph_memory.serve.proxy.asking import find_caller
from glyph_memory.serve.proxy.idle_checks import IdleChecks, RequestMarker
from glyph_memory.serve.reading_status import ReadingStatus
from glyph_memory.serve.upstreams import Upstreams
from glyph_memory.serve.web import FoundModels, WebContext, create_web_api, page_routes
from glyph_memory.store import Store

STORE_WAIT_S = 10.0
"""How long a request waits for others that write into the store."""


def create_app(options: ServeOptions, *, listeners: Sequence[Listener] = ()) -> Starlette:
    """Return the proxy as an ASGI application; its store is opened at once.

    Args:
        options: What it is told.
        listeners: Told of each request: the access log.

    Raises:
        StoreError: The store cannot be opened.
        ServeError: A file of keys cannot be read.
    """
    store, upstreams = Store.open(options.memory, wait_s=STORE_WAIT_S), Upstreams(options)
    reading = None if options.check_every_s is None else ReadingStatus()
    edge = make_edge(
        options,
        check_store=lambda: store.session("healthz").state,
        list_upstreams=upstreams.list_words,
        listeners=listeners,
        reading=reading,
    )
    state = ProxyState(
        options=options,
        folder=ConversationFolder(store, pages=options.pages.get("pages")),
        upstreams=upstreams,
        rules=choose_rules(switched_off=options.switched_off, switched_on=options.switched_on),
        add_record=edge.recorder.add,
        has_keys=options.key_file is not None,
    )

    if reading is not None:
        state.checks = _make_checks(state, reading)

    @asynccontextmanager
    async def live(_app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_warm(state))]
        if state.checks is not None:
            tasks.append(asyncio.create_task(state.checks.run()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await state.close()
            store.close()

    dialects: list[Dialect] = [ChatDialect(), ResponsesDialect(), MessagesDialect()]
    endpoints = {dialect.path: FoldingEndpoint(state, dialect) for dialect in dialects}
    endpoints["/messages/count_tokens"] = FoldingEndpoint(state, dialects[-1], only_counts=True)
    folded = [
        Route(f"{prefix}{path}", endpoint, methods=["POST"])
        for path, endpoint in endpoints.items()
        for prefix in ("/v1", "")
    ]
    web = _make_web(options, store, upstreams, edge) if options.has_web else []
    own = Mount("/glyph", _answer_nothing_here)
    routes = [*edge.routes, *web, own, *folded, Mount("/", PassingEndpoint(state))]
    middleware = [*edge.middleware]
    if state.checks is not None:
        middleware.append(Middleware(RequestMarker, checks=state.checks))
    app = Starlette(routes=routes, middleware=middleware, lifespan=live)
    app.state.recorder = edge.recorder
    return app


def _make_checks(state: ProxyState, reading: ReadingStatus) -> IdleChecks:
    """Return what asks for the codes of pages in idle moments."""
    every_s, canaries = state.options.check_every_s, state.options.pages.get("canaries")
    if every_s is None or canaries is None:
        raise ValueError("nothing is to be checked")
    return IdleChecks(
        every_s=every_s,
        canaries=canaries,
        status=reading,
        get_client=state.get_client,
        read_edits=state.folder.read_edits,
    )


async def _answer_nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for a path of ours that there is not: no upstream has a say in them."""
    await make_error(scope, 404, "There is nothing here. The page is at /.")(scope, receive, send)


async def _warm(state: ProxyState) -> None:
    """Load fonts, tokenizer and statements before the first request needs them; what fails here fails there, too."""
    with suppress(GlyphMemoryError):
        target = await state.upstreams.find(None)
        options = target.options or PageOptions.merge(None, state.options.pages)
        await anyio.to_thread.run_sync(state.folder.warm, options, limiter=state.limiter)


def _make_web(options: ServeOptions, store: Store, upstreams: Upstreams, edge: Edge) -> list[BaseRoute]:
    """Return the routes of the web page."""

    async def find_models() -> list[FoundModels]:
        found = await upstreams.list_served()
        return [FoundModels(upstream=one.upstream, models=one.models, error=one.error) for one in found]

    context = WebContext(
        options=options,
        store=store,
        page_options=PageOptions.merge(None, options.pages),
        recorder=edge.recorder,
        find_models=find_models,
        caller_of=lambda request: find_caller(request.scope),
    )
    return [*page_routes(), Mount("/glyph/api", create_web_api(context))]
