"""Does a killed or forked process lose anything that a store had acknowledged?

Kills a writing process again and again: half the times at a step of the database's own, counted in statements and
in instructions of SQLite's machine, so that each kind of write is cut in the middle; half the times at a moment drawn
by lot, so that commits and checkpoints are cut as well. After each kill the store is opened anew: the file has to be
whole, the state has to be the one last acknowledged or that of the write that was cut, nothing between, turns have to
be found by search, what was forgotten has to be gone from the file's bytes and with its page images, and the next
turn has to be taken. A kill is not a power cut: what the disk itself loses is not measured here, so the files lie in
memory where the machine has a place for that.

The same on a PostgreSQL server, where its programs are installed; there, processes of the server are killed as well.
Then several processes write one session, and one of them is killed. Last, a process is forked while its threads write:
each child writes, too. It has survived where it could, and all that it was told is stored is there.

    python benchmarks/durability.py             10,000 kills
    python benchmarks/durability.py --kills 500
    python benchmarks/durability.py --quick     does everything run?
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from lib.forks import ForkOutcome, fork_while_writing
from lib.kill import Outcome, kill_writer
from lib.killed_backends import kill_backends
from lib.memory_folder import find_room
from lib.mixed import kill_one_of_several
from lib.postgres import MISSING, has_postgres, run_postgres
from lib.report import print_table
from lib.results import write_results
from lib.starts import EMPTY, Place, Starts, find_start
from lib.writes import KINDS, OF_FILES, State

Row = dict[str, int | str]
KILLS, QUICK_KILLS = 10_000, 150
_FORKS = 100
_SHARE_ON_SERVER, _SHARE_OF_SEVERAL, _SHARE_OF_BACKENDS = 0.22, 0.015, 0.006
"""Of the kills: on PostgreSQL, of one of several writers, and of the server's processes."""
_AT_ONCE = 20
"""Kills that one process makes before it hands in what came of them."""


@dataclass(kw_only=True, slots=True)
class _Plan:
    """Kills of one kind of write."""

    title: str
    starts: Starts
    kind: str
    before: State
    kills: int
    dry: Outcome
    """One that is not killed: how many steps it takes, and how long."""

    def split(self, draw: random.Random) -> Iterable[list[tuple[int, float]]]:
        """Yield steps and delays, some at a time; step 0 is a delay."""
        dry = self.dry
        moments = [
            (
                0 if number % 2 else 1 + number * (dry.steps - 1) // max(1, self.kills - 1),
                draw.uniform(0, dry.seconds),
            )
            for number in range(self.kills)
        ]
        for first in range(0, len(moments), _AT_ONCE):
            yield moments[first : first + _AT_ONCE]


@dataclass(slots=True)
class _Rows:
    """Collects what came of kills, in the order of their kinds."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=lambda: defaultdict(list))

    def gather(self, futures: dict[Future[list[Outcome]], str]) -> None:
        """Wait for kills, and print at once what is wrong."""
        begun_s, done = time.monotonic(), 0
        for future in as_completed(futures):
            title = futures[future]
            for outcome in future.result():
                self.outcomes[title].append(outcome)
                for fault in outcome.faults:
                    print(f"{title}: {fault}", flush=True)
            before, done = done, done + len(future.result())
            if done // 500 > before // 500:
                print(f"{done:,} kills, {time.monotonic() - begun_s:,.0f} s", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill and fork writers, print the table, write the numbers; end with 1 where anything was lost or wrong."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(
        description="Kill and fork writing processes; see what the store still holds."
    )
    parser.add_argument(
        "--kills", type=int, default=KILLS, help=f"how many, of all kinds together: {KILLS:,}"
    )
    parser.add_argument("--workers", type=int, default=6, help="processes that kill, side by side")
    parser.add_argument("--seed", type=int, default=2025, help="of the moments that are drawn by lot")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_KILLS} kills and few forks")
    options = parser.parse_args(given)
    kills = QUICK_KILLS if options.quick else options.kills
    begun_s = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=find_room())))
        pool = stack.enter_context(ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")))
        all_starts = {"": Starts(folder=folder / "files")}
        crashing = None
        if has_postgres():
            first, second = (stack.enter_context(run_postgres(find_room())) for _ in range(2))
            all_starts[", PostgreSQL"] = Starts(folder=folder / "server", socket=first)
            crashing = Starts(folder=folder / "crashing", socket=second)
            crashing.make(EMPTY)
        else:
            print(f"PostgreSQL is left out: {MISSING}")
        rows = kill_all(pool, all_starts, crashing, kills, seed=options.seed)
        for where, starts in all_starts.items():
            rows.append(
                _count_forks(where, pool.submit(_fork_writer, starts, max(5, _FORKS * kills // KILLS)))
            )
    seconds = time.monotonic() - begun_s
    names = {"kind": "kind of write", "tried": "tried", "acknowledged": "turns acknowledged", "lost": "lost"}
    names |= {"survived": "survived"}
    print_table(
        "A writer killed or forked, and what the store still held",
        tuple(names.values()),
        [tuple(row[name] for name in names) for row in rows],
    )
    tried, lost, survived = (sum(int(row[name]) for row in rows) for name in ("tried", "lost", "survived"))
    print(f"\n{tried:,} tried, {survived:,} survived, {lost} lost; {seconds:,.0f} s")
    write_results("durability", {"seed": options.seed, "kinds": rows}, arguments=given)
    if lost or survived != tried:
        sys.exit(1)


def kill_all(
    pool: ProcessPoolExecutor,
    all_starts: dict[str, Starts],
    crashing: Starts | None,
    kills: int,
    *,
    seed: int,
) -> list[Row]:
    """Kill writers of all kinds; return the rows of the table.

    Args:
        pool: Processes that kill.
        all_starts: By what is added to the title of a kind.
        crashing: Of a server whose processes are killed.
        kills: How many, of all kinds together.
        seed: Draws moments.
    """
    draw, rows = random.Random(seed), _Rows()
    several = max(2, int(_SHARE_OF_SEVERAL * kills))
    backends = max(2, int(_SHARE_OF_BACKENDS * kills)) if crashing else 0
    plans = _plan(pool, all_starts, kills - backends - several * len(all_starts))
    futures: dict[Future[list[Outcome]], str] = {}
    if crashing:
        title = "append, a process of PostgreSQL killed"
        futures[pool.submit(kill_backends, crashing, backends, seed=seed)] = title
    for plan in plans:
        for moments in plan.split(draw):
            futures[pool.submit(_kill_many, plan.starts, plan.kind, plan.before, moments)] = plan.title
    for where, starts in all_starts.items():
        for first in range(0, several, _AT_ONCE):
            count = min(_AT_ONCE, several - first)
            futures[pool.submit(_kill_of_several, starts, count, seed + first)] = (
                f"one of three writers{where}"
            )
    rows.gather(futures)
    titles = dict.fromkeys([plan.title for plan in plans] + list(futures.values()))
    return [count_kills(title, rows.outcomes[title]) for title in titles]


def _plan(pool: ProcessPoolExecutor, all_starts: dict[str, Starts], kills: int) -> list[_Plan]:
    """Fill what is copied later, and see how long each kind of write takes; return how often each is killed."""
    planned: list[tuple[str, Starts, str, State, int, Future[Outcome]]] = []
    for where, starts in all_starts.items():
        kinds = [kind for kind in KINDS if not (where and kind in OF_FILES)]
        held = {start: starts.make(start) for start in dict.fromkeys([EMPTY, *map(find_start, kinds)])}
        on_server = int(_SHARE_ON_SERVER * kills) if len(all_starts) > 1 else 0
        own = on_server if where else kills - on_server
        for number, kind in enumerate(kinds):
            before, share = held[find_start(kind)], own // len(kinds) + (number < own % len(kinds))
            dry = pool.submit(_write_whole, starts, kind, before)
            planned.append((f"{kind}{where}", starts, kind, before, share, dry))
    plans = []
    for title, starts, kind, before, share, future in planned:
        dry_one = future.result()
        if dry_one.faults or dry_one.lost or dry_one.was_killed:
            raise AssertionError(f"{title}, not killed: {dry_one}")
        plans.append(_Plan(title=title, starts=starts, kind=kind, before=before, kills=share, dry=dry_one))
    return plans


def count_kills(kind: str, outcomes: Sequence[Outcome]) -> Row:
    """Return a row of the table."""
    return {
        "kind": kind,
        "tried": len(outcomes),
        "acknowledged": sum(outcome.acknowledged for outcome in outcomes),
        "lost": sum(outcome.lost for outcome in outcomes),
        "survived": sum(not outcome.faults and not outcome.lost for outcome in outcomes),
    }


def _count_forks(where: str, future: Future[ForkOutcome]) -> Row:
    """Return a row of the table for forks, and print what was wrong."""
    outcome, kind = future.result(), f"forked while three threads write{where}"
    for fault in outcome.faults:
        print(f"{kind}: {fault}")
    failed = outcome.refused + outcome.stuck + len(outcome.faults)
    return {
        "kind": kind,
        "tried": outcome.forks,
        "acknowledged": outcome.acknowledged,
        "lost": outcome.lost,
        "survived": outcome.forks - failed,
    }


# In the processes that kill.


def _write_whole(starts: Starts, kind: str, before: State) -> Outcome:
    """Write without a kill: twice, since the first one loads modules."""
    for _ in range(2):
        with starts.copy(find_start(kind)) as place:
            outcome = kill_writer(place, kind, before)
    return outcome


def _kill_many(
    starts: Starts, kind: str, before: State, moments: Sequence[tuple[int, float]]
) -> list[Outcome]:
    """Kill writers of a kind, each at its step or after its delay."""

    def kill(place: Place, step: int, delay_s: float) -> Outcome:
        return kill_writer(place, kind, before, step=step, delay_s=None if step else delay_s)

    return [_kill_until_killed(starts, find_start(kind), kill, *moment) for moment in moments]


def _kill_until_killed(
    starts: Starts, start: str, kill: Callable[[Place, int, float], Outcome], step: int, delay_s: float
) -> Outcome:
    """Kill a writer; earlier where it was done before."""
    while True:
        with starts.copy(start) as place:
            outcome = kill(place, step, delay_s)
        if outcome.was_killed or outcome.faults:
            return outcome
        step, delay_s = 0, delay_s / 2  # it was faster than expected


def _kill_of_several(starts: Starts, kills: int, seed: int) -> list[Outcome]:
    """Kill one of several writers, again where it was done before."""
    draw, outcomes = random.Random(seed), list[Outcome]()
    while len(outcomes) < kills:
        with starts.copy(EMPTY) as place:
            outcome = kill_one_of_several(place, draw=draw)
        if outcome.was_killed or outcome.faults:
            outcomes.append(outcome)
    return outcomes


def _fork_writer(starts: Starts, forks: int) -> ForkOutcome:
    with starts.copy(EMPTY) as place:
        return fork_while_writing(str(place.database), forks=forks)


if __name__ == "__main__":
    main()
