"""Check a database and change nothing: the file, the tables' version, the key, and what the rows say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, inspect

from glyph_memory.errors import StoreError
from glyph_memory.files import is_file
from glyph_memory.store.address import Address, parse_address
from glyph_memory.store.doctor.conversation import check_conversation
from glyph_memory.store.doctor.files import check_file, check_pages, is_foreign
from glyph_memory.store.doctor.findings import Finding, StoreCheck
from glyph_memory.store.doctor.rows import (
    check_counters,
    check_orphans,
    check_seals,
    check_turns,
    list_sessions,
)
from glyph_memory.store.engine import Database
from glyph_memory.store.journal import read_tasks
from glyph_memory.store.keys import parse_key
from glyph_memory.store.schema import SCHEMA, meta, metadata, read_meta, read_version
from glyph_memory.store.search import count_unindexed
from glyph_memory.store.sessions import parse_edits


def check_store(
    url: str | Path, *, wait_s: float = 10.0, progress: Callable[[int, int], None] | None = None
) -> StoreCheck:
    """Return what is damaged in a database; nothing in it is changed.

    All of it is read, so it takes about as long as adding the turns did.

    Args:
        url: As for `Store.open`.
        wait_s: How long to wait for a database that another process has locked, in seconds.
        progress: Called with how many turns are checked, and how many there are.

    Raises:
        StoreBusy: Others kept the database for longer than that.
        StoreError: There is no such database, or it cannot be reached.
    """
    address = require_database(url)
    if address.path is not None and (found := check_file(address.path)):
        return StoreCheck(shown=address.shown, sessions=0, turns=0, findings=(found,))
    database = Database(replace(address, read_only=True), wait_s=wait_s, schema=None)
    with closing(database):
        with database.begin_read() as connection:
            if wrong := check_version(connection):
                return StoreCheck(shown=address.shown, sessions=0, turns=0, findings=(wrong,))
            check = _check_tables(connection, address, progress)
        return replace(check, findings=(*check.findings, *_check_index(database)))


def require_database(url: str | Path) -> Address:
    """Return the address of a database that is there.

    Raises:
        StoreError: It is not, or ends with the process.
    """
    address = parse_address(url)
    if address.is_sqlite and address.path is None:
        raise StoreError("a database in memory has nothing to repair. Give a file or a URL")
    if address.path is not None and not is_file(address.path):
        raise StoreError(f"there is no memory {address.shown}. Is the path right?")
    if address.path is not None and is_foreign(address.path):
        raise StoreError(
            f"{address.shown} is not a glyph-memory database: another program's, or no database. Is the path right?"
        )
    return address


def check_version(connection: Connection) -> Finding | None:
    """Return what keeps the tables from being read; None where they are today's."""
    try:
        version = read_version(connection, shown="the database")
    except StoreError:
        if fits_tables(connection):
            return Finding(
                kind="version",
                message="the database does not say of which version its tables are; they are today's",
                remedy="writes the version",
            )
        return Finding(
            kind="version",
            message="the database does not say of which version its tables are, and they are not today's",
            remedy="nothing; restore a backup",
            is_repairable=False,
        )
    if version == SCHEMA.version:
        return None
    if version > SCHEMA.version:
        return Finding(
            kind="version",
            message=f"the tables are of version {version}; this glyph-memory knows versions up to {SCHEMA.version}",
            remedy="nothing; run: pip install --upgrade glyph-memory",
            is_repairable=False,
        )
    what = f"the tables are of version {version}" if version else "it holds no memory yet"
    return Finding(
        kind="version",
        message=f"{what}; today's are of version {SCHEMA.version}",
        remedy="brings them up to date, as opening it does",
    )


def fits_tables(connection: Connection) -> bool:
    """Return whether the tables have today's columns."""
    found = inspect(connection)
    return all(
        found.has_table(table.name)
        and {column["name"] for column in found.get_columns(table.name)}
        == {column.name for column in table.c}
        for table in metadata.sorted_tables
        if table is not meta
    )


def _check_tables(
    connection: Connection, address: Address, progress: Callable[[int, int], None] | None
) -> StoreCheck:
    sessions = list_sessions(connection)
    total, done = sum(session.row.turns for session in sessions if type(session.row.turns) is int), 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, max(done, total))

    findings = [*_check_store_values(connection), *check_orphans(connection)]
    for session in sessions:
        findings += check_counters(connection, session)
        findings += check_turns(connection, session, step=step)
        findings += check_seals(connection, session)
        findings += check_conversation(connection, session)
    if address.path is not None:
        findings += check_pages(connection, address.path)
    return StoreCheck(shown=address.shown, sessions=len(sessions), turns=done, findings=tuple(findings))


def _check_store_values(connection: Connection) -> Iterator[Finding]:
    if parse_key(read_meta(connection, "key")) is None:
        yield Finding(
            kind="key",
            message="the store has no key: what a server caches of it would not be kept apart from others'",
            remedy="makes a new one",
        )
    edits = read_meta(connection, "edits")
    if parse_edits(edits) is None:
        yield Finding(
            kind="counters", message=f"the store counts edits as {edits!r:.30}", remedy="counts again"
        )
    if {task.kind for task in read_tasks(connection)} - {"index"}:  # which goes on with every write
        yield Finding(
            kind="erasure",
            message="an erasure is not finished: the file may still hold bytes of erased turns",
            remedy="finishes it",
        )


def _check_index(database: Database) -> Iterator[Finding]:
    """Yield whether the search index holds what it should."""
    try:
        with (
            database.begin_read() as connection
        ):  # of its own: where the index is damaged, even its end fails
            wrong = count_unindexed(connection)
    except StoreError:
        yield Finding(
            kind="file",
            message="the search index is damaged, and cannot be read",
            remedy="copies all turns into a new file with an index of its own",
        )
        return
    if wrong:
        message = f"the search index does not hold {wrong:,} turns as it should"
        yield Finding(kind="search", message=message, remedy="makes it anew")
