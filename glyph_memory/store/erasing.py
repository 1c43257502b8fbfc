"""`ErasingDatabase`: a database that finishes what was erased: now, or with the next write, or when it is opened next.

Knows what remains of erased rows in a file, its log and the folders of page images; knows nothing about turns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection

from glyph_memory.addresses import is_address, show_address
from glyph_memory.errors import StoreBusy, StoreError, warn
from glyph_memory.store.address import Address
from glyph_memory.store.engine import Database
from glyph_memory.store.erase import empty_some
from glyph_memory.store.journal import (
    Erasure,
    Task,
    TaskKind,
    add_task,
    delete_images,
    read_tasks,
    remove_tasks,
    write_folder,
)
from glyph_memory.store.replicas import Replicas, open_replicas
from glyph_memory.store.schema import SCHEMA, Schema
from glyph_memory.store.search import begin_merging, merge_some

_PATIENCE_S = 1.0
"""How long an erasure waits for others to end reading before it says that it is not done."""
_UNFINISHED = (
    "what was erased from {shown} is gone from every answer, but not yet from {where}. The next write or opening "
    "finishes it"
)
_LOG_LEFT = "the file {log!r}, which another process is still reading"
_FILE_LEFT = "unused parts of the file, which others were using"
_ROWS_LEFT = "its rows, since others were writing"
_IMAGES_LEFT = "the page images in {folder!r}, which could not be deleted"


class ErasingDatabase(Database):
    """An open database that follows the journal of erasing."""

    def __init__(self, address: Address, *, wait_s: float, schema: Schema = SCHEMA) -> None:
        self._left: set[TaskKind] = set()
        """What the journal asks for, as far as this process knows."""
        self.replicas: Replicas | None = None
        """Where recall may be read."""
        super().__init__(address, wait_s=wait_s, schema=schema)
        if address.replicas:
            try:
                self.replicas = open_replicas(self, wait_s=wait_s)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the connections, those to replicas too; those in use are closed when they are done."""
        super().close()
        if self.replicas is not None:
            self.replicas.close()

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Open a write transaction and yield its connection; commit at the end, roll back on an exception.

        Where something was erased before, a bounded part of what is left to do for that is done along.

        Raises:
            StoreBusy: Others were still writing after `wait_s`.
            StoreError: The database cannot be written.
        """
        with super().begin_write() as connection:
            yield connection
            if "index" in self._left and not merge_some(connection):
                remove_tasks(connection, [task for task in read_tasks(connection) if task.kind == "index"])
                self._left.discard("index")
        if self._left - {"index", "file"}:
            self._scrub()

    @contextmanager
    def begin_erase(self, *, says: bool = True) -> Iterator[Erasure]:
        """Open a write transaction that leaves nothing of what it erases in the bytes of an SQLite file.

        What remains to be done after it is noted in the journal, by the same transaction: should the process die in
        between, whoever opens the database next does it. On a server, bytes are the server's business (VACUUM).

        Args:
            says: Whether to warn, with a `GlyphMemoryWarning`, where it is not done a moment later.
        """
        with super().begin_write() as connection:
            erasure = Erasure(connection=connection)
            yield erasure
            noted = self._note(erasure)
        if noted:
            self._scrub(wait_s=min(_PATIENCE_S, self.wait_s) if says else 0)
        if (
            says and noted and "file" in self._left
        ):  # rows were moved before, by a `compact` that was cut short
            with suppress(StoreError):
                self.rewrite()
        if says and noted and (noted | {"file"}) & self._left:
            self._warn()

    def finish_erasing(self) -> None:
        """Do what is left of erasing; warn, with a `GlyphMemoryWarning`, where it is not done a moment later."""
        if self._left - {"index", "file"}:
            self._scrub(wait_s=min(_PATIENCE_S, self.wait_s))
        if "file" in self._left:  # as above
            with suppress(StoreError):
                self.rewrite()
        if self._left - {"index"}:
            self._warn()

    def note_images(self, connection: Connection, folder: Path | str, names: Collection[str]) -> None:
        """Have page images deleted once the open transaction is committed; the journal says so as well."""
        add_task(connection, "images", folder=write_folder(folder, self.address.path), names=names)
        self._left.add("images")

    def rewrite(self) -> None:
        """Write an SQLite file anew, without what is unused in it; it is needed alone for as long as that takes.

        Raises:
            StoreBusy: Others used it for longer than `wait_s`.
            StoreError: The disk is full.
        """
        with self.begin_read() as connection:
            tasks = [task for task in read_tasks(connection) if task.kind in {"file", "log"}]
        self.run_alone("VACUUM")
        if self.address.path is not None and not self.empty_log(wait_s=self.wait_s):
            raise StoreBusy(
                f"{self.shown} was written anew, but {self.log!r} is still read by another process after "
                f"{self.wait_s:g} s; the next write or opening empties it. Try again for certainty"
            )
        with super().begin_write() as connection:
            remove_tasks(connection, tasks)
            self._left = {task.kind for task in read_tasks(connection)}

    def _prepare(self, schema: Schema) -> None:
        """Create or migrate tables where needed, and finish what another process erased and left unfinished."""
        super()._prepare(schema)
        if self.read_only or schema.version == 1:  # which had no journal
            return
        with self.begin_read() as connection:
            self._left = {task.kind for task in read_tasks(connection)}
        if "file" in self._left:
            with suppress(StoreError):
                self.rewrite()
        if self._left:
            self._scrub(wait_s=min(_PATIENCE_S, self.wait_s))

    def _note(self, erasure: Erasure) -> set[TaskKind]:
        """Write to the journal what an erasure leaves to do; return the kinds."""
        noted: set[TaskKind] = set()
        for number in erasure.session_ids:
            add_task(erasure.connection, "session", folder=str(number))
        if erasure.has_erased and self.address.path is not None:
            begin_merging(erasure.connection)
            noted |= {"log", "index"}
        for kind in sorted(noted):
            add_task(erasure.connection, kind)
        if erasure.images and erasure.folder is not None:
            folder = write_folder(erasure.folder, self.address.path)
            add_task(erasure.connection, "images", folder=folder, names=erasure.images)
            noted.add("images")
        if erasure.session_ids:
            noted.add("session")
        self._left |= noted
        return noted - {"index"}

    def _scrub(self, *, wait_s: float = 0) -> None:
        """Do what the journal says, as far as it can be done now; the rest stays noted for the next write or opening.

        Merging the index takes a transaction of its own, and is left to those that come anyway.

        Args:
            wait_s: How long to try to empty the write-ahead log; once in any case. Others may write meanwhile.
        """
        with suppress(StoreError):
            with self.begin_read() as connection:
                tasks = read_tasks(connection)
            done = [
                task for task in tasks if task.kind == "images" and delete_images(task, self.address.path)
            ]
            done += [task for task in tasks if task.kind == "session" and self._empty_session(task)]
            logs = [task for task in tasks if task.kind == "log"]
            if logs and self.empty_log(wait_s=wait_s):
                done += logs
            self._left |= {task.kind for task in tasks}
            if done or not tasks:
                # In a transaction, so that no other thread notes something meanwhile.
                with super().begin_write() as connection:
                    remove_tasks(connection, done)
                    self._left = {task.kind for task in read_tasks(connection)}

    def _empty_session(self, task: Task) -> bool:
        """Empty the rows of an erased session in steps, between which others write; return that it is done."""
        while True:
            with super().begin_write() as connection:
                if empty_some(connection, int(task.folder)):
                    if self.address.is_sqlite:
                        begin_merging(connection)
                    return True

    def _warn(self) -> None:
        """Warn of what still holds something that was erased."""
        with suppress(StoreError):
            with self.begin_read() as connection:
                tasks = [task for task in read_tasks(connection) if task.kind != "index"]
            where = " and ".join({self._describe(task): None for task in tasks})
            warn(_UNFINISHED.format(shown=self.shown, where=where))

    def _describe(self, task: Task) -> str:
        kinds = {
            "file": _FILE_LEFT,
            "images": _IMAGES_LEFT.format(
                folder=show_address(task.folder) if is_address(task.folder) else task.folder
            ),
            "log": _LOG_LEFT.format(log=self.log),
        }
        return kinds.get(task.kind, _ROWS_LEFT)
