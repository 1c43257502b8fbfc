"""Everything that needs a GPU, in one go: for a machine that is at hand for a quarter of an hour.

Runs the benchmarks that measure on a GPU, each in a process of its own and within what is left of the minutes, and
goes on when one fails. Their JSON lies in `benchmarks/results/`, and once more in the folder `$OUT` where that is set:
commit it, and make the documentation's tables of it with `make figures`.

    python benchmarks/gpu.py [--minutes 14]
    python benchmarks/gpu.py --dry-run       without a GPU: does everything run?
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.report import print_table
from lib.results import ROOT, TRIALS

_FOLDER = Path(__file__).parent
_RESERVE_S = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A benchmark that measures on a GPU."""

    script: str
    """In this folder; passed over where it is not there."""
    arguments: tuple[str, ...] = ()
    """What makes it use the GPU."""
    dry_arguments: tuple[str, ...] = ("--dry-run",)
    """What makes it run in small on a CPU."""
    minutes: float
    """It is ended after so many."""


STEPS = (
    Step(script="efficiency.py", minutes=12.5),
    Step(script="evaluate_gpu.py", minutes=4),
    Step(script="training_cost_gpu.py", minutes=4),
    Step(script="tiny_gpu.py", minutes=13),
    Step(script="reader.py", arguments=("--gpu",), dry_arguments=("--quick",), minutes=4),
)
"""What is run, in order."""


def main(arguments: Sequence[str] | None = None, *, steps: Sequence[Step] = STEPS) -> int:
    """Run all that is there; return the number of those that failed."""
    parser = argparse.ArgumentParser(description="Run what needs a GPU, and keep what it measures.")
    parser.add_argument("--dry-run", action="store_true", help="everything in small, on the CPU; no result")
    parser.add_argument("--minutes", type=float, default=14.0, help="for all together")
    options = parser.parse_args(arguments)
    ends = time.monotonic() + 60 * options.minutes
    rows, failed = [], 0
    for step in steps:
        said, seconds = "not there yet", 0.0
        if (_FOLDER / step.script).exists():
            left_s = min(60 * step.minutes, ends - time.monotonic() - _RESERVE_S)
            began = time.monotonic()
            said = _run(step, left_s, is_dry=options.dry_run) if left_s > 0 else "no time left"
            seconds = time.monotonic() - began
            failed += said != "done"
        rows.append((step.script, said, f"{seconds:.0f} s"))
    print_table(
        "on this machine's GPU" if not options.dry_run else "a dry run", ("benchmark", "", "took"), rows
    )
    return failed


def _run(step: Step, seconds: float, *, is_dry: bool) -> str:
    """Run one benchmark; return in a word or two how it ended. What it has written is kept, however that was."""
    began = time.time()
    command = [
        sys.executable,
        str(_FOLDER / step.script),
        *(step.dry_arguments if is_dry else step.arguments),
    ]
    try:
        code = subprocess.run(command, cwd=ROOT, timeout=seconds, check=False).returncode
    except subprocess.TimeoutExpired:
        said = f"ended after {seconds:.0f} s"
    else:
        said = "done" if code == 0 else f"exit code {code}"
    _keep_results(Path(step.script).stem, began)
    return said


def _keep_results(name: str, since: float) -> None:
    """Copy what a benchmark has written since to `$OUT`, if that is set."""
    out = os.environ.get("OUT")
    if not out:
        return
    Path(out).mkdir(parents=True, exist_ok=True)
    for path in (_FOLDER / "results" / f"{name}.json", *TRIALS.rglob(f"{name}.json")):
        if path.exists() and path.stat().st_mtime >= since:
            kind = {"results": "", "dry-run": "-dry-run"}.get(path.parent.name, "-trial")
            shutil.copy(path, Path(out) / f"{name}{kind}.json")


if __name__ == "__main__":
    sys.exit(main())
