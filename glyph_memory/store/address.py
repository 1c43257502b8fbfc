"""Understand what a store is opened with: a path, `:memory:` or a database's URL.

Knows URLs and files; opens no database. A new SQLite file is made here, since SQLite would let others read it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote, urlencode

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from glyph_memory.errors import StoreError, show_value
from glyph_memory.files import exists, is_file, is_folder
from glyph_memory.store.server_options import OPTION_NAMES, ServerOptions

_OWN_QUERY = ("uri", "timeout", "check_same_thread", "cached_statements", "mode")
_SECRETS = frozenset({"password", "passwd", "sslpassword"})
"""What of a URL's query is never shown."""
_KINDS = (
    "a path such as 'chat.db', ':memory:', 'sqlite:///chat.db' or 'postgresql+pg8000://user@host/database'"
)
_PLACES = ("unix_sock", "host", "hostaddr", "port", "service")
"""What drivers take from a URL's query in place of its host."""
_NO_REPLICA = "one of the replicas is no host and no URL."
_REPLICA_KINDS = "Give 'host', 'host:5433' or 'postgresql+pg8000://user@host/database'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a database is."""

    url: URL
    """For SQLAlchemy."""
    path: Path | None = None
    """The file, where SQLite keeps the database in one."""
    read_only: bool = False
    """Whether it is to be read only, or cannot be written."""
    options: dict[str, str] = field(default_factory=dict)
    """What else the URL says to SQLite."""
    server: ServerOptions = field(default_factory=ServerOptions)
    """How a server is used."""
    replicas: tuple[Address, ...] = ()
    """Its streaming replicas."""
    is_replica: bool = False
    """Whether it is one of those."""

    @property
    def shown(self) -> str:
        """For people: quoted, the password hidden."""
        if self.is_sqlite:
            return repr(str(self.path) if self.path else ":memory:")
        return repr(self.safe_url)

    @property
    def safe_url(self) -> str:
        """The URL, with what is secret in it hidden."""
        hidden = dict.fromkeys(_SECRETS & self.url.query.keys(), "***")
        return (
            self.url.update_query_dict(hidden)
            .render_as_string(hide_password=True)
            .replace(quote("***"), "***")
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether SQLite keeps the database, in a file or in memory."""
        return self.url.get_backend_name() == "sqlite"

    def sqlite_uri(self, *, immutable: bool = False) -> str:
        """Return the address as SQLite's own URI."""
        options = dict(self.options)
        if self.path is None:
            return "file::memory:"
        options["mode"] = "ro" if self.read_only else "rw"
        if immutable:
            options["immutable"] = "1"
        return f"file://{quote(str(self.path))}?{urlencode(options)}"


def parse_address(url: str | Path, *, server: ServerOptions | None = None) -> Address:
    """Parse a path or a database URL into an `Address`.

    Args:
        url: What was given.
        server: How a server is used, where the URL does not say it.

    Raises:
        StoreError: It is neither, or an option in it is out of range.
    """
    if not isinstance(url, str | Path):
        raise StoreError(f"{show_value(url)} is no database. Give {_KINDS}")
    if any("\ud800" <= char <= "\udfff" for char in str(url)):
        raise StoreError(f"{show_value(str(url))} is no path: it holds a lone surrogate. Give {_KINDS}")
    if isinstance(url, Path):
        return _parse_file(URL.create("sqlite", database=str(url)))
    if not url:
        raise StoreError(f"no database is called ''. Give {_KINDS}")
    if url == ":memory:":
        return Address(url=URL.create("sqlite"))
    if "://" not in url:
        return _parse_file(URL.create("sqlite", database=url))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The text itself is not shown: it may hold a password.
        raise StoreError(f"this is no database URL, it cannot be taken apart. Give {_KINDS}") from error
    if parsed.drivername in {"postgres", "postgresql"}:
        # Without a driver's name, the one that glyph-memory[postgres] brings.
        parsed = parsed.set(drivername="postgresql+pg8000")
    if parsed.get_backend_name() != "sqlite":
        return _parse_server(parsed, server or ServerOptions())
    return _parse_file(parsed) if _has_file(parsed) else Address(url=parsed)


def create_file(path: Path) -> None:
    """Create an empty file that only its owner may read, whatever the umask; do nothing where there is one.

    SQLite gives its `-wal` and `-shm` the same permissions.

    Raises:
        StoreError: There is no such directory, or something else stands in the way.
    """
    target = Path(os.path.realpath(path))  # a link that leads nowhere yet leads to the file
    if is_folder(target):
        raise StoreError(
            f"{str(path)!r} is a directory. Name a file in it, such as {str(path / 'chat.db')!r}"
        )
    try:
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        return
    except FileNotFoundError as error:
        raise StoreError(
            f"there is no directory for {str(path)!r}. Try: mkdir -p {str(path.parent)!r}"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreError(f"cannot create {str(path)!r}: {reason}. Choose another place") from error
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _has_file(url: URL) -> bool:
    name = url.database or ""
    return name not in {"", ":memory:", "file::memory:"} and url.query.get("mode") != "memory"


def _parse_server(url: URL, server: ServerOptions) -> Address:
    told = {name: _join(value) for name, value in url.query.items() if name in OPTION_NAMES}
    address = Address(url=url.difference_update_query(OPTION_NAMES), server=server.merge_query(told))
    if not address.server.replicas:
        return address
    if url.get_backend_name() != "postgresql":
        raise StoreError(f"{address.shown} can have no replicas here; only PostgreSQL's are read")
    replicas = tuple(_parse_replica(told, address) for told in address.server.replicas)
    return replace(address, replicas=replicas)


def _parse_replica(told: str, primary: Address) -> Address:
    """Parse a replica's URL, or its host and port; all else is then as the primary has it."""
    try:
        url = make_url(told if "://" in told else f"postgresql://{told}")
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"{_NO_REPLICA} {_REPLICA_KINDS}") from error  # it may hold a password
    if "://" in told:
        found = parse_address(told, server=replace(primary.server, replicas=()))
        if found.url.get_backend_name() != "postgresql" or found.replicas:
            raise StoreError(f"the replica {found.shown} is no PostgreSQL server. {_REPLICA_KINDS}")
    else:
        if not url.host or url.username or url.database or url.query:
            raise StoreError(f"{_NO_REPLICA} {_REPLICA_KINDS}")
        here = primary.url.difference_update_query(_PLACES)
        found = replace(primary, url=here.set(host=url.host, port=url.port))
    # Where its pool is used up, the primary is asked.
    limits = replace(
        found.server,
        replicas=(),
        statement_timeout_s=found.server.replica_timeout_s,
        pool_wait_s=found.server.replica_wait_s,
    )
    return replace(found, server=limits, read_only=True, is_replica=True)


def _join(value: str | tuple[str, ...]) -> str:
    """Return what a URL's query says under a name, joined by commas where it says it more than once."""
    return value if isinstance(value, str) else ",".join(value)


def _parse_file(url: URL) -> Address:
    query = {name: value for name, value in url.query.items() if isinstance(value, str)}
    name = (url.database or "").removeprefix("file:") if "uri" in query else url.database or ""
    if "\0" in name:
        raise StoreError(f"{name[:80]!r} is no path: it holds a NUL. Give {_KINDS}")
    path = Path(name).absolute()  # a process may change its directory
    if exists(path) and not is_file(path) and not is_folder(path):
        # Opening a pipe would wait for ever.
        raise StoreError(f"{str(path)!r} is a pipe, a device or a socket, and no database. Give {_KINDS}")
    cannot_write = is_file(path) and not os.access(path, os.W_OK)
    return Address(
        url=url,
        path=path,
        read_only=query.get("mode") == "ro" or cannot_write,
        options={key: value for key, value in query.items() if key not in _OWN_QUERY},
    )
