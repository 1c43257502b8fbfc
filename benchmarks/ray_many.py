"""Draw 100,000 small documents on a real Ray cluster of this machine: does the driver's memory stay flat?

The cluster is that of `ray_cluster.py`: a head without processors and two nodes with one each. A tenth of the documents
is drawn first, then all, then all once more while workers, the driver and a node are killed; at the end all files are
compared, bit by bit. What the same call costs where nothing is left to do is timed as well. Needs glyph-memory-ray.

    python benchmarks/ray_many.py                 some 15 minutes on two cores
    python benchmarks/ray_many.py --quick         2,000 documents
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lib.ray_nodes import PATHS, RayNodes
from lib.report import print_table
from lib.results import write_results
from ray_cluster import digest_files, disturb, finish, make_texts, start_driver

DOCUMENTS, KILLS = 100_000, 10
_SHARD = 64


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, kill, compare, print the table, write the numbers; end with 1 where files differ."""
    parser = argparse.ArgumentParser(description="Draw 100,000 small documents on a Ray cluster.")
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="how many are drawn")
    parser.add_argument("--kills", type=int, default=KILLS, help="of workers, drivers and nodes together")
    parser.add_argument("--quick", action="store_true", help="2,000 documents, two kills")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    documents, kills = (2_000, 2) if options.quick else (options.documents, options.kills)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["PYTHONPATH"] = PATHS
    with tempfile.TemporaryDirectory(prefix="glyph-ray-") as name:
        folder = Path(name)
        few = make_texts(folder / "few", documents // 10, lines=8)
        many = make_texts(folder / "many", documents, lines=8)
        nodes = RayNodes.start()
        try:
            rows = [draw(nodes, texts, folder / f"drawn-{texts.name}") for texts in (few, many)]
            rows.append(draw(nodes, many, folder / "drawn-many"))
            killed = disturb(
                nodes, many, folder / "killed", dice=random.Random(0), at_most=kills, shard=_SHARD
            )
        finally:
            nodes.cluster.shutdown()
        same = digest_files(folder / "killed") == digest_files(folder / "drawn-many")
    print_table(
        "Two workers",
        ("documents", "drawn", "seconds in all", "a second", "driver, after a tenth", "at the end", "at most"),
        [
            (
                row["documents"], row["drawn"], round(row["seconds"], 1), round(row["documents"] / row["seconds"]),
                *(f"{row[name] >> 20} MiB" for name in ("memory_first", "memory_last", "memory_most")),
            )
            for row in rows
        ],
    )  # fmt: skip
    print(f"\n{killed.total()} kills ({dict(killed)}): files {'are the same' if same else 'differ'}")
    figures = {"runs": rows, "kills": dict(killed), "same_files": same}
    write_results("ray_many", figures, arguments=given)
    if not same:
        sys.exit(1)


def draw(nodes: RayNodes, texts: Path, out: Path) -> dict[str, Any]:
    """Return what a driver tells that draws all documents with two workers."""
    begun = time.perf_counter()
    told = finish(start_driver(nodes, texts, out, workers=2, shard=_SHARD))
    seconds = time.perf_counter() - begun
    return {"documents": sum(1 for _ in texts.rglob("*.md")), **told, "seconds": seconds}


if __name__ == "__main__":
    main()
