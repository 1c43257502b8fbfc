"""A memory, a server over it, and the official client in the same process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from glyph_memory.serve.mcp import create_mcp_server
from glyph_memory.store import Store

Connect = Callable[..., Client]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database of its own."""
    with Store.open(tmp_path / "memory.db") as opened:
        yield opened


@pytest.fixture
def connect(store: Store) -> Connect:
    """Return a client of a server over the store, to be entered."""

    def make(**keywords: Any) -> Client:
        return Client(create_mcp_server(store, **keywords))

    return make
