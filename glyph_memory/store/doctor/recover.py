"""Copy what can still be read of a malformed SQLite file into a new one, row by row.

Knows rows and their numbers; what hangs on turns is made again afterwards by `repair`.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from glyph_memory.errors import StoreError
from glyph_memory.files import DATABASE_START
from glyph_memory.store.doctor.files import FILE_ERRORS, copy_file, open_file
from glyph_memory.store.schema import (
    bookmarks,
    conversations,
    images,
    marks,
    meta,
    names,
    seals,
    sessions,
    turns,
)
from glyph_memory.store.store import Store

_TABLES = (meta, sessions, names, turns, images, seals, conversations, bookmarks, marks)
_MOST_ROWS = 10_000_000
_MOST_BYTES = 2**40
_HEADER_BYTES = 100
_UNREADABLE = b"\xff"
"""Stands for a text that cannot be read: no text is spelled so, and a turn that holds it says that it is damaged."""

_COUNTED = (
    "SELECT id, coalesce(name, 'recovered-' || id), last_anchor, turns FROM glyph_sessions "
    "LEFT JOIN glyph_names ON session_id = id"
)
Row = tuple[object, ...]


def recover_file(path: Path, target: Path) -> list[str]:
    """Copy what can be read of a file into a new database; return what was lost, a line each.

    Raises:
        StoreError: Nothing can be read.
    """
    with Store.open(target):
        pass
    work = copy_file(path, target.with_name(f"{target.name}.old"))
    _mend_header(work)
    with closing(open_file(work, mode="rw")) as source, closing(open_file(target, mode="rw")) as copy:
        _mend_descriptions(source, copy)
    with closing(open_file(work, mode="rw")) as source, closing(open_file(target, mode="rw")) as copy:
        with suppress(*FILE_ERRORS):
            source.execute("PRAGMA writable_schema=ON")  # reads on past a broken description of a table
        copy.execute("BEGIN IMMEDIATE")
        counts = {table.name: _copy_table(source, copy, table.name) for table in _TABLES}
        if not counts[turns.name]:
            raise StoreError(
                f"no turn can be read in {str(path)!r}, so the file stays as it is. Restore a backup of it, or look "
                "for one beside it: FILE.backup-…"
            )
        _copy_old_names(source, copy)
        lost = [*_list_lost(copy)]
        copy.execute("COMMIT")
    return lost


def _mend_header(work: Path) -> None:
    """Put right, in a copy of the file, what each database of SQLite begins with, and give it back its length.

    SQLite reads nothing of a file that is shorter than its header says; of one filled up with zeros, all but those.
    """
    with work.open("r+b") as stream:
        header = bytearray(stream.read(_HEADER_BYTES).ljust(_HEADER_BYTES, b"\0"))
        header[:16] = DATABASE_START
        header[20:24] = b"\0\x40\x20\x20"  # bytes unused on each page, and fractions that are always these
        page_bytes = int.from_bytes(header[16:18], "big")
        if page_bytes not in {1, *(2**power for power in range(9, 16))}:
            header[16:18] = (page_bytes := 4096).to_bytes(2, "big")
        stream.seek(0)
        stream.write(header)
        length = int.from_bytes(header[28:32], "big") * (65536 if page_bytes == 1 else page_bytes)
        if work.stat().st_size < length < _MOST_BYTES:
            stream.truncate(length)


def _mend_descriptions(source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Put the descriptions of tables that cannot be read right, in a copy of the file: they are the same everywhere."""
    with suppress(*FILE_ERRORS):
        source.execute("PRAGMA writable_schema=ON")
        for table in _TABLES:
            if not source.execute(f"PRAGMA table_info({table.name})").fetchall():
                described = "SELECT sql FROM sqlite_master WHERE name = ?"
                (statement,) = copy.execute(described, (table.name,)).fetchone()
                source.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (statement, table.name))


def _copy_table(source: sqlite3.Connection, copy: sqlite3.Connection, table: str) -> int:
    """Copy the rows of a table that can be read; return how many."""
    columns = [row[1] for row in copy.execute(f"PRAGMA table_info({table})")]
    try:
        held = {row[1] for row in source.execute(f"PRAGMA table_info({table})")}
    except FILE_ERRORS:
        return 0
    columns = [column for column in columns if column in held]
    if not columns:
        return 0
    places = ", ".join("?" * len(columns))
    # The new database's own key and counters give way to those that can be read; its version stays.
    kind = "OR REPLACE" if table == meta.name else "OR IGNORE"
    insert = f"INSERT {kind} INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - names of ours
    count = 0
    for row in _iter_rows(source, table, columns):
        if table == meta.name and row[columns.index("name")] == "version":
            continue
        owner = (
            row[columns.index("session_id" if "session_id" in columns else "id")] if table != meta.name else 1
        )
        if isinstance(owner, int) and owner < 1:  # emptied rows
            continue
        with suppress(*FILE_ERRORS):
            count += copy.execute(insert, [_to_value(value) for value in row]).rowcount
    return count


def _copy_old_names(source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Copy the names of sessions from tables of version 1, which had them beside the counters."""
    with suppress(*FILE_ERRORS):
        for number, name in source.execute("SELECT id, name FROM glyph_sessions"):
            copy.execute("INSERT OR IGNORE INTO glyph_names VALUES (?, ?, randomblob(16))", (number, name))


def _to_value(value: object) -> object:
    """Return a value as it was stored: bytes of a text column that are no text came as lone surrogates."""
    if isinstance(value, str) and not value.isascii():
        data = value.encode("utf-8", "surrogateescape")
        with suppress(UnicodeDecodeError):
            return data.decode("utf-8")
        return data
    return value


def _iter_rows(source: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a table in order; past the first that cannot be read, each is looked for by its number."""
    listed, last = ", ".join(columns), 0
    try:
        for number, *row in source.execute(f"SELECT rowid, {listed} FROM {table} ORDER BY rowid"):  # noqa: S608
            last = max(last, number)
            yield tuple(row)
    except FILE_ERRORS:
        for number in range(last + 1, _find_highest(source, table, last) + 1):
            row = _read_row(source, table, columns, number)
            if row is not None:
                yield tuple(row)


def _find_highest(source: sqlite3.Connection, table: str, last: int) -> int:
    """Return the highest number of a table's rows, or a guess that is too high where it cannot be read."""
    highest = 0
    for query in (
        f"SELECT max(rowid) FROM {table}",  # noqa: S608
        f"SELECT max(rowid) FROM (SELECT rowid FROM {table} INDEXED BY sqlite_autoindex_{table}_1)",  # noqa: S608
        "SELECT sum(turns) FROM glyph_sessions",
    ):
        with suppress(*FILE_ERRORS, TypeError, ValueError):
            highest = max(highest, int(source.execute(query).fetchone()[0] or 0))
    return min(max(highest, 2 * last + 1_000), _MOST_ROWS)


def _read_row(
    source: sqlite3.Connection, table: str, columns: Sequence[str], number: int
) -> list[object] | None:
    """Return a row by its number; None where there is none, or where not even its beginning can be read."""
    with suppress(*FILE_ERRORS):
        query = f"SELECT {', '.join(columns)} FROM {table} WHERE rowid = ?"  # noqa: S608
        row = source.execute(query, (number,)).fetchone()
        return None if row is None else list(row)
    if table != turns.name:
        return None
    found: list[object] = []
    for column in columns:
        try:
            row = source.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (number,)).fetchone()  # noqa: S608
        except FILE_ERRORS:
            row = (_UNREADABLE,) if column in {"details", "text"} else None
        if row is None:
            return None
        found.append(row[0])
    return found


def _list_lost(copy: sqlite3.Connection) -> Iterator[str]:
    """Yield what is missing of each session: how many turns, and which numbers."""
    held: dict[object, list[int]] = defaultdict(list)
    query = "SELECT session_id, anchor FROM glyph_turns WHERE typeof(anchor) = 'integer' ORDER BY anchor"
    for session, anchor in copy.execute(query):
        held[session].append(anchor)
    for number, name, last, count in copy.execute(_COUNTED):
        anchors = held.pop(number, [])
        if isinstance(count, int) and len(anchors) < count < _MOST_ROWS:
            gaps = _list_gaps(anchors, last if isinstance(last, int) and last <= _MOST_ROWS else 0)
            yield f"{count - len(anchors):,} of {count:,} turns of session {name!r}, among them of {gaps}"
    for number, anchors in held.items():
        yield f"the name of session {number!r:.30}; {len(anchors):,} of its turns can be read"


def _list_gaps(anchors: Sequence[int], last: int) -> str:
    """Return the numbers that are not there, as ranges."""
    gaps, before = list[str](), 0
    for anchor in [*anchors, last + 1]:
        if anchor > before + 1:
            gaps.append(f"§{before + 1}" if anchor == before + 2 else f"§{before + 1} to §{anchor - 1}")
        before = max(before, anchor)
    return ", ".join(gaps[:12]) + (", …" if len(gaps) > 12 else "")
