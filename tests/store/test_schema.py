"""Tables know their version: older ones become newer in one step, newer ones are left alone."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from glyph_memory.errors import StoreError
from glyph_memory.store import Store
from glyph_memory.store.schema import SCHEMA, Schema
from glyph_memory.transcript import Turn


def add_column(connection: Connection) -> None:
    """Return sessions a title."""
    connection.execute(text("ALTER TABLE glyph_sessions ADD COLUMN title TEXT"))


def add_titles(connection: Connection) -> None:
    """Name sessions after themselves."""
    connection.execute(text("UPDATE glyph_sessions SET title = name"))


def fail(_connection: Connection) -> None:
    """Stop half way."""
    raise RuntimeError("half way")


NEWER = Schema(migrations=(*SCHEMA.migrations, add_column, add_titles))


def titles(store: Store) -> list[str | None]:
    """What the migrations added, seen from outside."""
    engine = create_engine(store.url)
    with engine.connect() as connection:
        found = [row.title for row in connection.execute(text("SELECT title FROM glyph_sessions"))]
    engine.dispose()
    return found


def test_an_older_database_becomes_newer_and_keeps_what_it_holds(shared_url: str) -> None:
    """Each migration once, in order; opening again does nothing."""
    with Store.open(shared_url) as store:
        stored = store.session("chat").append([Turn(role="user", text="old")])
        key = store.key
    for _ in range(2):
        with Store.open(shared_url, schema=NEWER) as store:
            assert next(store.session("chat").turns()) == stored[0]
            assert store.key == key
            store.session("chat").append([Turn(role="user", text="new", id="new")])
            assert titles(store) == ["chat"]


def test_a_new_database_gets_all_migrations(shared_url: str) -> None:
    """The same way as old ones."""
    with Store.open(shared_url, schema=NEWER) as store:
        store.session("chat").append([Turn(role="user")])
        assert titles(store) == [None]  # made after the migration that names sessions


def test_a_database_from_a_newer_version_is_left_alone(shared_url: str) -> None:
    """The message says both versions and what to do."""
    Store.open(shared_url, schema=NEWER).close()
    with pytest.raises(
        StoreError, match=r"is of version 3, .* up to 1\. Try: pip install --upgrade glyph-memory"
    ):
        Store.open(shared_url)
    Store.open(shared_url, schema=NEWER).close()


def test_a_migration_that_fails_changes_nothing(shared_url: str) -> None:
    """All of them are one transaction."""
    with Store.open(shared_url) as store:
        store.session("chat").append([Turn(role="user", text="old")])
    with pytest.raises(RuntimeError):
        Store.open(shared_url, schema=Schema(migrations=(add_column, fail)))
    with Store.open(shared_url) as store:
        assert [turn.text for turn in store.session("chat").turns()] == ["old"]
    Store.open(shared_url, schema=NEWER).close()


@pytest.mark.parametrize("start", [None, SCHEMA])
def test_all_who_open_at_once_succeed_and_share_one_key(shared_url: str, start: Schema | None) -> None:
    """Whoever comes second finds the work done, be it creation or migration."""
    if start is not None:
        Store.open(shared_url, schema=start).close()

    def open_and_write(number: int) -> bytes:
        with Store.open(shared_url, schema=NEWER) as store:
            store.session("chat").append([Turn(role="user", text=str(number))])
            return store.key

    with ThreadPoolExecutor(6) as pool:
        keys = set(pool.map(open_and_write, range(6)))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    with Store.open(shared_url, schema=NEWER) as store:
        assert sorted(turn.text for turn in store.session("chat").turns()) == list("012345")


def test_other_tables_in_the_same_database_are_no_matter(tmp_path: Path) -> None:
    """An application may keep its own beside ours."""
    path = tmp_path / "app.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (name, value)")
        connection.execute("INSERT INTO meta VALUES ('version', '99')")
    connection.close()
    with Store.open(path) as store:
        stored = store.session("chat").append([Turn(role="user")])
        assert tuple(store.session("chat").turns()) == stored
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT * FROM meta").fetchall() == [("version", "99")]
    connection.close()
