"""What the store's tests share: databases of each kind, among them a real PostgreSQL server, and stores in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from glyph_memory.store import SessionStore, Store
from lib.pgbouncer import MISSING_BOUNCER, has_pgbouncer, make_bounced_url, run_pgbouncer
from lib.postgres import (
    MISSING,
    Server,
    has_postgres,
    make_database,
    make_url,
    run_postgres,
    run_replica,
    run_statement,
)

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[str]:
    """Run a PostgreSQL server for as long as the tests run, and give its socket."""
    if not has_postgres():
        pytest.skip(MISSING)
    with run_postgres() as socket:
        yield socket


@pytest.fixture
def own_postgres_socket() -> Iterator[str]:
    """Run a PostgreSQL server that a test may bring down, and give its socket."""
    if not has_postgres():
        pytest.skip(MISSING)
    with run_postgres() as socket:
        yield socket


@pytest.fixture
def postgres_url(postgres_socket: str) -> str:
    """Empty the server's database and give its URL."""
    run_statement(postgres_socket, "DROP SCHEMA public CASCADE")
    run_statement(postgres_socket, "CREATE SCHEMA public")
    return make_url(postgres_socket, "postgres")


@pytest.fixture(scope="module")
def module_postgres_url(postgres_socket: str) -> str:
    """Make a database that the tests of one module share."""
    return make_database(postgres_socket, f"module{next(_NUMBERS)}")


@pytest.fixture(scope="module")
def replica_server(postgres_socket: str) -> Iterator[Server]:
    """Run a streaming replica of the server for the tests of one module."""
    with run_replica(postgres_socket) as server:
        yield server


@pytest.fixture(scope="module")
def bouncer_socket(postgres_socket: str) -> Iterator[str]:
    """Run PgBouncer before the server, in transaction mode, and give its socket.

    Not for longer than a module: it keeps connections, and other tests wait until a database has none.
    """
    if not has_pgbouncer():
        pytest.skip(MISSING_BOUNCER)
    with run_pgbouncer(postgres_socket) as socket:
        yield socket


@pytest.fixture
def bounced_url(bouncer_socket: str, postgres_url: str) -> str:
    """Give the URL of the server's emptied database by way of PgBouncer."""
    return make_bounced_url(bouncer_socket, postgres_url)


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
