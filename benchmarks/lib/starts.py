"""What a database holds before a writer is killed: filled once, then copied for each kill.

Of SQLite, a folder with the file and the page images is copied; of PostgreSQL, a database with `CREATE DATABASE …
TEMPLATE`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import update

from glyph_memory.store import Store, backup_store
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import sessions
from lib.administrator import Administrator
from lib.old_tables import make_older
from lib.postgres import make_url
from lib.writes import (
    BACKUP,
    BOOKMARK,
    BOOKMARKS,
    CREATION,
    EXPIRY,
    FILE_REPAIR,
    MIGRATIONS,
    OLD_VERSIONS,
    RESTORATION,
    ROW_REPAIR,
    ExpectedSession,
    State,
    keep_conversation,
    make_prepared_state,
    make_seals,
    make_turn,
    name_backup,
    name_folder,
    open_session,
    store_images,
)

EMPTY = "empty"
"""The start of those who create the tables."""
_PREPARED = "prepared"
_OWN_STARTS = (EXPIRY, BOOKMARK, BACKUP, RESTORATION, ROW_REPAIR, FILE_REPAIR, *MIGRATIONS)
_AGES_DAYS = (35, 25, 15)
"""For how long nothing was written to each of three sessions that expire."""
_numbers = count(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A database of its own, and the files beside it."""

    database: Path | str
    folder: Path
    """Where a backup lies."""
    wait: Callable[[], None] = lambda: None
    """Waits until the server has done what a killed client had sent."""
    list_backends: Callable[[], list[int]] = list
    """Returns the server's processes that serve it."""


def find_start(kind: str) -> str:
    """Return the name of what a database holds before a write of a kind."""
    return EMPTY if kind == CREATION else kind if kind in _OWN_STARTS else _PREPARED


def fill(start: str, database: Path | str, folder: Path) -> State:
    """Fill an empty database; return what it holds then."""
    if start == EMPTY:
        return {}
    if start == RESTORATION:
        path = folder / "original.db"
        fill(_PREPARED, path, folder)
        backup_store(path, name_backup(folder))
        shutil.rmtree(name_folder(path))
        path.unlink()
        return {}
    with Store.open(database) as store:
        state = _prepare(store, has_seals=start not in {ROW_REPAIR, FILE_REPAIR})
        if start == BOOKMARK:
            state["talk"] = ExpectedSession()
            for _ in range(BOOKMARKS):
                state["talk"] = keep_conversation(store, state["talk"])
        if start == EXPIRY:
            state |= _prepare_old(store)
    if start == BACKUP:
        backup_store(database, name_backup(folder))
    if start in MIGRATIONS:
        make_older(database, version=OLD_VERSIONS[MIGRATIONS.index(start)])
    if isinstance(database, Path):
        if start == ROW_REPAIR:
            _damage_rows(database)
        if start == FILE_REPAIR:
            _damage_file(database)
    return state


def _prepare(store: Store, *, has_seals: bool) -> State:
    """Fill a store with two sessions; these seals say nothing that a repair would let stand."""
    session_store, state = open_session(store), make_prepared_state()
    session_store.append([make_turn("chat", anchor) for anchor in state["chat"].anchors])
    store.session("other").append([make_turn("other", 1)])
    if not has_seals:
        return state | {"chat": replace(state["chat"], seals=())}
    session_store.add_seals(make_seals(*state["chat"].seals), edits=0)
    store_images(store, make_seals(*state["chat"].seals))
    return state


def _prepare_old(store: Store) -> State:
    """Store sessions to which nothing was written for long, each with a page image."""
    names = [f"old{number}" for number in range(len(_AGES_DAYS))]
    for number, name in enumerate(names):
        session_store = open_session(store, name)
        session_store.append([make_turn(name, anchor) for anchor in (1, 2, 3)])
        seals = make_seals(1, round_=100 + number)
        session_store.add_seals(seals, edits=session_store.state().edits)
        store_images(store, seals)
    with store._database.begin_write() as connection:
        for name, days in zip(names, _AGES_DAYS, strict=True):
            this = sessions.c.name_digest == fingerprint(name)
            earlier = sessions.c.written - days * 86_400
            connection.execute(update(sessions).where(this).values(written=earlier))
    old = ExpectedSession(anchors=(1, 2, 3), seals=(1,), last=3)
    return dict.fromkeys(names, old)


def _damage_rows(path: Path) -> None:
    """Miscount turns, forget a word's place, and leave a page image of which nothing knows."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE glyph_sessions SET turns = turns + 3")
        database.execute("DELETE FROM glyph_words WHERE anchor = 5")
        database.commit()
    name_folder(path).mkdir()
    (name_folder(path) / f"{'0' * 64}.png").write_bytes(b"page")


def _damage_file(path: Path) -> None:
    """Fill a page of an index with nonsense: all rows can still be read."""
    with closing(sqlite3.connect(path)) as database:
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'glyph_turns_id'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x17" * size)


@dataclass(frozen=True, kw_only=True, slots=True)
class Starts:
    """Filled databases, ready to be copied, by any process."""

    folder: Path
    """Holds a folder for each."""
    socket: str | None = None
    """Of the PostgreSQL server that has a database for each; `None` for SQLite."""

    def make(self, start: str) -> State:
        """Make one; return what it holds."""
        home = self._name(start)
        home.mkdir(parents=True)
        if self.socket is None:
            return fill(start, home / "chat.db", home)
        name = _name_template(start)
        _administrate(self.socket).run(f"CREATE DATABASE {name}")
        return fill(start, make_url(self.socket, name), home)

    @contextmanager
    def copy(self, start: str) -> Iterator[Place]:
        """Yield a copy, which is removed afterwards."""
        number = f"{os.getpid()}_{next(_numbers)}"
        home = self.folder / number
        shutil.copytree(self._name(start), home)
        place = Place(database=home / "chat.db", folder=home)
        if self.socket is not None:
            administrator, name = _administrate(self.socket), f"killed{number}"
            administrator.run(f"CREATE DATABASE {name} TEMPLATE {_name_template(start)} STRATEGY FILE_COPY")
            place = replace(
                place,
                database=make_url(self.socket, name),
                wait=lambda: administrator.wait_for_backends(name),
                list_backends=lambda: administrator.list_backends(name),
            )
        yield place
        shutil.rmtree(home)
        if self.socket is not None:
            _administrate(self.socket).run(f"DROP DATABASE {name} WITH (FORCE)")

    def _name(self, start: str) -> Path:
        return self.folder / f"start {start}"


def _name_template(start: str) -> str:
    return "start_" + start.replace(" ", "_")


@cache
def _administrate(socket: str) -> Administrator:
    return Administrator(socket)
