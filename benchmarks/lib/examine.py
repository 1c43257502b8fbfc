"""Open a store that a killed process left, and tell what is lost or wrong."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from glyph_memory.store import SessionStore, Store
from lib.postgres import wait_for_backends
from lib.writes import ExpectedSession, State, find_images, make_turn, make_word, name_folder


@dataclass
class _Examination:
    """Collects what is wrong with a store."""

    faults: list[str] = field(default_factory=list)

    def check(self, is_right: bool, fault: str) -> None:
        if not is_right:
            self.faults.append(fault)


def examine(database: Path | str, before: State, during: State | None) -> tuple[int, tuple[str, ...]]:
    """Open what a killed process left; return how many acknowledged turns are lost, and all other faults."""
    found = _Examination()
    if isinstance(database, str):
        wait_for_backends(database)
    with Store.open(database) as store:
        now = {session.name: _read_session(store.session(session.name)) for session in store.sessions()}
        found.check(now in (before, during), f"neither before nor after: {before} … {during}: {now}")
        for name, session in now.items():
            _examine_session(store.session(name), session, found)
        if isinstance(database, Path):
            _examine_bytes(database, before, now, found)
            seals = [seal for name in now for seal in store.session(name).seals()]
            known = {image for seal in seals for image in find_images(seal)}
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


def _examine_file(path: Path, found: _Examination) -> None:
    """Have SQLite check a file."""
    database = sqlite3.connect(path)
    found.check(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity")
    found.check(database.execute("PRAGMA foreign_key_check").fetchall() == [], "foreign keys")
    database.execute("INSERT INTO glyph_search (glyph_search) VALUES ('integrity-check')")
    database.close()


def _read_session(session_store: SessionStore) -> ExpectedSession:
    turns = list(session_store.turns())
    return ExpectedSession(
        anchors=tuple(turn.anchor or 0 for turn in turns),
        pinned=tuple(turn.anchor or 0 for turn in turns if turn.pinned),
        seals=tuple(seal.number for seal in session_store.seals()),
        last=session_store.state().last_anchor,
    )


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
