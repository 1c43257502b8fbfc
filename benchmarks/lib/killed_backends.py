"""Kill a process of a PostgreSQL server with SIGKILL while a client writes, and see what is there once it is up again.

The server then ends all its processes, as after any crash, and replays its log. A writer whose call failed does not
know whether it was stored. It makes the same call again, with the same ids.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time

from glyph_memory.errors import StoreError
from glyph_memory.store import Store
from glyph_memory.transcript import Turn
from lib.kill import Outcome
from lib.starts import EMPTY, Place, Starts

_AFTER = 3
"""How many more writes there are once the server is up again."""
_PATIENCE_S = 60.0


class _Writer(threading.Thread):
    """Appends turns, two at a time, until it is told to end."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place
        self.acknowledged: dict[str, int] = {}
        self.faults: list[str] = []
        self.failures = 0
        self.stop = threading.Event()

    def run(self) -> None:
        try:
            with Store.open(self._place.database) as store:
                number = 0
                while not self.stop.is_set():
                    number += 1
                    pair = [f"{number} a", f"{number} b"]
                    for turn in self._append(store, [Turn(role="user", text=one, id=one) for one in pair]):
                        self.acknowledged[turn.text] = turn.anchor or 0
        except BaseException as error:
            self.faults.append(f"the writer ended with {error!r}")

    def _append(self, store: Store, turns: list[Turn]) -> tuple[Turn, ...]:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return store.session("chat").append(turns)
            except StoreError as error:
                self.failures += 1
                if "\n" in str(error):
                    self.faults.append(f"an error of more than one line: {error}")
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def kill_backends(starts: Starts, kills: int, *, seed: int) -> list[Outcome]:
    """Kill a server's process so many times, each time in a database of its own.

    Args:
        starts: Of a server that nobody else uses.
        kills: How many.
        seed: Draws when.
    """
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # which tells of each that is gone
    draw = random.Random(seed)
    return [_kill_backend(starts, draw.uniform(0, 0.1)) for _ in range(kills)]


def _kill_backend(starts: Starts, delay_s: float) -> Outcome:
    begun_s = time.monotonic()
    with starts.copy(EMPTY) as place:
        writer = _Writer(place)
        writer.start()
        _wait_for(writer, 2)
        time.sleep(delay_s)
        pids = place.list_backends()
        for pid in pids[:1]:
            os.kill(pid, signal.SIGKILL)
        _wait_for(writer, len(writer.acknowledged) + 2 * _AFTER)
        writer.stop.set()
        writer.join()
        faults = list(writer.faults)
        with Store.open(place.database) as store:
            turns = list(store.session("chat").turns())
            hits = [store.session("chat").search(f'"{turn.text}"', k=1) for turn in turns[-4:]]
    there = {turn.text: turn.anchor for turn in turns}
    if len(there) != len(turns):
        faults.append("turns are there twice")
    if [turn.anchor for turn in turns] != list(range(1, len(turns) + 1)):
        faults.append("the anchors have gaps")
    if not all(hits):
        faults.append("a turn is not found")
    if not pids:
        faults.append("there was no process to kill")
    return Outcome(
        was_killed=bool(pids),
        steps=0,
        seconds=time.monotonic() - begun_s,
        acknowledged=len(writer.acknowledged),
        lost=sum(there.get(text) != anchor for text, anchor in writer.acknowledged.items()),
        faults=tuple(faults),
    )


def _wait_for(writer: _Writer, turns: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while len(writer.acknowledged) < turns and writer.is_alive() and time.monotonic() < deadline:
        time.sleep(0.002)
