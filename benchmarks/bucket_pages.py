"""What pages cost that are drawn, fetched from a bucket, or read from a folder of this machine: in one request.

    python benchmarks/bucket_pages.py s3://bucket/pages

Each time, a machine that has no pages opens the same memory. What is put into the bucket is erased at the end.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from glyph_memory import GlyphMemory
from glyph_memory.testing import agent_conversation

_TURNS = 1_500
_ROUNDS = 5


def measure(address: str, place: Path) -> Iterator[tuple[str, float]]:
    """Yield where pages came from and how many seconds a request took, round by round."""
    database = place / "memory.db"
    os.environ["GLYPH_MEMORY_PAGE_CACHE"] = str(place / "first")
    with GlyphMemory.open(database, profile="glyph", pages=address) as memory:
        memory.extend(agent_conversation(turns=_TURNS))
        pages = [image.data for image in memory.context("And?").images]
    print(f"{len(pages)} pages, {sum(map(len, pages)) / 1e6:.1f} MB")
    for number in range(_ROUNDS):
        os.environ["GLYPH_MEMORY_PAGE_CACHE"] = str(place / f"machine {number}")
        folder = place / f"folder {number}"
        for name, where in (("drawn", folder), ("bucket", address), ("own folder", folder)):
            with GlyphMemory.open(database, profile="glyph", pages=where) as memory:
                begun = time.perf_counter()
                shown = memory.context("And?").images
                yield name, time.perf_counter() - begun
                if [image.data for image in shown] != pages:
                    raise SystemExit(f"other pages: {name}")
    with GlyphMemory.open(database, profile="glyph", pages=address) as memory:
        memory.clear()


def main() -> None:
    """Print medians."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, spent_s in measure(sys.argv[1], Path(folder)):
            times.setdefault(name, []).append(spent_s)
    for name, spent in times.items():
        print(f"{name:12}{statistics.median(spent) * 1e3:8.0f} ms")


if __name__ == "__main__":
    main()
