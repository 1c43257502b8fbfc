"""Repair a database: back it up, put right what can be, and say what was lost.

Wiring: what is wrong is found by the modules beside it, and what is made again is made as `append` makes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from glyph_memory.errors import StoreError
from glyph_memory.store.address import Address
from glyph_memory.store.append import insert_search_rows
from glyph_memory.store.doctor.check import check_store, check_version, require_database
from glyph_memory.store.doctor.files import (
    back_up,
    delete_file,
    list_wrong_pages,
    replace_file,
    require_alone,
)
from glyph_memory.store.doctor.findings import StoreCheck, StoreRepair
from glyph_memory.store.doctor.recover import recover_file
from glyph_memory.store.doctor.rows import (
    OF_TURNS,
    count_right,
    count_sound_seals,
    is_orphan,
    iter_chunks,
    list_sessions,
    list_unfindable,
    unreachable,
)
from glyph_memory.store.engine import Database
from glyph_memory.store.schema import (
    SCHEMA,
    identifiers,
    images,
    read_meta,
    seals,
    sessions,
    turns,
    words,
    write_meta,
)
from glyph_memory.store.seals import drop_seals
from glyph_memory.store.search import rebuild_index
from glyph_memory.store.sessions import update_session
from glyph_memory.store.store import Store
from glyph_memory.store.turns import fingerprint
from glyph_memory.transcript import Turn

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
            yield from _repair_rows(connection, with_index=_has(before, "search") or _has(before, "file"))
        if drop_damaged:
            yield from _drop_damaged(store, lost)
        with database.begin_write() as connection:
            yield from _repair_seals(connection)
        if address.path is not None:
            with database.begin_read() as connection:
                wrong = [file for files in list_wrong_pages(connection, address.path) for file in files]
            for file in wrong:
                with suppress(OSError):
                    file.unlink(missing_ok=True)
            if wrong:
                yield f"deleted {len(wrong):,} files of pages"


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


def _repair_rows(connection: Connection, *, with_index: bool) -> Iterator[str]:
    """Make all that follows from the turns again where it is wrong."""
    edits = read_meta(connection, "edits")
    if not (isinstance(edits, str) and edits.isdecimal()):
        highest = connection.execute(select(func.max(sessions.c.edits))).scalar()
        write_meta(connection, "edits", str(highest + 1 if type(highest) is int else 0))
        yield "counted the store's edits again"
    yield from _adopt_turns(connection)
    for table in (*OF_TURNS, seals):
        if count := connection.execute(delete(table).where(is_orphan(table))).rowcount:
            yield f"deleted {count:,} rows of {table.name} that belonged to nothing"
    found = _index_again(connection)
    if with_index or found:
        rebuild_index(connection)
        yield f"made the search index anew{f', {found:,} turns read again for it' if found else ''}"
    for session in list_sessions(connection):
        if not session.has_right_digest:
            name = _find_free_name(connection, session.name or f"recovered-{session.row.id}", session.row.id)
            values = {"name": name, "name_digest": fingerprint(name)}
            connection.execute(update(sessions).where(sessions.c.id == session.row.id).values(**values))
            yield f"session {name!r} can be found again"
        counted = count_right(connection, session.row)
        if counted != session.row:
            update_session(connection, counted)
            yield f"counted session {session.name!r} again: {counted.turns:,} turns, the last §{counted.last_anchor}"


def _adopt_turns(connection: Connection) -> Iterator[str]:
    """Put turns without a session into one of their own, and number those without a number after the last."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    highest = select(func.max(sessions.c.id))
    for (number,) in connection.execute(select(turns.c.session_id).where(is_orphan(turns)).distinct()).all():
        new = number if type(number) is int else 1 + (connection.execute(highest).scalar() or 0)
        name = _find_free_name(connection, f"recovered-{new}", new)
        row = {"id": new, "name": name, "name_digest": fingerprint(name)}
        counters = {"last_anchor": 0, "turns": 0, "words": 0, "edits": 0}
        connection.execute(sessions.insert(), row | counters)
        if new != number:
            for table in (identifiers, words):  # made again
                connection.execute(delete(table).where(table.c.session_id == number))
            for table in (images, turns):
                connection.execute(update(table).where(table.c.session_id == number).values(session_id=new))
        yield f"put turns that had no session into {name!r}"
    for session in list_sessions(connection):
        lost = select(turns.c.anchor).where(unreachable(connection, session.row.id))
        anchors = list(connection.execute(lost).scalars())
        if not anchors:
            continue
        last = count_right(connection, session.row).last_anchor
        for anchor, old in enumerate(anchors, last + 1):
            for table in (identifiers, words):  # made again
                connection.execute(
                    delete(table).where(table.c.session_id == session.row.id, table.c.anchor == old)
                )
            for table in (images, turns):
                this = (table.c.session_id == session.row.id, table.c.anchor == old)
                connection.execute(update(table).where(*this).values(anchor=anchor))
        yield f"numbered {len(anchors):,} turns of session {session.name!r} anew, from §{last + 1} on"


def _index_again(connection: Connection) -> int:
    """Store the words, identifiers and id digests of turns again where they are not as they should be; count them."""
    count = 0
    for session in list_sessions(connection):
        for chunk in iter_chunks(connection, session.row.id):
            wrong = list_unfindable(connection, session.row.id, chunk)
            count += len(wrong)
            for turn in wrong:
                _store_again(connection, session.row.id, turn)
    return count


def _store_again(connection: Connection, session_id: int, turn: Turn) -> None:
    for table in (identifiers, words):
        connection.execute(
            delete(table).where(table.c.session_id == session_id, table.c.anchor == turn.anchor)
        )
    insert_search_rows(connection, session_id, [turn])
    this = update(turns).where(turns.c.session_id == session_id, turns.c.anchor == turn.anchor)
    with suppress(IntegrityError), connection.begin_nested():  # another turn has the same id
        connection.execute(this.values(id_digest=fingerprint(turn.id or "")))


def _find_free_name(connection: Connection, name: str, session_id: int) -> str:
    """Return a name that no other session has, nor NUL or a lone surrogate in it."""
    name = name.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    taken = set(
        connection.execute(select(sessions.c.name_digest).where(sessions.c.id != session_id)).scalars()
    )
    numbers = iter(range(2, 2 + len(taken) + 1))
    free = name
    while fingerprint(free) in taken:
        free = f"{name} {next(numbers)}"
    return free


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


def _repair_seals(connection: Connection) -> Iterator[str]:
    for session in list_sessions(connection):
        sound = count_sound_seals(connection, session.row.id)
        mine = seals.c.session_id == session.row.id
        stored = connection.execute(select(func.count()).select_from(seals).where(mine)).scalar() or 0
        if stored > sound:
            drop_seals(connection, session.row.id, keep=sound)
            update_session(connection, session.row._replace(edits=session.row.edits + 1))
            yield f"dropped {stored - sound:,} seals of session {session.name!r}; their turns are sealed again"
