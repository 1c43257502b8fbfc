"""The plans of runs: written before anything is done, numbered, and named by what they say.

Knows files and their names; what a shard holds, it does not know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from glyph_memory.documents.shards.storage import Storage
from glyph_memory.errors import GlyphMemoryError

PlannedShards = dict[str, list[Any]]
"""What each shard holds, by its name: such as `0001-5be1f0a2-000000`, the plan's number and digest, and its own."""


class PlanFiles:
    """The plans in a folder of an output folder.

    Args:
        storage: The output folder.
        folder: In which folder there.
    """

    def __init__(self, storage: Storage, folder: str) -> None:
        self._storage, self._folder = storage, folder
        self._names = storage.list_files(folder)

    def read_last(self) -> tuple[list[str], PlannedShards] | None:
        """Return what the last plan was made for, and its shards; None where there is no plan.

        Raises:
            GlyphMemoryError: It cannot be read.
        """
        if not self._names:
            return None
        name = self._names[-1]
        try:
            plan = json.loads(self._storage.read(f"{self._folder}/{name}"))
            return list(plan["drawing"]), _name_shards(name, plan["shards"])
        except (ValueError, KeyError, TypeError) as error:
            raise self.refuse(error) from error

    def refuse(self, error: Exception) -> GlyphMemoryError:
        """Return the error for a plan that cannot be read."""
        return GlyphMemoryError(
            f"{self._storage.shown!r} holds a plan that cannot be read ({error}); give another folder"
        )

    def write(self, made_for: Sequence[str], shards: Sequence[Sequence[Any]]) -> PlannedShards:
        """Write a plan; return its shards, as whoever reads it finds them.

        Args:
            made_for: Digests of how the work is done: with others, a plan is not gone on with.
            shards: What each holds.

        Raises:
            GlyphMemoryError: It cannot be written.
        """
        data = json.dumps({"drawing": list(made_for), "shards": shards}).encode()
        number = 1 + (int(self._names[-1].partition("-")[0]) if self._names else 0)
        name = f"{number:04}-{hashlib.sha256(data).hexdigest()[:8]}.json"
        self._storage.write(f"{self._folder}/{name}", data)
        return _name_shards(name, json.loads(data)["shards"])


def _name_shards(plan: str, shards: Sequence[list[Any]]) -> PlannedShards:
    own = plan.removesuffix(".json")
    return {f"{own}-{number:06}": held for number, held in enumerate(shards)}
