"""Does adding turn 10,000 cost what adding turn 1,000 did?

Builds one memory of 1,000 turns and one of 10,000, each in an SQLite file of its own, and adds the same further turns
to both in turn, a context after each: as an agent's loop does. What is measured for each `add` and each `context`:

- CPU time, of the whole process (`time.process_time`; waiting for the disk is not in it). The two memories take
  turns, so that whatever else the machine does meets both.
- rows written: what SQLite's `total_changes` goes up by, the full-text index's own tables included.
- rows read: rows that statements gave to Python.
- steps: instructions of SQLite's virtual machine, which also tell of rows that were looked at and not given.

Rows and steps are counted on turns of their own, since counting takes time. Means hold the seals that are made every
hundred turns or so, medians the calls in between. No generation begins in the stretches that are measured: where one
would,
more turns are added before.

    python benchmarks/append.py [--quick] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import math
import pstats
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine, event

from glyph_memory import FoldPolicy, GlyphMemory, ModelProfile, Turn
from glyph_memory.context import RecentImages
from glyph_memory.testing import agent_conversation
from lib.report import print_table
from lib.results import write_results

AIM = 1.3
CALLS = ("add", "context")


@dataclass
class Counter:
    """Counts what SQLite does for one memory: its connections are made while `count_statements` is entered."""

    rows_read: int = 0
    steps: int = 0
    connections: list[sqlite3.Connection] = field(default_factory=list)

    @property
    def rows_written(self) -> int:
        """Rows inserted, changed or deleted so far."""
        return sum(connection.total_changes for connection in self.connections)

    def totals(self) -> tuple[int, int, int]:
        """Return rows written, rows read and steps."""
        return self.rows_written, self.rows_read, self.steps

    def watch(self, connection: sqlite3.Connection, _: object) -> None:
        """Count what is done over a connection from now on."""

        def row(cursor: sqlite3.Cursor, values: tuple[object, ...]) -> tuple[object, ...]:
            self.rows_read += 1
            return values

        def step() -> int:
            self.steps += 1
            return 0

        connection.row_factory = row
        connection.set_progress_handler(step, 1)
        self.connections.append(connection)


@contextmanager
def count_statements() -> Iterator[Counter]:
    """Count what is done over connections that are made within the block."""
    counter = Counter()
    event.listen(Engine, "connect", counter.watch)
    try:
        yield counter
    finally:
        event.remove(Engine, "connect", counter.watch)


@dataclass
class Subject:
    """A memory that grows, and what is measured of it."""

    path: Path
    spare: list[Turn]
    """What it goes on with until there is room for what is measured."""
    memory: GlyphMemory
    cpu_s: dict[str, list[float]] = field(default_factory=lambda: {call: [] for call in CALLS})
    counts: dict[str, list[tuple[int, ...]]] = field(default_factory=lambda: {call: [] for call in CALLS})

    def calls(self, turn: Turn) -> dict[str, Callable[[], object]]:
        """Return the calls of an agent's loop."""
        return {"add": lambda: self.memory.add(turn), "context": self.memory.context}

    def time_one(self, turn: Turn) -> None:
        """Make each call once, and record its CPU time."""
        for name, call in self.calls(turn).items():
            begin = time.process_time()
            call()
            self.cpu_s[name].append(time.process_time() - begin)

    def count_one(self, turn: Turn, counter: Counter) -> None:
        """Make each call once, and record what it does in the database."""
        for name, call in self.calls(turn).items():
            before = counter.totals()
            call()
            self.counts[name].append(
                tuple(one - other for one, other in zip(counter.totals(), before, strict=True))
            )


def build_memory(path: Path, talk: Sequence[Turn], length: int, *, policy: FoldPolicy, room: int) -> Subject:
    """Return a memory of so many turns, or a few more, so that no generation begins within the next `room` turns."""
    subject = Subject(path=path, spare=list(talk[length:]), memory=GlyphMemory.open(path, policy=policy))
    subject.memory.extend(talk[:length])
    while True:
        fold = subject.memory.fold()
        turns, tokens = (
            sum(len(seal.anchors) for seal in fold.visible_seals),
            sum(seal.tokens for seal in fold.visible_seals),
        )
        budget = policy.seal_budget_tokens(head_tokens=fold.head_tokens)
        if not turns or tokens + 1.5 * room * tokens / turns < budget:
            return subject
        subject.memory.extend(subject.spare[:100])
        del subject.spare[:100]


def time_opening(path: Path, *, policy: FoldPolicy) -> tuple[float, float]:
    """Return CPU seconds of the first context after opening, with and without cached pages; smallest of three."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    for has_cache in (True, False) * 3:
        begin = time.process_time()
        with GlyphMemory.open(path, policy=policy, cache=None if has_cache else RecentImages()) as memory:
            memory.context()
        taken[has_cache].append(time.process_time() - begin)
    return min(taken[True]), min(taken[False])


def measure(
    lengths: tuple[int, int], *, repeats: int, counted: int, folder: Path, profile: bool
) -> dict[str, object]:
    """Build both memories, measure them in alternation, and return all figures."""
    policy = FoldPolicy.for_profile(ModelProfile.from_name("glyph"))
    room = repeats + counted
    talk = agent_conversation(turns=lengths[1] + 30 * room).turns
    more = [replace(turn, id=f"measured-{turn.id}") for turn in agent_conversation(turns=room, seed=1).turns]
    short, long = (
        build_memory(folder / f"{length}.db", talk, length, policy=policy, room=room) for length in lengths
    )
    starts = [subject.memory.report().turns for subject in (short, long)]
    generations = [subject.memory.fold().generation for subject in (short, long)]
    for subject in (short, long):
        subject.memory.context()
    for number, turn in enumerate(more[:repeats]):
        for subject in (short, long) if number % 2 else (long, short):
            subject.time_one(turn)
    for subject in (short, long):
        subject.memory.close()
        with count_statements() as counter, GlyphMemory.open(subject.path, policy=policy) as subject.memory:
            subject.memory.context()
            for turn in more[repeats:]:
                subject.count_one(turn, counter)
            fold, report = subject.memory.fold(), subject.memory.report()
            print(
                f"{subject.path.stem:>6} turns: {report.seals} of {len(fold.seals)} seals shown, {report.pages} pages, "
                f"{report.recent_turns} turns as text, generation {report.generation}"
            )
            if report.generation != generations.pop(0):
                raise SystemExit("a generation began within the measured stretch; choose another length")
    opening = {
        length: time_opening(subject.path, policy=policy)
        for length, subject in zip(lengths, (short, long), strict=True)
    }
    if profile:
        print_profile(long, policy)
    return summarize(lengths, (short, long), opening) | {"turns_at_start": starts}


def print_profile(subject: Subject, policy: FoldPolicy) -> None:
    """Print where `add` spends its time."""
    with GlyphMemory.open(subject.path, policy=policy) as memory:
        memory.context()
        profiler = cProfile.Profile()
        for turn in subject.spare[:200]:
            profiler.runcall(memory.add, turn)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
        pstats.Stats(profiler).sort_stats("cumtime").print_stats(40)


def ratio(later: float, earlier: float) -> float:
    """Return how many times as much the later value is; 1 where both are 0."""
    return later / earlier if earlier else 1.0 if not later else math.inf


def summarize(
    lengths: tuple[int, int], subjects: tuple[Subject, Subject], opening: dict[int, tuple[float, float]]
) -> dict[str, object]:
    """Print and return the results: medians for time, means for counts."""
    rows: list[tuple[str, float, float, float]] = []

    def add(name: str, values: Sequence[float]) -> None:
        rows.append((name, values[0], values[1], ratio(values[1], values[0])))

    for call in CALLS:
        add(f"{call}: CPU ms, median", [1000 * statistics.median(one.cpu_s[call]) for one in subjects])
        add(
            f"{call}: CPU ms, mean (sealing included)",
            [1000 * statistics.fmean(one.cpu_s[call]) for one in subjects],
        )
        for place, what in enumerate(("rows written", "rows read", "SQLite steps")):
            add(
                f"{call}: {what}, mean",
                [statistics.fmean(row[place] for row in one.counts[call]) for one in subjects],
            )
    both = [
        [sum(pair) for pair in zip(one.cpu_s["add"], one.cpu_s["context"], strict=True)] for one in subjects
    ]
    add("both: CPU ms, median", [1000 * statistics.median(times) for times in both])
    touched = [
        [sum(added[:2]) + sum(asked[:2]) for added, asked in zip(*one.counts.values(), strict=True)]
        for one in subjects
    ]
    add("both: rows, median", [statistics.median(rows) for rows in touched])
    add("both: rows, mean", [statistics.fmean(rows) for rows in touched])
    head = ("of one call", *(f"at {length:,}" for length in lengths), "ratio")
    print_table(
        "An agent's loop: add a turn, ask for the context; SQLite file, default policy of 'glyph'", head, rows
    )
    head = ("first context after opening, CPU s", *(f"at {length:,}" for length in lengths), "ratio")
    cold = []
    for place, name in enumerate(("pages in the cache", "pages drawn again")):
        earlier, later = (opening[length][place] for length in lengths)
        cold.append((name, earlier, later, ratio(later, earlier)))
    print_table("Cold opening", head, cold)
    worst = {name: value for name, _, _, value in rows if name.startswith("both")}
    print(
        f"\naim: at most {AIM} for both; " + ", ".join(f"{name} {value:.2f}" for name, value in worst.items())
    )
    return {"lengths": lengths, "calls": rows, "cold": cold, "aim": AIM}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Compare adding turn 10,000 with adding turn 1,000.")
    parser.add_argument("--quick", action="store_true", help="at 200 and 2,000 turns, fewer calls")
    parser.add_argument("--profile", action="store_true", help="also print where `add` spends its time")
    options = parser.parse_args(given)
    lengths, repeats, counted = ((200, 2000), 150, 150) if options.quick else ((1000, 10_000), 300, 400)
    with tempfile.TemporaryDirectory() as folder:
        results = measure(
            lengths, repeats=repeats, counted=counted, folder=Path(folder), profile=options.profile
        )
    write_results("append", results, arguments=given)


if __name__ == "__main__":
    main()
