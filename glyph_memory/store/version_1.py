"""Version 1 of the tables, exactly as it was published. Never change this file.

New databases begin with these tables, too, and then go through all migrations, as old ones do. So both end up with the
same tables, and a migration never meets a column that it is about to add. What the tables are today says `schema`.
"""

from __future__ import annotations

import secrets

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects import mysql

_metadata = MetaData()
_Number = BigInteger().with_variant(
    Integer(), "sqlite"
)  # only INTEGER PRIMARY KEY is SQLite's own row number
_Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
_Words = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_Digest = String(40)

_meta = Table(
    "glyph_meta",
    _metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)
_sessions = Table(
    "glyph_sessions",
    _metadata,
    Column("id", _Number, primary_key=True),
    Column("name_digest", _Digest, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("last_anchor", BigInteger, nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("words", BigInteger, nullable=False),
    Column("edits", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
_turns = Table(
    "glyph_turns",
    _metadata,
    Column("session_id", _Number, ForeignKey(_sessions.c.id, ondelete="CASCADE"), primary_key=True),
    Column("anchor", BigInteger, primary_key=True, autoincrement=False),
    Column("id_digest", _Digest, nullable=False),
    Column("role", String(16), nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("time", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("details", _Bytes, nullable=False),
    Column("text", _Bytes, nullable=False),
)
Index("glyph_turns_id", _turns.c.session_id, _turns.c.id_digest, unique=True)
for _name, _where in (("pinned", _turns.c.pinned), ("user", _turns.c.role == "user")):
    Index(
        f"glyph_turns_{_name}",
        _turns.c.session_id,
        _turns.c.anchor,
        sqlite_where=_where,
        postgresql_where=_where,
    )


def _reference_turn() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["session_id", "anchor"], [_turns.c.session_id, _turns.c.anchor], ondelete="CASCADE"
    )


_images = Table(
    "glyph_images",
    _metadata,
    Column("session_id", _Number, primary_key=True),
    Column("anchor", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("data", _Bytes, nullable=False),
    _reference_turn(),
)
_identifiers = Table(
    "glyph_identifiers",
    _metadata,
    Column("session_id", _Number, primary_key=True),
    Column("anchor", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("digest", _Digest, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("text", _Bytes, nullable=False),
    Column("folded", _Words, nullable=False),
    _reference_turn(),
)
Index(
    "glyph_identifiers_digest",
    _identifiers.c.session_id,
    _identifiers.c.digest,
    _identifiers.c.anchor,
    _identifiers.c.count,
)
_words = Table(
    "glyph_words",
    _metadata,
    Column("number", _Number, primary_key=True),
    Column("session_id", _Number, nullable=False),
    Column("anchor", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("words", _Words, nullable=False),
    _reference_turn(),
)
Index("glyph_words_turn", _words.c.session_id, _words.c.anchor, unique=True)
_seals = Table(
    "glyph_seals",
    _metadata,
    Column("session_id", _Number, ForeignKey(_sessions.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", _Bytes, nullable=False),
    Column("body", _Bytes, nullable=False),
)

_SEARCH_SQLITE = (
    # Only ASCII separates here, and `words` holds nothing of it but letters and digits: the words are ours alone.
    "CREATE VIRTUAL TABLE glyph_search USING fts5(words, content='', columnsize=0, tokenize='ascii')"
)
_SEARCH_POSTGRESQL = (
    "CREATE INDEX glyph_search ON glyph_words USING gin ((string_to_array('s' || session_id::text || 'x' || "
    "replace(words, ' ', ' s' || session_id::text || 'x'), ' ')))"
)


def create_tables(connection: Connection) -> None:
    """Create the tables of version 1 in an empty database."""
    _metadata.create_all(connection)
    if connection.dialect.name == "sqlite":
        connection.execute(text(_SEARCH_SQLITE))
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_SEARCH_POSTGRESQL)
    first = {"key": secrets.token_hex(32), "edits": "0", "version": "1"}
    connection.execute(_meta.insert(), [{"name": name, "value": value} for name, value in first.items()])
