"""Drop what stands twice: documents that were drawn again since they changed, or failed and were tried again.

Knows the files of an output folder; knows nothing about drawing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from glyph_memory.documents.shards.plan import DOCUMENTS, PAGES, make_damage_error, read_documents
from glyph_memory.documents.shards.plan_files import list_shards
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import drop_pages, encode_rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Stale:
    """What is out of date in the rows of shards."""

    shards: Sequence[str]
    """All that are finished, in order."""
    dropped: Mapping[str, AbstractSet[str]]
    """Of shards the documents whose rows a later shard has."""
    versions: Mapping[str, Mapping[str, str]]
    """Of shards the documents that were only touched since, with their new version."""

    def read(self, storage: Storage, shard: str) -> list[dict[str, Any]]:
        """Return the rows of a shard's documents that count.

        Raises:
            GlyphMemoryError: They cannot be read.
        """
        dropped, versions = self.dropped.get(shard, frozenset()), self.versions.get(shard, {})
        rows = [row for row in read_documents(storage, shard) if row["document"] not in dropped]
        for row in rows:
            row["version"] = versions.get(row["document"], row["version"])
        return rows


def compact(storage: Storage) -> int:
    """Keep of each document the rows that were written last; return how many of its rows were dropped.

    What is killed meanwhile does the same again: pages go first, then the rows that tell of them.

    Raises:
        GlyphMemoryError: The output folder cannot be read or written.
    """
    stale = find_stale(storage)
    for shard in sorted({*stale.dropped, *stale.versions}):
        rows = stale.read(storage, shard)
        if dropped := stale.dropped.get(shard):
            _drop_pages(storage, shard, dropped)
        storage.write(f"{DOCUMENTS}/{shard}.parquet", encode_rows(rows))
    # Of a worker that was killed before a plan that took its documents over.
    for shard in set(list_shards(storage, PAGES)).difference(stale.shards):
        storage.remove(f"{PAGES}/{shard}.parquet")
    return sum(map(len, stale.dropped.values()))


def find_stale(storage: Storage) -> Stale:
    """Return which rows are out of date, since a later shard has the document, too.

    Raises:
        GlyphMemoryError: The output folder cannot be read.
    """
    shards = list_shards(storage, DOCUMENTS)
    holder = dict[str, str]()
    versions = dict[str, str]()
    dropped = defaultdict[str, set[str]](set)
    for shard in shards:
        for row in read_documents(storage, shard, ("document", "version", "unchanged")):
            document = row["document"]
            if row["unchanged"] and document in holder:  # its pages stay where they are
                versions[document] = row["version"]
                dropped[shard].add(document)
                continue
            if document in holder:
                dropped[holder[document]].add(document)
            holder[document] = shard
            versions.pop(document, None)
    changed = defaultdict[str, dict[str, str]](dict)
    for document, version in versions.items():
        changed[holder[document]][document] = version
    return Stale(shards=shards, dropped=dropped, versions=changed)


def _drop_pages(storage: Storage, shard: str, dropped: AbstractSet[str]) -> None:
    name = f"{PAGES}/{shard}.parquet"
    if not storage.has(name):
        raise make_damage_error(storage, shard)
    try:
        kept = drop_pages(storage.read(name), dropped)
    except (ValueError, KeyError, OSError) as error:  # pyarrow's own are of these
        raise make_damage_error(storage, shard) from error
    storage.write(name, kept)
