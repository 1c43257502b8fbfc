"""`WebContext`: what the web page's interface is given: options, the store, records, models, and who asks.

Knows names and values; opens nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from glyph_memory.context import PageOptions
from glyph_memory.readers import ServedModel
from glyph_memory.serve.options import ServeOptions, Upstream
from glyph_memory.serve.record import RequestRecord
from glyph_memory.store import Store


class RecordSource(Protocol):
    """What keeps the records of requests; the recorder of the proxy is one."""

    def recent(self, n: int, caller: str, /) -> Sequence[RequestRecord]:
        """Return the last records of a caller, the oldest first."""
        ...

    def subscribe(self, caller: str, /) -> AbstractContextManager[AsyncIterator[RequestRecord]]:
        """Return the records of a caller as they come, without end; used with `with`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundModels:
    """What an upstream serves."""

    upstream: Upstream
    """The server."""
    models: tuple[ServedModel, ...] = ()
    """Its models; none where it cannot be asked."""
    error: str = ""
    """Why it cannot be asked, in one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebContext:
    """What the web page's interface is given."""

    options: ServeOptions
    """What the proxy was told."""
    store: Store
    """Where chats and the proxy's conversations are kept."""
    page_options: PageOptions
    """For which model pages are drawn, where none is chosen."""
    recorder: RecordSource
    """The records of the proxy's requests."""
    find_models: Callable[[], Awaitable[Sequence[FoundModels]]]
    """Asks every upstream what it serves; whoever gives it keeps the answer for a moment."""
    caller_of: Callable[[Request], str]
    """Returns the name of the key that a request came with; empty where there are no keys."""
