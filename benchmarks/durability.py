"""Does a killed process lose anything that a store had acknowledged?

Kills a writing process again and again: half the times at a step of the database's own, counted in statements and
in instructions of SQLite's machine, so that each kind of write is cut in the middle; half the times at a moment drawn
by lot, so that commits and checkpoints are cut as well. After each kill the store is opened anew: the file has to be
whole, the state has to be the one last acknowledged or that of the write that was cut, nothing between, turns have to
be found by search, what was forgotten has to be gone from the file's bytes and with its page images, and the next
turn has to be taken. A kill is not a power cut: what the disk itself loses is not measured here.

    python benchmarks/durability.py [--quick]
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lib.kill import Outcome, kill_writer
from lib.report import print_table
from lib.results import write_results
from lib.writes import KINDS, name_folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill writers, print the table, write the numbers; end with 1 where anything was lost or wrong."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Kill a writing process; see what the store still holds.")
    parser.add_argument("--quick", action="store_true", help="40 kills, not 200")
    kills = 40 if parser.parse_args(given).quick else 200
    draw = random.Random(2025)
    rows, results = list[tuple[object, ...]](), list[dict[str, int | str]]()
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            dry = kill_writer(Path(folder) / f"{kind}.db", kind)
            outcomes = kill_many(Path(folder), kind, kills // len(KINDS), dry=dry, draw=draw)
            killed = sum(outcome.was_killed for outcome in outcomes)
            acknowledged = sum(outcome.acknowledged for outcome in outcomes)
            lost = sum(outcome.lost for outcome in outcomes)
            whole = sum(not outcome.faults for outcome in outcomes)
            rows.append((kind, dry.steps, killed, acknowledged, lost, f"{whole} of {len(outcomes)}"))
            results.append(
                {"kind": kind, "kills": killed, "acknowledged": acknowledged, "lost": lost, "whole": whole}
            )
    head = ("kind of write", "steps", "kills", "turns acknowledged", "lost", "reopened whole")
    print_table("A writer killed, and what the store still held", head, rows)
    total_lost = sum(int(row["lost"]) for row in results)
    print(f"\n{total_lost} lost")
    write_results("durability", {"kinds": results}, arguments=given)
    if total_lost or any(row["whole"] != row["kills"] for row in results):
        sys.exit(1)


def kill_many(folder: Path, kind: str, kills: int, *, dry: Outcome, draw: random.Random) -> list[Outcome]:
    """Kill so many writers of a kind, at steps and at moments in turn; print what is wrong afterwards."""
    outcomes = []
    for number in range(kills):
        path = folder / f"{kind} {number}.db"
        delay_s = draw.uniform(0, dry.seconds)
        step = 1 + number * (dry.steps - 1) // max(1, kills - 1)
        outcome = (
            kill_writer(path, kind, delay_s=delay_s) if number % 2 else kill_writer(path, kind, step=step)
        )
        while not outcome.was_killed:  # it was faster than expected
            path.unlink()
            shutil.rmtree(name_folder(path), ignore_errors=True)
            delay_s /= 2
            outcome = kill_writer(path, kind, delay_s=delay_s)
        outcomes.append(outcome)
        for fault in outcome.faults:
            print(f"{kind}, kill {number}: {fault}")
    return outcomes


if __name__ == "__main__":
    main()
