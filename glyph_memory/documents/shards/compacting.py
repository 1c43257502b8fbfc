"""Drop what stands twice: documents that were drawn again since they changed, or failed and were tried again.

Knows the files of an output folder; knows nothing about drawing.
"""

from __future__ import annotations

from collections import defaultdict

from glyph_memory.documents.shards.plan import DOCUMENTS, PAGES, read_documents
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import drop_pages, encode_rows


def compact(storage: Storage) -> int:
    """Keep of each document the rows that were written last; return how many of its rows were dropped.

    What is killed meanwhile does the same again: pages go first, then the rows that tell of them.

    Raises:
        GlyphMemoryError: The output folder cannot be read or written.
    """
    shards = [name.removesuffix(".parquet") for name in storage.list_files(DOCUMENTS)]
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
    changed = {holder[document] for document in versions}
    for shard in sorted({*dropped, *changed}):
        mine = {one: version for one, version in versions.items() if holder[one] == shard}
        _rewrite(storage, shard, dropped[shard], mine)
    for name in storage.list_files(
        PAGES
    ):  # of a worker that was killed before a plan that took its documents over
        if name.removesuffix(".parquet") not in shards:
            storage.remove(f"{PAGES}/{name}")
    return sum(map(len, dropped.values()))


def _rewrite(storage: Storage, shard: str, dropped: set[str], versions: dict[str, str]) -> None:
    there = read_documents(storage, shard)
    rows = [row for row in there if row["document"] not in dropped]
    for row in rows:
        row["version"] = versions.get(row["document"], row["version"])
    if dropped:
        pages = f"{PAGES}/{shard}.parquet"
        storage.write(pages, drop_pages(storage.read(pages), dropped))
    storage.write(f"{DOCUMENTS}/{shard}.parquet", encode_rows(rows))
