"""From version 5 of the tables to version 6, exactly as it was published. Never change this file.

Sessions know when they were last written to, by the database's clock, and how long they are kept after it. What was
written before counts as written now. There is no index on the time: on PostgreSQL each append would have to change it.
"""

from __future__ import annotations

from sqlalchemy import Connection

_NOW = {
    "sqlite": "CAST(strftime('%s', 'now') AS INTEGER)",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)",
}


def migrate_to_6(connection: Connection) -> None:
    """Bring tables of version 5 to version 6."""
    for column in ("written", "lifetime_s"):
        connection.exec_driver_sql(f"ALTER TABLE glyph_sessions ADD COLUMN {column} BIGINT")
    now = _NOW.get(connection.dialect.name, "UNIX_TIMESTAMP()")
    connection.exec_driver_sql(f"UPDATE glyph_sessions SET written = {now}")  # noqa: S608 - a constant of ours
