"""What does the proxy cost, and does it hold? Each figure beside the same requests without it, in one run.

* *overhead*: a conversation of 100, 1,000 and 10,000 messages goes on, a request for every two messages, by turns to
  the upstream itself and through the proxy. The upstream computes nothing; both ways carry the client's own cost.
* *chunks*: an answer is written in pieces that say when they were written; how old are they when the client has them?
* *crowd*: 200 conversations at a time, streamed, turn after turn: errors, and what the proxy holds of memory.
* *faults*: mixed traffic while the upstream is killed and started again, workers are killed, and clients leave in the
  middle; then every turn that was answered has to be in the store, and no answer may hold another client's words.
* *cached*: an agent's work of 200 turns, as plain text to the server, and through the proxy; what its prefix cache had.

Aimed at: p50 of the overhead at 1,000 messages at most 10 ms; p50 of a chunk's way at most 1 ms more than without.

    python benchmarks/serve.py [--quick] [--faults-s SECONDS]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lib.report import print_table, say_whether
from lib.results import write_results
from lib.serve_cache import measure_cached_share
from lib.serve_crowd import measure_crowd
from lib.serve_faults import measure_faults
from lib.serve_processes import run_pair
from lib.serve_speed import measure_chunks, measure_overhead

OVERHEAD_AIM_MS, CHUNK_AIM_MS = 10.0, 1.0
_HOUR_S = 3600.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(description="What the proxy costs, and whether it holds.")
    parser.add_argument("--quick", action="store_true", help="fewer requests, no long conversation")
    parser.add_argument("--faults-s", type=float, default=None, help="seconds of traffic with faults")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    results: dict[str, object] = {"overhead_aim_ms": OVERHEAD_AIM_MS, "chunk_aim_ms": CHUNK_AIM_MS}
    with tempfile.TemporaryDirectory() as folder, run_pair(Path(folder)) as (upstream, proxy):
        lengths = (100, 1000) if options.quick else (100, 1000, 10_000)
        rows = [
            asyncio.run(measure_overhead(upstream.url, proxy.url, length, 40 if options.quick else 200))
            for length in lengths
        ]
        print_table(
            "A request of a known conversation, ms",
            tuple(rows[0]),
            [tuple(row.values()) for row in rows],
        )
        own = float(rows[1]["overhead p50"])
        print(
            f"  at 1,000 messages: {own:.1f} ms; aimed at {OVERHEAD_AIM_MS:.0f}: {say_whether(own <= OVERHEAD_AIM_MS)}"
        )
        results["overhead"] = rows
        chunks = asyncio.run(measure_chunks(upstream.url, proxy.url, 200 if options.quick else 2000))
        print_table(
            "A chunk's way from the upstream to the client, ms",
            tuple(chunks[0]),
            [tuple(c.values()) for c in chunks],
        )
        more = float(chunks[1]["p50"]) - float(chunks[0]["p50"])
        print(f"  p50: {more:.2f} ms more; aimed at {CHUNK_AIM_MS:.0f}: {say_whether(more <= CHUNK_AIM_MS)}")
        results["chunks"] = chunks
        crowd = asyncio.run(measure_crowd(proxy, conversations=200, turns=4 if options.quick else 20))
        print_table(
            "200 conversations at a time, streamed", tuple(crowd[0]), [tuple(row.values()) for row in crowd]
        )
        results["crowd"] = crowd
    seconds = options.faults_s or (20.0 if options.quick else 300.0)
    with tempfile.TemporaryDirectory() as folder:
        faults = asyncio.run(measure_faults(Path(folder), seconds))
    print_table(
        f"Mixed traffic for {seconds:,.0f} s (an hour: --faults-s {_HOUR_S:.0f}), faults among it",
        ("what", "how often"),
        [*faults.items()],
    )
    results["faults"] = {"seconds": seconds, **faults}
    shares = measure_cached_share(turns=60 if options.quick else 200)
    print_table(
        "An agent's work, prompts of all requests", tuple(shares[0]), [tuple(row.values()) for row in shares]
    )
    results["cached"] = shares
    write_results("serve", results, arguments=given)


if __name__ == "__main__":
    main()
