"""Run a PostgreSQL server for a while, where its programs are installed, and make databases in it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

MISSING = "no PostgreSQL server on this machine. Try: apt install postgresql"


def has_postgres() -> bool:
    """Return whether the server's programs are here."""
    return None not in (_find_program("initdb"), _find_program("postgres"))


@contextmanager
def run_postgres() -> Iterator[str]:
    """Run a server, and yield its socket; what it holds is thrown away at the end."""
    initdb, postgres = _find_program("initdb"), _find_program("postgres")
    if initdb is None or postgres is None:
        raise RuntimeError(MISSING)
    account = find_account()
    # Not a folder of the caller's: another account has to enter it.
    home = Path(tempfile.mkdtemp(prefix="glyph-pg-"))
    if account:
        shutil.chown(home, account)
    data, log = home / "data", home / "log"
    settings = {
        "unix_socket_directories": home,
        "listen_addresses": "",
        "fsync": "off",
        "max_connections": 60,
    }
    try:
        subprocess.run(
            [initdb, "-D", data, "-U", "glyph", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            user=account,
            cwd=home,
        )
        command = [postgres, "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())]
        with (
            log.open("wb") as lines,
            subprocess.Popen(command, stdout=lines, stderr=lines, user=account, cwd=home) as server,
        ):
            try:
                yield wait_for_server(str(home / ".s.PGSQL.5432"), log)
            finally:
                server.send_signal(signal.SIGQUIT)  # at once
    finally:
        shutil.rmtree(home, ignore_errors=True)


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


def wait_for_backends(url: str) -> None:
    """Wait until the server has done what killed clients had sent to a database."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        for _ in range(1000):
            if not connection.execute(others).scalar():
                return
            connection.rollback()  # else the view stays as it was
            time.sleep(0.01)
    raise AssertionError(f"{url} is still in use")


def run_statement(socket: str, statement: str) -> None:
    """Send the server a statement, outside of any transaction."""
    engine = create_engine(make_url(socket, "postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


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
