"""What is noted of a shard while it is worked on, so that whoever takes it over knows who did not come to its end.

Knows notes and where they are kept; knows nothing about what is done.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from glyph_memory.documents.shards.storage import Storage

_COMPACT = "compact"


def note_compacting(storage: Storage, folder: str, *, plan: int = 0) -> None:
    """Note that tables will have to be compacted, until the folder is removed.

    Args:
        storage: Where it is noted.
        folder: In which folder there.
        plan: The number of the plan that the run began with: whoever goes on after a stop may make others.

    Raises:
        GlyphMemoryError: The output folder cannot be written to.
    """
    storage.write(f"{folder}/{_COMPACT}", json.dumps({"plan": plan}).encode())


def is_compacting_left(storage: Storage, folder: str) -> bool:
    """Return whether a run that was killed left tables to be compacted.

    Raises:
        GlyphMemoryError: The output folder cannot be read.
    """
    return find_first_plan(storage, folder) is not None


def find_first_plan(storage: Storage, folder: str) -> int | None:
    """Return the number of the plan that a run began with that was stopped; 0 where none is noted, None without a stop.

    Raises:
        GlyphMemoryError: The output folder cannot be read.
    """
    if not storage.has(f"{folder}/{_COMPACT}"):
        return None
    try:
        return int(json.loads(storage.read(f"{folder}/{_COMPACT}")).get("plan", 0))
    except (ValueError, TypeError, AttributeError):  # half of it, on a store that writes in pieces
        return 0


def forget_attempts(storage: Storage, folder: str) -> None:
    """Remove the notes of all shards; that tables have to be compacted stays noted.

    Raises:
        GlyphMemoryError: The store does not let us.
    """
    for name in storage.list_files(folder):
        if name != _COMPACT:
            storage.remove(f"{folder}/{name}")


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
        self._before = 0

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
                self._noted["at"] = None  # a worker that is lost while it starts is no document's fault
        self._noted |= {"begun": before + 1}
        self._before = before
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

    def leave(self) -> None:
        """Note that the shard is left to others: by Ctrl-C, or since the output takes nothing. No worker was lost.

        Raises:
            GlyphMemoryError: The output folder cannot be written to.
        """
        if not self._before:
            self.end()
            return
        self._noted |= {"begun": self._before, "at": None}
        self._write()

    def end(self) -> None:
        """Forget the notes: the shard is finished."""
        self._storage.remove(self._name)

    def _write(self) -> None:
        self._storage.write(self._name, json.dumps(self._noted).encode())
