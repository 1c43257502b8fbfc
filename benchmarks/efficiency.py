"""The efficiency table of Glyph's paper, done honestly: text against the same text as pages, on one GPU.

The true architecture of GLM-4.1V-9B, which is Glyph's, with random weights; the same network and kernels on both sides.
So *nothing is said about quality*: whether a model answers as well from pages is another question.

For 4,096 to 131,072 tokens of text, and for the pages of that text:

- prefill: from tokens, or from prepared pixels through the vision tower, to the first token; peak memory
- the same from the text's characters: typesetting, PNG, decoding and Pillow's preprocessing included, in turn and
  overlapped with the GPU
- a question of 200 tokens behind the cached prompt
- a step of decoding for one sequence, and for as many as fit

Compression is measured: our typesetter, in the default style and dense, on Python's language reference as it is written
and as paragraphs; tokens are `cl100k_base`'s. Each ratio stands beside its bound: the ratio of FLOPs for prefill, of
bytes read for decoding, at the measured compression. Aimed at: 0.90 of the bound on the GPU, and preprocessing hidden
behind it.

All is written as soon as it is measured. Needs one GPU of 80 GB for all rows.

    python benchmarks/efficiency.py [--quick] [--minutes 12]
    python benchmarks/efficiency.py --dry-run      without a GPU: does everything run? A result is never made of it
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from lib.flop_check import check_arithmetic
from lib.flops import GLM_9B, MOST_SEQUENCES, TINY, find_published
from lib.gpu_facts import describe_gpu, list_attention_kernels, list_versions
from lib.page_feed import PROFILE, Feed, count_prompt_tokens, make_styles
from lib.random_network import ATTENTION, build_network
from lib.ratios import compare, print_ratios
from lib.real_text import KINDS, LENGTHS, QUESTION, TOKENIZER, Texts
from lib.results import TRIALS, write_results
from lib.side_by_side import (
    FOLLOW_UP_TOKENS,
    Bench,
    measure_pages,
    measure_text,
    measure_whole_pages,
    measure_whole_text,
)
from lib.timing import Budget, Stopwatch

AIM = 0.9

_DRY_LENGTHS = (256, 512)
_GROWTH = 3.5  # a row takes so many times as long as the one before; attention grows with the square
_NO_GPU = "no GPU: nothing is measured. Try `--dry-run`, or run this on a machine with one GPU of 80 GB"


@dataclass(kw_only=True, slots=True)
class Recorder:
    """Writes all that is measured so far, whenever something is."""

    arguments: Sequence[str]
    """What the script was called with."""
    folder: Path | None
    """Where to; None for where results and trials belong."""
    figures: dict[str, Any] = field(default_factory=dict)
    """What is measured so far."""

    def write(self) -> Path:
        """Write it; return the file's path."""
        return write_results(
            "efficiency", self.figures, arguments=self.arguments, folder=self.folder, is_quiet=True
        )

    def leave_out(self, length: int, why: str) -> None:
        """Record why a length has no row."""
        self.figures["left_out"].append({"text_tokens": length, "why": why})
        self.write()
        print(f"{length:,} tokens: left out, {why}", flush=True)


def main(arguments: Sequence[str] | None = None, *, folder: Path | None = None) -> Path:
    """Measure row by row, write each, print the tables; return the file's path.

    Args:
        arguments: As on the command line.
        folder: Where the JSON goes, instead of where it belongs.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Prefill and decoding, text against pages, on one GPU.")
    parser.add_argument("--quick", action="store_true", help="two lengths only")
    parser.add_argument("--dry-run", action="store_true", help="a small network on the CPU; no result")
    parser.add_argument(
        "--minutes", type=float, default=12.0, help="rows that would take longer are left out"
    )
    parser.add_argument(
        "--attention", default=ATTENTION, choices=[ATTENTION, "flash_attention_2", "flash_attention_3"]
    )
    options = parser.parse_args(given)
    is_dry = bool(options.dry_run)
    if not is_dry and not torch.cuda.is_available():
        raise SystemExit(_NO_GPU)
    # A dry run's file never lies where results do: no table is made of it.
    recorder = Recorder(arguments=given, folder=(folder or TRIALS) / "dry-run" if is_dry else folder)
    lengths = _DRY_LENGTHS if is_dry else LENGTHS[:2] if options.quick else LENGTHS
    with torch.inference_mode():
        budget = Budget(minutes=options.minutes)
        bench = _make_bench(is_dry=is_dry, attention=options.attention)
        recorder.figures = _describe(bench, is_dry=is_dry)
        _measure_rows(bench, lengths, budget, recorder)
    recorder.figures["minutes"] = budget.spent_s / 60
    path = recorder.write()
    print_ratios(recorder.figures)
    print(f"\nwritten: {path}, after {budget.spent_s / 60:.1f} minutes. Quality is not measured.")
    return path


def _make_bench(*, is_dry: bool, attention: str) -> Bench:
    device, dtype = ("cpu", torch.float32) if is_dry else ("cuda", torch.bfloat16)
    network = build_network(TINY if is_dry else GLM_9B, device=device, dtype=dtype, attention=attention)
    if is_dry:
        stopwatch = Stopwatch(synchronize=lambda: None, most=1, enough_s=0.0)
        return Bench(network=network, stopwatch=stopwatch, largest_batch=4, steps=2)
    gc.freeze()  # what is loaded by now stays; to look through it takes half a second before each figure
    return Bench(
        network=network,
        stopwatch=Stopwatch(synchronize=torch.cuda.synchronize),
        largest_batch=MOST_SEQUENCES,
    )


def _describe(bench: Bench, *, is_dry: bool) -> dict[str, Any]:
    """Return what the figures depend on; torch's counts agree with our formulas."""
    network = bench.network
    return {
        "is_dry_run": is_dry,
        "gpu": describe_gpu(),
        "cores": os.cpu_count() or 1,
        "versions": list_versions(),
        "attention": network.attention,
        "vision_attention": network.vision_attention,
        "attention_kernels": list_attention_kernels(network),
        "dtype": str(network.dtype).removeprefix("torch."),
        "network": "GLM-4.1V-9B, random weights" if not is_dry else "a small one, random weights",
        "parameters": network.architecture.parameters,
        "checked": check_arithmetic(),
        "tokenizer": f"{TOKENIZER}, in place of the model's own",
        "profile": PROFILE.name,
        "question_tokens": len(QUESTION),
        "follow_up_tokens": FOLLOW_UP_TOKENS,
        "most_sequences": bench.largest_batch,
        "aim": AIM,
        "quality": "not measured",
        "rows": [],
        "left_out": [],
    }


def _measure_rows(bench: Bench, lengths: Sequence[int], budget: Budget, recorder: Recorder) -> None:
    texts, feed = Texts(), Feed()
    expected = 0.0
    for length in lengths:
        if not budget.has_room(expected):
            recorder.leave_out(length, f"about {expected:.0f} s do not fit into {budget.minutes:g} minutes")
            continue
        before, rows = budget.spent_s, recorder.figures["rows"]
        try:
            for row in grow_row(bench, texts, feed, length):
                known = [one for one in rows if one["text_tokens"] != length]
                rows[:] = [*known, row | {"gpu": describe_gpu()}]  # clocks and heat under load
                recorder.write()
        except torch.OutOfMemoryError:
            recorder.leave_out(length, "out of memory")
            continue
        expected = _GROWTH * (budget.spent_s - before)
        print(f"{length:,} tokens: measured in {budget.spent_s - before:.0f} s", flush=True)


def grow_row(bench: Bench, texts: Texts, feed: Feed, length: int) -> Iterator[dict[str, Any]]:
    """Yield the figures of one length, with one kind of pages more each time: its ratios and bounds, too."""
    question, workers = list(QUESTION), os.cpu_count() or 1
    written = texts.cut(KINDS[0][0], length)
    text = measure_text(bench, written.ids, question)
    fits_whole = text["chunk_tokens"] is None and text["prefill_s"] is not None
    bench.free_bytes()
    text["whole_s"] = measure_whole_text(bench, written.text, texts.encode, question) if fits_whole else None
    row: dict[str, Any] = {"text_tokens": length, "text": text, "pages": []}
    row["published"] = find_published(length)
    for name, look in KINDS:
        cut, style = texts.cut(name, length), make_styles()[look]
        fed = feed.make_serially(cut.text, style)
        measured: dict[str, Any] = {"text": name, "look": look, "png_bytes": fed.png_bytes}
        measured["compression"] = length / count_prompt_tokens(fed.pixels)
        measured |= measure_pages(bench, fed, question)
        patches, tokens = [4 * page.tokens for page in fed.pixels], measured["tokens"]
        del fed
        bench.free_bytes()
        if measured["chunk_tokens"] is None and measured["prefill_s"] is not None:
            measured |= measure_whole_pages(
                bench, feed, cut.text, style, question=question, tokens=tokens, workers=workers
            )
        measured["against_text"] = compare(bench.network.architecture, text, measured, patches)
        row["pages"].append(measured)
        yield row


if __name__ == "__main__":
    main()
