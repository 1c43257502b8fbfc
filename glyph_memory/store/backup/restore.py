"""Make a store of a backup: all of it or nothing, compared with the file row by row before it counts.

Knows the order in which rows are stored; knows nothing about how the file is spelled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, String, insert, select, update
from sqlalchemy.types import TypeEngine

from glyph_memory.errors import StoreError, show_value
from glyph_memory.store.append import insert_rows, insert_search_rows
from glyph_memory.store.backup.file import BackupCheck, BackupRow, Head, SessionEnd, check_backup, iter_backup
from glyph_memory.store.backup.lines import RowKind, SessionDigest, Value
from glyph_memory.store.backup.session_rows import NamedSession, iter_lines
from glyph_memory.store.columns import Bytes
from glyph_memory.store.damage import TurnRow
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import (
    bookmarks,
    conversations,
    images,
    marks,
    names,
    seals,
    sessions,
    turns,
    write_meta,
)
from glyph_memory.store.search import add_to_index
from glyph_memory.store.sessions import make_session_key
from glyph_memory.store.store import Store
from glyph_memory.store.turns import from_row

_ROWS_AT_ONCE, _BYTES_AT_ONCE = 256, 2**23
_TABLES = {"turn": turns, "image": images, "seal": seals, "mark": marks}
_LARGEST = {"turn": turns.c.text, "image": images.c.data, "seal": seals.c.body, "mark": marks.c.chain}
_CHECKED = _TABLES | {"session": sessions, "bookmark": bookmarks, "conversation": conversations}
_REFERENCES = ("parent", "bookmark", "report")
"""What a backup names by its place or its name."""
_TAKEN = 5
"""So many names are listed of those that are in use."""


def restore_store(
    path: str | Path, url: str | Path, *, progress: Callable[[int], object] | None = None
) -> BackupCheck:
    """Make the store anew that a file of `backup_store` holds, and return what it holds.

    The file is read once before anything is touched. Then all is stored in one transaction, read again and compared by
    the digest of every session. The database may be of another kind than the one that was backed up. It gets that
    one's key, so that what depends on it stays as it is; what sessions are searched by is made anew.

    Args:
        path: The file.
        url: The store, as for `Store.open`; it is made where there is none, and must hold no session.
        progress: Called with the number of sessions that are stored.

    Raises:
        StoreBusy: Others kept the database for longer than a few seconds.
        StoreError: The file is damaged, or of a newer version; the database holds sessions, or takes not what is in the
            file. Nothing is restored then.
    """
    checked = check_backup(path)
    with Store.open(url) as store, store._database.begin_write() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE glyph_sessions IN SHARE ROW EXCLUSIVE MODE")
        _refuse_sessions(connection, shown=store._database.shown)
        restore = _Restore(connection, shown=store._database.shown)
        count = 0
        for entry in iter_backup(Path(path)):
            if isinstance(entry, Head):
                for name, value in entry.meta.items():
                    write_meta(connection, name, value)
            elif isinstance(entry, BackupRow):
                restore.add(entry)
            else:
                restore.finish_session(entry)
                count += 1
                (progress or (lambda _: None))(count)
        restore.finish()
    return checked


def _refuse_sessions(connection: Connection, *, shown: str) -> None:
    taken = connection.execute(select(names.c.name).where(names.c.name != "").limit(_TAKEN)).scalars().all()
    if taken:
        raise StoreError(
            f"{shown} holds sessions already, such as {', '.join(map(show_value, taken))}. Restore into a database "
            "without any, such as a new file"
        )


def _fits(kind: TypeEngine[Any], value: Value) -> bool:
    """Return whether a server takes a value in a column of this kind."""
    if kind is Bytes:
        return isinstance(value, bytes)
    if isinstance(kind, String):
        return isinstance(value, str) and "\0" not in value and len(value) <= (kind.length or len(value))
    if isinstance(kind, Boolean):
        return isinstance(value, bool)
    return isinstance(value, int) and (isinstance(kind, BigInteger) or -(2**31) <= value < 2**31)


class _Restore:
    """Stores sessions one after the other, in an open transaction."""

    def __init__(self, connection: Connection, *, shown: str) -> None:
        self._connection, self._shown = connection, shown
        self._numbers: dict[str, int] = {}
        self._parents: dict[int, str] = {}
        self._ends: list[SessionEnd] = []
        self._begin()

    def _begin(self) -> None:
        self._session, self._name, self._words = 0, "", 0
        self._places: list[int] = []
        self._kind: RowKind = "session"
        self._pending: list[dict[str, Value]] = []
        self._bytes = 0

    def add(self, row: BackupRow) -> None:
        """Store a row, or keep it for the next statement."""
        if row.kind != self._kind or len(self._pending) >= _ROWS_AT_ONCE or self._bytes >= _BYTES_AT_ONCE:
            self._flush()
        self._kind = row.kind
        values = dict(row.values)
        self._check_values(row)
        if row.kind == "session":
            self._make_session(values)
        elif row.kind == "bookmark":
            key = self._connection.execute(insert(bookmarks), values | self._mine).inserted_primary_key
            self._places.append(int(key[0]) if key else 0)
        elif row.kind == "conversation":
            if values["parent"] is not None:
                self._parents[self._session] = str(values["parent"])
            told = {name: self._find_bookmark(values[name]) for name in ("bookmark", "report")}
            self._connection.execute(insert(conversations), values | {"parent": None} | told | self._mine)
        else:
            told = {"bookmark": self._find_bookmark(values["bookmark"])} if row.kind == "mark" else {}
            self._pending.append(values | told | self._mine)
            self._bytes += sum(len(value) for value in values.values() if isinstance(value, bytes))

    @property
    def _mine(self) -> dict[str, Value]:
        return {"session_id": self._session}

    def _find_bookmark(self, place: Value) -> int | None:
        return self._places[place] if isinstance(place, int) and 0 <= place < len(self._places) else None

    def _make_session(self, values: Mapping[str, Value]) -> None:
        name = str(values["name"])
        row = {**values, "name_digest": fingerprint(name), "words": 0}
        del row["name"]
        key = self._connection.execute(insert(sessions), row).inserted_primary_key
        self._session, self._name = int(key[0]) if key else 0, name
        self._numbers[name] = self._session
        named = {"session_id": self._session, "name": name, "key": make_session_key(self._connection)}
        self._connection.execute(insert(names), named)

    def _flush(self) -> None:
        """Store the rows that were kept, and what turns are found by."""
        rows, self._pending, self._bytes = self._pending, [], 0
        if not rows:
            return
        insert_rows(self._connection, _LARGEST[self._kind], rows)
        if self._kind == "turn":
            said = [from_row(TurnRow(*(row[name] for name in TurnRow._fields))) for row in rows]  # type: ignore[arg-type]  # as they are
            self._words += insert_search_rows(self._connection, self._session, said)
            first, last = said[0].anchor or 0, said[-1].anchor or 0
            add_to_index(self._connection, self._session, first=first, last=last)

    def finish_session(self, end: SessionEnd) -> None:
        """Store what is left of a session."""
        self._flush()
        this = sessions.c.id == self._session
        self._connection.execute(update(sessions).where(this).values(words=self._words))
        self._ends.append(end)
        self._begin()

    def finish(self) -> None:
        """Store who parted from whom, and compare all sessions with the file.

        Raises:
            StoreError: One is not as it was written.
        """
        for number, parent in self._parents.items():
            this = conversations.c.session_id == number
            found = self._numbers.get(parent)
            self._connection.execute(update(conversations).where(this).values(parent=found))
        for end in self._ends:
            digest = SessionDigest()
            for kind, line in iter_lines(self._connection, NamedSession(self._numbers[end.name], end.name)):
                digest.add(kind, line)
            if digest.hex != end.digest:
                raise StoreError(
                    f"session {show_value(end.name)} is not the same in {self._shown} as in the backup. Nothing was "
                    "restored; please report this"
                )

    def _check_values(self, row: BackupRow) -> None:
        """Refuse what a damaged file of SQLite held, and other databases do not take."""
        if self._connection.dialect.name == "sqlite":
            return
        columns, whose = _CHECKED[row.kind].c, self._name or row.values["name"]
        for name, value in row.values.items():
            if name not in columns or name in _REFERENCES:
                continue
            if not _fits(columns[name].type, value) and not (value is None and columns[name].nullable):
                raise StoreError(
                    f"{self._shown} cannot take a damaged {row.kind} of session {show_value(whose)}: {name} is "
                    f"{show_value(value)}. Run glyph-memory doctor --repair --drop-damaged on the original, and back "
                    "it up anew"
                )
