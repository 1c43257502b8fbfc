"""From version 1 of the tables to version 2, exactly as it was published. Never change this file.

Names of sessions move to a table of their own, whose rows are never moved, beside the key of each session; a table
says what erasing has left to do; and SQLite's search index, which held words, holds keyed hashes of them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy import table as any_table
from sqlalchemy.dialects import mysql

_metadata = MetaData()
_Number = BigInteger().with_variant(Integer(), "sqlite")
_Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
_Words = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

_names = Table(
    "glyph_names",
    _metadata,
    Column("session_id", _Number, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("key", _Bytes, nullable=False),
)
_erasures = Table(
    "glyph_erasures",
    _metadata,
    Column("number", _Number, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("folder", Text, nullable=False),
    Column("names", _Words, nullable=False),
    sqlite_autoincrement=True,
)
_REBUILD_SQLITE = (
    "DROP TABLE glyph_search",
    "CREATE VIRTUAL TABLE glyph_search USING fts5(words, content='', columnsize=0, tokenize='ascii')",
    "INSERT INTO glyph_search (rowid, words) SELECT number, glyph_hash_words(key, words) "
    "FROM glyph_words JOIN glyph_names USING (session_id)",
    "DROP INDEX glyph_identifiers_digest",
    "UPDATE glyph_identifiers SET digest = glyph_fingerprint("
    "(SELECT key FROM glyph_names WHERE glyph_names.session_id = glyph_identifiers.session_id), text)",
    "CREATE INDEX glyph_identifiers_digest ON glyph_identifiers (session_id, digest, anchor, count)",
)


def migrate_to_2(connection: Connection) -> None:
    """Bring tables of version 1 to version 2."""
    is_sqlite = connection.dialect.name == "sqlite"
    old = any_table("glyph_sessions", Column("id", _Number), Column("name", Text))
    key = func.randomblob(16) if is_sqlite else literal(b"", _Bytes)
    _metadata.create_all(connection)
    connection.execute(
        insert(_names).from_select(
            ["session_id", "name", "key"], select(old.c.id, old.c.name, key).order_by(old.c.id)
        )
    )
    connection.exec_driver_sql("ALTER TABLE glyph_sessions DROP COLUMN name")
    if not is_sqlite:
        return
    for statement in _REBUILD_SQLITE:
        connection.exec_driver_sql(statement)
    # Names, and words of what was being erased, may still stand in unused parts of the file: it is written anew.
    if connection.execute(select(func.count()).select_from(_names)).scalar():
        connection.execute(_erasures.insert(), {"kind": "file", "folder": "", "names": ""})
