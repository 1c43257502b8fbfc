"""A database of conversations: what is open, which sessions it holds, and its secret.

Wiring only. Knows nothing about pages, folding or models.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from sqlalchemy import select

from glyph_memory.store.address import parse_address
from glyph_memory.store.conversations import Conversations
from glyph_memory.store.damage import read_count, read_moment, read_span, read_string, read_time
from glyph_memory.store.engine import Database
from glyph_memory.store.erase import remove_graves
from glyph_memory.store.erasing import ErasingDatabase
from glyph_memory.store.expiry import erase_expired, list_expired, parse_lifetime, store_lifetime
from glyph_memory.store.journal import add_task
from glyph_memory.store.keys import KEY_BYTES, make_key, parse_key
from glyph_memory.store.schema import SCHEMA, Schema, names, read_meta, sessions, turns
from glyph_memory.store.search import merge_all
from glyph_memory.store.server_options import ServerOptions
from glyph_memory.store.session_store import SessionStore
from glyph_memory.store.turns import check_name
from glyph_memory.store.values import ExpiredSession, SealReader, SessionInfo


class Store(Conversations):
    """A database of conversations, open until it is closed; any number of threads may share one.

    Example:
        >>> from glyph_memory.transcript import Turn
        >>> with Store.open(":memory:") as store:
        ...     (turn,) = store.session("chat").append([Turn(role="user", text="The port is 8443.")])
        ...     turn.anchor, store.session("chat").search("port", k=1)[0].turn.text
        (1, 'The port is 8443.')
    """

    def __init__(self, database: ErasingDatabase) -> None:
        self._database = database
        self.key = _read_key(database)
        self.url = database.address.safe_url
        self.path = database.address.path
        self.read_only = database.read_only

    @classmethod
    def open(
        cls,
        url: str | Path,
        *,
        wait_s: float = 10.0,
        read_only: bool = False,
        server: ServerOptions | None = None,
        schema: Schema = SCHEMA,
    ) -> Store:
        """Open a database; create it where there is none, for its owner only.

        Args:
            url: A path, `":memory:"`, or a URL of SQLAlchemy's: `sqlite:///chat.db`, `sqlite:///chat.db?mode=ro`,
                `postgresql+pg8000://user@host/database`.
            wait_s: How long to wait for other processes that write, before `StoreBusy`.
            read_only: Only to look: nothing in the database changes, and none is made.
            server: Time limits and connections of a database server; the URL's query may name single ones as well.
            schema: How tables are made and renewed; for tests of just that.

        Raises:
            StoreBusy: Others kept the database for longer than that.
            StoreError: It cannot be opened; the message says why and what to do.
        """
        address = parse_address(url, server=server)
        address = replace(address, read_only=address.read_only or read_only)
        return cls(ErasingDatabase(address, wait_s=wait_s, schema=schema))

    def __repr__(self) -> str:
        return f"Store({self.url!r})"

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; a second time does nothing."""
        self._database.close()

    def session(self, name: str, *, seal_reader: SealReader | None = None) -> SessionStore:
        """Return a session; it is created by the first write. Names are compared exactly.

        Args:
            name: What it is called.
            seal_reader: Reads the seals of turns that are erased, so that they and their page images go along.

        Raises:
            StoreError: The name is empty, or holds NUL or a lone surrogate.
        """
        return SessionStore(self._database, name, seal_reader=seal_reader)

    def set_lifetime(self, lifetime: timedelta | None, *, session: str | None = None) -> None:
        """Set for how long after its last change a session is kept; `expire` erases it later.

        Args:
            lifetime: In whole seconds. `None` is what the store says, and of the store: for good, as at first.
            session: Of which session, which is made where there is none; of all that have none of their own unless
                given. A copy by `fork` has that of its original.

        Raises:
            StoreError: It is not above 0.
        """
        seconds = parse_lifetime("lifetime", lifetime)
        if session is not None:
            check_name(session)
        with self._database.begin_write() as connection:
            store_lifetime(connection, seconds, session=session)

    def expire(
        self,
        *,
        older_than: timedelta | None = None,
        dry_run: bool = False,
        seal_reader: SealReader | None = None,
        progress: Callable[[Sequence[ExpiredSession]], object] | None = None,
    ) -> tuple[ExpiredSession, ...]:
        """Erase the sessions whose time is over, as `SessionStore.clear` does; return which those are.

        A session's time is over when its lifetime has passed since its last change: turns, pins, deletions, and what a
        server keeps of its conversation. Both are told by the database's clock. Each transaction erases a few sessions,
        and others write meanwhile; one that is written to in that moment stays.

        Args:
            older_than: The lifetime of sessions that have none of their own, in place of the store's default.
            dry_run: Whether to return them only, and erase nothing.
            seal_reader: Finds the page images that show what is erased, as for `session`.
            progress: Called with sessions once they are erased, a few at a time.

        Raises:
            StoreBusy: Others kept the database for longer than `wait_s`. What is erased by then, `progress` was told.
            StoreError: The database cannot be written, or the lifetime is not above 0.
        """
        default_s = parse_lifetime("older_than", older_than)
        if dry_run:
            return tuple(one for some in list_expired(self._database, default_s) for one in some)
        return tuple(erase_expired(self._database, default_s, reader=seal_reader, progress=progress))

    def compact(self) -> None:
        """Write an SQLite file anew: as small as what it holds, without the empty rows that erasing leaves.

        It takes time in proportion to the whole database, as much room on the disk again, and the database for itself:
        others wait. Nothing needs it; it gives room back. On other databases it does nothing.

        Raises:
            StoreBusy: Others used the database for longer than `wait_s`.
            StoreError: It cannot be written, or the disk is full.
        """
        database = self._database
        if not database.address.is_sqlite:
            return
        with database.begin_write() as connection:
            remove_graves(connection)
            merge_all(connection)
            add_task(connection, "file")
        database.rewrite()

    def sessions(self) -> tuple[SessionInfo, ...]:
        """Return all sessions, by name."""
        times = select(turns.c.time).where(turns.c.session_id == sessions.c.id).limit(1)
        first = times.order_by(turns.c.anchor).scalar_subquery()
        last = times.order_by(turns.c.anchor.desc()).scalar_subquery()
        with self._database.begin_read() as connection:
            kept = (sessions.c.written, sessions.c.lifetime_s)
            query = select(names.c.name, sessions.c.turns, first, last, *kept).join_from(
                sessions, names, names.c.session_id == sessions.c.id
            )
            query = query.where(names.c.name != "")  # one that is being erased
            rows = connection.execute(query).all()
        found = (
            SessionInfo(
                name=read_string(name),
                turns=read_count(count),
                first_time=read_time(first),
                last_time=read_time(last),
                last_write=read_moment(written),
                lifetime=read_span(seconds),
            )
            for name, count, first, last, written, seconds in rows
        )
        return tuple(sorted(found, key=lambda session: session.name))


def _read_key(database: Database) -> bytes:
    """Return the store's key; make one where it was lost, for this process alone where the database is only read."""
    with database.begin_read() as connection:
        key = parse_key(read_meta(connection, "key"))
    if key is not None:
        return key
    if database.read_only:
        return secrets.token_bytes(KEY_BYTES)
    with database.begin_write() as connection:
        return make_key(connection)
