"""Which rows of pages and documents count, shard by shard: of each document those that were written last.

Knows the files of an output folder; knows nothing about Lance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from glyph_memory.documents.exporting.values import ExportedTable, TablePart, check_key, make_key
from glyph_memory.documents.shards.compacting import Stale, find_stale
from glyph_memory.documents.shards.plan import PAGES
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import load_arrow, make_document_schema, make_page_schema
from glyph_memory.errors import GlyphMemoryError

_AT_ONCE = 64
"""Rows of pages that are held at a time."""
_TOLD_ANEW = {"version", "unchanged"}
"""What changes in the row of a document whose pages stay."""


def list_drawn(storage: Storage, table: str) -> ExportedTable:
    """Return the rows of the table `pages` or `documents`, as `compact` would leave them.

    Raises:
        GlyphMemoryError: They cannot be read.
    """
    stale = find_stale(storage)
    read, parts = (_list_pages if table == PAGES else _list_documents), list[TablePart]()
    for shard in stale.shards:
        part = read(storage, shard, stale)
        parts += [part] if part.rows else []
    schema = make_page_schema() if table == PAGES else make_document_schema()
    return ExportedTable(name=table, schema=schema, parts=parts)


def _list_documents(storage: Storage, shard: str, stale: Stale) -> TablePart:
    rows = stale.read(storage, shard)
    key = make_key(rows)
    read = partial(_read_documents, storage, shard, stale, key)
    return TablePart(shard=shard, key=key, rows=len(rows), read=read)


def _read_documents(storage: Storage, shard: str, stale: Stale, key: str) -> Iterator[Any]:
    arrow, _ = load_arrow()
    rows = stale.read(storage, shard)
    check_key(rows, key, storage.shown)
    yield from arrow.Table.from_pylist(rows, schema=make_document_schema()).to_batches()


def _list_pages(storage: Storage, shard: str, stale: Stale) -> TablePart:
    told = _tell_of_pages(storage, shard, stale)
    key = make_key(told)
    read = partial(_read_pages, storage, shard, stale, key)
    return TablePart(shard=shard, key=key, rows=sum(one["pages"] for one in told), read=read)


def _tell_of_pages(storage: Storage, shard: str, stale: Stale) -> list[dict[str, Any]]:
    """Return what a shard's pages follow from, beside its plan, which is in its name: what was read, and how drawn."""
    return [
        {name: value for name, value in row.items() if name not in _TOLD_ANEW}
        for row in stale.read(storage, shard)
        if row["pages"] and not row["error"] and not row["unchanged"]
    ]


def _read_pages(storage: Storage, shard: str, stale: Stale, key: str) -> Iterator[Any]:
    arrow, parquet = load_arrow()
    schema, name = make_page_schema(), f"{PAGES}/{shard}.parquet"
    told = _tell_of_pages(storage, shard, stale)
    check_key(told, key, storage.shown)
    left = Counter({row["document"]: row["pages"] for row in told})
    wanted = set(left)
    with storage.open_file(name) as file:
        try:
            for batch in parquet.ParquetFile(file).iter_batches(batch_size=_AT_ONCE):
                documents = batch.column("document").to_pylist()
                keep = arrow.array([one in wanted for one in documents], arrow.bool_())
                left.subtract(one for one in documents if one in wanted)
                rows = arrow.Table.from_batches([batch]).filter(keep).select(schema.names).cast(schema)
                yield from rows.to_batches()
        except (ValueError, KeyError) as error:
            raise GlyphMemoryError(
                f"{storage.shown + '/' + name!r} is damaged or no table of pages; remove it and its list in documents/ "
                "and have its documents drawn again"
            ) from error
    if wrong := next((one for one, count in left.items() if count), None):
        raise GlyphMemoryError(
            f"the pages of {wrong!r} are not those that its row tells of: a run writes to {storage.shown!r} now, or "
            f"{name!r} was changed; wait for the run's end, or have its documents drawn again"
        )
