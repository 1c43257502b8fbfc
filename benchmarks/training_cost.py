"""What does a step of fine-tuning cost with text, and with pages of the same text?

The same network with random weights, the same kernels and the same answer on both sides: *nothing is said about
quality*. A step reads the text or its pages and a question, takes the loss of an answer of 128 tokens, goes back
through all layers, which compute twice to spare memory, and moves all weights. Pages are prepared beforehand, as
workers do.

A small network of GLM-4.1V's kind is measured, on one core, in seconds of this process, and only the ratios of one run
mean anything.
It has narrow attention and a wide MLP, as large ones have in effect: in a small network of the usual shape, attention
would outweigh everything at these lengths, and pages would seem to save more than they do. What is left of that stands
in the table: the ratio of FLOPs for the network that was measured, beside the one for GLM-4.1V-9B, which is Glyph's.

`training_cost_gpu.py` measures GLM-4.1V-9B itself. Glyph's paper tells of about twice the speed (arXiv 2510.17800).

    python benchmarks/training_cost.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from lib.flops import GLM_9B, Architecture
from lib.gpu_facts import describe_gpu, list_versions
from lib.page_feed import Feed, count_prompt_tokens, make_styles
from lib.random_network import build_network
from lib.real_text import QUESTION, TOKENIZER, Texts
from lib.report import print_table
from lib.results import write_results
from lib.timing import Stopwatch
from lib.training_steps import ANSWER, Cost, Trainee

LENGTHS = (4_096, 8_192, 16_384, 32_768)
SMALL = Architecture(
    layers=4,
    hidden=64,
    heads=4,
    kv_heads=2,
    inner=4_096,
    vocabulary=1_024,
    vision_layers=2,
    vision_hidden=32,
    vision_heads=2,
)
"""Measured on a CPU."""
_KIND, _LOOK = "paragraphs", "default"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="A step of fine-tuning with text, and with pages of it.")
    parser.add_argument("--quick", action="store_true", help="the two shortest texts")
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    measure_all(
        "training_cost",
        SMALL,
        LENGTHS[:2] if options.quick else LENGTHS,
        watch=Stopwatch(synchronize=lambda: None, clock=time.process_time),
        arguments=given,
    )


def measure_all(
    name: str,
    architecture: Architecture,
    lengths: Sequence[int],
    *,
    watch: Stopwatch,
    arguments: Sequence[str],
    on_gpu: bool = False,
    with_lora: bool = False,
    folder: Path | None = None,
) -> Path:
    """Measure a network at all lengths, each written as soon as it is there; return the file of the figures."""
    warnings.simplefilter("ignore", FutureWarning)  # of names that transformers is about to change
    network = build_network(
        architecture,
        device="cuda" if on_gpu else "cpu",
        dtype=torch.bfloat16 if on_gpu else torch.float32,
    )
    trainee = Trainee(network, with_lora=with_lora)
    texts, feed, rows = Texts(), Feed(), list[dict[str, Any]]()
    results = {
        "architecture": asdict(architecture),
        "tokenizer": TOKENIZER,
        "answer_tokens": len(ANSWER),
        "gpu": describe_gpu() if on_gpu else {},
        "packages": list_versions(),
        "rows": rows,
    }
    for length in lengths:
        row = measure(trainee, architecture, texts, feed, length, watch)
        rows.append(row)
        write_results(name, results, arguments=arguments, folder=folder, is_quiet=True)
        print(f"  {length:>6,}: {row['text']['seconds']:.2f} s, {row['pages']['seconds']:.2f} s", flush=True)
    print_rows(rows)
    return write_results(name, results, arguments=arguments, folder=folder)


def measure(
    trainee: Trainee, architecture: Architecture, texts: Texts, feed: Feed, length: int, watch: Stopwatch
) -> dict[str, Any]:
    """Return what a step takes with a text, and with its pages."""
    cut = texts.cut(_KIND, length)
    pages = feed.make_serially(cut.text, make_styles()[_LOOK]).pixels
    patches = [4 * page.tokens for page in pages]
    shown = trainee.cost(QUESTION, pages, watch)
    read = trainee.cost((*cut.ids, *QUESTION), (), watch)
    return {
        "text_tokens": length,
        "page_count": len(pages),
        "compression": length / count_prompt_tokens(pages),
        "text": asdict(read),
        "pages": asdict(shown),
        "times_as_fast": read.seconds / shown.seconds,
        "memory_ratio": _divide(read, shown),
        "flop_ratio": _count_ratio(architecture, read.tokens, patches, shown.tokens),
        "flop_ratio_9b": _count_ratio(GLM_9B, read.tokens, patches, shown.tokens),
    }


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Print the table."""
    print_table(
        "a step of fine-tuning: text against pages of it",
        ("tokens", "compression", "text s", "pages s", "times as fast", "memory", "FLOPs", "FLOPs, 9B"),
        [
            (
                f"{row['text_tokens']:,}",
                row["compression"],
                row["text"]["seconds"],
                row["pages"]["seconds"],
                row["times_as_fast"],
                row["memory_ratio"] if row["memory_ratio"] is not None else "none",
                row["flop_ratio"],
                row["flop_ratio_9b"],
            )
            for row in rows
        ],
    )


def _count_ratio(architecture: Architecture, text: int, patches: list[int], pages: int) -> float:
    """Return how many times the FLOPs of pages text takes; the way back costs the same share on both sides."""
    return architecture.count_prefill(text).total / architecture.count_pages(patches, pages).total


def _divide(read: Cost, shown: Cost) -> float | None:
    if not read.peak_bytes or not shown.peak_bytes:
        return None
    return read.peak_bytes / shown.peak_bytes


if __name__ == "__main__":
    main()
