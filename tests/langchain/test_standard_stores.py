"""LangChain's standard tests for byte stores, as they come, on `PageFolder`."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.stores import BaseStore
from langchain_glyph_memory import PageFolder
from langchain_tests.integration_tests import BaseStoreAsyncTests, BaseStoreSyncTests


class TestPageFolder(BaseStoreSyncTests[bytes]):
    """A store of bytes."""

    @pytest.fixture
    def kv_store(self, tmp_path: Path) -> BaseStore[str, bytes]:
        """An empty one."""
        return PageFolder(tmp_path)

    @pytest.fixture
    def three_values(self) -> tuple[bytes, bytes, bytes]:
        """Some bytes."""
        return b"foo", b"\x00\xff", b""


class TestPageFolderAsync(BaseStoreAsyncTests[bytes]):
    """A store of bytes, for an event loop."""

    @pytest.fixture
    async def kv_store(self, tmp_path: Path) -> BaseStore[str, bytes]:
        """An empty one."""
        return PageFolder(tmp_path)

    @pytest.fixture
    def three_values(self) -> tuple[bytes, bytes, bytes]:
        """Some bytes."""
        return b"foo", b"\x00\xff", b""
