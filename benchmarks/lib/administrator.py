"""Make, copy and drop very many databases of a PostgreSQL server over one connection."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, NullPool, Row, create_engine
from sqlalchemy.exc import DBAPIError

from lib.postgres import make_url


class Administrator:
    """One connection to a server that stays open, for those who make very many databases."""

    def __init__(self, socket: str) -> None:
        self._engine = create_engine(
            make_url(socket, "postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        self._connection: Connection | None = None

    def run(self, statement: str) -> Sequence[Row[Any]]:
        """Send a statement, outside of any transaction, again where the server was down; return the rows."""
        for _ in range(300):
            try:
                self._connection = self._connection or self._engine.connect()
                result = self._connection.exec_driver_sql(statement)
                return result.all() if result.returns_rows else ()
            except DBAPIError as error:
                if not (error.connection_invalidated or self._connection is None):
                    raise
                self._connection = None
                time.sleep(0.1)
        raise AssertionError(f"the server did not come up: {statement}")

    def list_backends(self, database: str) -> list[int]:
        """Return the processes that serve clients of a database."""
        rows = self.run("SELECT pid, datname FROM pg_stat_activity")
        return [pid for pid, name in rows if name == database]

    def wait_for_backends(self, database: str) -> None:
        """Wait until the server has done what killed clients had sent to a database."""
        for _ in range(10_000):
            if not self.list_backends(database):
                return
            time.sleep(0.002)
        raise AssertionError(f"{database} is still in use")
