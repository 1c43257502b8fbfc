"""Describe the tables of conversations that a server follows: their state, their bookmarks, their known beginnings.

Knows tables; knows nothing about what a bookmark or a report says. What was said stands in `bookmarks` alone, whose
rows are only added and emptied, as `erase` wants it; rows of the other two hold digests and numbers, and may grow.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from glyph_memory.store.columns import Bytes, Digest, Number, metadata

CHAIN_CHARACTERS = 32


def _reference_session() -> ForeignKey:
    return ForeignKey("glyph_sessions.id", ondelete="CASCADE")


conversations = Table(
    "glyph_conversations",
    metadata,
    Column("session_id", Number, _reference_session(), primary_key=True, autoincrement=False),
    Column("parent", BigInteger),
    Column("parent_turns", BigInteger, nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("updated", String(40), nullable=False),
    Column("tip", String(CHAIN_CHARACTERS), nullable=False),
    Column("bookmark", BigInteger),
    Column("report", BigInteger),
)
Index("glyph_conversations_updated", conversations.c.updated)

bookmarks = Table(
    "glyph_bookmarks",
    metadata,
    Column("number", Number, primary_key=True),
    Column("session_id", Number, _reference_session(), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("digest", Digest, nullable=False),
    Column("body", Bytes, nullable=False),
    sqlite_autoincrement=True,
)
Index("glyph_bookmarks_session", bookmarks.c.session_id, bookmarks.c.number)

marks = Table(
    "glyph_marks",
    metadata,
    Column("chain", String(CHAIN_CHARACTERS), primary_key=True),
    Column("session_id", Number, _reference_session(), nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("bookmark", BigInteger),
)
Index("glyph_marks_session", marks.c.session_id)
