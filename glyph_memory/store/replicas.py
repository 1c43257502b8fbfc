"""Read from streaming replicas of a PostgreSQL server what they show as the primary does; see `session_version`.

A replica that lags, does not answer or is another store's is passed over: the caller then asks the primary. One that
failed is left alone for a while, which doubles each time. Knows transactions; knows nothing about what is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count as count_up
from typing import Literal, TypeVar

from sqlalchemy import Connection

from glyph_memory.errors import StoreBusy, StoreError, warn
from glyph_memory.locks import ForkSafeLock
from glyph_memory.store.address import Address
from glyph_memory.store.engine import Database
from glyph_memory.store.failures import find_state
from glyph_memory.store.session_version import (
    SessionView,
    StoreIdentity,
    read_place,
    read_system,
    read_view,
)
from glyph_memory.store.sessions import SessionRow, find_session
from glyph_memory.telemetry import count

T = TypeVar("T")
Read = Callable[[Connection, SessionRow], T]
"""Reads of a session in a transaction; may be called again, on another server."""
Outcome = Literal["replica", "behind", "cancelled", "down", "refused"]

FIRST_REST_S, LONGEST_REST_S = 1.0, 60.0
"""How long a replica that failed is left alone: at first, and at most."""
_LONG_S = 30
"""A replica that lacks a change of such an age is worth a word."""
_POLL_S, _LONGEST_POLL_S = 0.001, 0.01
_TOO_SLOW = {"53300", "57014", "57P03"}
_DOWN = ("08", "28", "3D", "53", "57")
_REFUSED, _FORBIDDEN, _NO_TABLE = ("42",), "42501", "42P01"
_OTHERS = "no replica of this store: {why}"
_PASSED_OVER = (
    "the replica {shown} is passed over, and the primary read in its place: {why}. It is tried again at most "
    f"{LONGEST_REST_S:g} s later"
)
_BEHIND = (
    "the replica {shown} lacks a change that is {age_s} s old, so the primary is read in its place. Is its replication "
    "running? Try on the primary: SELECT * FROM pg_stat_replication"
)


@dataclass(slots=True)
class Wanted:
    """What the primary shows of a session."""

    view: SessionView
    """As it was last asked, since the call began."""
    ask: Callable[[], SessionView]
    """Asks it again."""


class Replica:
    """One replica, and whether it is to be asked."""

    def __init__(self, address: Address, *, wait_s: float) -> None:
        self.shown = address.shown
        self.patience_s = address.server.replica_wait_s
        self._database = Database(address, wait_s=wait_s, schema=None)
        self._lock = ForkSafeLock()
        self._is_trusted = False
        self._rest_s, self._rests_until_s, self._lags_until_s = FIRST_REST_S, 0.0, 0.0
        self._told: set[Outcome] = set()

    def is_due(self) -> bool:
        """Return whether it may be asked now."""
        return self._is_trusted or time.monotonic() >= self._rests_until_s

    def is_lagging(self) -> bool:
        """Return whether it was waited for in vain a moment ago."""
        return time.monotonic() < self._lags_until_s

    def read(self, name: str, wanted: Wanted, read: Read[T]) -> tuple[T] | None:
        """Return what is read, in a tuple; `None` where it does not show the session as the primary does.

        Args:
            name: The session's.
            wanted: What the primary shows.
            read: Reads it.
        """
        if not self._claim():
            return None
        found, outcome, why = None, "cancelled", ""
        try:
            found, outcome, why = self._read(name, wanted, read)
        except StoreError as error:
            outcome, why = self._explain(error)
        if outcome in {"down", "refused"}:
            self._rest()
            self._tell(outcome, _PASSED_OVER.format(shown=self.shown, why=why.rstrip(".")))
        elif outcome == "behind":
            self._lags_until_s = time.monotonic() + FIRST_REST_S
            if wanted.view.age_s >= _LONG_S:
                self._tell(outcome, _BEHIND.format(shown=self.shown, age_s=wanted.view.age_s))
        if outcome in {"replica", "behind"}:
            self._trust()
        count("store.replica_reads", read_from=outcome)
        return found

    def _explain(self, error: StoreError) -> tuple[Outcome, str]:
        """Return what an error that came of reading says of the replica, and why."""
        state = find_state(error)
        if state is not None and state.startswith(_REFUSED):
            return "refused", str(error) if state == _FORBIDDEN else _OTHERS.format(why=str(error))
        is_down = state is not None and (not state or state.startswith(_DOWN))
        if not is_down or (isinstance(error, StoreBusy) and state not in _TOO_SLOW):
            self._trust()  # it answered: what it cancelled, or what is wrong with the question, the primary says
            return "cancelled", ""
        if not self._is_trusted:
            return "down", str(error)
        # A connection that broke says little: it may have been in the way of what is replayed. The next call tries.
        with self._lock:
            self._is_trusted, self._rests_until_s = False, 0.0
        return "cancelled", ""

    def _trust(self) -> None:
        """Ask it from now on, whoever comes."""
        with self._lock:
            self._is_trusted, self._rest_s = True, FIRST_REST_S

    def _read(self, name: str, wanted: Wanted, read: Read[T]) -> tuple[tuple[T] | None, Outcome, str]:
        """Return what is read, what came of it, and why not; wait a moment for what is not there yet."""
        patience_s = 0.0 if self.is_lagging() else self.patience_s
        deadline_s, poll_s = time.monotonic() + patience_s, _POLL_S
        while True:
            try:
                if came := self._read_once(name, wanted, read):
                    return came
            except StoreError as error:  # the tables themselves may be what it has not replayed
                if find_state(error) != _NO_TABLE or not self._follows(wanted.view.store):
                    raise
            if time.monotonic() + poll_s > deadline_s:
                return None, "behind", ""
            time.sleep(poll_s)
            poll_s = min(2 * poll_s, _LONGEST_POLL_S)

    def _read_once(
        self, name: str, wanted: Wanted, read: Read[T]
    ) -> tuple[tuple[T] | None, Outcome, str] | None:
        """Return as `_read` does; `None` where it shows another version of the session now."""
        with self._database.begin_read() as connection:
            seen = read_view(connection, name)
            if seen.store != wanted.view.store:
                return None, "refused", _OTHERS.format(why="it belongs to another server or database")
            if not seen.is_replica:
                return None, "refused", _OTHERS.format(why="it follows no server. Was it promoted?")
            if seen.is_later(wanted.view):  # it was written to since
                with suppress(StoreError):  # of the primary's, who will say it again
                    wanted.view = wanted.ask()
            if seen.version != wanted.view.version:
                return None
            session = find_session(connection, name)
            return (None if session is None else (read(connection, session),)), "replica", ""

    def _follows(self, store: StoreIdentity) -> bool:
        """Return whether it is a replica of a server, asked for the same database, whatever tables it has."""
        with self._database.begin_read() as connection:
            return read_place(connection) == (True, store.system, store.database)

    def _claim(self) -> bool:
        """Return whether to ask it: of one that is not trusted, a single thread tries whether it answers."""
        with self._lock:
            if not self.is_due():
                return False
            self._rests_until_s = time.monotonic() + self._rest_s
            return True

    def _rest(self) -> None:
        """Leave it alone for a while."""
        with self._lock:
            self._is_trusted = False
            self._rests_until_s = time.monotonic() + self._rest_s
            self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)

    def _tell(self, outcome: Outcome, message: str) -> None:
        """Warn, once for each outcome."""
        with self._lock:
            is_new = outcome not in self._told
            self._told.add(outcome)
        if is_new:
            warn(message)

    def close(self) -> None:
        """Close its connections."""
        self._database.close()


class Replicas:
    """The replicas of a database, which take turns."""

    def __init__(self, addresses: Sequence[Address], *, wait_s: float) -> None:
        self._replicas = tuple(Replica(address, wait_s=wait_s) for address in addresses)
        self._numbers = count_up()

    def are_due(self) -> bool:
        """Return whether one of them may be asked now."""
        return any(replica.is_due() for replica in self._replicas)

    def read(self, name: str, wanted: Wanted, read: Read[T]) -> tuple[T] | None:
        """Return what is read from the first that shows a session as the primary does; `None` where none does."""
        first = next(self._numbers) % len(self._replicas)
        turn = self._replicas[first:] + self._replicas[:first]
        for replica in sorted(turn, key=Replica.is_lagging):
            if replica.is_due() and (found := replica.read(name, wanted, read)) is not None:
                return found
        return None

    def close(self) -> None:
        """Close all connections."""
        for replica in self._replicas:
            replica.close()


def open_replicas(primary: Database, *, wait_s: float) -> Replicas:
    """Return the replicas of an open database; nothing is asked of them yet.

    Raises:
        StoreError: A driver is not installed, or the primary cannot be compared with them.
    """
    with primary.begin_read() as connection:
        read_system(connection)  # which may be forbidden
    return Replicas(primary.address.replicas, wait_s=wait_s)
