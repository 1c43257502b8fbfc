"""Find a session's row, lock it for writing, make it where there is none.

Knows sessions; knows nothing about turns. A session's row is what its writers wait for on a server, and it carries
what would otherwise have to be counted: turns, words, edits.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import names, read_meta, sessions, write_meta


class SessionRow(NamedTuple):
    """A session's row, as the transaction sees it."""

    id: int
    last_anchor: int
    turns: int
    words: int
    edits: int


_COLUMNS = (
    sessions.c.id,
    sessions.c.last_anchor,
    sessions.c.turns,
    sessions.c.words,
    sessions.c.edits,
)


def find_session(connection: Connection, name: str, *, lock: bool = False) -> SessionRow | None:
    """Return a session, `None` where it was never written to; with `lock`, nobody else may write to it."""
    query = select(*_COLUMNS).where(sessions.c.name_digest == fingerprint(name))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else SessionRow(*row)


def lock_session(connection: Connection, name: str) -> SessionRow:
    """Return a session, locked for writing; create it where there is none."""
    while (session := find_session(connection, name, lock=True)) is None:
        make_session(connection, name)
    return session


def make_session(connection: Connection, name: str) -> bool:
    """Create a session; return False where there was one already."""
    row = {"name_digest": fingerprint(name), "last_anchor": 0, "turns": 0, "words": 0}
    key = secrets.token_bytes(16) if connection.dialect.name == "sqlite" else b""
    try:
        with connection.begin_nested():
            made = connection.execute(sessions.insert(), row | {"edits": first_edits(connection)})
            (number,) = made.inserted_primary_key or (None,)
            connection.execute(names.insert(), {"session_id": number, "name": name, "key": key})
    except IntegrityError:
        return False
    return True


def read_key(connection: Connection, session_id: int) -> bytes:
    """Return the key that a session's digests are made with; empty on databases other than SQLite."""
    key: bytes = connection.execute(select(names.c.key).where(names.c.session_id == session_id)).scalar_one()
    return bytes(key)


def update_session(connection: Connection, session: SessionRow) -> None:
    """Store a session's changed counters."""
    values = session._asdict()
    del values["id"]
    connection.execute(update(sessions).where(sessions.c.id == session.id).values(**values))


def first_edits(connection: Connection) -> int:
    """Return the edit count with which a new session begins.

    0, until a session was cleared: one of the same name that comes later must not pass for it.
    """
    return int(read_meta(connection, "edits") or 0)


def raise_first_edits(connection: Connection, *, above: int) -> None:
    """Let new sessions begin with a higher edit count than a cleared one had."""
    before = int(read_meta(connection, "edits", lock=True) or 0)
    write_meta(connection, "edits", str(max(before, above + 1)))
