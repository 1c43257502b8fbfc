"""Tables know their version: older ones become newer in one step, newer ones are left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from glyph_memory.errors import StoreError
from glyph_memory.store import Store
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import SCHEMA, Schema, metadata
from glyph_memory.transcript import Turn


def add_column(connection: Connection) -> None:
    """Add a title to sessions."""
    connection.execute(text("ALTER TABLE glyph_sessions ADD COLUMN title TEXT"))


def add_titles(connection: Connection) -> None:
    """Set the title of each session to its name."""
    connection.execute(
        text("UPDATE glyph_sessions SET title = (SELECT name FROM glyph_names WHERE session_id = id)")
    )


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
        StoreError,
        match=rf"is of version {NEWER.version}, .* up to {SCHEMA.version}\. Try: pip install --upgrade glyph-memory",
    ):
        Store.open(shared_url)
    Store.open(shared_url, schema=NEWER).close()


def test_a_migration_that_fails_changes_nothing(shared_url: str) -> None:
    """All of them are one transaction."""
    with Store.open(shared_url) as store:
        store.session("chat").append([Turn(role="user", text="old")])
    with pytest.raises(RuntimeError):
        Store.open(shared_url, schema=Schema(migrations=(*SCHEMA.migrations, add_column, fail)))
    with Store.open(shared_url) as store:
        assert [turn.text for turn in store.session("chat").turns()] == ["old"]
    Store.open(shared_url, schema=NEWER).close()


_KILLED = """
import os, sys
from glyph_memory.store import Store
from glyph_memory.store.schema import SCHEMA, Schema
def add_column(connection):
    connection.exec_driver_sql("ALTER TABLE glyph_sessions ADD COLUMN title TEXT")
Store.open(sys.argv[1], schema=Schema(migrations=(*SCHEMA.migrations, add_column, lambda _: os._exit(9))))
"""


def test_a_process_that_is_killed_while_it_migrates_changes_nothing(shared_url: str) -> None:
    """The old tables are still there, and the next process migrates them."""
    with Store.open(shared_url) as store:
        store.session("chat").append([Turn(role="user", text="old")])
    assert subprocess.run([sys.executable, "-c", _KILLED, shared_url], check=False).returncode == 9
    with Store.open(shared_url) as store:
        assert [turn.text for turn in store.session("chat").turns()] == ["old"]
    with Store.open(shared_url, schema=NEWER) as store:
        assert titles(store) == ["chat"]


def test_a_process_that_is_killed_while_it_creates_tables_leaves_none(shared_url: str) -> None:
    """The next one begins anew."""
    assert subprocess.run([sys.executable, "-c", _KILLED, shared_url], check=False).returncode == 9
    with Store.open(shared_url, schema=NEWER) as store:
        store.session("chat").append([Turn(role="user")])
        assert titles(store) == [None]


# The two steps that the docstring of `schema` asks for, and a value written and read with them.
_CONTRIBUTION = """
import sys
from sqlalchemy import Column, Text, select, update
from glyph_memory.store import Store, schema
from glyph_memory.transcript import Turn

schema.turns.append_column(Column("note", Text))

def add_note(connection):
    connection.exec_driver_sql("ALTER TABLE glyph_turns ADD COLUMN note TEXT")

newer = schema.Schema(migrations=(*schema.MIGRATIONS, add_note))
with Store.open(sys.argv[1], schema=newer) as store:
    session = store.session("chat")
    session.append([Turn(role="user", text="new")])
    with store._database.begin_write() as connection:
        connection.execute(update(schema.turns).values(note="seen"))
    session.fork("copy")
with Store.open(sys.argv[1], schema=newer) as store, store._database.begin_read() as connection:
    print(connection.execute(select(schema.turns.c.note)).scalars().all())
"""


@pytest.mark.parametrize("begins", ["new", "old"])
def test_a_column_is_added_in_two_steps_to_new_and_old_databases(shared_url: str, begins: str) -> None:
    """Described in its table and added by a migration; it is written, copied and read with the others."""
    if begins == "old":
        with Store.open(shared_url) as store:
            store.session("chat").append([Turn(role="user", text="old")])
    done = subprocess.run(
        [sys.executable, "-c", _CONTRIBUTION, shared_url], check=False, capture_output=True, text=True
    )
    turns = 2 if begins == "old" else 1
    assert (done.stdout, done.stderr) == (f"{['seen'] * 2 * turns}\n", "")


def test_the_tables_of_a_new_database_are_those_that_are_described(shared_url: str) -> None:
    """Whoever forgets one of the two steps is told here."""
    Store.open(shared_url).close()
    engine = create_engine(shared_url if "://" in shared_url else f"sqlite:///{shared_url}")
    found = inspect(engine)
    for table in metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}
        indexes = {index["name"] for index in found.get_indexes(table.name) if index["name"]}
        assert {index.name for index in table.indexes} == {
            name for name in indexes if name.startswith(f"{table.name}_") and not name.endswith("_key")
        }
    engine.dispose()


VERSION_1 = Path(__file__).with_name("version_1.sql")
"""What a database of version 1 holds; also a database that somebody may have kept."""


def test_version_1_is_what_it_always_was(tmp_path: Path) -> None:
    """It is never changed: databases of it are out there, and every migration builds on it."""
    Store.open(tmp_path / "new.db", schema=Schema()).close()
    with sqlite3.connect(tmp_path / "new.db") as connection:
        made = connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql NOT NULL AND name NOT LIKE 'sqlite%' "
            "AND name NOT LIKE 'glyph_search_%' ORDER BY type DESC, name"
        ).fetchall()
    connection.close()
    statements = [sql.replace("\t", "    ").replace(" \n", "\n") for (sql,) in made]
    assert ";\n\n".join(statements) + ";\n" == VERSION_1.read_text()


def test_a_database_of_version_1_opens(tmp_path: Path) -> None:
    """Made by its statements alone, not by this code."""
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.executescript(VERSION_1.read_text())
        rows = [("key", "07" * 32), ("edits", "0"), ("version", "1")]
        connection.executemany("INSERT INTO glyph_meta VALUES (?, ?)", rows)
    connection.close()
    with Store.open(tmp_path / "old.db") as store:
        assert store.key == b"\7" * 32
        stored = store.session("chat").append([Turn(role="user", text="The port is 8443.")])
        assert [hit.turn for hit in store.session("chat").search("port", k=1)] == [*stored]


def test_what_a_database_of_version_1_holds_is_found_and_can_be_erased(tmp_path: Path) -> None:
    """Its search index held words, its identifiers guessable digests: neither is left, and all is found as before."""
    path = tmp_path / "old.db"
    fill_version_1(path)
    with Store.open(path) as store:
        assert [session.name for session in store.sessions()] == ["brouhahaha", "chat"]
        session_store = store.session("chat")
        assert [turn.text for turn in session_store.turns()] == [
            "The port is 8443.",
            "jabberwock key-4711-abc",
        ]
        assert [hit.turn.anchor for hit in session_store.search("JABBERWOCK", k=3)] == [2]
        assert session_store.search("chat", k=1) == ()
        (known,) = session_store.identifiers(like="4711")
        assert (known.text, known.anchors) == ("key-4711-abc", (2,))
        assert session_store.occurrences(["key-4711-abc"], upto=9) == {"key-4711-abc": 1}
        assert session_store.delete([2]) == 1
        store.session("brouhahaha").clear()
        assert session_store.search("jabberwock", k=3) == ()
        assert session_store.identifiers() == ()
        data = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        old = ("jabberwock", "4711", "brouhahaha", "s1xport", "s1xjabberwock", fingerprint("key-4711-abc"))
        assert not [word for word in old if word.encode() in data]
        assert [hit.turn.anchor for hit in session_store.search("port", k=3)] == [1]


def fill_version_1(path: Path) -> None:
    """Make a database as version 1 wrote it: two sessions, one with two turns and an identifier."""
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1.read_text())
        rows = [("key", "07" * 32), ("edits", "0"), ("version", "1")]
        connection.executemany("INSERT INTO glyph_meta VALUES (?, ?)", rows)
        for number, name in enumerate(("chat", "brouhahaha"), 1):
            row = (number, fingerprint(name), name, 2 * (number == 1), 2 * (number == 1), 8, 0)
            connection.execute("INSERT INTO glyph_sessions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        spoken = (
            ("The port is 8443.", "the port is 8443"),
            ("jabberwock key-4711-abc", "jabberwock key 4711 abc"),
        )
        for anchor, (said, words) in enumerate(spoken, 1):
            turn = (1, anchor, fingerprint(f"t{anchor}"), "user", 0, "2025-01-01T00:00:00+00:00", 40)
            connection.execute(
                "INSERT INTO glyph_turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*turn, f'{{"id": "t{anchor}"}}'.encode(), said.encode()),
            )
            connection.execute("INSERT INTO glyph_words VALUES (?, 1, ?, 4, ?)", (anchor, anchor, words))
            scoped = " ".join(f"s1x{word}" for word in words.split())
            connection.execute("INSERT INTO glyph_search (rowid, words) VALUES (?, ?)", (anchor, scoped))
        connection.execute(
            "INSERT INTO glyph_identifiers VALUES (1, 2, 0, ?, 'key', 1, ?, ?)",
            (fingerprint("key-4711-abc"), b"key-4711-abc", "key-4711-abc"),
        )
    connection.close()


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
