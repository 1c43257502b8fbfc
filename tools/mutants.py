"""Break the code in small ways, and see whether a test notices: `python tools/mutants.py [--count 300] [--seed 13]`.

mutmut makes every mutant of the rooms where a wrong sign loses something (`[tool.mutmut]` in pyproject.toml). The same
seed draws the same ones, as many of each room. Each is run against the tests that pass through its function, until one
fails. Mutants of words alone are left out: what messages say is held by other tests. What survives is shown as a
difference: it wants a test, or the code can go.
"""

from __future__ import annotations

import argparse
import difflib
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from mutmut import __main__ as mutmut
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from lib.report import print_table
from lib.results import write_results

LOG = Path("out") / "mutants.log"
"""What mutmut prints."""

_KILLED = {"killed", "timeout", "segfault"}
_STRING = re.compile(r"""[rbf]{0,2}("([^"\\]|\\.)*"|'([^'\\]|\\.)*')""", re.IGNORECASE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw mutants, run them, print the share killed by room, and what survived."""
    parser = argparse.ArgumentParser(description="Break the code in small ways; see whether a test notices.")
    parser.add_argument("--count", type=int, default=300, help="how many mutants, over all rooms (300)")
    parser.add_argument("--seed", type=int, default=13, help="which ones (13)")
    parser.add_argument("--rooms", default="", help="some alone, such as folding,store")
    given = parser.parse_args(arguments)
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log, redirect_stdout(log):
        by_room = list_mutants()
    rooms = [room for room in sorted(by_room) if not given.rooms or room in given.rooms.split(",")]
    draw = random.Random(given.seed)
    drawn = {room: sample(by_room[room], given.count // len(rooms), draw) for room in rooms}
    names = [name for some in drawn.values() for name, _ in some]
    print(f"{len(names)} mutants; the tests' own words: {LOG}")
    with LOG.open("wb") as log:
        subprocess.run([sys.executable, "-m", "mutmut", "run", *names], check=False, stdout=log, stderr=log)
    rows, results, survivors = (
        list[tuple[object, ...]](),
        list[dict[str, int | str]](),
        list[tuple[str, Path]](),
    )
    for room, some in drawn.items():
        found = Counter[str]()
        for name, path in some:
            status = read_status(name, path)
            found[status] += 1
            if status not in _KILLED:
                survivors.append((f"{name} ({status})", path))
        killed, tried = sum(found[status] for status in _KILLED), len(some)
        rows.append((room, len(by_room[room]), tried, killed, f"{killed / max(1, tried):.0%}"))
        results.append({"room": room, "mutants": len(by_room[room]), "tried": tried, "killed": killed})
    for name, path in survivors:
        print(f"\n{name}")
        print("\n".join(show_change(name.split(" ")[0], path)))
    print_table("Mutants, and whether a test noticed", ("room", "mutants", "tried", "killed", "share"), rows)
    if not given.rooms:
        write_results(
            "mutants",
            {"seed": given.seed, "rooms": results},
            arguments=list(arguments or sys.argv[1:]),
            script="tools",
        )
    return 0


def list_mutants() -> dict[str, list[tuple[str, Path]]]:
    """Make all mutants; return their names and files by room, those of words alone left out."""
    mutmut.set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(2)
    by_room = defaultdict[str, list[tuple[str, Path]]](list)
    for path in mutmut.walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        by_room[path.parts[1]] += [(name, path) for name in data.exit_code_by_key]
    return by_room


def sample(mutants: list[tuple[str, Path]], count: int, draw: random.Random) -> list[tuple[str, Path]]:
    """Draw so many mutants that change more than words."""
    shuffled = draw.sample(mutants, len(mutants))
    some = list[tuple[str, Path]]()
    for name, path in shuffled:
        if len(some) == count:
            break
        if changes_more_than_words(show_change(name, path)):
            some.append((name, path))
    return some


def show_change(name: str, path: Path) -> list[str]:
    """Return the changed lines of a mutant, each with its sign."""
    lines = get_diff_for_mutant(name, path=path).splitlines()
    return [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


def changes_more_than_words(lines: list[str]) -> bool:
    """Return whether lines differ in more than what stands in strings."""
    old, new = ([_STRING.sub("''", line[1:].strip()) for line in lines if line[0] == sign] for sign in "-+")
    return any(difflib.ndiff(old, new)) and old != new


def read_status(name: str, path: Path) -> str:
    """Return what became of a mutant: killed, survived, no tests, timeout."""
    data = SourceFileMutationData(path=path)
    data.load()
    return str(status_by_exit_code[data.exit_code_by_key[name]])


if __name__ == "__main__":
    sys.exit(main())
