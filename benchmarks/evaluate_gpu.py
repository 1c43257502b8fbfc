"""How many questions an hour does the evaluation ask a model of true size on a GPU? As text, and as pages.

The model has GLM-4.1V-9B's architecture and random weights, so its answers mean nothing, and its speed is that of the
real one. It is written to a folder and opened by `TransformersReader`, as users open theirs.

    python benchmarks/evaluate_gpu.py
    python benchmarks/evaluate_gpu.py --dry-run      a tiny model on the CPU: does everything run? No figure
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from glyph_memory import TransformersReader
from glyph_memory.evaluate.run import run_tasks
from glyph_memory.evaluate.tasks import find_task
from glyph_memory.testing import build_tiny_model
from lib.flops import GLM_9B, TINY
from lib.random_network import make_config
from lib.report import print_table
from lib.results import write_results

MAX_TOKENS = 32
_IDS = (
    *("image_token_id", "video_token_id", "image_start_token_id", "image_end_token_id"),
    *("video_start_token_id", "video_end_token_id"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the model, ask in both arms, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="Questions an hour of a model of true size on a GPU.")
    parser.add_argument("--dry-run", action="store_true", help="a tiny model on the CPU")
    given = sys.argv[1:] if arguments is None else list(arguments)
    is_dry = parser.parse_args(given).dry_run
    lengths = (400,) if is_dry else (4096, 16_384, 65_536)
    with tempfile.TemporaryDirectory() as folder:
        built = build_model(Path(folder), is_dry=is_dry)
        with TransformersReader(built, device="cpu" if is_dry else "cuda", max_tokens=MAX_TOKENS) as reader:
            rows = [
                ask(reader, arm, length, Path(folder) / f"{arm}-{length}", is_dry=is_dry)
                for length in lengths
                for arm in ("text", "pages")
            ]
    print_table(
        "questions of one model, four at a time", tuple(rows[0]), [tuple(row.values()) for row in rows]
    )
    write_results("evaluate_gpu", {"rows": rows}, arguments=given)


def build_model(folder: Path, *, is_dry: bool) -> Path:
    """Return a folder with a model of random weights, and a tokenizer and an image processor beside it."""
    small = build_tiny_model(folder / "small")
    known = AutoConfig.from_pretrained(small)
    config = make_config(TINY if is_dry else GLM_9B)
    for name in _IDS:
        setattr(config, name, getattr(known, name))
    with torch.device("cpu" if is_dry else "cuda"):
        # transformers has no types
        model = AutoModelForImageTextToText.from_config(config, dtype=torch.bfloat16)  # type: ignore[no-untyped-call]
    target = folder / "model"
    model.save_pretrained(target)
    for file in small.iterdir():
        if file.suffix != ".safetensors" and file.name != "config.json":
            shutil.copy(file, target / file.name)
    return target


def ask(reader: TransformersReader, arm: str, length: int, out: Path, *, is_dry: bool) -> dict[str, Any]:
    """Return how fast questions about texts of one length are answered in one arm."""
    began = time.perf_counter()
    report = run_tasks(
        [find_task("niah_single_3")],
        reader=reader,
        out=out,
        arms=[arm],
        lengths=[length],
        budgets=["100%"],
        samples=2 if is_dry else 12,
        max_concurrent=4,
    )
    seconds = time.perf_counter() - began
    asked = [one for one in report.results if one.prompt_tokens]
    return {
        "arm, tokens of text": f"{arm}, {length:,}",
        "questions": len(asked),
        "prompt tokens": round(fmean(one.prompt_tokens or 0 for one in asked)) if asked else 0,
        "without an answer": sum(one.fault is not None for one in report.results),
        "questions an hour": round(3600 * len(asked) / seconds),
        "prompt tokens a second": round(sum(one.prompt_tokens or 0 for one in asked) / seconds),
    }


if __name__ == "__main__":
    main()
