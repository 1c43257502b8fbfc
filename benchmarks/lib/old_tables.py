"""Turn tables of today into older ones that hold the same, as an earlier version of glyph-memory left them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from glyph_memory.store import Store
from glyph_memory.store.schema import write_meta

_STEPS_BACK: dict[int, tuple[str, ...]] = {
    6: (
        "ALTER TABLE glyph_sessions DROP COLUMN written",
        "ALTER TABLE glyph_sessions DROP COLUMN lifetime_s",
    ),
    5: ("DROP TABLE glyph_marks", "DROP TABLE glyph_conversations", "DROP TABLE glyph_bookmarks"),
    4: ("ALTER TABLE glyph_sessions DROP COLUMN looks",),
    3: ("DROP INDEX glyph_turns_characters", "ALTER TABLE glyph_turns DROP COLUMN characters"),
    2: (
        "ALTER TABLE glyph_sessions ADD COLUMN name TEXT DEFAULT '' NOT NULL",
        "UPDATE glyph_sessions SET name = (SELECT name FROM glyph_names WHERE session_id = id)",
        "DROP TABLE glyph_names",
        "DROP TABLE glyph_erasures",
    ),
}
"""What undoes the migration to each version."""
_PLAIN_SEARCH = (
    "DROP TABLE glyph_search",
    "CREATE VIRTUAL TABLE glyph_search USING fts5(words, content='', columnsize=0, tokenize='ascii')",
    "INSERT INTO glyph_search (rowid, words) SELECT number, "
    "'s' || session_id || 'x' || replace(words, ' ', ' s' || session_id || 'x') FROM glyph_words",
)
"""SQLite's search index of version 1: words with their session's number."""


def make_older(database: Path | str, *, version: int) -> None:
    """Bring the tables of a database back to a version."""
    with Store.open(database) as store, store._database.begin_write() as connection:
        for newer in sorted(_STEPS_BACK, reverse=True):
            if newer > version:
                _run_all(connection, _STEPS_BACK[newer])
        if version == 1 and connection.dialect.name == "sqlite":
            _run_all(connection, _PLAIN_SEARCH)
        write_meta(connection, "version", str(version))


def _run_all(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)
