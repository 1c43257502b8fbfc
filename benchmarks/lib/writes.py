"""The kinds of writes to a store, what they write, and what a store has to hold; how each is done says `acts`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from glyph_memory.context import FolderCache
from glyph_memory.store import SealReader, SealRecord, SessionStore, Store
from glyph_memory.transcript import Turn

OLD_VERSIONS = (1, 2, 3, 4, 5)
"""Versions of the tables that are migrated."""
CREATION, IMPORT, EXPIRY = "first creation", "import", "expire"
CONVERSATION, BOOKMARK = "keep a conversation", "keep a bookmark"
RESTORATION, BACKUP, ROW_REPAIR, FILE_REPAIR, COMPACTION = (
    "restore a backup",
    "back up",
    "repair rows",
    "repair a malformed file",
    "compact",
)
MIGRATIONS = tuple(f"migrate from version {version}" for version in OLD_VERSIONS)
FROM_OUTSIDE = (CREATION, RESTORATION, BACKUP, ROW_REPAIR, FILE_REPAIR, *MIGRATIONS)
"""Those that open the database themselves, which may be cut as well."""
OF_FILES = (ROW_REPAIR, FILE_REPAIR, COMPACTION)
"""Those that are for SQLite alone."""
KINDS = (
    CREATION,
    "append one",
    "append many",
    IMPORT,
    "pin",
    "truncate",
    "delete",
    "clear",
    "fork",
    "add seals",
    "replace seals",
    "set a lifetime",
    EXPIRY,
    CONVERSATION,
    BOOKMARK,
    COMPACTION,
    BACKUP,
    RESTORATION,
    ROW_REPAIR,
    FILE_REPAIR,
    *MIGRATIONS,
)
BOOKMARKS = 16
"""How many a session keeps: the next one pushes the oldest out, with its page image."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedSession:
    """What one session has to hold."""

    anchors: tuple[int, ...] = ()
    pinned: tuple[int, ...] = ()
    seals: tuple[int, ...] = ()
    last: int = 0
    lifetime_s: int | None = None
    marks: int = 0
    """How many beginnings of it are known."""
    bookmark: str = ""
    """The latest, as JSON."""
    report: str = ""


State = dict[str, ExpectedSession]


class Act(NamedTuple):
    """A write, and what the store has to hold after it."""

    after: State
    run: Callable[[], object]


def make_word(session: str, anchor: int) -> str:
    """Return a word that occurs in one turn and nowhere else."""
    return f"zebra{session}n{anchor}q"


def make_turn(session: str, anchor: int) -> Turn:
    """Return a turn that differs from all others in text, identifier and image."""
    text = (
        f"{make_word(session, anchor)} see https://{make_word(session, anchor)}.example/ " + "and so on " * 40
    )
    return Turn(role="user", text=text, images=(make_word(session, anchor).encode() * 100,))


def name_folder(path: Path) -> Path:
    """Return the folder of page images beside a database."""
    return path.with_name(f"{path.name}.pages")


def find_images(record: SealRecord) -> list[str]:
    """Return the name of the page image that a seal or a bookmark tells of."""
    held = json.loads(record.body or "{}")
    return [held["image"]] if "image" in held else []


def make_chain(number: int) -> str:
    """Return the mark of a beginning that is so many turns long."""
    return hashlib.blake2b(f"talk {number}".encode(), digest_size=16).hexdigest()


def make_bookmark(number: int) -> str:
    """Return a bookmark that names a page image."""
    return json.dumps({"image": hashlib.sha256(f"bookmark {number}".encode()).hexdigest()})


def name_backup(folder: Path) -> Path:
    """Return the file of a backup."""
    return folder / "backup.gz"


def open_session(store: Store, name: str = "chat") -> SessionStore:
    """Return a session whose seals can be read."""
    return store.session(name, seal_reader=make_reader(store))


def make_reader(store: Store) -> SealReader:
    def find_range(record: SealRecord) -> tuple[int, int]:
        first, last = json.loads(record.body)["anchors"]
        return first, last

    folder = None if store.path is None else name_folder(store.path)
    return SealReader(find_range=find_range, find_images=find_images, folder=folder)


def store_images(store: Store, records: Sequence[SealRecord]) -> None:
    """Store page images as a memory does: when their seals are stored."""
    if store.path is not None:
        for record in records:
            for name in find_images(record):
                FolderCache(name_folder(store.path)).put(name, b"page")


def make_seals(*numbers: int, round_: int = 0) -> list[SealRecord]:
    """Return seals of two turns each, with a page image."""
    images = {number: hashlib.sha256(f"{number} {round_}".encode()).hexdigest() for number in numbers}
    bodies = {
        number: {"anchors": [2 * number - 1, 2 * number], "image": images[number]} for number in numbers
    }
    return [SealRecord(number=number, digest="d", body=json.dumps(bodies[number])) for number in numbers]


def keep_conversation(store: Store, talk: ExpectedSession) -> ExpectedSession:
    """Keep a conversation that has one more turn; return what the store has to hold of it then."""
    number = talk.last + 1
    bookmark, report = make_bookmark(number), json.dumps({"request": number})
    after = replace(
        talk,
        anchors=(*talk.anchors, number),
        last=number,
        marks=number,
        bookmark=bookmark,
        report=report,
    )
    store.keep_conversation(
        "talk",
        turns=[make_turn("talk", number)],
        marks={make_chain(number): number},
        bookmark=bookmark.encode(),
        report=report.encode(),
        seal_reader=make_reader(store),
    )
    store_images(store, [SealRecord(number=0, digest="", body=bookmark)])
    return after


def make_prepared_state() -> State:
    """Return what most databases hold before a kill."""
    chat = ExpectedSession(anchors=tuple(range(1, 13)), seals=(1, 2, 3), last=12)
    return {"chat": chat, "other": ExpectedSession(anchors=(1,), last=1)}
