"""Start a process that writes to a store, and kill it at a step or at a moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from sqlalchemy import Connection as SqlConnection
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

from lib.acts import list_acts
from lib.examine import examine
from lib.starts import Place
from lib.writes import FROM_OUTSIDE, State

_INSTRUCTIONS = 200
"""Of SQLite's machine, between two steps."""

_fork = multiprocessing.get_context("fork")
"""The parent has all modules, no thread and no open store."""


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

    def watch(self, connection: object, _record: object) -> None:
        """Count what SQLite does on a connection."""
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(lambda _statement: self.tick())
            connection.set_progress_handler(self.tick, _INSTRUCTIONS)

    def count_statement(self, connection: SqlConnection, *_: object) -> None:
        """Count a statement that is sent to a server."""
        if connection.dialect.name != "sqlite":
            self.tick()

    def tick(self) -> int:
        self.seen += self.is_armed
        if self.is_armed and self.seen == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0


def kill_writer(
    place: Place, kind: str, before: State, *, step: int = 0, delay_s: float | None = None
) -> Outcome:
    """Start a process that writes, kill it at a step or after a delay, and examine what it left.

    Args:
        place: Of a database that was filled.
        kind: Of write.
        before: What the database holds.
        step: Where it is killed.
        delay_s: When it is killed.
    """
    ours, theirs = _fork.Pipe(duplex=False)
    child = _fork.Process(target=_write, args=(place, kind, before, step, theirs))
    child.start()
    theirs.close()
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
    lost, more = examine(place, kind, before, during)
    return Outcome(
        was_killed=was_killed,
        steps=steps,
        seconds=done_s,
        acknowledged=sum(len(session.anchors) for session in before.values()),
        lost=lost,
        faults=(*faults, *more),
    )


def _write(place: Place, kind: str, state: State, step: int, pipe: Connection) -> None:
    """Write as a child process; report what is begun and what is done."""
    clockwork = _StepKiller(fatal=step)
    event.listen(Pool, "connect", clockwork.watch)
    event.listen(Engine, "before_cursor_execute", clockwork.count_statement)

    def arm() -> None:
        if not clockwork.is_armed:
            clockwork.is_armed = True
            pipe.send(("armed", None))

    if kind in FROM_OUTSIDE:
        arm()
    for act in list_acts(kind, place.database, place.folder, state):
        arm()
        pipe.send(("begin", act.after))
        act.run()
        pipe.send(("acknowledge", act.after))
    pipe.send(("done", clockwork.seen))
