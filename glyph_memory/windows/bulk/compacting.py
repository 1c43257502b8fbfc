"""Drop answers that stand twice: to a question that was asked again, since the document changed or it failed.

Knows the files of answers; asks nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet

from glyph_memory.documents.shards.plan_files import list_shards
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.windows.bulk.tables import ANSWERS, Row, encode_answers, read_answers

Asked = tuple[str, str, str]
"""A document, a question and the settings it is asked with."""


def compact_answers(storage: Storage) -> int:
    """Keep of each question about a document, asked with the same settings, the answers that were written last.

    What is killed meanwhile does the same again. Return how many files were written anew.

    Raises:
        GlyphMemoryError: The output folder cannot be read or written.
    """
    dropped = find_stale_answers(storage)
    for shard, gone in sorted(dropped.items()):
        storage.write(f"{ANSWERS}/{shard}.parquet", encode_answers(read_fresh_answers(storage, shard, gone)))
    return len(dropped)


def find_stale_answers(storage: Storage) -> dict[str, set[Asked]]:
    """Return of files what a later file answers, too.

    Raises:
        GlyphMemoryError: The output folder cannot be read.
    """
    holder, dropped = dict[Asked, str](), defaultdict[str, set[Asked]](set)
    for shard in list_shards(storage, ANSWERS):
        rows = read_answers(storage, shard, ("document", "question", "settings"))
        for asked in {(row["document"], row["question"], row["settings"]) for row in rows}:
            if asked in holder:
                dropped[holder[asked]].add(asked)
            holder[asked] = shard
    return dict(dropped)


def read_fresh_answers(storage: Storage, shard: str, stale: AbstractSet[Asked]) -> list[Row]:
    """Return the rows of a file without those that are out of date.

    Raises:
        GlyphMemoryError: It cannot be read.
    """
    return [
        row
        for row in read_answers(storage, shard)
        if (row["document"], row["question"], row["settings"]) not in stale
    ]
