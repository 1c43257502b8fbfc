"""Does a killed or forked process lose anything that a store had acknowledged?

Kills a writing process again and again: half the times at a step of the database's own, counted in statements and
in instructions of SQLite's machine, so that each kind of write is cut in the middle; half the times at a moment drawn
by lot, so that commits and checkpoints are cut as well. After each kill the store is opened anew: the file has to be
whole, the state has to be the one last acknowledged or that of the write that was cut, nothing between, turns have to
be found by search, what was forgotten has to be gone from the file's bytes and with its page images, and the next
turn has to be taken. A kill is not a power cut: what the disk itself loses is not measured here.

The same on a PostgreSQL server, where its programs are installed; its clients are killed, not the server. Then several
processes write one session, and one of them is killed. Last, a process is forked while its threads write: each child
writes, too. It has survived where it could, and all that it was told is stored is there.

    python benchmarks/durability.py [--quick]
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path

from lib.forks import fork_while_writing
from lib.kill import Outcome, kill_writer
from lib.mixed import kill_one_of_several
from lib.postgres import MISSING, drop_database, has_postgres, make_database, run_postgres
from lib.report import print_table
from lib.results import write_results
from lib.writes import KINDS

Row = dict[str, int | str]
NewDatabase = Callable[[], AbstractContextManager[Path | str]]
"""Makes an empty database, and removes it afterwards."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill and fork writers, print the table, write the numbers; end with 1 where anything was lost or wrong."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(
        description="Kill and fork writing processes; see what the store still holds."
    )
    parser.add_argument("--quick", action="store_true", help="90 kills and forks, not 1,000")
    quick = parser.parse_args(given).quick
    draw, rows = random.Random(2025), list[Row]()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        databases: list[tuple[str, NewDatabase, int]] = [("", lambda: _new_file(folder), 4 if quick else 50)]
        if has_postgres():
            socket = stack.enter_context(run_postgres())
            databases.append((", PostgreSQL", lambda: _new_on_server(socket), 2 if quick else 20))
        else:
            print(f"PostgreSQL is left out: {MISSING}")
        for where, new, kills in databases:
            for kind in KINDS:
                rows.append(count_kills(f"{kind}{where}", kill_many(new, kind, kills, draw=draw)))
        mixed, forks = (5, 10) if quick else (50, 100)
        for where, new, _ in databases:
            outcomes = [_kill_until_killed(new, draw) for _ in range(mixed)]
            rows.append(count_kills(f"one of three writers{where}", outcomes))
        for where, new, _ in databases:
            rows.append(count_forks(f"forked while three threads write{where}", new, forks))
    names = {"kind": "kind of write", "tried": "tried", "acknowledged": "turns acknowledged", "lost": "lost"}
    names |= {"survived": "survived"}
    print_table(
        "A writer killed or forked, and what the store still held",
        tuple(names.values()),
        [tuple(row[name] for name in names) for row in rows],
    )
    tried, lost, survived = (sum(int(row[name]) for row in rows) for name in ("tried", "lost", "survived"))
    print(f"\n{tried:,} tried, {survived:,} survived, {lost} lost")
    write_results("durability", {"kinds": rows}, arguments=given)
    if lost or survived != tried:
        sys.exit(1)


def count_kills(kind: str, outcomes: Sequence[Outcome]) -> Row:
    """Return a row of the table; print what was wrong."""
    for number, outcome in enumerate(outcomes):
        for fault in outcome.faults:
            print(f"{kind}, kill {number}: {fault}")
    return {
        "kind": kind,
        "tried": len(outcomes),
        "acknowledged": sum(outcome.acknowledged for outcome in outcomes),
        "lost": sum(outcome.lost for outcome in outcomes),
        "survived": sum(not outcome.faults and not outcome.lost for outcome in outcomes),
    }


def count_forks(kind: str, new: NewDatabase, forks: int) -> Row:
    """Fork a writing process so many times; return a row of the table, and print what was wrong."""
    with new() as database:
        outcome = fork_while_writing(str(database), forks=forks)
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


def kill_many(new: NewDatabase, kind: str, kills: int, *, draw: random.Random) -> list[Outcome]:
    """Kill so many writers of a kind, at steps and at moments in turn."""
    with new() as database:
        dry = kill_writer(database, kind)
    outcomes = []
    for number in range(kills):
        delay_s = draw.uniform(0, dry.seconds)
        step = 0 if number % 2 else 1 + number * (dry.steps - 1) // max(1, kills - 1)
        while True:
            with new() as database:
                outcome = kill_writer(database, kind, step=step, delay_s=None if step else delay_s)
            if outcome.was_killed:
                break
            step, delay_s = 0, delay_s / 2  # it was faster than expected
        outcomes.append(outcome)
    return outcomes


def _kill_until_killed(new: NewDatabase, draw: random.Random) -> Outcome:
    """Kill one of several writers, again where it was done before."""
    while True:
        with new() as database:
            outcome = kill_one_of_several(database, draw=draw)
        if outcome.was_killed or outcome.faults:
            return outcome


_numbers = count(1)


@contextmanager
def _new_file(folder: Path) -> Iterator[Path]:
    home = folder / str(next(_numbers))
    home.mkdir()
    yield home / "chat.db"
    shutil.rmtree(home)


@contextmanager
def _new_on_server(socket: str) -> Iterator[str]:
    name = f"killed{next(_numbers)}"
    yield make_database(socket, name)
    drop_database(socket, name)


if __name__ == "__main__":
    main()
