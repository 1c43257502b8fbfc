"""`ProxyState`: what all requests of a worker share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import httpx2

from glyph_memory.readers.openai.clients import is_loopback
from glyph_memory.serve.conversations import ConversationFolder
from glyph_memory.serve.dialects.prefix_rules import CACHE_MARKS
from glyph_memory.serve.options import ServeOptions, Upstream
from glyph_memory.serve.record import RequestRecord
from glyph_memory.serve.upstreams import Target, Upstreams

if TYPE_CHECKING:
    from glyph_memory.serve.proxy.idle_checks import IdleChecks

_THREADS = 4
"""How many requests are folded at a time; the work is Python's, so more would only take turns."""


@dataclass(kw_only=True)
class ProxyState:
    """What all requests of a worker share. Belongs to one event loop."""

    options: ServeOptions
    """What the proxy was told."""
    folder: ConversationFolder
    """Folds conversations."""
    upstreams: Upstreams
    """Finds models."""
    rules: frozenset[str]
    """Names of the rules that keep prefixes and are on."""
    add_record: Callable[[RequestRecord], None]
    """Takes what became of a request."""
    has_keys: bool
    """Whether clients have keys of ours, which go no further."""
    checks: IdleChecks | None = None
    """Asks for pages' codes in idle moments; None where nobody wants it."""
    limiter: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(_THREADS))
    """Of folding."""
    _clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def choose_rules(self, target: Target) -> frozenset[str]:
        """Return the rules for an upstream: SGLang's cache was emptied by marks that move, so they are taken off."""
        is_sglang = target.served.server == "sglang" and CACHE_MARKS not in self.options.switched_off
        return self.rules | {CACHE_MARKS} if is_sglang else self.rules

    def get_client(self, upstream: Upstream) -> httpx2.AsyncClient:
        """Return the client of an upstream; nothing is opened yet."""
        client = self._clients.get(upstream.url)
        if client is None:
            client = self._clients[upstream.url] = httpx2.AsyncClient(
                timeout=httpx2.Timeout(
                    connect=self.options.connect_timeout_s,
                    read=self.options.answer_timeout_s,
                    write=self.options.answer_timeout_s,
                    pool=None,
                ),
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=15),
                follow_redirects=False,
                trust_env=not is_loopback(upstream.url),
            )
        return client

    async def close(self) -> None:
        """Close all connections."""
        for client in [*self._clients.values()]:
            await client.aclose()
        self._clients.clear()
