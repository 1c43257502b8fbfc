"""Run transactions on a database: who reads, who writes, who waits.

Knows SQLAlchemy and SQLite's write-ahead log; knows nothing about turns, nor about what erasing leaves
to do (`erasing`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

from sqlalchemy import Connection
from sqlalchemy.pool import QueuePool

from glyph_memory.checks import check_number
from glyph_memory.errors import StoreBusy, StoreError
from glyph_memory.locks import ForkSafeLock
from glyph_memory.store.address import Address
from glyph_memory.store.connections import WRITES, make_engine
from glyph_memory.store.driver import wait_for_ever
from glyph_memory.store.failures import NOT_FOR_WRITING, READ_ONLY, translate_errors
from glyph_memory.store.gate import Gate
from glyph_memory.store.identity import Identity
from glyph_memory.store.schema import SCHEMA, Schema
from glyph_memory.telemetry import Span, measure, open_span


class Database:
    """An open database; each transaction has a connection of its own."""

    def __init__(self, address: Address, *, wait_s: float, schema: Schema | None = SCHEMA) -> None:
        check_number("wait_s", wait_s, StoreError)
        self.address = address
        self.shown = address.shown
        self.wait_s = wait_s
        self.read_only = address.read_only
        self._kind = "sqlite" if address.is_sqlite else address.url.get_backend_name()
        self._is_closed = False
        # Writers of one process queue here, since at SQLite's door they would poll. In memory there is but one
        # connection, and readers queue as well.
        self._queue = ForkSafeLock() if address.is_sqlite else None
        with translate_errors(self.shown, wait_s=wait_s):
            self._engine = make_engine(address, wait_s=wait_s)
        self._identity = Identity(address.path, shown=self.shown)
        self._gate = Gate(self._engine, shown=self.shown, wait_s=wait_s)
        try:
            if schema is not None:  # else the tables are left as they are, for those who only look
                self._prepare(schema)
        except BaseException:
            self.close()
            raise

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied, as when a memory is given to a process that is spawned."""
        raise StoreError(
            f"the open database {self.shown} cannot be pickled or copied. Give the process its path or URL, and open "
            "the memory there"
        )

    @contextmanager
    def begin_read(self) -> Iterator[Connection]:
        """Open a read transaction and yield its connection; on SQLite it sees one state of the database."""
        is_shared = self.address.is_sqlite and self.address.path is None
        began_s = time.perf_counter()
        with (
            open_span("store.read", database=self._kind) as span,
            translate_errors(self.shown, wait_s=self.wait_s),
            self._acquire_queue(self._queue if is_shared else None),
        ):
            self._check_open()
            with self._gate.begin() as connection:
                self._report_wait(span, "read", time.perf_counter() - began_s)
                yield connection

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Open a write transaction and yield its connection; commit at the end, roll back on an exception.

        Raises:
            StoreBusy: Others were still writing after `wait_s`.
            StoreError: The database cannot be written, or its file was removed or replaced: also after the commit.
        """
        if self.address.read_only:
            message = READ_ONLY if self.address.is_sqlite else NOT_FOR_WRITING
            raise StoreError(message.format(shown=self.shown))
        began_s = time.perf_counter()
        with (
            open_span("store.write", database=self._kind) as span,
            translate_errors(self.shown, wait_s=self.wait_s),
            self._acquire_queue(self._queue),
        ):
            self._check_open()
            with self._gate.begin(**{WRITES: True}) as connection:
                self._report_wait(span, "write", time.perf_counter() - began_s)
                notes = connection.info
                self._identity.check_log(notes)
                yield connection
            self._check_file()
            self._identity.check_log(notes)
            self.read_only = False  # a standby may have become the primary

    def _report_wait(self, span: Span, access: str, wait_s: float) -> None:
        """Report how long a transaction waited to begin."""
        span.set(wait_s=wait_s)
        measure("store.wait", wait_s, database=self._kind, access=access)

    def close(self) -> None:
        """Close the connections; those in use are closed when they are done."""
        self._is_closed = True
        with suppress(StoreError):
            self._check_file()
        self._gate.close()

    def _check_file(self) -> None:
        """Check that the path still leads to the file that was opened; leave that one if it does not."""
        try:
            self._identity.check()
        except StoreError:
            self._leave_file()
            raise

    def _leave_file(self) -> None:
        """Empty the log into the file that was opened, and close both: else another file in its place got that log."""
        pool = self._engine.pool
        if isinstance(pool, QueuePool) and pool.checkedin():  # connections of before, which have both open
            with suppress(StoreError), translate_errors(self.shown, wait_s=self.wait_s):
                connection = pool.connect()
                try:
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.close()
            self._gate.close_idle()

    def _check_open(self) -> None:
        """Check that it is open, may be used in this process, and still leads to its file; no fork may come between."""
        if self._is_closed:
            raise StoreError(f"the store {self.shown} is closed. Open it again with Store.open()")
        self._gate.check()
        self._check_file()

    @contextmanager
    def _acquire_queue(self, queue: ForkSafeLock | None) -> Iterator[None]:
        """Wait for other threads, where there is a queue, and for forks."""
        if queue is None:
            with self._gate.pass_through():
                yield
            return
        if not queue.acquire(timeout=self.wait_s):
            raise StoreBusy(f"{self.shown} was kept by another thread for {self.wait_s:g} s. Try again")
        try:
            with self._gate.pass_through():
                yield
        finally:
            queue.release()

    def _prepare(self, schema: Schema) -> None:
        """Create or migrate tables where needed."""
        with self.begin_read() as connection:
            is_current = schema.is_current(connection, shown=self.shown)
            if connection.dialect.name == "postgresql":
                shown = connection.exec_driver_sql("SHOW transaction_read_only").scalar()
                self.read_only = self.read_only or shown == "on"
        if not is_current:
            if self.read_only:
                raise StoreError(
                    f"{self.shown} is read-only and holds no memory of this version. Open it once for writing"
                )
            with self.begin_write() as connection, wait_for_ever(connection):
                schema.prepare(connection, shown=self.shown)

    @property
    def log(self) -> str:
        """The name of SQLite's write-ahead log."""
        return f"{self.address.path}-wal"

    def empty_log(self, *, wait_s: float) -> bool:
        """Move all of SQLite's write-ahead log into the file and cut it to nothing; return whether that was possible.

        It is not while somebody reads an older state. SQLite would wait for the end of that, and keep all others from
        writing as long: so it is told not to wait, and is asked again.
        """
        deadline = time.monotonic() + wait_s
        while True:
            with suppress(StoreBusy):
                row = self.run_alone("PRAGMA wal_checkpoint(TRUNCATE)", waits=False)
                if row is None or row[0] == 0:
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)

    def run_alone(self, statement: str, *, waits: bool = True) -> Sequence[object] | None:
        """Run a statement of SQLite outside of transactions; return the first row of its result.

        Args:
            statement: What to run.
            waits: Whether to wait for others, or to be refused at once.
        """
        with translate_errors(self.shown, wait_s=self.wait_s), self._acquire_queue(self._queue):
            self._check_open()
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                if not waits:
                    cursor.execute("PRAGMA busy_timeout = 0")
                try:
                    cursor.execute(statement)
                    rows = cursor.fetchall()
                finally:
                    cursor.execute(f"PRAGMA busy_timeout = {int(self.wait_s * 1000)}")
                    cursor.close()
            finally:
                connection.close()
        return rows[0] if rows else None
