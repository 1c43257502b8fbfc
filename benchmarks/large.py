"""What do a large turn and a very long session cost?

Large turns: one tool result of 1, 5 and 20 MB is added to a memory in an SQLite file, unanswered, then a context is
made of it: the most memory that takes beside what the process had before (Linux: `VmHWM`), as a multiple of the turn's
UTF-8 bytes, and CPU time. 1 MB of identifiers alone stands beside it.

Long sessions: one of 1,000, one of ten times and one of a hundred times as many messages, stored and never folded: the
first context, the one after a message in the middle was deleted, and the first one after opening again. What can be
shown is a few thousand of these messages, so that the longer two are to take the same.

    python benchmarks/large.py [--quick]
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from uuid import UUID

from glyph_memory import GlyphMemory
from glyph_memory.store import Store
from glyph_memory.testing import agent_conversation
from lib.corpus import prose
from lib.report import print_table, say_whether
from lib.results import write_results

_FULL = 10_000
"""Messages that are more than can be shown."""
AIM_MEMORY, AIM_IDENTIFIERS_S, AIM_RATIO = 10.0, 1.0, 1.5


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="What a large turn and a very long session cost.")
    parser.add_argument("--quick", action="store_true", help="smaller turns, shorter sessions")
    options = parser.parse_args(given)
    sizes, lengths = ((1, 2), (100, 500, 2_000)) if options.quick else ((1, 5, 20), (1_000, 10_000, 100_000))
    results: dict[str, object] = {
        "aims": {"memory": AIM_MEMORY, "identifiers_s": AIM_IDENTIFIERS_S, "ratio": AIM_RATIO},
        "turns": measure_turns(sizes),
        "sessions": measure_sessions(lengths),
    }
    write_results("large", results, arguments=given)


def measure_time(call: Callable[[], object]) -> float:
    """Return the CPU time that a call takes, in seconds."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def read_memory(name: str) -> int:
    """Return a figure of this process's memory in bytes: `VmRSS` now, or `VmHWM` at the most; 0 where none is told."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)


def reset_peak() -> None:
    """Begin to measure the peak anew, where the system can."""
    gc.collect()
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def measure_turns(sizes: Sequence[int]) -> list[dict[str, object]]:
    """Add turns of so many megabytes, and make a context of each."""
    dice = random.Random(1)
    once = prose(60_000)
    texts = [("prose", size, once * (size * 1_000_000 // len(once) + 1)) for size in sizes]
    ids = " ".join(str(UUID(int=dice.getrandbits(128))) for _ in range(28_000))
    rows: list[dict[str, object]] = []
    for kind, size, text in [*texts, ("identifiers", 1, ids)]:
        with tempfile.TemporaryDirectory() as folder, GlyphMemory.open(Path(folder, "large.db")) as memory:
            memory.add("user", text[:100_000])
            memory.context()  # fonts and tokenizers are loaded
            reset_peak()
            before = read_memory("VmRSS")
            added = measure_time(partial(memory.add, "tool", text))
            asked = measure_time(memory.context)
            used = (read_memory("VmHWM") - before) / len(text.encode())
        row = {"text": kind, "MB": size, "add, s": added, "context, s": asked, "memory, times its size": used}
        rows.append(row)
    print_table("One large turn", tuple(rows[0]), [tuple(row.values()) for row in rows])
    largest, last = float(str(rows[-2]["memory, times its size"])), float(str(rows[-1]["add, s"]))
    print(f"  aimed at: memory at most {AIM_MEMORY:.0f} times; {say_whether(largest <= AIM_MEMORY)}")
    print(
        f"  aimed at: 1 MB of identifiers in {AIM_IDENTIFIERS_S:.0f} s; {say_whether(last <= AIM_IDENTIFIERS_S)}"
    )
    return rows


def measure_sessions(lengths: Sequence[int]) -> list[dict[str, object]]:
    """Store so many messages, fold none, and ask for a context; then delete one in the middle, then open again."""
    talk = agent_conversation(turns=lengths[-1]).turns
    rows: list[dict[str, object]] = []
    for length in lengths:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "long.db")
            with Store.open(path) as store:
                session = store.session("default")
                for start in range(0, length, 500):
                    session.append(talk[start : min(length, start + 500)])
            with GlyphMemory.open(path) as memory:
                first = measure_time(memory.context)
                deleted = measure_time(partial(memory.delete, length // 2)) + measure_time(memory.context)
            with GlyphMemory.open(path) as memory:
                again = measure_time(memory.context)
        rows.append(
            {"messages": length, "first, s": first, "after deleting, s": deleted, "opened again, s": again}
        )
    print_table("A very long session", tuple(rows[0]), [tuple(row.values()) for row in rows])
    if lengths[-2] < _FULL:
        return rows  # the shorter one shows all that there is
    ratio = float(str(rows[-1]["first, s"])) / float(str(rows[-2]["first, s"]))
    print(
        f"  aimed at: the longest's first context takes at most {AIM_RATIO} times that of the one before: {ratio:.2f}; "
        f"{say_whether(ratio <= AIM_RATIO)}"
    )
    return rows


if __name__ == "__main__":
    main()
