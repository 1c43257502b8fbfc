"""Run a PostgreSQL server for a while, where its programs are installed, and make databases in it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

_OTHERS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)

MISSING = "no PostgreSQL server on this machine. Try: apt install postgresql"


def has_postgres() -> bool:
    """Return whether the server's programs are here."""
    return None not in (_find_program("initdb"), _find_program("postgres"))


@contextmanager
def run_postgres(folder: Path | None = None, **settings: object) -> Iterator[str]:
    """Run a server, and yield its socket; what it holds is thrown away at the end.

    Args:
        folder: Where its files go; the system's folder for temporary files by default.
        **settings: Of the server, beside those that make it fast.
    """
    with make_home(folder) as home:
        _run_program(
            home, "initdb", "-U", "glyph", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
            "-D", str(home / "data"),
        )  # fmt: skip
        with run_server(home, **settings) as server:
            yield server.socket


@contextmanager
def run_replica(socket: str, **settings: object) -> Iterator[Server]:
    """Run a streaming replica of a server that runs, and yield it; what it holds is thrown away at the end."""
    with make_home() as home:
        place = str(Path(socket).parent)
        _run_program(
            home, "pg_basebackup", "-h", place, "-U", "glyph", "-D", str(home / "data"), "-R", "-X", "stream",
            "-c", "fast", "--no-sync",
        )  # fmt: skip
        with run_server(home, **settings) as server:
            yield server


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A server that runs."""

    socket: str
    """Where it answers."""
    home: Path
    """Its files."""
    process: subprocess.Popen[bytes]
    """The program."""

    def run(self, statement: str) -> None:
        """Send it a statement."""
        run_statement(self.socket, statement)

    def catch_up(self, primary: str) -> None:
        """Wait until it has replayed all that its primary, named by its socket, has written by now."""
        position = read_value(primary, "SELECT CAST(pg_current_wal_flush_lsn() AS text)")
        there = f"SELECT pg_last_wal_replay_lsn() >= CAST('{position}' AS pg_lsn)"
        for _ in range(3000):
            if read_value(self.socket, there):
                return
            time.sleep(0.01)
        raise AssertionError(f"the replica does not come to {position}")

    def kill(self) -> None:
        """End it at once, and its connections with it."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()


@contextmanager
def make_home(folder: Path | None = None) -> Iterator[Path]:
    """Make a folder that the server's account may enter, which one of the caller's it could not."""
    home, account = Path(tempfile.mkdtemp(prefix="glyph-pg-", dir=folder)), find_account()
    try:
        if account:
            shutil.chown(home, account)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def run_server(home: Path, **settings: object) -> Iterator[Server]:
    """Run a server on the files in a folder that `make_home` made; it may have been there before."""
    program, log = _find_program("postgres"), home / "log"
    if program is None:
        raise RuntimeError(MISSING)
    told: dict[str, object] = {
        "unix_socket_directories": home,
        "listen_addresses": "",
        "fsync": "off",
        "max_connections": 60,
    }
    command = [program, "-D", str(home / "data")]
    command += [f"--{name}={value}" for name, value in (told | settings).items()]
    with (
        log.open("wb") as lines,
        subprocess.Popen(command, stdout=lines, stderr=lines, user=find_account(), cwd=home) as process,
    ):
        try:
            socket = wait_for_server(str(home / ".s.PGSQL.5432"), log)
            yield Server(socket=socket, home=home, process=process)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once


def _run_program(home: Path, name: str, *arguments: str) -> None:
    program = _find_program(name)
    if program is None:
        raise RuntimeError(MISSING)
    subprocess.run([program, *arguments], check=True, capture_output=True, user=find_account(), cwd=home)


def make_url(socket: str, database: str) -> str:
    """Return the URL of a database of the server."""
    return f"postgresql+pg8000://glyph@/{database}?unix_sock={socket}"


def make_database(socket: str, name: str) -> str:
    """Create a database; return its URL."""
    run_statement(socket, f"CREATE DATABASE {name}")
    return make_url(socket, name)


def drop_database(socket: str, name: str) -> None:
    """Drop a database, whoever uses it."""
    run_statement(socket, f"DROP DATABASE {name} WITH (FORCE)")


def list_backends(url: str) -> frozenset[int]:
    """Return the processes that serve a database's clients now."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return frozenset(connection.execute(_OTHERS).scalars())


def wait_for_backends(url: str, *, known: Collection[int] = ()) -> None:
    """Wait until the server has done what killed clients had sent to a database.

    Args:
        url: Of the database.
        known: Processes of the server that served somebody else before.
    """
    with create_engine(url, poolclass=NullPool).connect() as connection:
        for _ in range(1000):
            if not set(connection.execute(_OTHERS).scalars()).difference(known):
                return
            connection.rollback()  # else the view stays as it was
            time.sleep(0.01)
    raise AssertionError(f"{url} is still in use")


def run_statement(socket: str, statement: str, *, database: str = "postgres") -> None:
    """Send the server a statement, outside of any transaction."""
    engine = create_engine(make_url(socket, database), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def read_value(socket: str, statement: str) -> object:
    """Return the one value that a statement gives on the server."""
    engine = create_engine(make_url(socket, "postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalar_one()


def _find_program(name: str) -> str | None:
    """Find a program of the server's; Debian keeps them off the path."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda home: int(home.parent.name))
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, reversed(homes))))


def find_account() -> str | None:
    """Name who is to run the server, which refuses to be run by root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def wait_for_server(socket: str, log: Path) -> str:
    """Wait until a server, or PgBouncer before one, answers on its socket; return that."""
    for _ in range(300):
        try:
            run_statement(socket, "SELECT 1")
        except SQLAlchemyError:
            time.sleep(0.1)
        else:
            return socket
    raise AssertionError(f"PostgreSQL did not come up: {log.read_text()}")
