"""The journal of erasing: what is left to do once rows are gone, noted in the transaction that erases them.

A process that is killed leaves its notes; whoever opens the database next does what they say. Knows the notes, and
page images by their names; knows nothing about turns, nor about when a note is followed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import Connection, delete, select

from glyph_memory.addresses import is_address
from glyph_memory.errors import StoreError
from glyph_memory.store.schema import erasures

TaskKind = Literal["session", "images", "index", "log", "file"]
"""What is to be done: the rows of a session emptied, page images deleted, the search index merged, the write-ahead log
emptied, the file written anew."""
_AT_ONCE = 500


@dataclass(kw_only=True, slots=True)
class Erasure:
    """A transaction that erases, or finds nothing to erase: whoever uses it fills in what it erased."""

    connection: Connection
    """In the transaction."""
    has_erased: bool = False
    """Whether it did."""
    images: set[str] = field(default_factory=set)
    """Names of page images that nothing knows any more."""
    folder: Path | str | None = None
    """Where they lie, a bucket's address as text; `None` where they are in no folder."""
    session_ids: list[int] = field(default_factory=list)
    """Sessions that nobody finds any more, and whose rows are still to be emptied."""


class Task(NamedTuple):
    """A note of the journal."""

    number: int
    kind: TaskKind
    folder: str
    """Of images: where they lie, relative to the folder of an SQLite database, or a bucket's address. Of a session: its
    number."""
    names: str
    """Of images: what they are named by, with spaces between."""


def add_task(
    connection: Connection, kind: TaskKind, *, folder: str = "", names: Collection[str] = ()
) -> None:
    """Note what has to be done once the transaction is committed."""
    row = {"kind": kind, "folder": folder, "names": " ".join(sorted(names))}
    connection.execute(erasures.insert(), row)


def read_tasks(connection: Connection) -> list[Task]:
    """Return what is to be done, oldest first."""
    columns = (erasures.c.number, erasures.c.kind, erasures.c.folder, erasures.c.names)
    return [Task(*row) for row in connection.execute(select(*columns).order_by(erasures.c.number))]


def remove_tasks(connection: Connection, tasks: Iterable[Task]) -> None:
    """Strike out what is done."""
    numbers = [task.number for task in tasks]
    for start in range(0, len(numbers), _AT_ONCE):
        connection.execute(delete(erasures).where(erasures.c.number.in_(numbers[start : start + _AT_ONCE])))


def write_folder(folder: Path | str, database: Path | None) -> str:
    """Return how the journal names a folder: where it lies beside the database, so that both can move together.

    A bucket is named by its address, which `read_place` has found to hold no password.
    """
    if isinstance(folder, str):
        return folder
    folder = folder.absolute()
    base = None if database is None else database.absolute().parent
    return str(folder.relative_to(base) if base is not None and folder.is_relative_to(base) else folder)


def delete_images(task: Task, database: Path | None) -> bool:
    """Delete the files of page images; return whether none of them is left.

    Of a bucket, this machine's copies go with them; other machines delete theirs when they look next.
    """
    from glyph_memory.context import FolderCache, open_place  # noqa: PLC0415 - loaded where there is something to delete

    if is_address(task.folder):
        try:
            return open_place(task.folder).erase(task.names.split())
        except StoreError:  # this machine lacks the library; another one may have it
            return False
    base = Path() if database is None else database.absolute().parent
    cache = FolderCache(base / task.folder)
    return not [name for name in task.names.split() if not cache.forget(name)]
