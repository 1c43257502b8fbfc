"""Fork a process that writes to a store, again and again, and see what the store still holds.

The children are forked by `os.fork`, as multiprocessing's "fork", gunicorn and daemons do, while threads of the parent
write on.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.store import Store
from glyph_memory.transcript import Turn

_STUCK_S = 60
"""A child that takes longer is stuck."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForkOutcome:
    """What forks left behind."""

    forks: int
    """How many children there were."""
    acknowledged: int
    """How many turns parent and children were told are stored."""
    lost: int
    """How many of them are not there."""
    refused: int
    """How many children were told that they cannot use the store."""
    stuck: int
    """How many were not done in a minute."""
    faults: tuple[str, ...]
    """What else was wrong."""


class Child:
    """A forked child that runs a function and sends what it returns, as JSON, or the line of an error of ours."""

    def __init__(self, run: Callable[[], object]) -> None:
        self._pipe, theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _run_in_child(run, theirs)
        os.close(theirs)

    def result(self) -> object:
        """Wait for what it returned.

        Raises:
            TimeoutError: It is stuck; it is killed.
            GlyphMemoryError: It raised one.
            RuntimeError: It raised something else, or ended without a word.
        """
        data, deadline = b"", time.monotonic() + _STUCK_S
        while True:
            ready, _, _ = select.select([self._pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                os.kill(self.pid, signal.SIGKILL)
                break
            if not (piece := os.read(self._pipe, 1 << 16)):
                break
            data += piece
        os.close(self._pipe)
        os.waitpid(self.pid, 0)
        if not ready:
            raise TimeoutError(f"the child {self.pid} is stuck")
        kind, value = json.loads(data or '["died", "without a word"]')
        if kind == "error":
            raise GlyphMemoryError(value)
        if kind == "died":
            raise RuntimeError(value)
        return value


def _run_in_child(run: Callable[[], object], pipe: int) -> NoReturn:
    signal.alarm(2 * _STUCK_S)  # should the parent be gone, too
    try:
        said: list[object] = ["done", run()]
    except GlyphMemoryError as error:
        said = ["error", str(error)]
    except BaseException as error:
        said = ["died", repr(error)]
    os.write(pipe, json.dumps(said).encode())
    os._exit(0)


@contextmanager
def keep_writing(store: Store, *, threads: int) -> Iterator[list[str]]:
    """Have threads append turns for as long as the context lasts; yield the list of those that were acknowledged."""
    stored, failed, done = list[str](), list[BaseException](), threading.Event()

    def write(thread: int) -> None:
        session_store, number = store.session(f"session {thread % 2}"), 0
        try:
            while not done.is_set():
                number += 1
                text = f"thread {thread}, turn {number}"
                session_store.append([Turn(role="user", text=text, images=(b"picture" * 100,))])
                stored.append(text)
        except BaseException as error:
            failed.append(error)

    workers = [threading.Thread(target=write, args=(thread,)) for thread in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield stored
    finally:
        done.set()
        for worker in workers:
            worker.join(_STUCK_S)
    if failed:
        raise failed[0]


def fork_while_writing(url: str, *, forks: int, threads: int = 3) -> ForkOutcome:
    """Fork children while threads write, let each write, and examine what is there in the end."""
    refused = stuck = 0
    acknowledged, faults = list[str](), list[str]()
    with Store.open(url, wait_s=_STUCK_S) as store:
        with keep_writing(store, threads=threads) as stored:
            before: Child | None = None
            for number in range(forks):
                child = Child(partial(_append, store, f"child {number}"))
                for one in (before, child if number == forks - 1 else None):
                    if one is None:
                        continue
                    try:
                        acknowledged += one.result()  # type: ignore[arg-type]  # a list of texts
                    except TimeoutError:
                        stuck += 1
                    except GlyphMemoryError:
                        refused += 1
                    except RuntimeError as error:
                        faults.append(str(error))
                before = child
        acknowledged += stored
    there = list[str]()
    with Store.open(url) as store:
        for session in store.sessions():
            turns = list(store.session(session.name).turns())
            there += [turn.text for turn in turns]
            if [turn.anchor for turn in turns] != list(range(1, len(turns) + 1)):
                faults.append(f"the anchors of {session.name!r} have gaps")
        faults += check_file(store)
    if len(set(there)) != len(there):
        faults.append("turns are there twice")
    lost = len(set(acknowledged) - set(there))
    return ForkOutcome(
        forks=forks, acknowledged=len(acknowledged), lost=lost, refused=refused, stuck=stuck, faults=(*faults,)
    )  # fmt: skip


def check_file(store: Store) -> list[str]:
    """Return what SQLite finds wrong in a store's file; nothing for other databases."""
    if store.path is None:
        return []
    database = sqlite3.connect(store.path)
    said = database.execute("PRAGMA integrity_check").fetchall()
    database.close()
    return [] if said == [("ok",)] else [f"integrity: {said}"]


def _append(store: Store, name: str) -> list[str]:
    texts = [f"{name}, turn {number}" for number in range(3)]
    for text in texts:
        store.session("children").append([Turn(role="user", text=text)])
    return texts
