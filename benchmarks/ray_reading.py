"""Ask about documents on a real Ray cluster of this machine while its parts are killed: what is asked again?

A server of the package's own counts requests, and takes a moment for each answer. Documents are drawn once. Then they
are asked about again and again, each time into a new folder, while workers and drivers are killed at random. After each
run each document has to have its one answer; a request that the server saw twice was under way when something was
killed. Needs glyph-memory-ray.

    python benchmarks/ray_reading.py                20 kills
    python benchmarks/ray_reading.py --kills 5
    python benchmarks/ray_reading.py --quick        does everything run? No figure
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glyph_memory.documents import ShardDrawer, open_shards
from glyph_memory.testing import FakeRequest, FakeVLMServer
from lib.ray_nodes import PATHS, RayNodes
from lib.ray_workers import list_workers
from lib.report import print_table
from lib.results import write_results
from ray_cluster import finish, make_texts

KILLS, DOCUMENTS, CONCURRENT = 20, 120, 4
_DRIVER = """
import json, logging, os, sys
os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
import ray
from glyph_memory_ray import ask_documents

ray.init(address=sys.argv[1], logging_level=logging.CRITICAL, log_to_driver=False)
logging.getLogger("ray.data").setLevel(logging.CRITICAL)
report = ask_documents(
    sys.argv[2], "Which planks are dried?", url=sys.argv[3], out=sys.argv[4], workers=2,
    max_concurrent=int(sys.argv[5]), documents_per_shard=16,
)
print(json.dumps({"answered": report.answered, "unchanged": report.unchanged, "failures": len(report.failures)}))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, ask, kill, count, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="Ask on a Ray cluster of this machine, and kill its parts.")
    parser.add_argument("--kills", type=int, default=KILLS, help="of workers and drivers together")
    parser.add_argument("--seed", type=int, default=0, help="of what is killed when")
    parser.add_argument("--quick", action="store_true", help="few documents, two kills")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    documents, kills = (24, 2) if options.quick else (DOCUMENTS, options.kills)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["PYTHONPATH"] = PATHS
    with tempfile.TemporaryDirectory(prefix="glyph-ray-") as folder:
        pages = draw(make_texts(Path(folder) / "texts", documents, lines=400), Path(folder) / "pages")
        nodes = RayNodes.start()
        try:
            figures = measure(nodes, pages, Path(folder), documents=documents, kills=kills, seed=options.seed)
        finally:
            nodes.cluster.shutdown()
    write_results("ray_reading", {"documents": documents, "seed": options.seed, **figures}, arguments=given)


def draw(texts: Path, out: Path) -> Path:
    """Draw documents in this process."""
    with open_shards(texts, out) as run:
        drawer = ShardDrawer(*run.drawer)
        for shard in run.shards:
            run.add(drawer.draw(shard))
    return out


def measure(
    nodes: RayNodes, pages: Path, folder: Path, *, documents: int, kills: int, seed: int
) -> dict[str, Any]:
    """Return the figures."""
    dice, killed, runs, repeated, requests, wrong = random.Random(seed), Counter[str](), 0, 0, 0, 0

    def answer(request: FakeRequest) -> str:
        time.sleep(0.25)
        return "-".join(image.digest for image in request.images)

    while killed.total() < kills:
        with FakeVLMServer(answer=answer) as server:
            out = folder / f"answers-{runs}"
            killed += disturb(nodes, pages, out, server, dice=dice, at_most=kills - killed.total())
            asked = Counter("-".join(image.digest for image in one.images) for one in server.requests)
            runs, requests, repeated = (
                runs + 1,
                requests + asked.total(),
                repeated + asked.total() - len(asked),
            )
            wrong += count_wrong(out, set(asked), documents)
    print_table(
        "kills",
        (
            "kills",
            "of workers",
            "of drivers",
            "runs",
            "documents",
            "requests",
            "made again",
            "missing, twice or wrong",
        ),
        [
            (
                killed.total(), killed["worker"], killed["driver"], runs, runs * documents, requests, repeated, wrong,
            )
        ],
    )  # fmt: skip
    return {
        "kills": dict(killed), "runs": runs, "requests": requests, "repeated": repeated, "wrong": wrong,
        "under_way_at_most": 2 * CONCURRENT,
    }  # fmt: skip


def count_wrong(out: Path, asked: set[str], documents: int) -> int:
    """Return how many documents have no answer, several, or one that the server never gave."""
    import pyarrow.parquet as pq

    rows = [row for path in (out / "answers").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
    answered = Counter(row["document"] for row in rows if row["answer"] in asked)
    return documents - sum(times == 1 for times in answered.values())


def disturb(
    nodes: RayNodes, pages: Path, out: Path, server: FakeVLMServer, *, dice: random.Random, at_most: int
) -> Counter[str]:
    """Ask while something is killed every few seconds; return what was."""
    killed = Counter[str]()
    driver = start_driver(nodes, pages, out, server)
    while True:
        asked = len(server.requests)
        try:
            driver.wait(dice.uniform(1, 3))
        except subprocess.TimeoutExpired:
            pass
        else:
            if driver.returncode == 0:
                finish(driver)
                return killed
            driver = start_driver(nodes, pages, out, server)
            continue
        if killed.total() >= at_most or len(server.requests) == asked:  # only while it asks
            continue
        kind = dice.choice(("worker", "worker", "driver"))
        workers = list_workers(nodes.session)
        if kind == "driver":
            driver.kill()
            driver.wait()
            while list_workers(nodes.session):  # Ray ends those of a driver that is gone
                time.sleep(0.1)
        elif workers:
            os.kill(dice.choice(workers), signal.SIGKILL)
        else:
            continue
        killed[kind] += 1


def start_driver(nodes: RayNodes, pages: Path, out: Path, server: FakeVLMServer) -> subprocess.Popen[str]:
    """Start a process that asks."""
    command = [sys.executable, "-c", _DRIVER, nodes.cluster.address, pages, server.base_url, out, CONCURRENT]
    return subprocess.Popen(
        [str(one) for one in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"{time.monotonic() - started:,.0f} s", file=sys.stderr)
