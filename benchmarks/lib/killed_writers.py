"""Many threads write a few sessions on a server while their connections are killed at random; then look what is there.

A writer whose call failed does not know whether it was stored. It makes the same call again, with the same id.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

from sqlalchemy import NullPool, create_engine, text

from glyph_memory.errors import StoreError
from glyph_memory.store import ServerOptions, Store
from glyph_memory.transcript import Turn

_VICTIMS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


@dataclass(kw_only=True)
class WrittenSessions:
    """What came of it."""

    acknowledged: int = 0
    """Turns that a writer was told are stored."""
    stored: int = 0
    """Turns that are there at the end."""
    failed: Counter[str] = field(default_factory=Counter)
    """Calls that raised, by the beginning of what they said."""
    kills: int = 0
    """Connections that were killed."""
    lost: int = 0
    """Acknowledged turns that are not there under the anchor that was told."""
    doubled: int = 0
    """Turns that are there more than once."""
    faults: tuple[str, ...] = ()
    """What else is not as it has to be."""


def write_while_killed(
    urls: Sequence[str],
    *,
    server_url: str,
    writers: int,
    sessions: int,
    seconds: float,
    kill_every_s: float,
    seed: int = 0,
) -> WrittenSessions:
    """Let threads append for a time while connections are killed; return what is there afterwards.

    Args:
        urls: Of one database, by different ways; each has its share of the writers.
        server_url: The same database, for the one who kills.
        writers: How many threads.
        sessions: How many sessions; writers share them.
        seconds: For how long.
        kill_every_s: How long the pauses between two kills are, on average.
        seed: Draws moments and victims.
    """
    outcome, stop = WrittenSessions(), threading.Event()
    told: list[dict[str, int]] = [{} for _ in range(writers)]
    with ExitStack() as stack:
        server = ServerOptions(pool_size=writers // len(urls), pool_overflow=0)
        stores = [stack.enter_context(Store.open(url, wait_s=60, server=server)) for url in urls]
        killer = threading.Thread(target=_kill, args=(server_url, stop, kill_every_s, seed, outcome))

        def write(writer: int) -> Counter[str]:
            session = stores[writer % len(stores)].session(f"session {writer % sessions}")
            failed, deadline, number = Counter[str](), time.monotonic() + seconds, 0
            while time.monotonic() < deadline:
                said = f"{writer} {number}"
                turn = Turn(role="user", text=said, id=said)
                while True:
                    try:
                        (stored,) = session.append([turn])
                        break
                    except StoreError as error:
                        failed[str(error).split("'")[0].strip() or str(error).split("' ")[-1][:40]] += 1
                told[writer][said] = stored.anchor or 0
                number += 1
            return failed

        killer.start()
        try:
            with ThreadPoolExecutor(writers) as threads:
                for failed in threads.map(write, range(writers)):
                    outcome.failed += failed
        finally:
            stop.set()
            killer.join()
    with Store.open(server_url) as store:
        _examine(store, told, sessions=sessions, outcome=outcome)
    return outcome


def _kill(url: str, stop: threading.Event, every_s: float, seed: int, outcome: WrittenSessions) -> None:
    draw, engine = random.Random(seed), create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        while not stop.wait(draw.uniform(0, 2 * every_s)):
            if victims := connection.execute(_VICTIMS).scalars().all():
                victim = {"pid": draw.choice(victims)}
                outcome.kills += bool(
                    connection.execute(text("SELECT pg_terminate_backend(:pid)"), victim).scalar()
                )
            connection.rollback()


def _examine(
    store: Store, told: Sequence[Mapping[str, int]], *, sessions: int, outcome: WrittenSessions
) -> None:
    """See that each session has one order without gaps, and each writer's turns are in it, once and in its order."""
    faults = list[str]()
    for number in range(sessions):
        name = f"session {number}"
        turns = list(store.session(name).turns())
        outcome.stored += len(turns)
        if [turn.anchor for turn in turns] != list(range(1, len(turns) + 1)):
            faults.append(f"{name} has gaps between its anchors")
        there = {turn.text: turn.anchor for turn in turns}
        outcome.doubled += len(turns) - len(there)
        for writer in range(number, len(told), sessions):
            mine = [turn.text for turn in turns if turn.text.startswith(f"{writer} ")]
            if mine != [f"{writer} {place}" for place in range(len(mine))]:
                faults.append(f"the turns of writer {writer} are not in its order")
            outcome.acknowledged += len(told[writer])
            outcome.lost += sum(there.get(said) != anchor for said, anchor in told[writer].items())
    outcome.faults = tuple(faults)
