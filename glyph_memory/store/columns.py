"""What tables are made of: the kinds of columns, and the list that all tables stand in.

Knows what databases can hold; knows nothing about any table.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.dialects import mysql

metadata = MetaData()
"""All tables of a store."""
Number = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER PRIMARY KEY is SQLite's own row number


class _AnyBytes(LargeBinary):
    """What a column of SQLite holds, as it is: a damaged one may hold anything, and `bytes` takes no text."""

    def result_processor(self, dialect: object, coltype: object) -> None:
        """Return nothing: values are not processed."""


Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb").with_variant(_AnyBytes(), "sqlite")
Words = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
Digest = String(40)
