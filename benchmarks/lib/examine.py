"""Open a store that a killed process left, and tell what is lost or wrong."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from glyph_memory.store import (
    SealRecord,
    SessionStore,
    Store,
    check_backup,
    check_store,
    repair_store,
    restore_store,
)
from lib.starts import Place
from lib.writes import (
    BACKUP,
    BOOKMARKS,
    FILE_REPAIR,
    RESTORATION,
    ROW_REPAIR,
    ExpectedSession,
    State,
    find_images,
    make_bookmark,
    make_chain,
    make_prepared_state,
    make_turn,
    make_word,
    name_backup,
    name_folder,
)


@dataclass
class _Examination:
    """Collects what is wrong with a store."""

    faults: list[str] = field(default_factory=list)

    def check(self, is_right: bool, fault: str) -> None:
        if not is_right:
            self.faults.append(fault)


def examine(place: Place, kind: str, before: State, during: State | None) -> tuple[int, tuple[str, ...]]:
    """Open what a killed process left; return how many acknowledged turns are lost, and all other faults."""
    found, database = _Examination(), place.database
    place.wait()
    _finish(place, kind, before, found)
    if kind == RESTORATION:
        during = make_prepared_state()
    with Store.open(database) as store:
        now = _read_state(store)
        found.check(now in (before, during), f"neither before nor after: {before} … {during}: {now}")
        for name, session in now.items():
            _examine_session(store.session(name), session, found)
        if isinstance(database, Path):
            _examine_bytes(database, before, now, found)
            seals = [seal for name in now for seal in store.session(name).seals()]
            known = {image for seal in [*seals, *_list_bookmarks(now)] for image in find_images(seal)}
            left = {file.stem for file in name_folder(database).glob("*")} - known
            found.check(not left, f"page images of which nothing knows: {len(left)}")
        for name, session in now.items():
            (added,) = store.session(name).append([make_turn(name, session.last + 1)])
            found.check(added.anchor == session.last + 1, f"the next turn became §{added.anchor}")
        if not now:
            store.session("chat").append([make_turn("chat", 1)])
    if isinstance(database, Path):
        _examine_file(database, found)
    lost = 0
    for name, session in before.items():
        meant = set(session.anchors)
        if during is not None and now == during:
            meant &= set(during.get(name, ExpectedSession()).anchors)
        lost += len(meant - set(now.get(name, ExpectedSession()).anchors))
    return lost, tuple(found.faults)


def _finish(place: Place, kind: str, before: State, found: _Examination) -> None:
    """Do again what may be done again after a kill, and must do the rest then; see that a backup is whole."""
    if kind == BACKUP:
        turns = sum(len(session.anchors) for session in before.values())
        found.check(check_backup(name_backup(place.folder)).turns == turns, "the backup is not whole")
    if kind == RESTORATION:
        with Store.open(place.database) as store:
            is_empty = not store.sessions()
        if is_empty:  # nothing of it is there, so that it can be restored
            restore_store(name_backup(place.folder), place.database)
    if kind in {ROW_REPAIR, FILE_REPAIR}:
        repair_store(place.database)
        found.check(check_store(place.database).is_healthy, "not healthy after a second repair")


def _examine_file(path: Path, found: _Examination) -> None:
    """Have SQLite check a file."""
    database = sqlite3.connect(path)
    found.check(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity")
    found.check(database.execute("PRAGMA foreign_key_check").fetchall() == [], "foreign keys")
    database.execute("INSERT INTO glyph_search (glyph_search) VALUES ('integrity-check')")
    database.close()


def _read_state(store: Store) -> State:
    """Return what a store holds."""
    return {
        one.name: _read_session(
            store,
            store.session(one.name),
            None if one.lifetime is None else int(one.lifetime.total_seconds()),
        )
        for one in store.sessions()
    }


def _read_session(store: Store, session_store: SessionStore, lifetime_s: int | None) -> ExpectedSession:
    turns = list(session_store.turns())
    last = session_store.state().last_anchor
    talk = store.conversation(session_store.name) if session_store.name == "talk" else None
    marks = [store.find_mark([make_chain(number)]) for number in range(1, last + 1)] if talk else []
    return ExpectedSession(
        anchors=tuple(turn.anchor or 0 for turn in turns),
        pinned=tuple(turn.anchor or 0 for turn in turns if turn.pinned),
        seals=tuple(seal.number for seal in session_store.seals()),
        last=last,
        lifetime_s=lifetime_s,
        marks=sum(mark is not None and mark.session == "talk" for mark in marks),
        bookmark="" if talk is None else (talk.bookmark or b"").decode(),
        report="" if talk is None else talk.report.decode(),
    )


def _list_bookmarks(now: State) -> list[SealRecord]:
    """Return the bookmarks that a conversation keeps: the newest."""
    last = now.get("talk", ExpectedSession()).last
    numbers = range(max(1, last - BOOKMARKS + 1), last + 1)
    return [SealRecord(number=0, digest="", body=make_bookmark(number)) for number in numbers]


def _examine_session(session_store: SessionStore, session: ExpectedSession, found: _Examination) -> None:
    """Check that each turn is complete, can be found, and has its identifiers."""
    origin = "chat" if session_store.name.startswith("fork") else session_store.name
    for stored in session_store.turns():
        anchor = stored.anchor or 0
        if anchor <= 12 or origin == session_store.name:
            wanted = make_turn(origin, anchor)
            found.check(
                (stored.text, stored.images) == (wanted.text, wanted.images), f"§{anchor} is not whole"
            )
            hits = [hit.turn.anchor for hit in session_store.search(make_word(origin, anchor), k=5)]
            found.check(hits == [anchor], f"§{anchor} is found as {hits}")
    known = sorted({anchor for one in session_store.identifiers(limit=10_000) for anchor in one.anchors})
    found.check(known == sorted(session.anchors), f"identifiers of {known}, turns {session.anchors}")
    found.check(session_store.state().turns == len(session.anchors), "the number of turns")


def _examine_bytes(path: Path, before: State, now: State, found: _Examination) -> None:
    """Check that no deleted turn is left in the files' bytes."""
    files = [path, path.with_name(path.name + "-wal")]
    data = b"".join(file.read_bytes() for file in files if file.exists())
    for name, session in before.items():
        kept = {
            anchor
            for other in now
            for anchor in now[other].anchors
            if other == name or other.startswith("fork")
        }
        left = [
            anchor
            for anchor in session.anchors
            if anchor not in kept and make_word(name, anchor).encode() in data
        ]
        found.check(not left, f"still in the bytes: {left}")
