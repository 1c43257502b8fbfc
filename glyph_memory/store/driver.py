"""Set right what drivers of database servers do: what they take from a URL, raise, and wait for without end.

Knows pg8000, the driver of the extra `postgres`, best; knows nothing about pools and transactions.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from inspect import signature
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect

from glyph_memory.checks import check_number
from glyph_memory.errors import StoreError, show_value
from glyph_memory.store.server_options import OPTION_NAMES, parse_number, parse_switch

_GRACE_S = 10.0
"""How much longer than a statement may take a server is listened to that says nothing."""
_ENCODING: Mapping[str, Mapping[str, object]] = {
    "pg8000": {"startup_params": {"client_encoding": "UTF8"}},
    "psycopg": {"client_encoding": "UTF8"},
    "psycopg2": {"client_encoding": "UTF8"},
}
"""How drivers are told to speak UTF-8, whatever a server or an account takes by default."""
_NOT_IN_A_URL = {"source_address", "startup_params", "replication", "sock"}
_SPEAKS = ("do_execute", "do_executemany", "do_execute_no_params", "do_commit", "do_rollback", "do_ping")
"""What of a dialect speaks to the server."""
_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}


class Patience(NamedTuple):
    """For how many seconds a server may say nothing; `None` is without end."""

    connect_s: float | None
    """While it lets us in, and when a kept connection is tried."""
    answer_s: float | None
    """While it works on a statement."""


def settle_driver(engine: Engine, *, shown: str, connect_s: float | None, statement_s: float | None) -> None:
    """Set right what the driver of an engine does; it does not connect yet.

    Args:
        engine: Of a server.
        shown: The database, as people are to read it.
        connect_s: How long connecting may take.
        statement_s: How long the server works on a statement.

    Raises:
        StoreError: The URL tells the driver what it does not take.
    """
    driver = engine.dialect.driver
    patience = Patience(connect_s, None if statement_s is None else statement_s + _GRACE_S)
    if driver == "pg8000":
        _check_url(engine, shown)
        _name_breaks(engine, patience)
    _close_quietly(engine)

    @event.listens_for(engine, "do_connect")
    def connect(
        dialect: Dialect, _record: object, given: list[object], told: dict[str, Any]
    ) -> DBAPIConnection:
        for name, value in _ENCODING.get(driver, {}).items():
            told.setdefault(name, value)
        if driver != "pg8000":
            return dialect.connect(*given, **told)
        silence_s = _parse_settings(told)
        told["timeout"] = min(filter(None, (silence_s, patience.connect_s)), default=None)
        connection = _connect(dialect, told)
        _listen_for(connection, patience.answer_s if silence_s is None else silence_s)
        return connection


@contextmanager
def wait_for_ever(connection: Connection) -> Iterator[None]:
    """Let a transaction's statements take as long as they take, as the server was told; then be as impatient again."""
    held = connection.connection.driver_connection
    opened = getattr(held, "_usock", None)
    before_s = opened.gettimeout() if opened is not None else None
    _listen_for(held, None)
    try:
        yield
    finally:
        with suppress(OSError):
            _listen_for(held, before_s)


def check_encoding(connection: Connection, *, shown: str) -> None:
    """Check that a new database can hold what people write; a store that is in one of another encoding goes on.

    Raises:
        StoreError: It cannot.
    """
    if connection.dialect.name != "postgresql":
        return
    encoding = str(connection.exec_driver_sql("SHOW server_encoding").scalar())
    if encoding != "UTF8":
        raise StoreError(
            f"{shown} is encoded in {encoding}, which does not hold all letters. Make another database: createdb "
            "--template=template0 --encoding=UTF8 NAME"
        )


def _listen_for(connection: object, seconds: float | None) -> None:
    """Limit how long a connection is listened to that says nothing; pg8000 has no door for that."""
    if (opened := getattr(connection, "_usock", None)) is not None:
        opened.settimeout(seconds)


def _connect(dialect: Dialect, told: Mapping[str, Any]) -> DBAPIConnection:
    """Connect; raise the driver's error with the system's reason, which the driver keeps for itself."""
    driver: Any = dialect.loaded_dbapi
    try:
        return dialect.connect(**told)
    except (driver.InterfaceError, OSError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if isinstance(cause, TimeoutError):
            raise driver.InterfaceError(f"no answer within {told['timeout']:g} s") from error
        if isinstance(cause, OSError):
            raise driver.InterfaceError(cause.strerror or str(cause)) from error
        if "network error" in str(error):
            raise driver.InterfaceError("it hung up") from error
        raise


def _name_breaks(engine: Engine, patience: Patience) -> None:
    """Let whatever breaks a connection be known as that.

    pg8000 raises some of it as the system's own error. SQLAlchemy then takes the connection for sound: it is kept, the
    try before its use is an error, and putting it back writes a traceback into the program's log.
    """
    dialect: Any = engine.dialect
    driver = dialect.loaded_dbapi

    def name(speak: Callable[..., object]) -> Callable[..., object]:
        def speak_or_break(*given: object, **told: object) -> object:
            try:
                return speak(*given, **told)
            except OSError as error:
                raise driver.InterfaceError("network error") from error

        return speak_or_break

    def ping(connection: DBAPIConnection) -> bool:
        before_s = connection._usock.gettimeout()  # of pg8000's own
        _listen_for(connection, patience.connect_s)
        is_alive = bool(type(dialect).do_ping(dialect, connection))
        _listen_for(connection, before_s)
        return is_alive

    dialect.do_ping = ping
    for one in _SPEAKS:
        setattr(dialect, one, name(getattr(dialect, one)))


def _close_quietly(engine: Engine) -> None:
    """Let a connection that the server has ended be closed without a traceback in the program's log."""
    driver = engine.dialect.loaded_dbapi

    def close(connection: DBAPIConnection) -> None:
        with suppress(driver.Error, OSError):
            connection.close()

    engine.dialect.do_close = close  # type: ignore[method-assign, assignment]  # the pool asks it alone


def _check_url(engine: Engine, shown: str) -> None:
    """Check what pg8000 would answer with a `TypeError`, or not at all."""
    if not engine.url.username and "user" not in engine.url.query:
        raise StoreError(f"{shown} names no user. Try: postgresql+pg8000://user@host/database")
    known = {*signature(engine.dialect.loaded_dbapi.connect).parameters} - _NOT_IN_A_URL
    known |= {*OPTION_NAMES, "sslmode", "sslrootcert"}
    if unknown := sorted(engine.url.query.keys() - known):
        near = get_close_matches(unknown[0], known, n=1)
        hint = (
            f" Did you mean {near[0]}?"
            if near
            else f" Settings of the store: {', '.join(sorted(OPTION_NAMES))}"
        )
        raise StoreError(f"no setting of a database's URL is called {unknown[0][:80]!r}.{hint}")
    for name, value in engine.url.query.items():
        if not isinstance(value, str):
            raise StoreError(f"a database's URL says {name[:80]!r} more than once; say it once")
    _parse_settings(dict(engine.url.query))


def _parse_settings(told: dict[str, Any]) -> float | None:
    """Turn what a URL says as text into what pg8000 takes; return the seconds that it may be silent, where it says."""
    for name in ("tcp_keepalive", "ssl_context"):
        if isinstance(told.get(name), str):
            told[name] = parse_switch(name, told[name])
    if "sslmode" in told or "sslrootcert" in told:
        told["ssl_context"] = _make_ssl(told.pop("sslmode", "prefer"), told.pop("sslrootcert", None))
    if "unix_sock" in told:
        told["ssl_context"] = False  # nobody listens in between, and servers refuse it
    given = told.pop("timeout", None)
    seconds = parse_number("timeout", given) if isinstance(given, str) else given
    check_number("timeout", seconds, StoreError, is_open=True, or_none=True)
    return seconds


def _make_ssl(mode: str, roots: str | None) -> ssl.SSLContext | bool | None:
    """Return what pg8000 is to do for a mode of libpq's."""
    if mode not in _MODES:
        raise StoreError(f"sslmode={show_value(mode)} is no mode; give one of {', '.join(sorted(_MODES))}")
    if mode == "disable":
        return False
    if not mode.startswith("verify") and not roots:
        return True if mode == "require" else None
    try:
        context = ssl.create_default_context(cafile=None if roots == "system" else roots)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"sslrootcert={show_value(roots)} cannot be read: {getattr(error, 'strerror', None) or error}. Is it a "
            "file of certificates?"
        ) from error
    context.check_hostname = mode == "verify-full"
    return context
