"""What the store's tests share: databases of each kind, among them a real PostgreSQL server, and stores in them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from glyph_memory.store import SessionStore, Store

_NUMBERS = count(1)


def _program(name: str) -> str | None:
    """Find a program of the server's; Debian keeps them off the path."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda home: int(home.parent.name))
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, reversed(homes))))


def _account() -> str | None:
    """Name who is to run the server, which refuses to be run by root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[str]:
    """Run a PostgreSQL server for as long as the tests run, and give its socket."""
    initdb, postgres = _program("initdb"), _program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("no PostgreSQL server on this machine. Try: apt install postgresql")
    account = _account()
    # pytest's own directories cannot be entered by another account.
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
                yield _wait_for(str(home / ".s.PGSQL.5432"), log)
            finally:
                server.send_signal(signal.SIGQUIT)  # at once: what it holds is thrown away
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _url(socket: str, database: str) -> str:
    return f"postgresql+pg8000://glyph@/{database}?unix_sock={socket}"


def _tell(socket: str, statement: str) -> None:
    """Send the server a statement, outside of any transaction."""
    engine = create_engine(_url(socket, "postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def _wait_for(socket: str, log: Path) -> str:
    for _ in range(300):
        try:
            _tell(socket, "SELECT 1")
        except SQLAlchemyError:
            time.sleep(0.1)
        else:
            return socket
    raise AssertionError(f"PostgreSQL did not come up: {log.read_text()}")


@pytest.fixture
def postgres_url(postgres_socket: str) -> str:
    """Empty the server's database and give its URL."""
    _tell(postgres_socket, "DROP SCHEMA public CASCADE")
    _tell(postgres_socket, "CREATE SCHEMA public")
    return _url(postgres_socket, "postgres")


@pytest.fixture(scope="module")
def module_postgres_url(postgres_socket: str) -> str:
    """Make a database that the tests of one module share."""
    name = f"module{next(_NUMBERS)}"
    _tell(postgres_socket, f"CREATE DATABASE {name}")
    return _url(postgres_socket, name)


@pytest.fixture(params=["file", "memory", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a new database of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path / "chat.db") if request.param == "file" else ":memory:"


@pytest.fixture(params=["file", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a new database of each kind that several processes can open."""
    return str(
        request.getfixturevalue("postgres_url") if request.param == "postgresql" else tmp_path / "chat.db"
    )


@pytest.fixture
def store(any_url: str) -> Iterator[Store]:
    """Open an empty store of each kind."""
    with Store.open(any_url) as store:
        yield store


@pytest.fixture
def session_store(store: Store) -> SessionStore:
    """Return a session of it."""
    return store.session("chat")
