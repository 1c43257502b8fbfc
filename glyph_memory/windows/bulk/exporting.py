"""`export_answers`: the answers about many documents as a Lance dataset. Knows their rows; asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import partial
from pathlib import Path
from typing import Any

from glyph_memory.documents import LanceReport
from glyph_memory.documents.exporting.export import Progress, export_table
from glyph_memory.documents.exporting.values import ExportedTable, TablePart, check_key, make_key
from glyph_memory.documents.shards.plan_files import list_shards
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import load_arrow
from glyph_memory.windows.bulk.compacting import Asked, find_stale_answers, read_fresh_answers
from glyph_memory.windows.bulk.plan import PLANS
from glyph_memory.windows.bulk.tables import ANSWERS, make_schema


def export_answers(
    out: str | Path,
    *,
    to: str | Path | None = None,
    unfinished: bool = False,
    storage_options: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> LanceReport:
    """Make a Lance dataset of the answers about many documents, as `glyph_memory.documents.export_lance` does of pages.

    Args:
        out: The output folder of `open_questions`, or its address.
        to: A folder, or an address that Lance knows; `answers.lance` in `out` unless given.
        unfinished: Take what is answered of a run that is not finished; else it is refused.
        storage_options: Settings of the store, as Lance names them.
        progress: Called after each file of rows.

    Raises:
        GlyphMemoryError: As for `export_lance`.
    """
    return export_table(
        out,
        ANSWERS,
        _list_answers,
        counts=ANSWERS,
        plans=PLANS,
        to=to,
        unfinished=unfinished,
        storage_options=storage_options,
        progress=progress,
    )


def _list_answers(storage: Storage, table: str) -> ExportedTable:
    stale, parts = find_stale_answers(storage), list[TablePart]()
    for shard in list_shards(storage, ANSWERS):
        gone = stale.get(shard, set())
        if rows := read_fresh_answers(storage, shard, gone):
            key = make_key(rows)
            read = partial(_read_answers, storage, shard, gone, key)
            parts.append(TablePart(shard=shard, key=key, rows=len(rows), read=read))
    return ExportedTable(name=table, schema=make_schema(), parts=parts)


def _read_answers(storage: Storage, shard: str, gone: Set[Asked], key: str) -> Iterator[Any]:
    arrow, _ = load_arrow()
    rows = read_fresh_answers(storage, shard, gone)
    check_key(rows, key, storage.shown)
    yield from arrow.Table.from_pylist(rows, schema=make_schema()).to_batches()
