"""Run transactions on a database: who reads, who writes, who waits, and what is left in a file's free pages.

Knows SQLAlchemy and how SQLite erases; knows nothing about turns.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from glyph_memory.errors import StoreBusy, StoreError
from glyph_memory.store.address import Address
from glyph_memory.store.connections import WRITES, make_engine
from glyph_memory.store.failures import READ_ONLY, translate_errors
from glyph_memory.store.schema import SCHEMA, Schema, read_meta, write_meta

_UNSCRUBBED = "unscrubbed"


@dataclass(kw_only=True, slots=True)
class Erasure:
    """A transaction that erases, or finds nothing to erase."""

    connection: Connection
    """In the transaction."""
    has_erased: bool = False
    """Whether it did: whoever uses it says so."""


class Database:
    """An open database; each transaction has a connection of its own."""

    def __init__(self, address: Address, *, wait_s: float, schema: Schema | None = SCHEMA) -> None:
        self.address = address
        self.shown = address.shown
        self.wait_s = wait_s
        self.read_only = address.read_only
        self._is_closed = False
        self._process = os.getpid()
        # Writers of one process queue here, since at SQLite's door they would poll. In memory there is but one
        # connection, and readers queue as well.
        self._queue = threading.RLock() if address.is_sqlite else None
        with translate_errors(self.shown, wait_s=wait_s):
            self._engine = make_engine(address, wait_s=wait_s)
        try:
            if schema is not None:  # else the tables are left as they are, for those who only look
                self._prepare(schema)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def begin_read(self) -> Iterator[Connection]:
        """Open a read transaction and yield its connection; on SQLite it sees one state of the database."""
        is_shared = self.address.is_sqlite and self.address.path is None
        with (
            translate_errors(self.shown, wait_s=self.wait_s),
            self._acquire_queue(self._queue if is_shared else None),
            self._require_open().connect() as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Open a write transaction and yield its connection; commit at the end, roll back on an exception.

        Raises:
            StoreBusy: Others were still writing after `wait_s`.
            StoreError: The database cannot be written.
        """
        engine = self._require_open()
        if self.read_only:
            raise StoreError(READ_ONLY.format(shown=self.shown))
        with (
            translate_errors(self.shown, wait_s=self.wait_s),
            self._acquire_queue(self._queue),
            engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def begin_erase(self) -> Iterator[Erasure]:
        """Open a write transaction that leaves nothing of what it deletes in the bytes of an SQLite file.

        A note of what remains to be done is stored along: should the process die in between, whoever opens the
        database next does it. On a server, rows are deleted, and bytes are the server's business (VACUUM).
        """
        with self.begin_write() as connection:
            erasure = Erasure(connection=connection)
            yield erasure
            leaves_bytes = erasure.has_erased and self.address.path is not None
            if leaves_bytes:
                write_meta(connection, _UNSCRUBBED, "1")
        if leaves_bytes:
            self._scrub()

    def close(self) -> None:
        """Close the connections; those in use are closed when they are done."""
        self._is_closed = True
        self._engine.dispose()

    def _require_open(self) -> Engine:
        if self._is_closed:
            raise StoreError(f"the store {self.shown} is closed. Open it again with Store.open()")
        if self._process != os.getpid():
            self._process = os.getpid()
            if self._queue is None or self.address.path is not None:
                # A forked child must neither use nor close the connections of its parent.
                self._engine.dispose(close=False)
                self._queue = threading.RLock() if self._queue else None
        return self._engine

    @contextmanager
    def _acquire_queue(self, queue: threading.RLock | None) -> Iterator[None]:
        if queue is None:
            yield
            return
        if not queue.acquire(timeout=self.wait_s):
            raise StoreBusy(f"{self.shown} was kept by another thread for {self.wait_s:g} s. Try again")
        try:
            yield
        finally:
            queue.release()

    def _prepare(self, schema: Schema) -> None:
        """Create or migrate tables where needed, and finish an erasure that another process left unfinished."""
        with self.begin_read() as connection:
            is_current = schema.is_current(connection, shown=self.shown)
            is_clean = not is_current or read_meta(connection, _UNSCRUBBED) != "1"
            if connection.dialect.name == "postgresql":
                shown = connection.exec_driver_sql("SHOW transaction_read_only").scalar()
                self.read_only = self.read_only or shown == "on"
        if not is_current:
            if self.read_only:
                raise StoreError(
                    f"{self.shown} is read-only and holds no memory of this version. Open it once for writing"
                )
            with self.begin_write() as connection:
                schema.prepare(connection, shown=self.shown)
        if not is_clean and not self.read_only:
            self._scrub()

    def _scrub(self) -> None:
        """Rewrite the file, so that it and its write-ahead log hold nothing of what was deleted.

        `secure_delete` zeroes what is freed, but not the copies that stay in a page's unused part when SQLite moves
        rows to a neighbour; only writing the file anew is rid of them. That takes time and, for the moment, room in
        proportion to the whole database. Where it cannot be done now, since others read or write on or the disk is
        full, the note stays, and whoever opens or erases next tries again.
        """
        deadline = time.monotonic() + self.wait_s
        with suppress(StoreError):
            self._run_pragma("VACUUM")
            while self._run_pragma("PRAGMA wal_checkpoint(TRUNCATE)") != 0:
                if time.monotonic() > deadline:
                    return
                time.sleep(0.01)
            with self.begin_write() as connection:
                write_meta(connection, _UNSCRUBBED, "0")

    def _run_pragma(self, statement: str) -> object:
        """Run a statement outside of transactions; return the first value of its result."""
        with translate_errors(self.shown, wait_s=self.wait_s), self._acquire_queue(self._queue):
            connection = self._require_open().raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(statement)
                rows = cursor.fetchall()
                cursor.close()
            finally:
                connection.close()
        return rows[0][0] if rows else None


def has_unfinished_erasure(connection: Connection) -> bool:
    """Return whether bytes of erased turns may still be in the file."""
    return read_meta(connection, _UNSCRUBBED) == "1"
