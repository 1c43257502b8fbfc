"""Does a store on PostgreSQL keep everything while connections are killed, and does it stay fast with many sessions?

First, threads write a few sessions while their connections are killed at random, half of the threads by way of
PgBouncer in transaction mode where that is installed. A call that failed is made again with the same id. At the end
each session has to have one order without gaps, and every acknowledged turn exactly once.

Then `add` and `context` are timed in a store of many sessions and in one of 100, in turns, on new sessions of both. The
median of the ratios of calls beside each other is printed beside its aim.

    python benchmarks/postgres.py [--quick] [--minutes N] [--sessions N]
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial

from glyph_memory.memory import GlyphMemory
from glyph_memory.store import Store
from lib.killed_writers import WrittenSessions, write_while_killed
from lib.many_sessions import fill_sessions
from lib.pgbouncer import MISSING_BOUNCER, has_pgbouncer, make_bounced_url, run_pgbouncer
from lib.postgres import MISSING, has_postgres, make_database, run_postgres
from lib.report import print_table, say_whether
from lib.results import write_results
from lib.timing import time_call

WRITERS, SESSIONS = 32, 8
FEW_SESSIONS = 100
AIM = 1.3
_KILL_EVERY_S = 0.1
Figures = dict[str, object]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write under fire, time both stores, print both tables; end with 1 where anything was lost or wrong."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="A store on PostgreSQL: killed connections, many sessions.")
    parser.add_argument("--quick", action="store_true", help="10 s, and 2,000 sessions, for a first look")
    parser.add_argument("--minutes", type=float, default=10, help="how long is written")
    parser.add_argument(
        "--sessions", type=int, default=100_000, help="how many sessions the larger store has"
    )
    options = parser.parse_args(given)
    if not has_postgres():
        sys.exit(MISSING)
    seconds = 10.0 if options.quick else options.minutes * 60
    sessions = 2_000 if options.quick else options.sessions
    with ExitStack() as stack:
        socket = stack.enter_context(run_postgres())
        url = make_database(socket, "killed")
        urls = [url]
        if has_pgbouncer():
            bouncer = stack.enter_context(run_pgbouncer(socket, server_connections=8))
            urls.append(make_bounced_url(bouncer, url))
        else:
            print(f"PgBouncer is left out: {MISSING_BOUNCER}")
        outcome = write_while_killed(
            urls,
            server_url=url,
            writers=WRITERS,
            sessions=SESSIONS,
            seconds=seconds,
            kill_every_s=_KILL_EVERY_S,
        )
        is_whole = print_outcome(outcome, seconds=seconds, ways=len(urls))
        small, large = (make_database(socket, name) for name in ("small", "large"))
        fill_sessions(small, sessions=FEW_SESSIONS)
        fill_sessions(large, sessions=sessions)
        costs = compare_costs(small, large, rounds=60 if options.quick else 400)
    print_costs(costs, sessions=sessions)
    killed: Figures = {
        **asdict(outcome),
        "failed": dict(outcome.failed),
        "seconds": seconds,
        "ways": len(urls),
    }
    write_results("postgres", {"killed": killed, "sessions": sessions, "costs": costs}, arguments=given)
    if not is_whole:
        sys.exit(1)


def print_outcome(outcome: WrittenSessions, *, seconds: float, ways: int) -> bool:
    """Print what came of writing while connections were killed; return whether nothing is wrong."""
    print_table(
        f"{WRITERS} writers on {SESSIONS} sessions for {seconds:,.0f} s, {ways} ways to the server",
        ("connections killed", "calls that failed", "acknowledged", "stored", "lost", "doubled"),
        [
            (
                outcome.kills,
                outcome.failed.total(),
                outcome.acknowledged,
                outcome.stored,
                outcome.lost,
                outcome.doubled,
            )
        ],
    )
    for said, count in outcome.failed.most_common():
        print(f"{count:,} × {said} …")
    for fault in outcome.faults:
        print(f"wrong: {fault}")
    return not (outcome.lost or outcome.doubled or outcome.faults or outcome.stored != outcome.acknowledged)


def compare_costs(small: str, large: str, *, rounds: int) -> dict[str, dict[str, float]]:
    """Return the medians of both stores, and of the ratio of two calls beside each other, for `add` and `context`."""
    taken: dict[str, list[list[float]]] = {name: [[], []] for name in ("add", "context")}
    with ExitStack() as stack:
        stores = [stack.enter_context(Store.open(url)) for url in (small, large)]
        memories = [
            [GlyphMemory.open(store, session=f"timed {number}", profile="glyph") for number in range(4)]
            for store in stores
        ]
        for place in range(rounds + 5):
            for which in ((0, 1), (1, 0))[place % 2]:
                memory = memories[which][place % 4]
                line = f"Release {place} runs on build-{place}.internal, port 8443."
                times = (time_call(partial(memory.add, "user", line)), time_call(memory.context))
                if place >= 5:  # the first ones meet what is not yet in memory
                    for name, seconds in zip(taken, times, strict=True):
                        taken[name][which].append(seconds)
    return {
        name: {
            "small_ms": 1_000 * statistics.median(both[0]),
            "large_ms": 1_000 * statistics.median(both[1]),
            "ratio": statistics.median(large / small for small, large in zip(*both, strict=True)),
        }
        for name, both in taken.items()
    }


def print_costs(costs: dict[str, dict[str, float]], *, sessions: int) -> None:
    """Print both medians, their ratio and its aim."""
    print_table(
        f"A call in a store of {sessions:,} sessions, and in one of {FEW_SESSIONS}",
        ("call", f"{FEW_SESSIONS} sessions, ms", f"{sessions:,} sessions, ms", "ratio", f"at most {AIM}"),
        [
            (name, cost["small_ms"], cost["large_ms"], cost["ratio"], say_whether(cost["ratio"] <= AIM))
            for name, cost in costs.items()
        ],
    )


if __name__ == "__main__":
    main()
