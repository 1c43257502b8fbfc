"""Train the tiny model on a GPU within ten minutes, and ask it what `tiny.py` asks. Nothing is downloaded.

Pages are made while it trains, by worker processes. For a machine that is lent for minutes, takes 64 MiB at a time and
gives back files of 16 MiB, the language model travels in two runs and the trained weights come back in parts:

    python benchmarks/tiny_gpu.py --pack out/tiny-parts        here: cut the language model's file in two
    python benchmarks/tiny_gpu.py --take out/tiny-parts        there, once with each part
    python benchmarks/tiny_gpu.py --minutes 9                  there: train, ask, write
    python benchmarks/tiny_gpu.py --dry-run                    on a CPU, in small: does everything run? No figure

The weights lie in `$OUT` where that is set, else in `out/tiny-gpu/parts`; `join_parts` puts them together.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from glyph_memory.training import TrainingError
from glyph_memory.training.tiny import StagePlan, TinyPlan, TowerShape
from glyph_memory.training.tiny.assemble import (
    assemble_model,
    find_language_model,
    load_language_model,
    save_model,
)
from glyph_memory.training.tiny.card import write_card
from glyph_memory.training.tiny.parts import join_parts, split_file
from glyph_memory.training.tiny.texts import Words
from glyph_memory.training.tiny.training import TinyTraining
from lib.report import print_table
from lib.results import ROOT, write_results
from tiny import ask

_TAKEN = Path.home() / ".cache" / "glyph-memory-tiny"
"""Where parts of the language model wait for each other."""
_PART_BYTES = 47 << 20
_SHARES = {"read": 0.1, "connect": 0.33, "answer": 0.57}


def main(arguments: Sequence[str] | None = None) -> None:
    """Pack, take, or train and ask."""
    parser = argparse.ArgumentParser(description="Train the tiny model on a GPU and ask it.")
    parser.add_argument("--minutes", type=float, default=9.0, help="of training")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2), help="make pages")
    parser.add_argument("--seed", type=int, default=0, help="of weights, texts and questions")
    parser.add_argument("--samples", type=int, default=100, help="questions of each kind")
    parser.add_argument(
        "--pack", type=Path, help="cut the language model's file into parts, into this folder"
    )
    parser.add_argument("--take", type=Path, help="keep the parts of this folder for the training")
    parser.add_argument(
        "--language-model", default=None, help="folder with a Llama; the package's unless given"
    )
    parser.add_argument("--dry-run", action="store_true", help="on the CPU, in small")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    try:
        if options.pack:
            folder, file = find_language_model(options.language_model)
            parts = split_file(folder / (file or "model.safetensors"), options.pack, most_bytes=_PART_BYTES)
            print("\n".join(f"{part} {part.stat().st_size >> 20} MiB" for part in parts))
        elif options.take:
            _TAKEN.mkdir(parents=True, exist_ok=True)
            for part in sorted(options.take.glob("*.part-*")):
                shutil.copy(part, _TAKEN / part.name)
            print(f"in {_TAKEN}: {', '.join(sorted(path.name for path in _TAKEN.iterdir()))}")
        else:
            train(options, given)
    except TrainingError as reason:
        print(f"not measured: {reason}")


def train(options: argparse.Namespace, given: list[str]) -> None:
    """Train, ask, and write weights and numbers."""
    where = options.language_model
    parts = sorted(_TAKEN.glob("*.part-*")) if _TAKEN.exists() else []
    if where is None and parts:
        join_parts(parts, _TAKEN / parts[0].name.rpartition(".part-")[0])
        where = _TAKEN
    language_model, tokenizer = load_language_model(where)
    plan = make_plan(options.minutes, options.workers, options.seed, is_dry=options.dry_run)
    out = ROOT / "out" / ("tiny-gpu-dry" if options.dry_run else "tiny-gpu")
    if options.dry_run:
        shutil.rmtree(out, ignore_errors=True)
    model = assemble_model(language_model, tokenizer, plan.tower, seed=plan.seed)
    untrained = save_model(model, tokenizer, out / "untrained")
    training = TinyTraining(out, model, tokenizer, plan, say=lambda line: print(line, flush=True))
    trained = training.train()
    back = Path(os.environ["OUT"]) if os.environ.get("OUT") else out / "parts"
    for path in sorted(trained.glob("*.safetensors")):
        split_file(path, back)
    rows = ask(
        untrained,
        trained,
        Words.from_vocabulary(tokenizer.get_vocab()),
        tokenizer,
        samples=1 if options.dry_run else options.samples,
        seed=options.seed + 1,
        device=plan.device,
    )
    print_table("answers that were right", tuple(rows[0]), [tuple(row.values()) for row in rows])
    write_card(trained, plan, rows, minutes=training.total_s / 60)
    figures = {"seed": plan.seed, "plan": asdict(plan), "rows": rows, "curve": training.read_curve()}
    write_results("tiny_gpu", figures, arguments=given)


def make_plan(minutes: float, workers: int, seed: int, *, is_dry: bool) -> TinyPlan:
    """Return the plan of a GPU: large batches, and steps by which pages get denser; small ones for a dry run."""
    if is_dry:
        stage = StagePlan(steps=1, batch=2, rate=1e-3)
        tower = TowerShape(depth=1, hidden=32, heads=2, intermediate=32)
        return TinyPlan(tower=tower, read=stage, connect=stage, answer=stage, workers=1, seed=seed)
    own = TinyPlan()
    sizes = {"read": (1_200, 128, 2e-3), "connect": (4_000, 128, 2e-3), "answer": (3_000, 64, 3e-4)}
    read, connect, answer = (
        StagePlan(steps=steps, batch=batch, rate=rate, minutes=_SHARES[name] * minutes)
        for name, (steps, batch, rate) in sizes.items()
    )
    return replace(own, read=read, connect=connect, answer=answer, device="cuda", workers=workers, seed=seed)


if __name__ == "__main__":
    main()
