"""`ServerOptions`: how a database server is used: time limits, and how many connections are kept.

Knows numbers and a URL's query; knows nothing about SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from glyph_memory.checks import check_number, check_whole
from glyph_memory.errors import StoreError, show_value

_LARGEST_POOL = 10_000
_LONGEST_LIMIT_S = 2_000_000
"""Milliseconds have to fit into 31 bits on the server."""
_SWITCHES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerOptions:
    """How a database server is used; SQLite has none, and takes no notice of it.

    Each field can be given in a database's URL as well, by the same name, and that counts before this one. The limits
    are told to the server in each transaction, and nothing is left in its session: so PgBouncer may stand between, in
    transaction mode, too.

    Example:
        >>> ServerOptions(pool_size=20, statement_timeout_s=30).pool_overflow
        10
        >>> url = "postgresql://user@host/database?pool_size=20&statement_timeout_s=30"  # the same in a URL
    """

    statement_timeout_s: float | None = 120.0
    """How long the server works on one statement; `None` is without end. Making and migrating tables has no limit. One
    that says nothing for 10 seconds longer has hung, and the connection is given up."""
    connect_timeout_s: float | None = 10.0
    """How long the server may take to let us in, and to say that a kept connection is alive; `None` is without end."""
    lock_timeout_s: float | None = None
    """How long a statement waits for a lock, before `StoreBusy`; `None` is as long as the store's `wait_s`."""
    idle_timeout_s: float | None = 60.0
    """How long a transaction may stand still, as when the machine of a client hangs, until the server ends it and what
    it had locked is free for others; `None` is without end."""
    pool_size: int = 5
    """How many connections are kept open by each process."""
    pool_overflow: int = 10
    """How many more may be open at a time, and are closed after use. Servers take 100 connections unless told else."""
    pool_wait_s: float | None = None
    """How long a thread waits for a connection, before `StoreBusy`; `None` is as long as the store's `wait_s`."""
    pool_recycle_s: float | None = 1800.0
    """After how long a connection is replaced by a new one, before firewalls forget it; `None` is never."""
    pool_pre_ping: bool = True
    """Whether a connection is tried before it is used, so that a restart of the server is no error."""
    prepares: bool = False
    """Whether a driver that prepares statements on the server may. Behind PgBouncer in transaction mode only where its
    `max_prepared_statements` is set. The driver of the extra `postgres` never does."""

    replicas: tuple[str, ...] = field(default=(), repr=False)
    """Streaming replicas of a PostgreSQL server, which recall is read from where they show what the primary does: each
    a URL, or `host:port` where all else is as for the primary. In a URL, separated by commas."""
    replica_wait_s: float = 0.05
    """How long a replica is waited for that has not yet what the primary has; then the primary is read."""
    replica_timeout_s: float = 5.0
    """How long a replica may take to let us in, and for a statement; then the primary is read, and that replica is left
    alone for a second, and for twice as long each time that it fails again, up to a minute."""

    def __post_init__(self) -> None:
        for name in ("statement_timeout_s", "connect_timeout_s", "lock_timeout_s", "idle_timeout_s"):
            limit = {"or_none": True, "is_open": True}
            check_number(name, getattr(self, name), StoreError, at_most=_LONGEST_LIMIT_S, **limit)
        for name in ("pool_wait_s", "pool_recycle_s"):
            check_number(name, getattr(self, name), StoreError, or_none=True)
        check_whole("pool_size", self.pool_size, StoreError, at_least=1, at_most=_LARGEST_POOL)
        check_whole("pool_overflow", self.pool_overflow, StoreError, at_most=_LARGEST_POOL)
        check_number("replica_wait_s", self.replica_wait_s, StoreError)
        check_number(
            "replica_timeout_s", self.replica_timeout_s, StoreError, is_open=True, at_most=_LONGEST_LIMIT_S
        )
        object.__setattr__(self, "replicas", _check_replicas(self.replicas))
        for name in ("pool_pre_ping", "prepares"):
            if not isinstance(getattr(self, name), bool):
                raise StoreError(
                    f"{name}={show_value(getattr(self, name))} is neither True nor False; give one"
                )

    def merge_query(self, query: Mapping[str, str]) -> ServerOptions:
        """Return the options with those of a URL's query in place of their own.

        Raises:
            StoreError: One of them is no number, or out of range.
        """
        told = {name: _parse(name, query[name]) for name in sorted(OPTION_NAMES & query.keys())}
        return replace(self, **told)  # type: ignore[arg-type]  # each is of its field's kind


OPTION_NAMES = frozenset(option.name for option in fields(ServerOptions))
"""What of a URL's query is meant for the store, and not for the driver."""


def _check_replicas(given: object) -> tuple[str, ...]:
    """Return the replicas as a tuple; what is wrong with them is not quoted, since it may hold a password."""
    replicas = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (None,)
    texts = tuple(one for one in replicas if isinstance(one, str) and one)
    if len(texts) != len(replicas):
        raise StoreError("the replicas are no list of texts; give replicas=('host:port', …)")
    return texts


def parse_switch(name: str, given: str) -> bool:
    """Return what a URL says of a switch.

    Raises:
        StoreError: Neither true nor false.
    """
    if given.lower() not in _SWITCHES:
        raise StoreError(f"{name}={show_value(given)} is neither true nor false; give one")
    return _SWITCHES[given.lower()]


def parse_number(name: str, given: str, kind: type[int] | type[float] = float) -> float | None:
    """Return a number that a URL says, `None` for "none".

    Raises:
        StoreError: It is none.
    """
    if given.lower() == "none":
        return None
    try:
        found = kind(given)
    except ValueError as error:
        raise StoreError(f"{name}={show_value(given)} is no number; give one, such as {name}=30") from error
    return found


def _parse(name: str, given: str) -> float | bool | tuple[str, ...] | None:
    """Return an option's value as it is spelled in a URL."""
    if name == "replicas":
        return tuple(part.strip() for part in given.split(",") if part.strip())
    if name in {"pool_pre_ping", "prepares"}:
        return parse_switch(name, given)
    return parse_number(name, given, int if name in {"pool_size", "pool_overflow"} else float)
