"""Repair a database: back it up, put right what can be, and say what was lost.

Wiring: what is wrong is found by the modules beside it, and what is made again is made as `append` makes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, select

from glyph_memory.errors import StoreError
from glyph_memory.store.address import Address
from glyph_memory.store.doctor.check import check_store, check_version, require_database
from glyph_memory.store.doctor.conversation import repair_conversations
from glyph_memory.store.doctor.files import (
    back_up,
    delete_file,
    list_wrong_pages,
    replace_file,
    require_alone,
)
from glyph_memory.store.doctor.findings import StoreCheck, StoreRepair
from glyph_memory.store.doctor.mend import repair_rows
from glyph_memory.store.doctor.recover import recover_file
from glyph_memory.store.doctor.rows import (
    count_sound_seals,
    iter_chunks,
    list_sessions,
)
from glyph_memory.store.engine import Database
from glyph_memory.store.erase import forget_seals
from glyph_memory.store.journal import Erasure, add_task
from glyph_memory.store.schema import (
    SCHEMA,
    seals,
    write_meta,
)
from glyph_memory.store.sessions import update_session
from glyph_memory.store.store import Store

_NEED_INDEX = ("search", "session", "orphan", "file")
"""What makes the search index be made anew."""
_BY_OPENING = {"key": "made a new key", "erasure": "finished the erasure"}
"""What is put right whenever a database is opened for writing."""


def repair_store(
    url: str | Path,
    *,
    backup: bool = True,
    drop_damaged: bool = False,
    wait_s: float = 10.0,
    progress: Callable[[int, int], None] | None = None,
) -> StoreRepair:
    """Check a database, back it up, put right what can be, check again, and return what was done and lost.

    Counted and indexed again is what follows from the turns; seals that do not hold are dropped, and their pages drawn
    again. A damaged turn stays as it is. Of a file that SQLite cannot read as a whole, what can be read is copied to a
    new one, which takes its place. Where nothing is wrong, nothing is done.

    Args:
        url: As for `Store.open`.
        backup: Whether to copy an SQLite file before anything is changed, to `FILE.backup-YYYYMMDD-HHMMSS`. A server's
            database is backed up by its own tools: this must be False there.
        drop_damaged: Whether to erase damaged turns for good.
        wait_s: How long to wait for a database that another process has locked, in seconds.
        progress: Called with how many turns are checked, and how many there are; from the beginning for each check.

    Raises:
        StoreBusy: Others kept the database for longer than that, or have a file open that is to be replaced.
        StoreError: It cannot be backed up or repaired; nothing was changed then, or what was begun is undone.
    """
    address = require_database(url)
    if backup and address.path is None:
        raise StoreError(
            f"{address.shown} cannot be backed up from here. Run: pg_dump; then this again with --no-backup"
        )
    before = check_store(url, wait_s=wait_s, progress=progress)
    is_wanted = any(
        found.is_repairable or (drop_damaged and found.kind == "turn") for found in before.findings
    )
    if not is_wanted:
        return StoreRepair(before=before, after=before, backup=None)
    if address.read_only:
        raise StoreError(
            f"{address.shown} is read-only. Copy it to a place where you may write, and repair that"
        )
    copy = back_up(address.path) if backup and address.path is not None else None
    lost = _replace_malformed(address.path) if address.path and _has(before, "file") else []
    done = [*_repair(address, url, wait_s=wait_s, lost=lost, drop_damaged=drop_damaged, before=before)]
    after = check_store(url, wait_s=wait_s, progress=progress)
    return StoreRepair(before=before, after=after, backup=copy, done=tuple(done), lost=tuple(lost))


def _has(check: StoreCheck, kind: str) -> bool:
    return any(found.kind == kind for found in check.findings)


def _replace_malformed(path: Path) -> list[str]:
    """Put a new file with all that can be read in the place of one that SQLite cannot read; return what was lost."""
    new = path.with_name(f".{uuid4().hex}.part")
    try:
        lost = recover_file(path, new)
        with closing(Store.open(new)):  # folds its log into the file
            pass
        require_alone(path)
        replace_file(path, new)
    finally:
        delete_file(new)
        delete_file(new.with_name(f"{new.name}.old"))
    return lost


def _repair(
    address: Address,
    url: str | Path,
    *,
    wait_s: float,
    lost: list[str],
    drop_damaged: bool,
    before: StoreCheck,
) -> Iterator[str]:
    yield from _repair_version(address, wait_s=wait_s)
    with Store.open(
        url, wait_s=wait_s
    ) as store:  # which brings tables up to date, finishes erasures, makes a key
        database = store._database
        yield from (_BY_OPENING[found.kind] for found in before.findings if found.kind in _BY_OPENING)
        with database.begin_write() as connection:
            done = [*repair_rows(connection, with_index=any(_has(before, kind) for kind in _NEED_INDEX))]
            if done and address.path is not None:
                add_task(connection, "file")  # rows were moved, whose bytes would stay when they are erased
        yield from done
        if drop_damaged:
            yield from _drop_damaged(store, lost)
        with database.begin_erase() as erasure:
            yield from _repair_seals(erasure)
            yield from repair_conversations(erasure)
        if address.path is not None:
            with database.begin_read() as connection:
                wrong = [file for files in list_wrong_pages(connection, address.path) for file in files]
            for file in wrong:
                with suppress(OSError):
                    file.unlink(missing_ok=True)
            if wrong:
                yield f"deleted {len(wrong):,} files of pages"
            if done:
                with suppress(StoreError):  # others use it: whoever opens it next does it
                    database.rewrite()


def _repair_version(address: Address, *, wait_s: float) -> Iterator[str]:
    with (
        closing(Database(address, wait_s=wait_s, schema=None)) as database,
        database.begin_write() as connection,
    ):
        found = check_version(connection)
        if found is not None and found.remedy == "writes the version":
            write_meta(connection, "version", str(SCHEMA.version))
            yield f"wrote the tables' version, {SCHEMA.version}"
        elif found is not None and not found.is_repairable:
            raise StoreError(
                f"{address.shown} cannot be repaired: {found.message}. What to do: {found.remedy}"
            )


def _drop_damaged(store: Store, lost: list[str]) -> Iterator[str]:
    """Erase damaged turns for good, session by session."""
    with store._database.begin_read() as connection:
        found: dict[str, list[int]] = defaultdict(list)
        for session in list_sessions(connection):
            for chunk in iter_chunks(connection, session.row.id):
                found[session.name] += [turn.anchor or 0 for turn in chunk if turn.is_damaged]
    for name, anchors in found.items():
        if anchors and store.session(name).delete(anchors):
            named = ", ".join(f"§{anchor}" for anchor in anchors[:12]) + (", …" if len(anchors) > 12 else "")
            lost.append(f"{len(anchors):,} damaged turns of session {name!r}, erased as you asked: {named}")
            yield f"erased {len(anchors):,} damaged turns of session {name!r}"


def _repair_seals(erasure: Erasure) -> Iterator[str]:
    connection = erasure.connection
    for session in list_sessions(connection):
        sound = count_sound_seals(connection, session.row.id)
        mine = seals.c.session_id == session.row.id
        stored = connection.execute(select(func.count()).select_from(seals).where(mine)).scalar() or 0
        if stored > sound:
            forget_seals(erasure, session.row, keep=sound, reader=None)
            update_session(connection, session.row._replace(edits=session.row.edits + 1))
            yield f"dropped {stored - sound:,} seals of session {session.name!r}; their turns are sealed again"
