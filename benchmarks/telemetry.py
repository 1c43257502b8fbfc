"""What do spans and metrics cost a memory: without the package, with its API alone, with an SDK that keeps all of it?

Each way has a process of its own, with a memory of the same turns in an SQLite file. They take turns: each makes the
same calls, an `add` and a `context` of an agent's loop, in small rounds, in an order that changes. What counts is CPU
time of the whole process. A ratio is that of one round's calls in two ways, and the median over all rounds is told.

What no package costs cannot be seen as such a ratio, since there is no other code to compare with: so the calls into
`glyph_memory.telemetry` are counted, which are the same each time, and one that does nothing is timed. Aimed at for
that: at most 1.01 of what `add` takes.

    python benchmarks/telemetry.py [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Any, cast

from lib.report import print_table, say_whether
from lib.results import write_results

if TYPE_CHECKING:
    from glyph_memory import GlyphMemory, Turn

AIM = 1.01
WAYS = ("no package", "API alone", "SDK, in memory")
CALLS = ("add", "context")
_START = 300
"""Turns that a memory has before anything is timed."""
_ROUND = 5
"""Turns of a round."""


@dataclass
class Worker:
    """A process that has a memory, in one of the ways."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, way: str, folder: Path) -> Worker:
        """Start one, and wait until its memory is there."""
        command = [sys.executable, __file__, "--worker", way, str(folder / f"{WAYS.index(way)}.db")]
        worker = cls(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        worker._read()
        return worker

    def ask(self, what: str) -> dict[str, Any]:
        """Have a round made, or a figure told; return what came of it."""
        stdin = cast("IO[str]", self.process.stdin)
        stdin.write(f"{what}\n")
        stdin.flush()
        return self._read()

    def end(self) -> None:
        """End it."""
        cast("IO[str]", self.process.stdin).close()
        self.process.wait(60)

    def _read(self) -> dict[str, Any]:
        line = cast("IO[str]", self.process.stdout).readline()
        if not line:
            raise SystemExit("a process ended before it was done")
        return cast("dict[str, Any]", json.loads(line))


class NoPackage:
    """Keeps OpenTelemetry from being found."""

    def find_spec(self, name: str, *_: object) -> None:
        """Raise for what belongs to it."""
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name)


def set_up(way: str) -> None:
    """Bring this process into one of the ways."""
    if way == WAYS[0]:
        sys.meta_path.insert(0, NoPackage())
        return
    from opentelemetry import metrics, trace

    if way == WAYS[2]:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(InMemorySpanExporter()))
        trace.set_tracer_provider(provider)
        metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))


def work(way: str, path: Path) -> None:
    """Make rounds as they are asked for, and tell what each took."""
    set_up(way)
    from glyph_memory import GlyphMemory
    from glyph_memory.testing import agent_conversation

    turns = iter(agent_conversation(turns=20_000).turns)
    with GlyphMemory.open(path) as memory:
        memory.extend([next(turns) for _ in range(_START)])
        memory.context()
        print("{}", flush=True)
        for line in sys.stdin:
            if line.strip() == "round":
                taken = dict.fromkeys(CALLS, 0.0)
                for _ in range(_ROUND):
                    turn = next(turns)
                    for name, call in (
                        ("add", lambda turn=turn: memory.add(turn)),
                        ("context", memory.context),
                    ):
                        began_s = time.process_time()
                        call()
                        taken[name] += time.process_time() - began_s
                print(json.dumps(taken), flush=True)
            else:
                spare = [next(turns) for _ in range(_ROUND)]
                print(json.dumps({"calls": count_calls(memory, spare), "call_s": time_call()}), flush=True)


def count_calls(memory: GlyphMemory, turns: Sequence[Turn]) -> dict[str, float]:
    """Return how many calls into `glyph_memory.telemetry` an `add` and a `context` make: the median of some."""
    counts: dict[str, list[int]] = {name: [] for name in CALLS}
    for turn in turns:
        for name, call in (("add", lambda turn=turn: memory.add(turn)), ("context", memory.context)):
            counts[name].append(_count(call))
    return {name: statistics.median(found) for name, found in counts.items()}


def _count(call: Callable[[], object]) -> int:
    found = 0

    def watch(frame: FrameType, event: str, _: object) -> None:
        nonlocal found
        # A function of the package that the rest of it calls, not those that it calls itself.
        inside = "/telemetry/" in frame.f_code.co_filename
        above = frame.f_back is not None and "/telemetry/" in frame.f_back.f_code.co_filename
        found += event == "call" and inside and not above

    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(None)
    return found


def time_call() -> float:
    """Return the seconds of a span that nobody gets, opened, told of, and ended: more than any single call takes."""
    from glyph_memory.telemetry import open_span

    taken = []
    for _ in range(9):
        began_s = time.process_time()
        for _ in range(20_000):
            with open_span("store.read", database="sqlite") as span:
                span.set(wait_s=0.1)
        taken.append((time.process_time() - began_s) / 20_000)
    return statistics.median(taken)


def measure(rounds: int, folder: Path) -> dict[str, Any]:
    """Run all ways in turn; return what each took, as ratios to the first."""
    workers = {way: Worker.start(way, folder) for way in WAYS}
    for worker in workers.values():
        worker.ask("round")
    taken: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for number in range(rounds):
        order = WAYS[number % len(WAYS) :] + WAYS[: number % len(WAYS)]
        for way in order:
            taken[way].append(workers[way].ask("round"))
    told = workers[WAYS[0]].ask("figures")
    for worker in workers.values():
        worker.end()
    rows = []
    for call in CALLS:
        first = [one[call] for one in taken[WAYS[0]]]
        cpu_ms = {way: 1000 * statistics.median(one[call] for one in taken[way]) / _ROUND for way in WAYS}
        ratios = {
            way: statistics.median(one[call] / base for one, base in zip(taken[way], first, strict=True))
            for way in WAYS
        }
        nothing = told["calls"][call] * told["call_s"] * 1000
        rows.append(
            {
                "call": call,
                "cpu_ms": cpu_ms,
                "ratios": ratios,
                "calls": told["calls"][call],
                "nothing": cpu_ms[WAYS[0]] / max(cpu_ms[WAYS[0]] - nothing, 1e-9),
            }
        )
    return {"rows": rows, "span_us": told["call_s"] * 1e6, "rounds": rounds, "aim": AIM}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Compare a memory without and with OpenTelemetry.")
    parser.add_argument("--quick", action="store_true", help="20 rounds, not 200")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.worker:
        work(options.worker[0], Path(options.worker[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(20 if options.quick else 200, Path(folder))
    head = ("CPU time of", *(f"{way}: ms" for way in WAYS[:1]), *WAYS[1:], "telling nobody", "calls")
    print_table(
        "A turn of an agent's loop, each way against no package; telling nobody against no calls at all",
        head,
        [
            (
                row["call"], row["cpu_ms"][WAYS[0]], *(row["ratios"][way] for way in WAYS[1:]), row["nothing"],
                row["calls"],
            )
            for row in figures["rows"]
        ],
    )  # fmt: skip
    worst = max(row["nothing"] for row in figures["rows"])
    print(f"\naim: telling nobody at most {AIM}; {worst:.4f}, {say_whether(worst <= AIM)}")
    write_results("telemetry", figures, arguments=given)


if __name__ == "__main__":
    main()
