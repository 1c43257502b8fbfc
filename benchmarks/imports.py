"""What `import glyph_memory` costs beside numpy and Pillow, which it needs anyway.

Each statement runs in processes of its own, all in turn, so that a busy machine slows them alike; what counts is the
ratio of medians. A process that imports nothing is taken off: Python's own start is nobody's import.

    python benchmarks/imports.py
    python benchmarks/imports.py --rounds 41 --json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from statistics import median

BASE = "import numpy, PIL.Image"
STATEMENTS = (
    BASE,
    "import glyph_memory",
    "from glyph_memory import PageStyle, typeset",
    "from glyph_memory import GlyphMemory",
    "from glyph_memory import OpenAIReader",
)
_NOTHING = "pass"


def time_process(statement: str) -> float:
    """Return the seconds that a process takes for a statement, its start included."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - began


def measure_imports(rounds: int) -> dict[str, float]:
    """Return the median seconds of each statement, without Python's own start."""
    statements = (_NOTHING, *STATEMENTS)
    for statement in statements:  # so that no round pays for byte code or cold files
        time_process(statement)
    seconds: dict[str, list[float]] = {statement: [] for statement in statements}
    for _ in range(rounds):
        for statement in statements:
            seconds[statement].append(time_process(statement))
    start = median(seconds[_NOTHING])
    return {statement: max(0.0, median(seconds[statement]) - start) for statement in STATEMENTS}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="processes for each statement")
    parser.add_argument("--quick", action="store_true", help="five processes for each statement")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    rounds = 5 if args.quick else args.rounds
    found = measure_imports(rounds)
    ratios = {statement: seconds / found[BASE] for statement, seconds in found.items()}
    if args.json:
        print(json.dumps({"rounds": rounds, "seconds": found, "ratios": ratios}, indent=2))
        return
    for statement, seconds in found.items():
        print(f"{statement:48} {seconds * 1000:7.1f} ms {ratios[statement]:6.2f} x")


if __name__ == "__main__":
    main()
