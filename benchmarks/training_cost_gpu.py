"""What does a step of fine-tuning GLM-4.1V-9B cost with text, and with pages of the same text, on a GPU?

As `training_cost.py`, on the true architecture, which is Glyph's, with random weights in bfloat16: LoRA of rank 16 on
the language model, layers that compute twice. *Nothing is said about quality.*

    python benchmarks/training_cost_gpu.py
    python benchmarks/training_cost_gpu.py --dry-run     a tiny network on the CPU: does everything run? No figure
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from lib.flops import GLM_9B, TINY
from lib.results import TRIALS
from lib.timing import Stopwatch
from training_cost import LENGTHS, measure_all


def main(arguments: Sequence[str] | None = None, *, folder: Path | None = None) -> Path:
    """Measure, print the table, write the numbers; return their file."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="A step of fine-tuning on a GPU, with text and with pages.")
    parser.add_argument("--dry-run", action="store_true", help="a tiny network on the CPU; no result")
    options = parser.parse_args(given)
    if options.dry_run:
        return measure_all(
            "training_cost_gpu",
            TINY,
            (256, 512),
            watch=Stopwatch(synchronize=lambda: None, most=1),
            arguments=given,
            with_lora=True,
            folder=(folder or TRIALS) / "dry-run",
        )
    if not torch.cuda.is_available():
        raise SystemExit("no GPU: nothing is measured. Try --dry-run, or training_cost.py")
    return measure_all(
        "training_cost_gpu",
        GLM_9B,
        LENGTHS,
        watch=Stopwatch(synchronize=torch.cuda.synchronize),
        arguments=given,
        on_gpu=True,
        with_lora=True,
        folder=folder,
    )


if __name__ == "__main__":
    main()
