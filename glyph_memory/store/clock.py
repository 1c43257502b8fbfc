"""Ask the database for the time: its clients' clocks may differ, and one of them that is wrong must erase nothing.

Knows how databases spell it; knows nothing about what it is for.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, literal_column

_NOW = {
    "sqlite": "CAST(strftime('%s', 'now') AS INTEGER)",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)",
}


def database_time(dialect: str) -> ColumnElement[int]:
    """Return the time of a database of a kind, as an expression: whole seconds since 1970, in UTC."""
    return literal_column(_NOW.get(dialect, "UNIX_TIMESTAMP()"), BigInteger)
