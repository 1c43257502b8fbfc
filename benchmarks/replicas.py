"""How much of a PostgreSQL server's reading goes to a streaming replica, and what does recall cost that way?

A store of some long sessions is filled; a replica follows its server. The same calls are made on a store without
replicas, on one with the replica, and on one whose replica has stopped and lacks the newest turn of each session. Each
call is made on all three in turns; the median of the ratios is printed, and what both servers did for each call.

Both servers run on this machine, so what is shown is work that moved, not throughput: that does not grow here.

    python benchmarks/replicas.py [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from math import inf
from typing import Any

from glyph_memory.errors import GlyphMemoryWarning
from glyph_memory.store import ServerOptions, SessionStore, Store
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn
from lib.postgres import (
    MISSING,
    has_postgres,
    make_database,
    make_url,
    run_postgres,
    run_replica,
    run_statement,
)
from lib.replica_work import measure_work
from lib.report import print_table
from lib.results import write_results
from lib.timing import time_call

Call = Callable[[SessionStore, int], object]
Figures = dict[str, Any]
_DATABASE = "recalled"
_COUNTED = 4
"""How many calls are counted for each that is timed: CPU time comes in hundredths of a second."""
_WORDS = (
    "deploy",
    "the failing test",
    "port",
    "error in the log",
    "config",
    "retry",
    "timeout",
    "which host",
)
_LAST = Turn(role="user", text="What did the deploy say about the port?")


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, measure and print all, and write it down."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Recall by way of a streaming replica of PostgreSQL.")
    parser.add_argument("--quick", action="store_true", help="short sessions and few calls, for a first look")
    options = parser.parse_args(given)
    if not has_postgres():
        sys.exit(MISSING)
    sessions, turns, calls = (2, 200, 10) if options.quick else (4, 1_000, 30)
    with ExitStack() as stack:
        # What autovacuum reads would be counted as well.
        primary = stack.enter_context(run_postgres(autovacuum="off"))
        replica = stack.enter_context(run_replica(primary))
        url = make_database(primary, _DATABASE)
        with Store.open(url) as store:
            for number in range(sessions):
                store.session(f"chat {number}").append(tuple(agent_conversation(turns=turns)))
        run_statement(primary, "VACUUM ANALYZE", database=_DATABASE)
        replica.catch_up(primary)
        sockets = {"primary": primary, "replica": replica.socket}
        make = partial(open_store, url, make_url(replica.socket, _DATABASE))
        kinds = make_calls()

        def compare_all() -> Figures:
            return {
                name: compare(call, make, sessions=sessions, calls=max(1, calls // parts), sockets=sockets)
                for name, (call, parts) in kinds.items()
            }

        even = compare_all()
        replica.run("SELECT pg_wal_replay_pause()")
        with Store.open(url) as store:
            for number in range(sessions):
                store.session(f"chat {number}").append([_LAST])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GlyphMemoryWarning)  # that it lags: it is to
            behind = compare_all()
        replica.run("SELECT pg_wal_replay_resume()")
        fresh = measure_fresh(make, calls=calls)
    print_figures(even, behind, fresh)
    figures = {
        "sessions": sessions,
        "turns": turns,
        "calls": calls,
        "even": even,
        "behind": behind,
        "fresh": fresh,
    }
    write_results("replicas", figures, arguments=given)


def open_store(url: str, replica: str, *, reads_replica: bool) -> Store:
    """Open the store with its replica, or without."""
    return Store.open(url, server=ServerOptions(replicas=(replica,)) if reads_replica else None)


def make_calls() -> dict[str, tuple[Call, int]]:
    """Return the calls by name, and by how much fewer of each are made."""
    return {
        "search, 8 passages": (lambda session, number: session.search(_WORDS[number % len(_WORDS)], k=8), 1),
        "identifiers, 20": (lambda session, number: session.identifiers(limit=20), 1),
        "all turns": (lambda session, number: [*session.turns()], 10),
    }


def compare(
    call: Call,
    make: Callable[..., Store],
    *,
    sessions: int,
    calls: int,
    sockets: dict[str, str],
) -> Figures:
    """Return the milliseconds of calls without and with the replica, their ratio, and what the servers did."""
    with make(reads_replica=False) as alone, make(reads_replica=True) as shared:
        times = list[tuple[float, float]]()
        for number in range(calls + 3):
            order = (alone, shared) if number % 2 else (shared, alone)
            taken = {
                store: time_call(partial(call, store.session(f"chat {number % sessions}"), number))
                for store in order
            }
            times.append((taken[alone], taken[shared]))
    times = times[3:]  # the first ones connect

    def run(made: int, *, reads_replica: bool) -> None:
        with make(reads_replica=reads_replica) as store:
            for number in range(made):
                call(store.session(f"chat {number % sessions}"), number)

    work = {
        way: measure_work(
            sockets, _DATABASE, partial(run, reads_replica=way == "shared"), calls=_COUNTED * calls
        )
        for way in ("alone", "shared")
    }
    return {
        "alone_ms": 1_000 * statistics.median(one for one, _ in times),
        "shared_ms": 1_000 * statistics.median(other for _, other in times),
        "ratio": statistics.median(other / one for one, other in times),
        "work": {way: {name: asdict(done) for name, done in both.items()} for way, both in work.items()},
    }


def measure_fresh(make: Callable[..., Store], *, calls: int) -> Figures:
    """Return what a search costs directly after a turn was stored, without and with the replica."""
    with make(reads_replica=False) as alone, make(reads_replica=True) as shared:
        times = list[tuple[float, float]]()
        for number in range(calls + 3):
            taken = []
            for store in (alone, shared):
                session = store.session(f"chat {number % 2}")
                session.append([_LAST])
                taken.append(time_call(partial(session.search, _WORDS[number % len(_WORDS)], k=8)))
            times.append((taken[0], taken[1]))
    times = times[3:]
    return {
        "alone_ms": 1_000 * statistics.median(one for one, _ in times),
        "shared_ms": 1_000 * statistics.median(other for _, other in times),
        "ratio": statistics.median(other / one for one, other in times),
    }


def print_figures(even: Figures, behind: Figures, fresh: Figures) -> None:
    """Print what calls cost, and what is left to the primary."""
    for title, rows in (
        ("The replica shows all", even),
        ("The replica lacks each session's newest turn", behind),
    ):
        print_table(
            title,
            (
                "call",
                "primary alone, ms",
                "with replica, ms",
                "ratio",
                "primary's blocks",
                "rows",
                "CPU",
                "both's CPU",
            ),
            [
                (name, row["alone_ms"], row["shared_ms"], row["ratio"], *count_left(row))
                for name, row in rows.items()
            ],
        )
    print_table(
        "A search directly after a turn was stored",
        ("", "primary alone, ms", "with replica, ms", "ratio"),
        [("search, 8 passages", fresh["alone_ms"], fresh["shared_ms"], fresh["ratio"])],
    )
    print(
        "\nBlocks, rows and CPU time: what is left with the replica, as a share of what the primary did alone."
    )


def count_left(row: Figures) -> tuple[float, float, float, float]:
    """Return the shares of the primary's blocks, rows and CPU time that are left, and both servers' CPU time."""
    alone, shared = row["work"]["alone"]["primary"], row["work"]["shared"]
    blocks, rows, cpu = (
        shared["primary"][what] / (alone[what] or inf) for what in ("blocks", "rows", "cpu_s")
    )
    return (
        blocks,
        rows,
        cpu,
        (shared["primary"]["cpu_s"] + shared["replica"]["cpu_s"]) / (alone["cpu_s"] or inf),
    )


if __name__ == "__main__":
    main()
