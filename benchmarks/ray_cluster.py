"""Draw documents on a real Ray cluster of this machine: how fast by workers, and what do kills change?

The cluster has a head without processors and two nodes with one each. First the same documents, one of them broken, are
drawn by one worker and by two. Then they are drawn again and again while workers, drivers and nodes are killed at
random; after each such run all files are compared, bit by bit, with those of an undisturbed run. Needs
glyph-memory-ray.

    python benchmarks/ray_cluster.py                50 kills, some five minutes on two cores
    python benchmarks/ray_cluster.py --kills 5
    python benchmarks/ray_cluster.py --pause 0.5 3    kills twice as often
    python benchmarks/ray_cluster.py --quick        does everything run? No figure
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lib.ray_nodes import PATHS, RayNodes
from lib.ray_workers import list_workers
from lib.report import print_table
from lib.results import write_results

KILLS, DOCUMENTS = 50, 240
PAUSE_S = (1.0, 6.0)
"""Between two kills."""
_DRIVER = """
import json, logging, os, resource, sys, time
os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
import ray
from glyph_memory_ray import draw_documents

ray.init(address=sys.argv[1], logging_level=logging.CRITICAL, log_to_driver=False)
logging.getLogger("ray.data").setLevel(logging.CRITICAL)
peaks = []

def show(report):
    with open("/proc/self/statm") as file:
        peaks.append((report.done, int(file.read().split()[1]) * resource.getpagesize()))

given = {"workers": int(sys.argv[4]), "documents_per_shard": int(sys.argv[5])}
report = draw_documents(sys.argv[2], sys.argv[3], progress=show, **given)
tenth = max(1, len(peaks) // 10)
print(json.dumps({
    "seconds": report.seconds, "pages": report.pages, "drawn": report.drawn, "failures": len(report.failures),
    "memory_first": peaks[min(tenth, len(peaks) - 1)][1], "memory_last": peaks[-1][1],
    "memory_most": max(size for _, size in peaks),
}))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, kill, compare, print the table, write the numbers."""
    parser = argparse.ArgumentParser(
        description="Draw documents on a Ray cluster of this machine, and kill its parts."
    )
    parser.add_argument("--kills", type=int, default=KILLS, help="of workers, drivers and nodes together")
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="how many are drawn")
    parser.add_argument("--seed", type=int, default=0, help="of what is killed when")
    parser.add_argument(
        "--pause",
        type=float,
        nargs=2,
        default=PAUSE_S,
        metavar=("FROM", "TO"),
        help="seconds between kills",
    )
    parser.add_argument("--quick", action="store_true", help="few documents, two kills")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    documents, kills = (24, 2) if options.quick else (options.documents, options.kills)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["PYTHONPATH"] = PATHS
    with tempfile.TemporaryDirectory(prefix="glyph-ray-") as folder:
        texts = make_texts(Path(folder) / "texts", documents, lines=400)
        (texts / "0000" / "000001-broken.docx").write_bytes(b"PK\x03\x04 no archive")  # a row with its error
        nodes = RayNodes.start()
        try:
            figures = measure(
                nodes, texts, Path(folder), kills=kills, seed=options.seed, pause=tuple(options.pause)
            )
        finally:
            nodes.cluster.shutdown()
    write_results("ray_cluster", {"documents": documents, "seed": options.seed, **figures}, arguments=given)


def measure(
    nodes: RayNodes, texts: Path, folder: Path, *, kills: int, seed: int, pause: tuple[float, float]
) -> dict[str, Any]:
    """Return the figures."""
    shard = 2
    rows = []
    for workers in (1, 2):
        out = folder / f"whole-{workers}"
        told = finish(start_driver(nodes, texts, out, workers=workers, shard=shard))
        rows.append({"workers": workers, **told, "pages_s": told["pages"] / told["seconds"]})
    for row in rows:
        row["ratio"] = round(row["pages_s"] / rows[0]["pages_s"], 2)
    print_table(
        "throughput",
        (
            "workers", "documents", "failed", "pages", "seconds", "pages a second", "ratio", "driver, first tenth",
            "at the end",
        ),
        [
            (
                row["workers"], row["drawn"], row["failures"], row["pages"], round(row["seconds"], 1),
                round(row["pages_s"]), row["ratio"], f"{row['memory_first'] >> 20} MiB",
                f"{row['memory_last'] >> 20} MiB",
            )
            for row in rows
        ],
    )  # fmt: skip
    wanted = digest_files(folder / "whole-1")
    same = digest_files(folder / "whole-2") == wanted
    dice, killed, runs, differing = random.Random(seed), Counter[str](), 0, 0
    while killed.total() < kills:
        out = folder / f"killed-{runs}"
        left = kills - killed.total()
        killed += disturb(nodes, texts, out, dice=dice, at_most=left, shard=shard, pause=pause)
        runs += 1
        found = digest_files(out)
        differing += found != wanted
        for name in sorted(name for name in wanted | found if wanted.get(name) != found.get(name)):
            state = (
                "differs"
                if name in wanted and name in found
                else "is missing"
                if name in wanted
                else "is new"
            )
            print(f"run {runs}: {name} {state}{tell_errors(out / name)}", flush=True)
        shutil.rmtree(out)
    print_table(
        "kills",
        ("kills", "of workers", "of drivers", "of nodes", "runs", "runs whose files differ"),
        [(killed.total(), killed["worker"], killed["driver"], killed["node"], runs, differing)],
    )
    return {
        "throughput": rows, "same_files": same, "kills": dict(killed), "runs": runs, "differing_runs": differing,
    }  # fmt: skip


def tell_errors(path: Path) -> str:
    """Return which errors stand in a table of documents, to print; empty where there are none."""
    if path.parent.name != "documents" or not path.exists():
        return ""
    errors = {row["error"] for row in pq.read_table(path, columns=["error"]).to_pylist()} - {"", None}
    return f": {'; '.join(sorted(errors))}" if errors else ""


def disturb(
    nodes: RayNodes,
    texts: Path,
    out: Path,
    *,
    dice: random.Random,
    at_most: int,
    shard: int,
    pause: tuple[float, float] = PAUSE_S,
) -> Counter[str]:
    """Draw the documents while something is killed every few seconds; return what was."""
    killed = Counter[str]()
    driver = start_driver(nodes, texts, out, workers=2, shard=shard)
    while True:
        try:
            driver.wait(dice.uniform(*pause))
        except subprocess.TimeoutExpired:
            pass
        else:
            if driver.returncode == 0:
                return killed
            driver = start_driver(nodes, texts, out, workers=2, shard=shard)
            continue
        if killed.total() >= at_most or is_finished(out):
            continue
        kind = dice.choice(("worker", "worker", "driver", "node"))
        if kind == "driver":
            driver.kill()
            driver.wait()
        elif kind == "node":
            nodes.kill(dice)
        elif workers := list_workers(nodes.session):
            os.kill(dice.choice(workers), signal.SIGKILL)
        else:
            continue
        killed[kind] += 1


def is_finished(out: Path) -> bool:
    """Return whether a run came to its end: the next one would try the broken document again, in a file of its own."""
    return (out / "plans").exists() and not (out / "attempts" / "compact").exists()


def start_driver(
    nodes: RayNodes, texts: Path, out: Path, *, workers: int, shard: int
) -> subprocess.Popen[str]:
    """Start a process that draws the documents."""
    command = [
        sys.executable,
        "-c",
        _DRIVER,
        nodes.cluster.address,
        str(texts),
        str(out),
        str(workers),
        str(shard),
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def finish(driver: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a driver; return what it tells.

    Raises:
        RuntimeError: It failed.
    """
    said, _ = driver.communicate()
    if driver.returncode:
        raise RuntimeError(f"the driver ended with {driver.returncode}; {said}")
    [line] = (
        line for line in said.splitlines() if line.startswith("{")
    )  # Ray tells of lost workers beside it
    told: dict[str, Any] = json.loads(line)
    return told


def make_texts(folder: Path, documents: int, *, lines: int) -> Path:
    """Write small texts, each with words of its own."""
    folder.mkdir(parents=True)
    for number in range(documents):
        name = folder / f"{number // 1_000:04}"
        name.mkdir(exist_ok=True)
        text = f"# Oak {number}\n\n" + "".join(
            f"Plank {number}-{line} is dried.\n\n" for line in range(lines)
        )
        (name / f"{number:06}.md").write_text(text)
    return folder


def digest_files(out: Path) -> dict[str, str]:
    """Return a digest of each file of an output folder, but its lock."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"{time.monotonic() - started:,.0f} s", file=sys.stderr)
