"""What is it worth that a model in the same process keeps what it has read?

Questions: the first one about 1, 4, 16 and 64 pages, and a follow-up, by a `TransformersReader` with both caches, with
the cache of features alone, and with none. Warmed: the same first question after `warm`. Askers: tokens a second that
one asker gets about 16 pages, and eight at once who share them.

The model is a GLM-4.1V with random weights, so small that a CPU runs it: 0.2 million parameters for the questions, six
million for the askers. So ratios say how much work is saved; seconds say nothing about a real model. All times are the
clock's, on one core.

    python benchmarks/reader.py [--quick] [--gpu]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from glyph_memory import Context, Page, Reading, TransformersReader, typeset
from glyph_memory.testing import build_tiny_model
from lib.corpus import agent_log
from lib.report import print_table, say_whether
from lib.results import write_results

AIM_FOLLOW_UP = 20.0
AIM_ASKERS = 3.0
GIB = 1 << 30
ASKERS = 8
"""Who ask at once."""
WRITTEN = 64
"""Tokens that each of them gets."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(description="What the caches of a model in this process are worth.")
    parser.add_argument("--quick", action="store_true", help="fewer pages")
    parser.add_argument("--gpu", action="store_true", help="on a GPU, with the larger of the two models")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    device = "cuda" if options.gpu else "cpu"
    if device == "cpu":
        import torch

        torch.set_num_threads(1)
    pages = typeset(agent_log(60_000 if options.quick else 400_000))
    counts = (1, 4, 8) if options.quick else (1, 4, 16, 64)
    shared = 4 if options.quick else 16
    with tempfile.TemporaryDirectory() as folder:
        asked = build_tiny_model(Path(folder) / "asked", size="small" if options.gpu else "tiny")
        sharing = build_tiny_model(Path(folder) / "shared", size="small")
        questions = [measure_questions(asked, pages[:count], device) for count in counts]
        askers = measure_askers(sharing, pages[:shared], device)
    print_table(
        "Questions about pages, seconds to the first token",
        tuple(questions[0]),
        [tuple(row.values()) for row in questions],
    )
    worth = float(str(questions[-1]["times faster"]))
    print(
        f"  aimed at: a follow-up at {counts[-1]} pages {AIM_FOLLOW_UP:.0f} times as fast; "
        f"{say_whether(worth >= AIM_FOLLOW_UP)}"
    )
    print_table("Tokens a second about shared pages", tuple(askers), [tuple(askers.values())])
    print(
        f"  aimed at: {ASKERS} askers at least {AIM_ASKERS:.0f} times one's; "
        f"{say_whether(float(str(askers['ratio'])) >= AIM_ASKERS)}"
    )
    results = {
        "aims": {"follow_up": AIM_FOLLOW_UP, "askers": AIM_ASKERS},
        "device": device,
        "questions": questions,
        "askers": askers,
    }
    write_results("reader", results, arguments=given)


def measure_questions(folder: Path, pages: Sequence[Page], device: str) -> dict[str, object]:
    """Return what a first question and a follow-up take, with each cache and without."""
    first, follow_up = ask(folder, pages, device, prefix=4 * GIB, features=4 * GIB)
    _, from_features = ask(folder, pages, device, prefix=0, features=4 * GIB)
    _, from_nothing = ask(folder, pages, device, prefix=0, features=0)
    _, warmed = ask(folder, pages, device, prefix=4 * GIB, features=4 * GIB, warms=True)
    return {
        "pages": len(pages),
        "tokens": first.usage.prompt_tokens,
        "first": read_seconds(first),
        "follow-up, no cache": read_seconds(from_nothing),
        "features alone": read_seconds(from_features),
        "both": read_seconds(follow_up),
        "first, warmed": read_seconds(warmed),
        "times faster": read_seconds(from_nothing) / read_seconds(follow_up),
    }


def ask(
    folder: Path, pages: Sequence[Page], device: str, *, prefix: int, features: int, warms: bool = False
) -> tuple[Reading, Reading]:
    """Return a first answer and the answer to a follow-up; where it warms, the latter is a first question."""
    with TransformersReader(
        folder, device=device, max_tokens=2, prefix_cache_bytes=prefix, feature_cache_bytes=features
    ) as reader:
        reader.read(Context.of("A first call makes a model ready.", pages=[]))
        if warms:
            reader.warm(Context.of("anything", pages=pages))
            reading = reader.read(Context.of("What does the first page say?", pages=pages))
            return reading, reading
        return (
            reader.read(Context.of("What does the first page say?", pages=pages)),
            reader.read(Context.of("And the last?", pages=pages)),
        )


def measure_askers(folder: Path, pages: Sequence[Page], device: str) -> dict[str, object]:
    """Return the tokens a second that one asker gets, and that several get together, once the pages are read."""
    with TransformersReader(folder, device=device, max_tokens=WRITTEN, prefix_cache_bytes=4 * GIB) as reader:
        reader.warm(Context.of("anything", pages=pages))
        alone, together = [], []
        for turn in range(3):
            begin = time.perf_counter()
            reading = reader.read(Context.of(f"Question {turn}?", pages=pages))
            alone.append(count_written(reading) / (time.perf_counter() - begin))
            contexts = [Context.of(f"Question {turn}.{number}?", pages=pages) for number in range(ASKERS)]
            with ThreadPoolExecutor(ASKERS) as threads:
                begin = time.perf_counter()
                readings = list(threads.map(reader.read, contexts))
            together.append(sum(map(count_written, readings)) / (time.perf_counter() - begin))
    return {
        "pages": len(pages),
        "one": statistics.median(alone),
        f"{ASKERS} at once": statistics.median(together),
        "ratio": statistics.median(together) / statistics.median(alone),
    }


def read_seconds(reading: Reading) -> float:
    """Return when a reading's first token came."""
    return reading.timing.first_token_s or 0.0


def count_written(reading: Reading) -> int:
    """Return how many tokens a reading has."""
    return reading.usage.completion_tokens or 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
