"""Drop answers that stand twice: to a question that was asked again, since the document changed or it failed.

Knows the files of answers; asks nobody.
"""

from __future__ import annotations

from collections import defaultdict

from glyph_memory.documents.shards.storage import Storage
from glyph_memory.windows.bulk.tables import ANSWERS, encode_answers, read_answers

_Asked = tuple[str, str, str]


def compact_answers(storage: Storage) -> int:
    """Keep of each question about a document, asked with the same settings, the answers that were written last.

    What is killed meanwhile does the same again. Return how many files were written anew.

    Raises:
        GlyphMemoryError: The output folder cannot be read or written.
    """
    holder, dropped = dict[_Asked, str](), defaultdict[str, set[_Asked]](set)
    for name in storage.list_files(ANSWERS):
        shard = name.removesuffix(".parquet")
        rows = read_answers(storage, shard, ("document", "question", "settings"))
        for asked in {(row["document"], row["question"], row["settings"]) for row in rows}:
            if asked in holder:
                dropped[holder[asked]].add(asked)
            holder[asked] = shard
    for shard, gone in sorted(dropped.items()):
        rows = [
            row
            for row in read_answers(storage, shard)
            if (row["document"], row["question"], row["settings"]) not in gone
        ]
        storage.write(f"{ANSWERS}/{shard}.parquet", encode_answers(rows))
    return len(dropped)
