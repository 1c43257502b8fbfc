"""What is noted of a shard while it is worked on, so that whoever takes it over knows who did not come to its end.

Knows notes and where they are kept; knows nothing about what is done.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from glyph_memory.documents.shards.storage import Storage

_COMPACT = "compact"


def note_compacting(storage: Storage, folder: str) -> None:
    """Note that tables will have to be compacted, until the folder is removed.

    Raises:
        GlyphMemoryError: The output folder cannot be written to.
    """
    storage.write(f"{folder}/{_COMPACT}", b"{}")


def is_compacting_left(storage: Storage, folder: str) -> bool:
    """Return whether a run that was killed left tables to be compacted.

    Raises:
        GlyphMemoryError: The output folder cannot be read.
    """
    return storage.has(f"{folder}/{_COMPACT}")


class Attempts:
    """The attempts at one shard.

    Args:
        storage: Where notes are kept.
        folder: In which folder there.
        shard: The shard's name.
    """

    def __init__(self, storage: Storage, folder: str, shard: str) -> None:
        self._storage, self._name = storage, f"{folder}/{shard}.json"
        self._noted: dict[str, Any] = {"begun": 0, "deaths": {}, "at": None}

    def begin(self) -> int:
        """Note that the shard is begun; return how many began it before and did not end it.

        Raises:
            GlyphMemoryError: The output folder cannot be read or written.
        """
        before = 0
        if self._storage.has(self._name):
            with suppress(ValueError):  # half of it, on a store that writes in pieces
                self._noted |= json.loads(self._storage.read(self._name))
            before = max(1, self._noted["begun"])
            if (at := self._noted["at"]) is not None:
                self._noted["deaths"][at] = self._noted["deaths"].get(at, 0) + 1
                self._noted["at"] = None  # who is lost before its first note was lost nowhere
        self._noted |= {"begun": before + 1}
        self._write()
        return before

    def count_deaths(self, place: str) -> int:
        """Return how many workers in a row were lost at a place of the shard."""
        deaths: int = self._noted["deaths"].get(place, 0)
        return deaths

    def note(self, place: str | None) -> None:
        """Note at which place of the shard the work is; the one before is done, and lost no worker by itself.

        Args:
            place: None behind the last one.

        Raises:
            GlyphMemoryError: The output folder cannot be written to.
        """
        self._noted["deaths"].pop(self._noted["at"], None)
        self._noted["at"] = place
        self._write()

    def end(self) -> None:
        """Forget the notes: the shard is finished."""
        self._storage.remove(self._name)

    def _write(self) -> None:
        self._storage.write(self._name, json.dumps(self._noted).encode())
