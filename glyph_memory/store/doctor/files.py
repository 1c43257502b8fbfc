"""The files of a database: whether SQLite can read one, the copy before a repair, and the pages' files beside it.

Knows SQLite and folders; knows nothing about turns.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, select

from glyph_memory.context import FolderCache, find_digests, pages_folder
from glyph_memory.errors import StoreBusy, StoreError
from glyph_memory.files import BESIDE_DATABASES
from glyph_memory.store.damage import read_string
from glyph_memory.store.doctor.findings import Finding
from glyph_memory.store.schema import bookmarks, seals

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
FILE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises of a damaged file; of a name in it that is no text, Python cannot even read the message."""
_OWN_NAME = b"glyph_"
"""How the names of our tables begin."""
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP}
"""What SQLite says where the disk is too full even to read; the file is not damaged."""
_SHOWN = 5
"""Of SQLite's remarks on a file, so many are repeated."""


def open_file(path: Path, *, mode: str) -> sqlite3.Connection:
    """Open a database's file without any of a store's settings; text that is none is kept as lone surrogates."""
    connection = sqlite3.connect(f"file://{quote(str(path))}?mode={mode}", uri=True, isolation_level=None)
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    return connection


def is_foreign(path: Path) -> bool:
    """Return whether a file can be read and is none of ours: another program's tables, or a text.

    A damaged one is taken as ours where a name of our tables stands in it, and bytes that no text has.
    """
    try:
        with closing(open_file(path, mode="ro")) as connection:
            names = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_NOTADB:
            return False
        has_name = has_zero = False
        with path.open("rb") as stream:
            while not (has_name and has_zero) and (piece := stream.read(1 << 20)):
                has_name, has_zero = has_name or _OWN_NAME in piece, has_zero or b"\0" in piece
        return not (has_name and has_zero)
    except UnicodeDecodeError:
        return False
    return bool(names) and not any(name.startswith("glyph_") for name in names)


def check_file(path: Path) -> Finding | None:
    """Return what SQLite finds wrong with a file; None where it is well."""
    said = _list_remarks(path)
    if not said:
        return None
    more = f", and {len(said) - _SHOWN:,} more" if len(said) > _SHOWN else ""
    return Finding(
        kind="file",
        message=f"SQLite cannot read all of the file: {'; '.join(said[:_SHOWN])}{more}",
        remedy="copies what can be read, turn by turn, into a new file, and says what was lost",
    )


def _list_remarks(path: Path) -> list[str]:
    try:
        with closing(open_file(path, mode="ro")) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(100)")]
            # Reads every page of every table, and what lies beside them.
            for (name,) in connection.execute(_TABLES).fetchall():
                connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608
    except FILE_ERRORS as error:
        if getattr(error, "sqlite_errorcode", 0) in _NO_ROOM:
            raise StoreError(
                f"cannot read {str(path)!r}: there is no room for the file -shm beside it. Free some of the disk"
            ) from error
        found = ["its tables cannot be read" if isinstance(error, UnicodeDecodeError) else str(error)]
    remarks = [" ".join(remark.split()) for remark in found if remark != "ok"]
    # A NULL, or a value of another type, where none may be: a damaged row, which is told with its turn.
    return [
        one for one in remarks if not one.startswith(("NULL value in", "non-", "TEXT value", "NUMERIC value"))
    ]


def back_up(path: Path) -> Path:
    """Copy a database to a file beside it that is its owner's alone; return where.

    A file that SQLite cannot copy is copied byte by byte, with its write-ahead log.

    Raises:
        StoreError: It cannot be copied; the disk may be full.
    """
    target = _create(path.with_name(f"{path.name}.backup-{datetime.now():%Y%m%d-%H%M%S}"))
    try:
        with closing(open_file(path, mode="ro")) as source, closing(open_file(target, mode="rw")) as copy:
            source.backup(copy)
    except FILE_ERRORS:
        try:
            copy_file(path, target)
        except OSError as error:
            raise StoreError(
                f"cannot back up {str(path)!r} to {str(target)!r}: {error.strerror or error}. Nothing was changed; "
                "make room, or copy it yourself and give --no-backup"
            ) from error
    with target.open("rb+") as stream:
        os.fsync(stream.fileno())
    return target


def copy_file(path: Path, target: Path) -> Path:
    """Copy a database byte by byte, with its log, for its owner alone; return where."""
    for ending in ("", "-wal"):
        source, copy = _beside(path, ending), _beside(target, ending)
        if source.exists():
            copy.touch(mode=0o600)
            shutil.copyfile(source, copy)
    return target


def _create(path: Path) -> Path:
    """Create an empty file under a name that nobody has, for its owner alone; return it."""
    for number in range(1, 100):
        name = path if number == 1 else path.with_name(f"{path.name}-{number}")
        with suppress(FileExistsError):
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            return name
    raise StoreError(f"there are 99 files such as {str(path)!r}. Move some away")  # pragma: no cover


def require_alone(path: Path) -> None:
    """Check that no other process has a file open, whose name is about to be given to another one.

    Raises:
        StoreBusy: One has.
    """
    try:
        with closing(open_file(path, mode="rw")) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()  # refused as long as others are there
    except FILE_ERRORS as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StoreBusy(
                f"another process has {str(path)!r} open. End it, and run this again: the file is replaced by a new one"
            ) from error


def replace_file(path: Path, new: Path) -> None:
    """Put a new database in the place of one, whose log and shared memory must not be taken for the new one's."""
    for ending in BESIDE_DATABASES:
        _beside(path, ending).unlink(missing_ok=True)
    new.replace(path)


def delete_file(path: Path) -> None:
    """Delete a database with what lies beside it."""
    for ending in ("", *BESIDE_DATABASES):
        _beside(path, ending).unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def check_pages(connection: Connection, path: Path) -> Iterator[Finding]:
    """Yield how many files of pages beside a database no seal names, or hold something else than their names say."""
    orphans, broken = list_wrong_pages(connection, path)
    if orphans:
        yield Finding(
            kind="page file",
            message=f"{len(orphans):,} files in {str(pages_folder(path))!r} belong to no seal",
            remedy="deletes them",
        )
    if broken:
        yield Finding(
            kind="page file",
            message=f"{len(broken):,} files in {str(pages_folder(path))!r} hold something else than they should",
            remedy="deletes them; the pages are drawn again",
        )


def list_wrong_pages(connection: Connection, path: Path) -> tuple[list[Path], list[Path]]:
    """Return the files of pages that no seal names, and those that are broken; files of other names are nobody's."""
    folder, named, orphans, broken = pages_folder(path), set[str](), list[Path](), list[Path]()
    if not folder.is_dir():
        return [], []
    for column in (seals.c.body, bookmarks.c.body):
        for (body,) in connection.execute(select(column)):
            named.update(find_digests(read_string(body)))
    cache = FolderCache(folder)
    for file in sorted(folder.iterdir()):
        if file.suffix not in {".png", ".new"} or find_digests(file.stem) != [file.stem]:
            continue
        if file.stem not in named or file.suffix == ".new":
            orphans.append(file)
        elif cache.get(file.stem) is None:
            broken.append(file)
    return orphans, broken
