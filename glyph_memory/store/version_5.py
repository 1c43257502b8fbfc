"""From version 4 of the tables to version 5, exactly as it was published. Never change this file.

Conversations that a server follows get their tables: their state, their bookmarks and reports, and digests of their
beginnings.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)
from sqlalchemy.dialects import mysql

_metadata = MetaData()
_Number = BigInteger().with_variant(Integer(), "sqlite")
_Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")

_sessions = Table("glyph_sessions", _metadata, Column("id", _Number, primary_key=True))
_conversations = Table(
    "glyph_conversations",
    _metadata,
    Column(
        "session_id",
        _Number,
        ForeignKey(_sessions.c.id, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("parent", BigInteger),
    Column("parent_turns", BigInteger, nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("updated", String(40), nullable=False),
    Column("tip", String(32), nullable=False),
    Column("bookmark", BigInteger),
    Column("report", BigInteger),
)
Index("glyph_conversations_updated", _conversations.c.updated)
_bookmarks = Table(
    "glyph_bookmarks",
    _metadata,
    Column("number", _Number, primary_key=True),
    Column("session_id", _Number, ForeignKey(_sessions.c.id, ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("digest", String(40), nullable=False),
    Column("body", _Bytes, nullable=False),
    sqlite_autoincrement=True,
)
Index("glyph_bookmarks_session", _bookmarks.c.session_id, _bookmarks.c.number)
_marks = Table(
    "glyph_marks",
    _metadata,
    Column("chain", String(32), primary_key=True),
    Column("session_id", _Number, ForeignKey(_sessions.c.id, ondelete="CASCADE"), nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("bookmark", BigInteger),
)
Index("glyph_marks_session", _marks.c.session_id)


def migrate_to_5(connection: Connection) -> None:
    """Bring tables of version 4 to version 5."""
    _metadata.create_all(connection, tables=[_conversations, _bookmarks, _marks])
