"""What do a thousand turns and a thousand sessions take, and what gives out first at a million?

*Measured*, on this machine: agents talk turn by turn, one for long and many for short, in SQLite and, where its
programs are installed, in PostgreSQL: bytes and rows by table, page files, CPU, memory. Each at two sizes, one ten
times the other, so that it shows whether what one unit takes stays the same.
*Computed*, from models' configs: keys and values of a token, of a page, and what has room on a GPU.
*Assumed*, in `lib/capacity_model.py`: how many sessions talk at a time, how fast a GPU is, how large a disk is.

Then all of it is multiplied, up to 10⁶ sessions and 10⁹ pages, and the first bottleneck is named at each step. That is
arithmetic: nobody has run it at those sizes.

    python benchmarks/capacity.py [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from glyph_memory.testing import agent_conversation
from lib.capacity_model import CACHES, Assumptions, Session, compare_sizes, work_out_steps
from lib.postgres import MISSING, has_postgres, make_database, run_postgres
from lib.report import print_table
from lib.results import RESULTS, write_results
from lib.store_sizes import TOOL_LINES, Taken, fill_sessions, measure_memory, time_appends

TIMES = 10
"""How many times the larger size is the smaller one."""
LONG_TURNS, CROWD_SESSIONS, CROWD_TURNS = 200, 5, 100
_APPENDS = 200
STEPS = (1_000, 10_000, 100_000, 1_000_000)
LONG_PAGES = 1_000
"""Of each of a million sessions: 10⁹."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, work out, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(
        description="What sessions take, measured at two sizes, and what gives out first at a million (arithmetic).",
        epilog="Takes about five minutes, --quick one. What is assumed stands in benchmarks/lib/capacity_model.py.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="a quarter of the turns and sessions; no PostgreSQL"
    )
    options = parser.parse_args(given)
    measured = measure(is_quick=options.quick)
    computed = read_computed(RESULTS / "routing.json")
    assumed = Assumptions()
    steps = work_out_steps(list_steps(measured, computed), assumed)
    results = {
        **measured,
        "caches": [one.describe() for one in CACHES],
        "assumed": asdict(assumed),
        "computed tokens a request": computed,
        "steps": steps,
    }
    print_tables(results)
    write_results("capacity", results, arguments=given)


def measure(*, is_quick: bool = False) -> dict[str, Any]:
    """Return what was measured in each database: one long session and many short ones, at two sizes each."""
    divisor = 4 if is_quick else 1
    long_turns, crowd = LONG_TURNS // divisor, max(1, CROWD_SESSIONS // divisor)
    found: dict[str, Any] = {"long": {}, "crowd": {}, "linear": {}, "write_ms": {}, "memory": {}}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sockets = {"SQLite": ""}
        if not is_quick and has_postgres():
            sockets["PostgreSQL"] = stack.enter_context(run_postgres())
        elif not is_quick:
            print(f"  left out: {MISSING}")
        for database, socket in sockets.items():

            def name_url(name: str, socket: str = socket) -> str:
                return make_database(socket, name) if socket else str(Path(folder) / f"{name}.db")

            if not socket:  # a long session takes the same rows in both
                takes = [
                    fill_sessions(name_url(f"long{times}"), sessions=1, turns=times * long_turns)
                    for times in (1, TIMES)
                ]
                found["long"][database] = describe(takes[1])
                found["linear"][
                    f"{database}, one session of {long_turns:,} and {TIMES * long_turns:,} turns"
                ] = compare_sizes(*map(count_units, takes))
            takes = []
            for times in (1, TIMES):
                url = name_url(f"crowd{times}")
                takes.append(fill_sessions(url, sessions=times * crowd, turns=CROWD_TURNS))
            found["crowd"][database] = describe(takes[1])
            found["linear"][
                f"{database}, {crowd:,} and {TIMES * crowd:,} sessions of {CROWD_TURNS:,} turns"
            ] = compare_sizes(*map(count_units, takes))
            if not socket:
                opened = {times * crowd: measure_memory(url, sessions=times * crowd) for times in (1, TIMES)}
                few, many = opened
                slope = (opened[many] - opened[few]) / (many - few)
                found["memory"] = {"sessions": [few, many], "bytes": [*opened.values()], "a session": slope}
            writes = [
                1000 * time_appends(name_url(f"appends{times}"), turns=times * long_turns, counted=_APPENDS)
                for times in (1, TIMES)
            ]
            found["write_ms"][database] = writes
            print(f"  measured: {database}", flush=True)
    return found


def describe(taken: Taken) -> dict[str, Any]:
    """Return what was measured, as plain values."""
    return {**asdict(taken), "database_bytes": taken.database_bytes, "rows": taken.rows}


def count_units(taken: Taken) -> dict[str, float]:
    """Return what a turn, a page and a session take."""
    units = {
        "database, bytes a turn": taken.database_bytes / taken.turns,
        "database, rows a turn": taken.rows / taken.turns,
        "CPU, ms a turn": 1000 * taken.cpu_s / taken.turns,
    }
    if taken.pages:
        units |= {
            "pages a turn": taken.pages / taken.turns,
            "bytes a page": taken.page_bytes / taken.pages,
        }
    return units


def read_computed(path: Path) -> float:
    """Return how many tokens of a request servers compute, by `routing.py`: pages, session affinity, room for all.

    Raises:
        SystemExit: `routing.py` has written nothing yet.
    """
    if not path.exists():
        raise SystemExit(f"no figures at {str(path)!r}. Run: python benchmarks/routing.py")
    rows = json.loads(path.read_text(encoding="utf-8"))["figures"]["rows"]
    return float(
        next(
            row["computed"]
            for row in rows
            if (row["policy"], row["way"], row["size"]) == ("session affinity", "pages", 1)
        )
    )


def list_steps(measured: Mapping[str, Any], computed: float) -> list[tuple[Session, float]]:
    """Return the sessions of each step: short ones of up to 10⁶, then 10⁶ that have 1,000 pages each."""
    crowd, long = measured["crowd"]["SQLite"], measured["long"]["SQLite"]
    short = make_session(crowd, measured, f"{CROWD_TURNS:,} turns", computed, times=1 / crowd["sessions"])
    grown = make_session(long, measured, f"{LONG_PAGES:,} pages", computed, times=LONG_PAGES / long["pages"])
    return [*((short, sessions) for sessions in STEPS), (grown, STEPS[-1])]


def make_session(
    taken: Mapping[str, Any], measured: Mapping[str, Any], name: str, computed: float, *, times: float
) -> Session:
    """Return one session as it was measured, or one so many times as long."""
    crowd = measured["crowd"]["SQLite"]
    talk = agent_conversation(turns=CROWD_TURNS, tool_lines=TOOL_LINES)
    requests = sum(turn.role == "assistant" for turn in talk)
    return Session(
        name=name,
        turns=taken["turns"] * times,
        turns_a_request=len(talk) / requests,
        disk_bytes=(taken["database_bytes"] + taken["page_bytes"]) * times,
        pages=taken["pages"] * times,
        prompt_tokens=taken["prompt_tokens"],
        plain_tokens=taken["plain_tokens"] * (times if taken is not crowd else 1),
        computed_tokens=computed,
        cpu_s_a_turn=taken["cpu_s"] / taken["turns"],
        write_s_a_turn=measured["write_ms"]["SQLite"][1] / 1000,
        memory_bytes=measured["memory"]["a session"],
    )


def print_tables(results: Mapping[str, Any]) -> None:
    """Print what was measured, whether it is linear, models' caches, and the steps."""
    for kind in ("long", "crowd"):
        for database, taken in results[kind].items():
            turns, sessions = taken["turns"], taken["sessions"]
            print_table(
                f"{database}, {sessions:,} session(s), {turns:,} turns: per 1,000 turns (measured)",
                ("table", "MB", "rows"),
                [
                    (name, size / turns / 1000, taken["table_rows"].get(name, 0) / turns * 1000)
                    for name, size in sorted(taken["table_bytes"].items(), key=lambda item: -item[1])
                    if size > 0.01 * taken["database_bytes"]
                ],
            )
    for name, rows in results["linear"].items():
        print_table(f"{name}: what one unit takes", tuple(rows[0]), [tuple(row.values()) for row in rows])
    print("\n  storing one turn, ms, with fewer and with more turns before it: " + str(results["write_ms"]))
    memory = results["memory"]
    print(f"  a process with {memory['sessions']} sessions open has {memory['bytes']} bytes")
    rows = results["caches"]
    print_table("keys and values (computed)", tuple(rows[0]), [tuple(row.values()) for row in rows])
    steps = results["steps"]
    print_table(
        "how many of each are needed (arithmetic: nobody has run it at these sizes)",
        ("resource", "one", *(f"{step['sessions']:,} of {step['kind']}" for step in steps), "how"),
        [
            (one["name"], one["unit"], *(step["resources"][place]["units"] for step in steps), one["how"])
            for place, one in enumerate(steps[0]["resources"])
        ],
    )
    for step in steps:
        first = f"first of all: {step['first']}{'' if step['gives out'] else ', which still suffices'}"
        print(
            f"  {step['sessions']:,} sessions of {step['kind']}: {first}; new: {', '.join(step['new']) or 'nothing'}"
        )


if __name__ == "__main__":
    main()
