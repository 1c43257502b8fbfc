"""Answers that stand in no file yet: each is kept as it comes, so that it is never asked for again.

Knows files and keys; asks nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from glyph_memory.documents.shards.storage import Storage
from glyph_memory.windows.bulk.plan import BEGUN
from glyph_memory.windows.bulk.tables import Row


class Journal:
    """The answers of one shard that are kept one by one, until all of them are in its file.

    Args:
        storage: Where they are kept.
        resumes: Whether some may be there already.
    """

    def __init__(self, storage: Storage, *, resumes: bool) -> None:
        self._storage = storage
        self._there = (
            {name.removesuffix(".json") for name in storage.list_files(BEGUN)} if resumes else set[str]()
        )
        self._kept = set[str]()

    def find(self, key: str) -> Row | None:
        """Return an answer that was kept; None where there is none, or its file was cut off.

        Raises:
            GlyphMemoryError: It cannot be read.
        """
        if key not in self._there:
            return None
        try:
            row: Row = json.loads(self._storage.read(f"{BEGUN}/{key}.json"))
        except ValueError:  # half of it, on a store that writes in pieces
            return None
        self._kept.add(key)
        return row

    def keep(self, key: str, row: Row) -> None:
        """Keep an answer; once this returns, it is never asked for again.

        Raises:
            GlyphMemoryError: It cannot be written.
        """
        self._storage.write(f"{BEGUN}/{key}.json", json.dumps(row).encode())
        self._kept.add(key)

    def forget(self, keys: Iterable[str] | None = None) -> None:
        """Remove what was kept, as it stands in the shard's file now.

        Raises:
            GlyphMemoryError: The output folder cannot be written to.
        """
        for key in self._kept if keys is None else keys:
            self._storage.remove(f"{BEGUN}/{key}.json")
