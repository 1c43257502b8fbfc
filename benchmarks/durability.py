"""Does a killed process lose anything that a store had acknowledged?

Kills a writing process again and again: half the times at a step of the database's own, counted in statements and
in instructions of SQLite's machine, so that each kind of write is cut in the middle; half the times at a moment drawn
by lot, so that commits and checkpoints are cut as well. After each kill the store is opened anew: the file has to be
whole, the state has to be the one last acknowledged or that of the write that was cut, nothing between, turns have to
be found by search, what was forgotten has to be gone from the file's bytes, and the next turn has to be taken.
A kill is not a power cut: what the disk itself loses is not measured here.

    python benchmarks/durability.py [--quick]
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from report import print_table, write_results
from sqlalchemy import event
from sqlalchemy.pool import Pool

from glyph_memory.store import SealRecord, SessionStore, Store
from glyph_memory.transcript import Turn

KINDS = (
    "first creation",
    "append one",
    "append many",
    "pin",
    "truncate",
    "delete",
    "clear",
    "fork",
    "add seals",
    "replace seals",
)
_INSTRUCTIONS = 200
"""Of SQLite's machine, between two steps."""
_TIMES = 3
"""How often a child does its kind of write."""

_fork = multiprocessing.get_context("forkserver")
_fork.set_forkserver_preload(["glyph_memory.store", "sqlalchemy.dialects.sqlite"])


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedSession:
    """What one session has to hold."""

    anchors: tuple[int, ...] = ()
    pinned: tuple[int, ...] = ()
    seals: tuple[int, ...] = ()
    last: int = 0


State = dict[str, ExpectedSession]


class Act(NamedTuple):
    """A write, and what the store has to hold after it."""

    after: State
    run: Callable[[], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a kill left behind."""

    was_killed: bool
    """No: the child was done before."""
    steps: int
    """How many steps it took, where it was done."""
    seconds: float
    """How long it wrote, where it was done."""
    acknowledged: int
    """How many turns the store had to hold."""
    lost: int
    """How many of them it did not."""
    faults: tuple[str, ...]
    """What else was wrong."""


@dataclass
class _StepKiller:
    """Counts a connection's steps, and kills the process at one of them."""

    fatal: int
    seen: int = 0
    is_armed: bool = False

    def watch(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(lambda _statement: self.tick())
        connection.set_progress_handler(self.tick, _INSTRUCTIONS)

    def tick(self) -> int:
        self.seen += self.is_armed
        if self.is_armed and self.seen == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0


def make_word(session: str, anchor: int) -> str:
    """Return a word that occurs in one turn and nowhere else."""
    return f"zebra{session}n{anchor}q"


def make_turn(session: str, anchor: int) -> Turn:
    """Return a turn that differs from all others in text, identifier and image."""
    text = (
        f"{make_word(session, anchor)} see https://{make_word(session, anchor)}.example/ " + "and so on " * 40
    )
    return Turn(role="user", text=text, images=(make_word(session, anchor).encode() * 100,))


def kill_writer(path: Path, kind: str, *, step: int = 0, delay_s: float | None = None) -> Outcome:
    """Start a process that writes, kill it at a step or after a delay, and examine what it left."""
    ours, theirs = _fork.Pipe(duplex=False)
    child = _fork.Process(target=_write, args=(str(path), kind, step, theirs))
    child.start()
    theirs.close()
    before: State = {}
    during: State | None = None
    steps, armed_at, done_s = 0, 0.0, 0.0
    while True:
        try:
            if (
                armed_at
                and delay_s is not None
                and not ours.poll(max(0, armed_at + delay_s - time.monotonic()))
            ):
                child.kill()
                delay_s = None
            message, value = ours.recv()
        except EOFError:
            break
        if message == "armed":
            armed_at = time.monotonic()
        elif message == "begin":
            during = value
        elif message == "acknowledge":
            before, during = value, None
        else:
            steps, done_s = value, time.monotonic() - armed_at
    child.join()
    was_killed = child.exitcode == -signal.SIGKILL
    faults = [] if was_killed or child.exitcode == 0 else [f"the child ended with {child.exitcode}"]
    lost, more = _examine(path, before, during)
    return Outcome(
        was_killed=was_killed,
        steps=steps,
        seconds=done_s,
        acknowledged=sum(len(session.anchors) for session in before.values()),
        lost=lost,
        faults=(*faults, *more),
    )


def _write(path: str, kind: str, step: int, pipe: Connection) -> None:
    """Write as a child process; report what is begun and what is done."""
    clockwork = _StepKiller(fatal=step)
    event.listen(Pool, "connect", clockwork.watch)
    if kind == KINDS[0]:
        clockwork.is_armed = True
        pipe.send(("armed", None))
    with Store.open(path) as store:
        state: State = {}
        if kind != KINDS[0]:
            state = _prepare(store)
            pipe.send(("acknowledge", state))
            clockwork.is_armed = True
            pipe.send(("armed", None))
        for act in _acts(kind, store, state):
            pipe.send(("begin", act.after))
            act.run()
            pipe.send(("acknowledge", act.after))
        clockwork.is_armed = False
    pipe.send(("done", clockwork.seen))


def _prepare(store: Store) -> State:
    shelf = store.session("chat")
    shelf.append([make_turn("chat", anchor) for anchor in range(1, 13)])
    shelf.add_seals(_seals(1, 2, 3), edits=0)
    store.session("other").append([make_turn("other", 1)])
    chat = ExpectedSession(anchors=tuple(range(1, 13)), seals=(1, 2, 3), last=12)
    return {"chat": chat, "other": ExpectedSession(anchors=(1,), last=1)}


def _seals(*numbers: int) -> list[SealRecord]:
    return [SealRecord(number=number, digest="d", body=f'{{"n": {number}}}') for number in numbers]


def _acts(kind: str, store: Store, state: State) -> Iterator[Act]:
    """Yield writes of a kind, each with the state that must hold after it."""
    shelf = store.session("chat")
    now = state
    for round_ in range(_TIMES):
        chat = now.get("chat", ExpectedSession())
        after, run = _make_act(kind, shelf, chat, round_)
        now = {**now, **after}
        if kind == "clear" and round_ % 2 == 0:
            now = {name: session for name, session in now.items() if name != "chat"}
        yield Act(now, run)


def _make_act(
    kind: str, shelf: SessionStore, chat: ExpectedSession, round_: int
) -> tuple[State, Callable[[], object]]:
    if kind in {KINDS[0], "append one", "append many"} or (kind == "clear" and round_ % 2):
        new = tuple(range(chat.last + 1, chat.last + (26 if kind == "append many" else 2)))
        after = replace(chat, anchors=chat.anchors + new, last=new[-1])
        return {"chat": after}, lambda: shelf.append([make_turn("chat", anchor) for anchor in new])
    if kind == "pin":
        pin = chat.anchors[round_]
        return {"chat": replace(chat, pinned=(*chat.pinned, pin))}, lambda: shelf.set_pinned(pin, True)
    if kind == "truncate":
        cut = chat.anchors[-3]
        return {"chat": replace(chat, anchors=chat.anchors[:-2])}, lambda: shelf.truncate(after=cut)
    if kind == "delete":
        gone = chat.anchors[1::4]
        kept = tuple(anchor for anchor in chat.anchors if anchor not in gone)
        return {"chat": replace(chat, anchors=kept)}, lambda: shelf.delete(gone)
    return _make_session_act(kind, shelf, chat, round_)


def _make_session_act(
    kind: str, shelf: SessionStore, chat: ExpectedSession, round_: int
) -> tuple[State, Callable[[], object]]:
    if kind == "clear":  # afterwards there is no session of this name: see _acts
        return {}, shelf.clear
    if kind == "fork":
        return {f"fork{round_}": chat}, lambda: shelf.fork(f"fork{round_}")
    if kind == "add seals":
        new = (chat.seals[-1] + 1, chat.seals[-1] + 2)
        return {"chat": replace(chat, seals=chat.seals + new)}, lambda: shelf.add_seals(_seals(*new), edits=0)
    other = range(2, 6 + round_)
    after = replace(chat, seals=(1, *other))
    return {"chat": after}, lambda: shelf.replace_seals(1, _seals(*other), edits=round_)


@dataclass
class _Examination:
    """Collects what is wrong with a store."""

    faults: list[str] = field(default_factory=list)

    def check(self, is_right: bool, fault: str) -> None:
        if not is_right:
            self.faults.append(fault)


def _examine(path: Path, before: State, during: State | None) -> tuple[int, tuple[str, ...]]:
    """Open what a killed process left; return how many acknowledged turns are lost, and all other faults."""
    found = _Examination()
    with Store.open(path) as store:
        now = {session.name: _read_session(store.session(session.name)) for session in store.sessions()}
        found.check(now in (before, during), f"neither before nor after: {before} … {during}: {now}")
        for name, session in now.items():
            _examine_session(store.session(name), session, found)
        _examine_bytes(path, before, now, found)
        for name, session in now.items():
            (added,) = store.session(name).append([make_turn(name, session.last + 1)])
            found.check(added.anchor == session.last + 1, f"the next turn became §{added.anchor}")
        if not now:
            store.session("chat").append([make_turn("chat", 1)])
    database = sqlite3.connect(path)
    found.check(database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity")
    found.check(database.execute("PRAGMA foreign_key_check").fetchall() == [], "foreign keys")
    database.execute("INSERT INTO glyph_search (glyph_search) VALUES ('integrity-check')")
    database.close()
    lost = 0
    for name, session in before.items():
        meant = set(session.anchors)
        if during is not None and now == during:
            meant &= set(during.get(name, ExpectedSession()).anchors)
        lost += len(meant - set(now.get(name, ExpectedSession()).anchors))
    return lost, tuple(found.faults)


def _read_session(shelf: SessionStore) -> ExpectedSession:
    turns = list(shelf.turns())
    return ExpectedSession(
        anchors=tuple(turn.anchor or 0 for turn in turns),
        pinned=tuple(turn.anchor or 0 for turn in turns if turn.pinned),
        seals=tuple(seal.number for seal in shelf.seals()),
        last=shelf.state().last_anchor,
    )


def _examine_session(shelf: SessionStore, session: ExpectedSession, found: _Examination) -> None:
    """Check that each turn is complete, can be found, and has its identifiers."""
    origin = "chat" if shelf.name.startswith("fork") else shelf.name
    for stored in shelf.turns():
        anchor = stored.anchor or 0
        if anchor <= 12 or origin == shelf.name:
            wanted = make_turn(origin, anchor)
            found.check(
                (stored.text, stored.images) == (wanted.text, wanted.images), f"§{anchor} is not whole"
            )
            hits = [hit.turn.anchor for hit in shelf.search(make_word(origin, anchor), k=5)]
            found.check(hits == [anchor], f"§{anchor} is found as {hits}")
    known = sorted({anchor for one in shelf.identifiers(limit=10_000) for anchor in one.anchors})
    found.check(known == sorted(session.anchors), f"identifiers of {known}, turns {session.anchors}")
    found.check(shelf.state().turns == len(session.anchors), "the number of turns")


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


def main() -> None:
    kills = 40 if "--quick" in sys.argv else 200
    draw = random.Random(2025)
    rows, results, total_lost, total_faults = [], [], 0, 0
    with tempfile.TemporaryDirectory() as directory:
        for kind in KINDS:
            dry = kill_writer(Path(directory) / f"{kind}.db", kind)
            outcomes = []
            each = kills // len(KINDS)
            for number in range(each):
                path = Path(directory) / f"{kind} {number}.db"
                delay_s = draw.uniform(0, dry.seconds)
                step = 1 + number * (dry.steps - 1) // max(1, each - 1)
                outcome = (
                    kill_writer(path, kind, delay_s=delay_s)
                    if number % 2
                    else kill_writer(path, kind, step=step)
                )
                while not outcome.was_killed:  # It was faster than expected.
                    path.unlink()
                    delay_s /= 2
                    outcome = kill_writer(path, kind, delay_s=delay_s)
                outcomes.append(outcome)
                for fault in outcome.faults:
                    print(f"{kind}, kill {number}: {fault}")
            killed = sum(outcome.was_killed for outcome in outcomes)
            acknowledged = sum(outcome.acknowledged for outcome in outcomes)
            lost = sum(outcome.lost for outcome in outcomes)
            whole = sum(not outcome.faults for outcome in outcomes)
            total_lost, total_faults = total_lost + lost, total_faults + len(outcomes) - whole
            rows.append((kind, dry.steps, killed, acknowledged, lost, f"{whole} of {len(outcomes)}"))
            results.append(
                {"kind": kind, "kills": killed, "acknowledged": acknowledged, "lost": lost, "whole": whole}
            )
    head = ("kind of write", "steps", "kills", "turns acknowledged", "lost", "reopened whole")
    print_table("A writer killed, and what the store still held", head, rows)
    print(f"\n{total_lost} lost")
    write_results("durability", {"kinds": results})
    if total_lost or total_faults:
        sys.exit(1)


if __name__ == "__main__":
    main()
