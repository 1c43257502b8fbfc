"""`SessionReads`: read of one session, from the primary or from a replica that shows it alike; `SessionSizes` is one.

Knows transactions; knows nothing about what is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from glyph_memory.store.erasing import ErasingDatabase
from glyph_memory.store.replicas import Read, Wanted
from glyph_memory.store.session_version import SessionView, read_view
from glyph_memory.store.sessions import find_session

T = TypeVar("T")
_FEW = 64
"""Turns that cost the primary about as much as to say which version of the session it has."""


class SessionReads:
    """One session of a store, which may have replicas."""

    def __init__(self, database: ErasingDatabase, name: str) -> None:
        self._database, self.name = database, name

    def _read(self, read: Read[T]) -> T | None:
        """Return what is read in one transaction; `None` where there is no such session."""
        with self._database.begin_read() as connection:
            session = find_session(connection, self.name)
            return None if session is None else read(connection, session)

    def _read_replica(self, read: Read[T], *, count: Callable[[int], int] | None = None) -> T | None:
        """Return what `_read` does, from a replica where one shows the session as the primary does now.

        Args:
            read: Reads it; it is called again where a replica breaks off.
            count: Returns how many turns are asked for at most, of a session's last anchor. Few are read at once.
        """
        replicas = self._database.replicas
        if replicas is None or not replicas.are_due():
            return self._read(read)
        with self._database.begin_read() as connection:
            wanted = read_view(connection, self.name, remembers=True)
            if wanted.version is None:
                return None
            if count is not None and count(wanted.last_anchor) <= _FEW:
                session = find_session(connection, self.name)
                return None if session is None else read(connection, session)
        found = replicas.read(self.name, Wanted(wanted, self._view), read)
        return self._read(read) if found is None else found[0]

    def _view(self) -> SessionView:
        """Return what the primary shows of the session now."""
        with self._database.begin_read() as connection:
            return read_view(connection, self.name, remembers=True)
