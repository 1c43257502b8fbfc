"""`export_lance`: the tables that a run over many documents wrote, as a Lance dataset.

Knows which rows count and when; what Lance does with them is in `lance_files`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from glyph_memory.addresses import is_address
from glyph_memory.documents.exporting.drawn_rows import list_drawn
from glyph_memory.documents.exporting.lance_files import HeldVersion, LanceFiles, load_lance
from glyph_memory.documents.exporting.values import ExportedTable, LanceReport
from glyph_memory.documents.shards.plan import DOCUMENTS, PLANS
from glyph_memory.documents.shards.plan_files import PlanFiles, list_shards
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.errors import DocumentError, GlyphMemoryError, show_value

Progress = Callable[[int, int], object]
"""Called with how many files of rows are written, and how many there are to write."""


def export_lance(
    out: str | Path,
    table: Literal["pages", "documents"] = "pages",
    *,
    to: str | Path | None = None,
    unfinished: bool = False,
    storage_options: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> LanceReport:
    """Make a Lance dataset of what a run over many documents wrote: the same columns and rows, pictures in them.

    The dataset gets one new version, with all that changed, or none. A reader sees the version before or the one after,
    never half of a run. A call that was killed is gone on with: what it wrote is not written again. Rows are read and
    written some at a time. `out` is only read.

    Args:
        out: The output folder of `open_shards`, or its address. Its last run has to be finished.
        table: `pages`, or `documents`, which has what was lost and what failed.
        to: A folder or an address that Lance knows (`s3://`, `gs://`, `az://`); `pages.lance` in `out` unless given.
        unfinished: Take what is finished of a run that is not; else it is refused.
        storage_options: Settings of the store, as Lance names them. Without, those of the environment count, and for S3
            what fsspec was told.
        progress: Called after each file of rows.

    Raises:
        DocumentError: There is no such table.
        GlyphMemoryError: Lance is not installed, the run is not finished or goes on, or something cannot be read or
            written; the dataset is then as it was.
    """
    if table not in {"pages", "documents"}:
        raise DocumentError(f"table={show_value(table)} is none of 'pages', 'documents'; give one of them")
    return export_table(
        out,
        table,
        list_drawn,
        counts=DOCUMENTS,
        plans=PLANS,
        to=to,
        unfinished=unfinished,
        storage_options=storage_options,
        progress=progress,
    )


def export_table(
    out: str | Path,
    table: str,
    list_rows: Callable[[Storage, str], ExportedTable],
    *,
    counts: str,
    plans: str,
    to: str | Path | None = None,
    unfinished: bool = False,
    storage_options: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> LanceReport:
    """Make a Lance dataset of a table; `export_lance` says how.

    Args:
        out: The output folder.
        table: The table's name, and that of its folder.
        list_rows: Finds its rows.
        counts: The folder of what a shard counts by.
        plans: The folder with the plans of what writes it.
        to: As for `export_lance`.
        unfinished: As for `export_lance`.
        storage_options: As for `export_lance`.
        progress: As for `export_lance`.

    Raises:
        GlyphMemoryError: As for `export_lance`.
    """
    address = _make_address(out)
    target = f"{address.rstrip('/')}/{table}.lance" if to is None else _make_address(to).rstrip("/")
    lance, storage = load_lance(), Storage(address)
    _check_finished(storage, counts, plans, unfinished=unfinished)
    with Storage(target).hold() as check_held:
        files = LanceFiles(lance, target, storage_options or {})
        return _export(files, list_rows(storage, table), Storage(target).shown, progress, check_held)


def _export(
    files: LanceFiles,
    table: ExportedTable,
    shown: str,
    progress: Progress | None,
    check_held: Callable[[], object],
) -> LanceReport:
    held = files.read_version(table)
    there = held or HeldVersion(number=0, parts={}, others=())
    wanted = {(one.shard, one.key): one for one in table.parts}
    missing = [part for part in wanted if part not in there.parts]
    written = files.read_written(missing)
    for number, part in enumerate(missing, 1):
        if part not in written:
            written[part] = files.write(wanted[part], table.schema, is_first=held is None)
        if progress:
            progress(number, len(missing))
    gone = [fragment for part, fragment in there.parts.items() if part not in wanted]
    removed, added = [*gone, *there.others], [written[part] for part in missing]
    is_new = held is None or bool(removed or added)
    if is_new:
        check_held()
    version = files.commit(held, table.schema, removed=removed, added=added) if is_new else there.number
    stayed = [fragment for part, fragment in there.parts.items() if part in wanted]
    files.drop_notes([*stayed, *added])
    return LanceReport(
        table=table.name,
        to=shown,
        version=version,
        is_new=is_new,
        rows=sum(one.rows for one in table.parts),
        written=len(added),
        removed=len(removed),
        unchanged=len(stayed),
    )


def _check_finished(storage: Storage, counts: str, plans: str, *, unfinished: bool) -> None:
    """Raise an error where there is nothing, or where half of the last run would stand in the dataset."""
    there = set(list_shards(storage, counts))
    last = PlanFiles(storage, plans).read_last()
    missing = sum(1 for name in (last[1] if last else ()) if name not in there)
    if missing and not unfinished:
        raise GlyphMemoryError(
            f"the last run in {storage.shown!r} is not finished, {missing:,} of its files are missing; give its "
            "command again and export then, or take what is there (unfinished=True, --unfinished)"
        )
    if not there:
        raise GlyphMemoryError(
            f"there is nothing to export in {storage.shown!r}, no {counts}/*.parquet; give the folder of a run by "
            "shards (glyph-memory pages … --ray, ask-pages)"
        )


def _make_address(path: str | Path) -> str:
    return str(path) if is_address(str(path)) else str(Path(path).expanduser().absolute())
