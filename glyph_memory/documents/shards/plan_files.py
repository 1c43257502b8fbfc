"""The plans of runs: written before anything is done, numbered, and named by what they say.

Knows files and their names; what a shard holds, it does not know.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from glyph_memory.documents.shards.storage import Storage
from glyph_memory.errors import GlyphMemoryError

PlannedShards = dict[str, list[Any]]
"""What each shard holds, by its name: such as `0001-5be1f0a2-000000`, the plan's number and digest, and its own."""
_OWN = re.compile(r"([0-9]{4,})-[0-9a-f]{8}(?:-([0-9]{6,})\.parquet|\.json)")


def list_shards(storage: Storage, folder: str) -> list[str]:
    """Return the names of the shards whose files are in a folder, in the order of their plans.

    What has another name is not ours: no run reads or removes it.

    Raises:
        GlyphMemoryError: The store does not answer.
    """
    names = _list_own(storage, folder)
    return [name.removesuffix(".parquet") for name in names if name.endswith(".parquet")]


def find_number(name: str) -> int:
    """Return the number of a plan, by its name or that of one of its shards."""
    return int(name.partition("-")[0])


class PlanFiles:
    """The plans in a folder of an output folder.

    Args:
        storage: The output folder.
        folder: In which folder there.
    """

    def __init__(self, storage: Storage, folder: str) -> None:
        self._storage, self._folder = storage, folder
        self._names = [name for name in _list_own(storage, folder) if name.endswith(".json")]

    def read_last(self) -> tuple[list[str], PlannedShards] | None:
        """Return what the last plan was made for, and its shards; None where there is no plan.

        Raises:
            GlyphMemoryError: It cannot be read.
        """
        return self._read(self._names[-1]) if self._names else None

    def read_since(self, number: int) -> list[tuple[list[str], PlannedShards]]:
        """Return what the plans were made for that have this number or a larger one, each with its shards, in order.

        Raises:
            GlyphMemoryError: One cannot be read.
        """
        return [self._read(name) for name in self._names if find_number(name) >= number]

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
        number = 1 + (find_number(self._names[-1]) if self._names else 0)
        name = f"{number:04}-{hashlib.sha256(data).hexdigest()[:8]}.json"
        self._storage.write(f"{self._folder}/{name}", data)
        return _name_shards(name, json.loads(data)["shards"])

    def _read(self, name: str) -> tuple[list[str], PlannedShards]:
        try:
            plan = json.loads(self._storage.read(f"{self._folder}/{name}"))
            return list(plan["drawing"]), _name_shards(name, plan["shards"])
        except (ValueError, KeyError, TypeError) as error:
            raise self.refuse(error) from error


def _list_own(storage: Storage, folder: str) -> list[str]:
    """Return the names of our files by their numbers: 10000 comes behind 9999."""
    own = filter(None, map(_OWN.fullmatch, storage.list_files(folder)))
    return [one[0] for one in sorted(own, key=lambda one: (int(one[1]), int(one[2] or 0), one[0]))]


def _name_shards(plan: str, shards: Sequence[list[Any]]) -> PlannedShards:
    own = plan.removesuffix(".json")
    return {f"{own}-{number:06}": held for number, held in enumerate(shards)}
