"""`SessionVersion`: which version of a session a server shows, by which a primary and its replica can be compared.

Each transaction that changes turns of a session, or what they are found by, writes the session's row anew. A streaming
replica is its primary's copy to the byte: there, a version of a row has the same place (`ctid`) and the same writer
(`xmin`). So where both show the same version, the replica's snapshot holds what the primary held when it was asked,
whatever happened to other sessions. A position in the log (LSN) would be exact as well, for the price of waiting for
every other session's writes; and it would have to be asked for before the snapshot is taken, in a transaction of its
own, which a balancer may send to another server.

Knows PostgreSQL; knows nothing about connections, nor about what is done where versions differ.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

from glyph_memory.store.fingerprints import fingerprint

_SYSTEM = "glyph_system"
_READ_SYSTEM = text("SELECT CAST(system_identifier AS text) FROM pg_control_system()")
_READ_PLACE = text("SELECT pg_is_in_recovery(), current_database()::text")
_READ = text(
    "SELECT pg_is_in_recovery(), current_database()::text, 'glyph_sessions'::regclass::oid::bigint, "
    "(SELECT value FROM glyph_meta WHERE name = 'version'), mine.ctid::text, mine.xmin::text, mine::text, "
    "mine.edits, mine.last_anchor, extract(epoch FROM clock_timestamp())::bigint - mine.written "
    "FROM (SELECT 1) AS one LEFT JOIN glyph_sessions AS mine ON mine.name_digest = :digest"
)


class StoreIdentity(NamedTuple):
    """Which tables these are: the same on a primary and its streaming replicas, and nowhere else."""

    system: str
    """The server's identifier, made when its first database was, and copied with it."""
    database: str
    """The database's name."""
    table: int
    """The number of the sessions' table in it."""


class SessionVersion(NamedTuple):
    """A version of a session's row, and of the tables round it."""

    tables: str
    """The version of the tables."""
    place: str
    """Where the row stands."""
    writer: str
    """The transaction that wrote it."""
    row: str
    """What it holds: after a failover, two servers may give one number to different transactions."""


class SessionView(NamedTuple):
    """What a server shows of a session, in one snapshot."""

    store: StoreIdentity
    """Which tables these are."""
    version: SessionVersion | None
    """`None` where there is no such session."""
    is_replica: bool
    """Whether the server follows another one."""
    edits: int
    """How often the session was edited; never less than before."""
    last_anchor: int
    """The session's last anchor; never less than before."""
    age_s: int
    """How long ago it was written to, by the server's clock; 0 where that is not known."""

    def is_later(self, other: SessionView) -> bool:
        """Return whether it seems to show a later version; only two servers with the same one are surely alike."""
        return self.version is not None and (self.edits > other.edits or self.last_anchor > other.last_anchor)


def read_system(connection: Connection) -> str:
    """Return the server's identifier."""
    return str(connection.execute(_READ_SYSTEM).scalar_one())


def read_place(connection: Connection) -> tuple[bool, str, str]:
    """Return whether a server follows another one, its identifier, and the database's name."""
    is_replica, database = connection.execute(_READ_PLACE).one()
    return is_replica, read_system(connection), database


def read_view(connection: Connection, name: str, *, remembers: bool = False) -> SessionView:
    """Return what a server shows of a session.

    Args:
        connection: In a transaction.
        name: The session's.
        remembers: Whether the server's identifier may be that of the last time on this connection.
    """
    system = connection.info.get(_SYSTEM) if remembers else None
    if system is None:
        system = connection.info[_SYSTEM] = read_system(connection)
    row = connection.execute(_READ, {"digest": fingerprint(name)}).one()
    is_replica, database, table, tables, place, writer, whole, edits, last, age_s = row
    return SessionView(
        store=StoreIdentity(str(system), database, table),
        version=None if place is None else SessionVersion(str(tables), place, writer, whole),
        is_replica=is_replica,
        edits=edits or 0,
        last_anchor=last or 0,
        age_s=max(0, age_s or 0),
    )
