"""Train the nano reader from nothing: `python -m glyph_memory.nano.training FOLDER`.

Makes its data with the typesetter, trains both networks, writes weights and a model card into the folder. Ctrl-C keeps
what was learned up to the last checkpoint; the same command goes on from there.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

import torch

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.nano.training.card import write_card
from glyph_memory.nano.training.dataset import Plan
from glyph_memory.nano.training.train_reader import train_reader


def main(arguments: list[str] | None = None) -> int:
    """Train, or write only the model card."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        if given.card:
            sys.stdout.write(f"{write_card(given.folder, figures=given.figures)}\n")
            return 0
        names = {field.name for field in fields(Plan)}
        plan = Plan(**{name: value for name, value in vars(given).items() if name in names})
        if plan.threads:
            torch.set_num_threads(plan.threads)
        weights = train_reader(given.folder, plan, say=_print_status)
        sys.stdout.write(f"{weights}\n{write_card(given.folder, figures=given.figures)}\n")
    except KeyboardInterrupt:
        _print_status("Stopped. The same command goes on from the last checkpoint.")
        return 130
    except GlyphMemoryError as error:
        _print_status(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    plan = Plan()
    parser = argparse.ArgumentParser(
        prog="python -m glyph_memory.nano.training",
        description="Train the nano reader: an hour and a half on two CPU cores that know bfloat16, minutes on a GPU.",
        epilog="Then: python benchmarks/nano.py --weights FOLDER/nano.safetensors",
    )
    parser.add_argument("folder", type=Path, help="for checkpoints, weights and the model card")
    parser.add_argument("--steps", type=int, default=plan.steps, help="batches of 128 strips (%(default)s)")
    parser.add_argument(
        "--glance-steps", type=int, default=plan.glance_steps, help="batches of ideographs (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=plan.seed, help="of data and weights (%(default)s)")
    parser.add_argument(
        "--fonts", default=plan.fonts, metavar="FOLDER", help="draw pages with the fonts below it, too"
    )
    parser.add_argument("--device", default=plan.device, help="cpu, cuda, … (%(default)s)")
    parser.add_argument(
        "--workers", type=int, default=plan.workers, help="processes that make pages (%(default)s)"
    )
    parser.add_argument("--threads", type=int, default=plan.threads, help="of torch; 0: as many as it likes")
    parser.add_argument("--figures", type=Path, help="JSON of benchmarks/nano.py, for the card")
    parser.add_argument("--card", action="store_true", help="only write the card anew")
    return parser


def _print_status(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
