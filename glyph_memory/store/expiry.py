"""Erase sessions whose time is over: those that nobody has written to for as long as they are to be kept.

Knows when a session was last written to, by the database's clock, and erases in batches beside writers, as `erase`
does; knows nothing about what was said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from math import ceil

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy.sql.functions import coalesce

from glyph_memory.errors import StoreError, show_value
from glyph_memory.store.clock import database_time
from glyph_memory.store.damage import read_count, read_moment, read_string
from glyph_memory.store.erase import forget_session
from glyph_memory.store.erasing import ErasingDatabase
from glyph_memory.store.journal import Erasure
from glyph_memory.store.schema import names, read_meta, sessions, write_meta
from glyph_memory.store.sessions import SESSION_COLUMNS, SessionRow, cut_looks, lock_session
from glyph_memory.store.values import ExpiredSession, SealReader

_LISTED_AT_ONCE = 1_000
_SESSIONS_AT_ONCE, _TURNS_AT_ONCE = 50, 2_000
"""What one transaction erases at most, but for a single session that is larger."""
_DEFAULT = "lifetime_s"
"""By what name the store keeps the lifetime of sessions that have none of their own."""


def parse_lifetime(name: str, given: timedelta | None) -> int | None:
    """Return a lifetime in whole seconds, rounded up.

    Raises:
        StoreError: It is no span of time, or not a positive one.
    """
    if given is None:
        return None
    if not isinstance(given, timedelta):
        raise StoreError(
            f"{name}={show_value(given)} is no span of time; give one, such as timedelta(days=90)"
        )
    if given <= timedelta(0):
        raise StoreError(
            f"{name}={show_value(given)} is not above 0; give a longer one, such as timedelta(days=90)"
        )
    return ceil(given.total_seconds())


def store_lifetime(connection: Connection, seconds: int | None, *, session: str | None) -> None:
    """Store how long a session, or each that has no lifetime of its own, is kept after the last write to it."""
    if session is None:
        write_meta(connection, _DEFAULT, "" if seconds is None else str(seconds))
        return
    this = sessions.c.id == lock_session(connection, session).id
    connection.execute(update(sessions).where(this).values(lifetime_s=seconds))


def read_default(connection: Connection) -> int | None:
    """Return how long sessions are kept that have no lifetime of their own, `None` where that is for good."""
    stored = str(read_meta(connection, _DEFAULT) or "")
    return int(stored) if stored.isdecimal() and len(stored) < 19 else None


def list_expired(database: ErasingDatabase, default_s: int | None) -> Iterator[Sequence[ExpiredSession]]:
    """Yield sessions whose time is over, some at a time; no transaction stays open between them."""
    last = 0
    while True:
        with database.begin_read() as connection:
            default_s = read_default(connection) if default_s is None else default_s
            query = (
                select(sessions.c.id, names.c.name, sessions.c.turns, sessions.c.written)
                .join_from(sessions, names, names.c.session_id == sessions.c.id)
                .where(sessions.c.id > last, names.c.name != "", _is_over(connection, default_s))
                .order_by(sessions.c.id)
                .limit(_LISTED_AT_ONCE)
            )
            rows = connection.execute(query).all()
        if not rows:
            return
        yield [
            ExpiredSession(
                name=read_string(name),
                turns=read_count(turns),
                last_write=read_moment(written),
                number=number,
            )
            for number, name, turns, written in rows
        ]
        last = rows[-1][0]


def erase_expired(
    database: ErasingDatabase,
    default_s: int | None,
    *,
    reader: SealReader | None,
    progress: Callable[[Sequence[ExpiredSession]], object] | None,
) -> Iterator[ExpiredSession]:
    """Erase sessions whose time is over, and yield them, each after the transaction that erased it."""
    for some in list_expired(database, default_s):
        for batch in _split(some):
            with database.begin_erase(says=False) as erasure:
                default = read_default(erasure.connection) if default_s is None else default_s
                gone = [one for one in batch if _erase(erasure, one, default, reader)]
            if progress is not None and gone:
                progress(gone)
            yield from gone
    database.finish_erasing()


def _erase(erasure: Erasure, one: ExpiredSession, default_s: int | None, reader: SealReader | None) -> bool:
    """Erase a session unless it was written to meanwhile, or is just being; return whether it was erased."""
    connection = erasure.connection
    query = select(*SESSION_COLUMNS).where(
        sessions.c.id == one.number,
        sessions.c.name_digest != f"erased {one.number}",  # by another that expires sessions
        _is_over(connection, default_s),
    )
    row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return False
    forget_session(erasure, cut_looks(SessionRow(*row)), reader=reader)
    return True


def _is_over(connection: Connection, default_s: int | None) -> ColumnElement[bool]:
    """Return the condition under which a session's time is over; one that has no lifetime stays."""
    own = sessions.c.lifetime_s
    lifetime = own if default_s is None else coalesce(own, default_s)
    return database_time(connection.dialect.name) - sessions.c.written > lifetime


def _split(some: Sequence[ExpiredSession]) -> Iterator[list[ExpiredSession]]:
    """Yield sessions in batches of bounded size."""
    batch, turns = list[ExpiredSession](), 0
    for one in some:
        if batch and (len(batch) >= _SESSIONS_AT_ONCE or turns + one.turns > _TURNS_AT_ONCE):
            yield batch
            batch, turns = [], 0
        batch.append(one)
        turns += one.turns
    if batch:
        yield batch
