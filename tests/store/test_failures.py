"""When the disk is full, the server gone or a limit reached: one line, nothing stored is lost, and it opens again."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import Pool

from glyph_memory.errors import StoreBusy, StoreError
from glyph_memory.store import Store
from glyph_memory.store.doctor import repair_store
from glyph_memory.store.failures import translate
from glyph_memory.transcript import Turn

FILL = """
import resource, sys
from glyph_memory.errors import StoreError
from glyph_memory.store import Store
from glyph_memory.transcript import Turn

import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Store.open(sys.argv[1]) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
    session_store = store.session("chat")
    try:
        while True:
            turn, = session_store.append([Turn(role="user", text="word " * 2000)])
            print(turn.anchor, flush=True)
    except StoreError as error:
        print(type(error).__name__, error, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    turn, = session_store.append([Turn(role="user", text="room again")])
    print(turn.anchor, flush=True)
"""


def test_a_limit_on_the_files_size_loses_nothing(tmp_path: Path) -> None:
    """As a full disk does, it breaks off a write; the same store goes on when there is room."""
    path = tmp_path / "chat.db"
    done = subprocess.run([sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, check=True)
    *taken, error, last = done.stdout.splitlines()
    assert taken == [str(anchor) for anchor in range(1, len(taken) + 1)]
    assert error.startswith("StoreError the disk under")
    assert "What was stored before is safe" in error
    with Store.open(path) as store:
        turns = list(store.session("chat").turns())
    assert [turn.anchor for turn in turns] == list(range(1, int(last) + 1))
    assert len(turns) == len(taken) + 1


def test_a_full_database_loses_nothing(tmp_path: Path) -> None:
    """SQLite's own limit on pages stands for a disk without room."""
    path = tmp_path / "chat.db"

    def limit(connection: object, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 130")  # type: ignore[attr-defined]  # of sqlite3

    event.listen(Pool, "connect", limit)
    try:
        with Store.open(path) as store:
            session_store = store.session("chat")
            taken = 0
            with pytest.raises(StoreError, match=r"there is no room left for .*chat\.db'. Make room"):
                while True:
                    taken += len(session_store.append([Turn(role="user", text="word " * 2000)]))
            assert [turn.anchor for turn in session_store.turns()] == list(range(1, taken + 1))
            assert session_store.search("word", k=1)
            assert session_store.delete([1, 2]) == 2
    finally:
        event.remove(Pool, "connect", limit)
    with Store.open(path) as store:
        assert store.session("chat").append([Turn(role="user")])[0].anchor == taken + 1


@pytest.mark.parametrize(
    ("state", "said", "kind"),
    [
        ("53100", "no room left", StoreError),
        ("25006", "read-only", StoreError),
        ("28P01", "did not let us in: oh no. Check user and password", StoreError),
        ("3D000", "does not exist", StoreError),
        ("42501", "does not allow this", StoreError),
        ("40P01", "because of another process", StoreBusy),
        ("55P03", "still locked", StoreBusy),
        ("57P01", "is shutting down", StoreError),
        ("57P03", "does not let anybody in now", StoreBusy),
        ("53300", "takes no more connections", StoreBusy),
        ("3F000", "has no schema for the tables", StoreError),
        ("22P05", "cannot hold all letters", StoreError),
        ("54000", "too large", StoreError),
        ("XX000", r"failed: oh no \(XX000\)", StoreError),
        ("", "no connection to 'pg'", StoreError),
    ],
)
def test_what_a_server_says_is_told_in_one_line(state: str, said: str, kind: type[StoreError]) -> None:
    """By its code; of its words only the first line, since others quote values."""
    cause = Exception({"C": state, "M": "oh no\nDETAIL: the secret", "D": "the secret"})
    error: DBAPIError = OperationalError("INSERT", {"a": "the secret"}, cause)
    told = translate(error, shown="'pg'", wait_s=1)
    assert type(told) is kind
    with pytest.raises(kind, match=said):
        raise told
    assert "secret" not in str(told)


def test_what_a_server_said_counts_where_closing_the_connection_after_it_failed() -> None:
    """The driver raises what it met last: a broken pipe."""
    try:
        try:
            raise ValueError({"C": "53300", "M": "too many connections for role"})
        finally:
            try:
                raise BrokenPipeError(32, "Broken pipe")
            except BrokenPipeError as broken:
                raise RuntimeError("network error") from broken
    except RuntimeError as error:
        told = translate(OperationalError("", {}, error), shown="'pg'", wait_s=1)
    assert str(told).startswith("'pg' takes no more connections: too many connections for role")


def test_a_server_without_such_a_database_says_so(postgres_socket: str) -> None:
    """The real one."""
    with pytest.raises(StoreError, match=r"none.*(is there such a database\?|Try: createdb)"):
        Store.open(f"postgresql+pg8000://glyph@/none?unix_sock={postgres_socket}")


def test_a_connection_that_the_server_closed_is_made_anew(postgres_url: str) -> None:
    """A server's restart must not need one of ours."""
    with Store.open(postgres_url) as store, Store.open(postgres_url) as other:
        store.session("chat").append([Turn(role="user")])
        with other._database.begin_write() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid, 9000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert store.session("chat").append([Turn(role="user")])[0].anchor == 2


DAMAGES = {
    "a turn's row is gone": "DELETE FROM glyph_turns WHERE anchor = 1",
    "its number is the highest": "UPDATE glyph_sessions SET id = 9223372036854775807",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_fork_of_a_damaged_session_names_the_doctor(damage: str, tmp_path: Path) -> None:
    """What SQLite says of it helps nobody; the copy is not made."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        store.session("chat").append([Turn(role="user", text="the port is 8443")])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(damage)
    with Store.open(path) as store:
        with pytest.raises(StoreError, match=r"glyph-memory doctor --memory '.*chat.db'"):
            store.session("chat").fork("copy")
        assert [session.name for session in store.sessions()].count("copy") == 0


def test_a_database_whose_version_is_damaged_names_the_doctor_who_writes_it(tmp_path: Path) -> None:
    """The line can be copied as it stands, and after it all turns are there."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        store.session("chat").append([Turn(role="user", text="kept")])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE glyph_meta SET value = '{' WHERE name = 'version'")
    with pytest.raises(StoreError, match=r"Try: glyph-memory doctor --memory '.*chat.db' --repair"):
        Store.open(path)
    repair_store(path)
    with Store.open(path) as store:
        assert [turn.text for turn in store.session("chat").turns()] == ["kept"]
