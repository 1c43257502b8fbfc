"""What does `import glyph_memory` cost, beside `import numpy, PIL.Image`, which it cannot do without?

Each import runs in a process of its own, the two in turn. What counts is CPU time of the whole process, less that of a
process which imports nothing; medians. How many modules are loaded is counted too: it does not depend on the machine.
Aimed at: at most twice.

    python benchmarks/imports.py [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence

from lib.report import print_table, say_whether
from lib.results import write_results

AIM = 2.0
STATEMENTS = (
    "pass",
    "import numpy, PIL.Image",
    "import glyph_memory",
    "from glyph_memory import typeset",
    "from glyph_memory import GlyphMemory",
    "from glyph_memory import OpenAIReader",
)
"""Python's own start, which is taken off; what is needed anyway; and ours. Names are loaded on first use, so the
package alone costs next to nothing, and what counts is the first use."""
_PROGRAM = """
import sys, time
{statement}
import json
print(json.dumps([time.process_time(), len(sys.modules)]))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(
        description="Compare importing the package with importing numpy and PIL."
    )
    parser.add_argument("--quick", action="store_true", help="5 times each, not 41")
    rounds = 5 if parser.parse_args(given).quick else 41
    taken, modules = dict[str, list[float]](), dict[str, int]()
    for _ in range(rounds):
        for statement in STATEMENTS:
            cpu_s, modules[statement] = run_import(statement)
            taken.setdefault(statement, []).append(cpu_s)
    nothing, needed, *ours = STATEMENTS
    empty_s = statistics.median(taken[nothing])
    cpu_ms = {one: 1000 * (statistics.median(taken[one]) - empty_s) for one in (needed, *ours)}
    rows = [
        {
            "statement": one,
            "cpu_ms": spent,
            "ratio": spent / cpu_ms[needed],
            "modules": modules[one] - modules[nothing],
        }
        for one, spent in cpu_ms.items()
    ]
    ratio = max(cpu_ms[one] for one in ours) / cpu_ms[needed]
    print_table(
        f"an import, in a process of its own, median of {rounds}",
        ["statement", "CPU ms", "× what is needed", "modules"],
        [list(row.values()) for row in rows],
    )
    print(f"  at most {ratio:.2f} times; aimed at {AIM:.0f}: {say_whether(ratio <= AIM)}")
    write_results("imports", {"imports": rows, "ratio": ratio, "aim": AIM}, arguments=given)


def run_import(statement: str) -> tuple[float, int]:
    """Return a fresh process's CPU seconds after a statement, and how many modules it then has."""
    command = [sys.executable, "-c", _PROGRAM.format(statement=statement)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    cpu_s, modules = json.loads(answer.stdout)
    return float(cpu_s), int(modules)


if __name__ == "__main__":
    main()
