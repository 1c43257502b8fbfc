"""Count what a PostgreSQL server did: blocks, rows, transactions and CPU time.

A server adds up what a connection did when that ends. So counts are taken while no connection to the database is open.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from lib.postgres import read_value

_COUNTS = "xact_commit + xact_rollback", "blks_hit + blks_read", "tup_returned + tup_fetched"
_SETTLE_S, _FEW = 0.5, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What a server did for one database."""

    transactions: float
    """How many ended."""
    blocks: float
    """How many blocks of 8 kB were looked at."""
    rows: float
    """How many rows of tables and indexes were read."""
    cpu_s: float
    """CPU time of all connections that ended, those of other databases included."""

    def minus(self, other: Work) -> Work:
        """Return what this is more than another."""
        return Work(**{name: value - getattr(other, name) for name, value in asdict(self).items()})

    def divide(self, parts: int) -> Work:
        """Return one of equal parts."""
        return Work(**{name: value / parts for name, value in asdict(self).items()})


def count_work(socket: str, database: str) -> Work:
    """Return what a server, named by its socket, has done so far for a database."""
    transactions, blocks, rows = (
        _read_count(socket, f"SELECT {counted} FROM pg_stat_database WHERE datname = '{database}'")  # noqa: S608 (ours)
        for counted in _COUNTS
    )
    return Work(transactions=transactions, blocks=blocks, rows=rows, cpu_s=_read_cpu(socket))


def measure_work(
    sockets: dict[str, str], database: str, run: Callable[[int], object], *, calls: int
) -> dict[str, Work]:
    """Return what each server did for each call, without what it takes to connect.

    Args:
        sockets: The servers, by name.
        database: Which.
        run: Opens a store, makes so many calls, and closes it.
        calls: How many are counted: those of a longer run that a shorter one has not.
    """
    counts = [_count_all(sockets, database)]
    for made in (_FEW, _FEW + calls):
        run(made)
        time.sleep(_SETTLE_S)
        counts.append(_count_all(sockets, database))
    first, second, third = counts
    return {
        name: third[name].minus(second[name]).minus(second[name].minus(first[name])).divide(calls)
        for name in sockets
    }


def _count_all(sockets: dict[str, str], database: str) -> dict[str, Work]:
    return {name: count_work(socket, database) for name, socket in sockets.items()}


def _read_count(socket: str, statement: str) -> float:
    value = read_value(socket, statement)
    return float(str(value))


def _read_cpu(socket: str) -> float:
    """Return the CPU time of a server's children that ended."""
    pid = (Path(socket).parent / "data" / "postmaster.pid").read_text().split()[0]
    # What follows the name in brackets; fields are counted from the third on.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
