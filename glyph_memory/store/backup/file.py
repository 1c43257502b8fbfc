"""Read a backup's file, and check it while it is read: nothing of it may be missing, changed or of a newer version.

Knows the file; knows nothing about databases.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, cast

from glyph_memory.errors import StoreError, show_value
from glyph_memory.files import exists, is_file
from glyph_memory.store.backup.lines import (
    COLUMNS,
    FORMAT,
    META,
    DamagedLine,
    RowKind,
    SessionDigest,
    Value,
    read_row,
)
from glyph_memory.store.schema import SCHEMA
from glyph_memory.store.turns import check_name

_START = b"\x1f\x8b"
_LARGEST_NUMBER = 2**63
_LONGEST_META = 200
_BROKEN = (EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupCheck:
    """What a backup holds, all of it read and found as it was written."""

    path: Path
    """The file."""
    sessions: int
    """How many sessions it holds."""
    turns: int
    """How many turns they have together."""
    rows: Mapping[str, int]
    """How many rows there are of each kind."""
    digest: str
    """Of the rows of all sessions: the same for the same content, whatever database it came from."""


class Head(NamedTuple):
    """What a backup begins with."""

    meta: Mapping[str, str]
    """Values of the store as a whole, among them its key."""


class BackupRow(NamedTuple):
    """A row of a backup."""

    kind: RowKind
    values: Mapping[str, Value]


class SessionEnd(NamedTuple):
    """What stands behind the rows of a session."""

    name: str
    digest: str


def check_backup(path: str | Path) -> BackupCheck:
    """Read a whole backup, and return what it holds.

    Raises:
        StoreError: It cannot be read, is damaged, is no backup, or was made by a newer version.
    """
    digest, rows, count = blake2b(digest_size=20), dict[str, int](dict.fromkeys(COLUMNS, 0)), 0
    for entry in iter_backup(Path(path)):
        if isinstance(entry, BackupRow):
            rows[entry.kind] += 1
        elif isinstance(entry, SessionEnd):
            digest.update(entry.digest.encode())
            count += 1
    return BackupCheck(
        path=Path(path), sessions=count, turns=rows["turn"], rows=rows, digest=digest.hexdigest()
    )


def iter_backup(path: Path) -> Iterator[Head | BackupRow | SessionEnd]:
    """Yield what a backup holds in its order; at the end all of it was there and as it was written.

    Raises:
        StoreError: As `check_backup` says. What was yielded before is not to be kept then.
    """
    with _explain(path), gzip.open(path, "rb") as stream:
        lines = enumerate(stream, start=1)
        yield _read_head(path, json.loads(next(lines, (0, b""))[1]))
        total, digest, name, all_sessions, names = (
            None,
            SessionDigest(),
            None,
            blake2b(digest_size=20),
            set[str](),
        )
        for number, line in lines:
            told = cast("Mapping[str, object]", json.loads(line))
            if len(told) != 1:
                raise DamagedLine(f"line {number} is none of a backup")
            ((kind, held),) = told.items()
            if total is not None:
                raise DamagedLine(f"line {number} stands behind the end")
            if kind in COLUMNS:
                row = BackupRow(kind, read_row(kind, held))  # type: ignore[arg-type]  # it is one
                if (kind == "session") is not (name is None):
                    raise DamagedLine(f"line {number} stands at a wrong place")
                _check_values(row, number)
                name = _take_name(row, names) if kind == "session" else name
                digest.add(kind, line)
                yield row
            elif kind == "end" and name is not None:
                if held != {"rows": dict(digest.rows), "digest": digest.hex}:
                    raise DamagedLine(f"session {show_value(name)} has other rows than were written")
                yield SessionEnd(name, digest.hex)
                all_sessions.update(digest.hex.encode())
                digest, name = SessionDigest(), None
            elif kind == "total" and name is None:
                total = held
            else:
                raise DamagedLine(f"line {number} is none of a backup")
        if total != {"sessions": len(names), "digest": all_sessions.hexdigest()}:
            raise DamagedLine("its end is missing" if total is None else "not all sessions are there")


def _read_head(path: Path, told: Mapping[str, object]) -> Head:
    if told["backup"] != "glyph-memory":
        raise DamagedLine("it does not begin as one")
    for what, ours in (("format", FORMAT), ("tables", SCHEMA.version)):
        if type(told[what]) is not int or not told[what] > 0:  # type: ignore[operator]  # a number it is
            raise DamagedLine("it does not say of which version it is")
        if cast("int", told[what]) > ours:
            raise StoreError(
                f"{str(path)!r} is a backup of a newer glyph-memory: its {what} are of version {told[what]}, and this "
                f"one knows versions up to {ours}. Try: pip install --upgrade glyph-memory"
            )
    meta = cast("Mapping[str, object]", told["meta"])
    head = Head({name: str(meta[name]) for name in META if name in meta})
    if any(
        len(value) > _LONGEST_META or not value.isascii() or "\0" in value for value in head.meta.values()
    ):
        raise DamagedLine("its first line holds what no store has")
    return head


def _take_name(row: BackupRow, names: set[str]) -> str:
    """Return a session's name, which no other session may have, and add it to the others."""
    name = row.values["name"]
    if isinstance(name, bytes):
        raise StoreError(
            f"the name of session {show_value(name)} was damaged when it was backed up. Run glyph-memory doctor "
            "--repair on the original, and back it up anew"
        )
    try:
        name = check_name(cast("str", name))
    except StoreError as error:
        raise DamagedLine(f"a session is called {show_value(name)}") from error
    if name in names:
        raise DamagedLine(f"there are two sessions {show_value(name)}")
    names.add(name)
    return name


def _check_values(row: BackupRow, number: int) -> None:
    """Check what no database could have held; what a damaged one may hold is as good as anything."""
    for value in row.values.values():
        if isinstance(value, int) and not -_LARGEST_NUMBER <= value < _LARGEST_NUMBER:
            raise DamagedLine(f"line {number} holds a number that no database takes")
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise DamagedLine(f"line {number} holds text that no database takes")


@contextmanager
def _explain(path: Path) -> Iterator[None]:
    """Raise what reading a backup raises as a `StoreError` that names the file."""
    shown = repr(str(path))
    if not exists(path):
        raise StoreError(f"there is no backup {shown}. Is the path right?")
    if not is_file(path):
        raise StoreError(f"{shown} is no file. Name one that backup wrote")
    try:
        with path.open("rb") as stream:
            if stream.read(2) != _START:
                raise StoreError(
                    f"{shown} is no backup. Name a file that backup wrote; import reads what export wrote"
                )
        yield
    except _BROKEN as error:
        raise StoreError(
            f"{shown} is damaged: {_say(error)}. Nothing was restored; take another backup"
        ) from error
    except gzip.BadGzipFile as error:
        raise StoreError(
            f"{shown} is damaged: {_say(error)}. Nothing was restored; take another backup"
        ) from error
    except OSError as error:
        raise StoreError(
            f"cannot read {shown}: {error.strerror or error}. May this account read it?"
        ) from error


def _say(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "it ends too early"
    return str(error)[:200] if isinstance(error, DamagedLine) else "what was written is not what is there"
