"""Does GRPO raise a reward that only the page tells, and only that?

A page is black or white; the right answer is its letter, one of the tokens of a tiny vision-language model with random
weights. A run is rewarded for the right letter; another one is given as many points, but by a completion's place in its
group and not for what it says. What is told is how many completions begin with the right letter, by step, over three
seeds. A model that looks at no page comes to a half at the most.

Aimed at: above 0.9 at the end, from below 0.1; the shuffled runs stay below 0.1.

    python benchmarks/grpo.py [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glyph_memory.testing import build_tiny_model
from glyph_memory.training.grpo import GrpoSettings, train_grpo
from glyph_memory.training.models import ModelSettings
from glyph_memory.training.rewards import RewardMix
from lib.one_letter import FirstLetter, Shuffled, make_sample
from lib.report import print_table, say_whether
from lib.results import write_results

SEEDS = (0, 1, 2)
STEPS = 80
BLOCK = 10
"""Steps whose mean is told."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some steps of all runs."""

    first: int
    """The first, from 0."""
    curves: Mapping[str, Sequence[Sequence[float]]]
    """The share of right letters by step, of each run."""

    @property
    def spelled(self) -> str:
        """Which steps."""
        return f"{self.first + 1}–{self.first + BLOCK}"

    def means(self, name: str) -> list[float]:
        """Return the mean of each run of a name."""
        return [statistics.fmean(one[self.first : self.first + BLOCK]) for one in self.curves[name]]

    def as_figures(self) -> dict[str, object]:
        """Return what is written."""
        return {"steps": self.spelled, **{name: self.means(name) for name in self.curves}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, print the curve, write the numbers."""
    parser = argparse.ArgumentParser(description="Train a tiny model on the colour of pages.")
    parser.add_argument("--quick", action="store_true", help="one seed, twenty steps")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    seeds, steps = (SEEDS[:1], 20) if options.quick else (SEEDS, STEPS)
    curves = {
        "rewarded": [train(seed, steps, RewardMix({FirstLetter(): 1.0})) for seed in seeds],
        # The second only measures: a millionth of the first.
        "shuffled": [train(seed, steps, RewardMix({Shuffled(): 1.0, FirstLetter(): 1e-6})) for seed in seeds],
    }
    rows = [Block(first=first, curves=curves) for first in range(0, steps, BLOCK)]
    print_table(
        f"completions that begin with the right letter; seeds {', '.join(map(str, seeds))}",
        ("steps", "rewarded", "shuffled"),
        [(row.spelled, _spell(row.means("rewarded")), _spell(row.means("shuffled"))) for row in rows],
    )
    last = rows[-1]
    print(f"every rewarded run ends above 0.9: {say_whether(min(last.means('rewarded')) > 0.9)}")
    print(f"every shuffled run stays below 0.1: {say_whether(max(last.means('shuffled')) < 0.1)}")
    write_results("grpo", {"seeds": list(seeds), "rows": [row.as_figures() for row in rows]}, arguments=given)


def train(seed: int, steps: int, mix: RewardMix) -> list[float]:
    """Return the share of right letters of each step."""
    with tempfile.TemporaryDirectory() as folder:
        result = train_grpo(
            build_tiny_model(Path(folder) / "tiny", "qwen2.5-vl", seed=seed),
            [make_sample("black"), make_sample("white")],
            reward=mix,
            out=Path(folder) / "run",
            settings=GrpoSettings(
                steps=steps,
                group_size=32,
                prompts_per_step=2,
                prompts_at_once=2,
                completions_per_pass=64,
                learning_rate=4e-4,
                max_new_tokens=1,
                beta=0.0,
                flat_steps=steps,
                save_every=steps,
                seed=seed,
            ),
            model_settings=ModelSettings(
                lora=None, trains_vision=True, gradient_checkpointing=False, device="cpu", seed=seed
            ),
        )
    return [step.rewards["right"] for step in result.steps]


def _spell(values: Sequence[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    main()
