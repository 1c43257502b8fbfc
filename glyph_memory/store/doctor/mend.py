"""Make again what follows from the turns: sessions' names and counters, what turns are found by, the search index.

Knows rows; knows nothing about files, backups or seals.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from glyph_memory.folding import count_characters
from glyph_memory.store.append import insert_search_rows
from glyph_memory.store.damage import read_string
from glyph_memory.store.doctor.rows import (
    OF_SESSIONS,
    OF_TURNS,
    count_right,
    is_orphan,
    iter_chunks,
    list_sessions,
    list_unfindable,
    unreachable,
)
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import (
    identifiers,
    images,
    names,
    read_meta,
    sessions,
    turns,
    words,
    write_meta,
)
from glyph_memory.store.search import rebuild_index
from glyph_memory.store.sessions import make_session_key, parse_edits, update_session
from glyph_memory.transcript import Turn


def repair_rows(connection: Connection, *, with_index: bool) -> Iterator[str]:
    """Make all that follows from the turns again where it is wrong."""
    if parse_edits(read_meta(connection, "edits")) is None:
        highest = connection.execute(select(func.max(sessions.c.edits))).scalar()
        write_meta(connection, "edits", str(highest + 1 if type(highest) is int else 0))
        yield "counted the store's edits again"
    yield from _adopt_turns(connection)
    for table in (*OF_TURNS, *OF_SESSIONS):
        if count := connection.execute(delete(table).where(is_orphan(table))).rowcount:
            yield f"deleted {count:,} rows of {table.name} that belonged to nothing"
    for session in list_sessions(connection):
        if not session.has_right_digest:
            name = _find_free_name(connection, session.name or f"recovered-{session.row.id}", session.row.id)
            digest = {"name_digest": fingerprint(name)}
            connection.execute(update(sessions).where(sessions.c.id == session.row.id).values(**digest))
            _store_name(connection, session.row.id, name, key=session.key)
            yield f"session {name!r} can be found again"
    found = _index_again(connection)
    if with_index or found:
        rebuild_index(connection)
        yield f"made the search index anew{f', {found:,} turns read again for it' if found else ''}"
    for session in list_sessions(connection):
        counted = count_right(connection, session.row)
        if counted != session.row:
            update_session(connection, counted)
            yield f"counted session {session.name!r} again: {counted.turns:,} turns, the last §{counted.last_anchor}"


def _store_name(connection: Connection, session_id: int, name: str, *, key: bytes = b"") -> None:
    """Store a session's name, and a new key where it has none."""
    key = key or make_session_key(connection)
    connection.execute(delete(names).where(names.c.session_id == session_id))
    connection.execute(names.insert(), {"session_id": session_id, "name": name, "key": key})


def _adopt_turns(connection: Connection) -> Iterator[str]:
    """Put turns without a session into one of their own, and number those without a number after the last."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    emptied = (is_orphan(turns), turns.c.session_id < 1, turns.c.role == "")  # when they were erased
    connection.execute(delete(turns).where(*emptied))
    highest = select(func.max(sessions.c.id)).where(sessions.c.id > 0)
    for (number,) in connection.execute(select(turns.c.session_id).where(is_orphan(turns)).distinct()).all():
        new = (
            number if type(number) is int and number > 0 else 1 + (connection.execute(highest).scalar() or 0)
        )
        stored = connection.execute(select(names.c.name).where(names.c.session_id == number)).scalar()
        name = _find_free_name(connection, read_string(stored) or f"recovered-{new}", new)
        row = {"id": new, "name_digest": fingerprint(name)}
        counters = {"last_anchor": 0, "turns": 0, "words": 0, "edits": 0}
        connection.execute(sessions.insert(), row | counters)
        _store_name(connection, new, name)
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
            if wrong:  # a new version of its row: a replica that has not yet seen this shows another one
                mine = update(sessions).where(sessions.c.id == session.row.id)
                connection.execute(mine.values(edits=sessions.c.edits))
    return count


def _store_again(connection: Connection, session_id: int, turn: Turn) -> None:
    for table in (identifiers, words):
        connection.execute(
            delete(table).where(table.c.session_id == session_id, table.c.anchor == turn.anchor)
        )
    insert_search_rows(connection, session_id, [turn])
    this = update(turns).where(turns.c.session_id == session_id, turns.c.anchor == turn.anchor)
    connection.execute(this.values(characters=count_characters(turn)))
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
