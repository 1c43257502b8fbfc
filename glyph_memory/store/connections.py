"""Make the engine for an address: what each connection is told before it is used.

Knows SQLAlchemy's pools, SQLite's pragmas and PostgreSQL's settings; knows nothing about tables.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from math import ceil
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

from glyph_memory.errors import StoreError
from glyph_memory.files import exists
from glyph_memory.store.address import Address, create_file
from glyph_memory.store.driver import settle_driver
from glyph_memory.store.fingerprints import register_functions
from glyph_memory.store.server_options import ServerOptions

WRITES = "glyph_writes"
"""The execution option of a connection that is going to write."""

_MOST_MS = 2**31 - 1
_FORGETFUL: Mapping[str, Mapping[str, object]] = {"psycopg": {"prepare_threshold": None}}
"""What drivers are told that would prepare statements on the server by themselves."""
_IMPATIENT = {"pg8000": "timeout", "psycopg": "connect_timeout", "psycopg2": "connect_timeout"}
"""What drivers call the seconds that a server has to answer."""
_ONE_STATE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""A transaction on a replica reads all at one moment. Its session is not told: PgBouncer shares it."""
_OLDEST_SQLITE = (3, 37)
_PRAGMAS = (
    "PRAGMA synchronous=FULL",  # In WAL mode, NORMAL would lose the last commits with the power.
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
)


def make_engine(address: Address, *, wait_s: float) -> Engine:
    """Return an engine; it does not connect yet, but creates a new SQLite file.

    Raises:
        StoreError: There is no place for the file, or the driver cannot be used.
    """
    if address.is_sqlite:
        return _make_sqlite_engine(address, wait_s=wait_s)
    return _make_server_engine(address, wait_s=wait_s)


def _make_server_engine(address: Address, *, wait_s: float) -> Engine:
    options = address.server
    engine = create_engine(
        address.url,
        pool_pre_ping=options.pool_pre_ping,
        pool_size=options.pool_size,
        max_overflow=options.pool_overflow,
        pool_timeout=wait_s if options.pool_wait_s is None else options.pool_wait_s,
        pool_recycle=-1 if options.pool_recycle_s is None else options.pool_recycle_s,
        hide_parameters=True,
        connect_args=_tell_driver(address),
    )
    if engine.dialect.is_async:
        raise StoreError(f"the driver of {address.shown} is asynchronous. Try: postgresql+pg8000://…")
    limit_s = options.statement_timeout_s
    settle_driver(engine, shown=address.shown, connect_s=options.connect_timeout_s, statement_s=limit_s)
    if engine.dialect.name == "postgresql":
        limits = _write_limits(options, wait_s=wait_s)
        if address.is_replica:
            limits = f"{_ONE_STATE}; {limits}"

        @event.listens_for(engine, "begin")
        def limit_waiting(connection: Connection) -> None:
            # In each transaction: behind PgBouncer the next one may have another session.
            connection.exec_driver_sql(limits)

    return engine


def _tell_driver(address: Address) -> dict[str, object]:
    """Return what the driver is told for each connection."""
    options, driver = address.server, address.url.get_driver_name()
    told = dict[str, object]() if options.prepares else dict(_FORGETFUL.get(driver, {}))
    if address.is_replica and driver in _IMPATIENT:
        # A little more than a statement has, so that the server ends that first and the connection stays.
        seconds = options.replica_timeout_s + 0.5
        told[_IMPATIENT[driver]] = seconds if driver == "pg8000" else ceil(seconds)
    return told


def _write_limits(options: ServerOptions, *, wait_s: float) -> str:
    """Return the statements that limit the transaction in which they stand, and nothing after it."""
    lock_s = wait_s if options.lock_timeout_s is None else options.lock_timeout_s
    limits = {
        "lock_timeout": max(0.001, lock_s),  # 0 would wait for ever
        "statement_timeout": options.statement_timeout_s or 0,
        "idle_in_transaction_session_timeout": options.idle_timeout_s or 0,
    }
    return "; ".join(
        f"SET LOCAL {name} = {min(_MOST_MS, ceil(seconds * 1000))}" for name, seconds in limits.items()
    )


def _make_sqlite_engine(address: Address, *, wait_s: float) -> Engine:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for {address.shown}. Try: a newer Python; 3.37 will do"
        )
    if address.url.get_driver_name() != "pysqlite":
        raise StoreError(
            f"{address.shown} names a driver that cannot be used here, {address.url.get_driver_name()!r}. "
            "Try: sqlite:///chat.db"
        )
    if address.path is not None and not address.read_only:
        create_file(address.path)

    def connect() -> sqlite3.Connection:
        return _connect(address, wait_s=wait_s)

    if address.path is None:
        engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool, hide_parameters=True)
    else:
        engine = create_engine(
            "sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1, hide_parameters=True
        )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that first reads and then writes could not wait for another writer: SQLite would refuse it.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _connect(address: Address, *, wait_s: float) -> sqlite3.Connection:
    connection = _open(address.sqlite_uri(), wait_s=wait_s)
    try:
        if address.read_only and address.path is not None and not _can_read(connection, address.path):
            connection.close()
            connection = _open(address.sqlite_uri(immutable=True), wait_s=wait_s)
        register_functions(connection)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if address.path is not None and not address.read_only:
            _enable_wal(connection, wait_s=wait_s)
    except BaseException:
        connection.close()
        raise
    return connection


def _open(uri: str, *, wait_s: float) -> sqlite3.Connection:
    # Without an isolation level, Python's module begins no transactions by itself: the engine's event does.
    connection = sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)
    connection.text_factory = _read_text
    return connection


def _read_text(data: bytes) -> str:
    """Return a column's text; bytes of a damaged one that are no text are kept as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def _can_read(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether a file that cannot be written can be read without further options.

    SQLite wants to write beside the file even to read it, as long as it may have a log. Where there is none and the
    directory cannot be written, it has to be told that nobody writes.
    """
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError:
        return exists(path.with_name(path.name + "-wal"))
    return True


def _enable_wal(connection: sqlite3.Connection, *, wait_s: float) -> None:
    """Turn on the write-ahead log; whoever changes a new file needs it alone for a moment."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
