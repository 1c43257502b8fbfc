"""The log of a training: a line of JSON for each step, and none twice after a stop.

Knows figures and a file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from glyph_memory.files import write_atomic


@dataclass(frozen=True, kw_only=True, slots=True)
class GrpoStep:
    """What a step came to.

    Example:
        >>> step = GrpoStep(step=3, steps=10, loss=0.01, reward=0.42, reward_std=0.3, rewards={"exact": 0.42})
        >>> step.line
        'step 3/10: reward 0.420 ± 0.300 (exact 0.42)'
    """

    step: int
    """Its number, from 1."""
    steps: int
    """How many there will be."""
    loss: float
    """Of the policy; its size tells little, see the reward."""
    reward: float | None
    """The mean of the completions' weighted sums; None where no reward could tell."""
    reward_std: float | None
    """Their standard deviation."""
    rewards: dict[str, float]
    """The mean of each reward, before its weight."""
    flat_share: float = 0.0
    """The share of groups whose completions all got the same, from which nothing is learned."""
    unscored_share: float = 0.0
    """The share of completions that no reward could tell about, such as those that a judge gave no verdict on."""
    kl: float | None = None
    """How far the model is from the one that training began with, in nats a token; None with `beta=0`."""
    clip_share: float | None = None
    """The share of tokens whose gradient was cut."""
    length: float | None = None
    """The mean of the completions' tokens."""
    cut_off_share: float | None = None
    """The share of completions that reached `max_new_tokens`."""
    grad_norm: float | None = None
    """Length of the gradient before it was scaled."""

    @property
    def line(self) -> str:
        """The step in a line."""
        reward = "none" if self.reward is None else f"{self.reward:.3f} ± {self.reward_std or 0.0:.3f}"
        parts = ", ".join(f"{name} {value:.2f}" for name, value in self.rewards.items())
        said = [f"step {self.step}/{self.steps}: reward {reward}{f' ({parts})' if parts else ''}"]
        if self.kl is not None:
            said.append(f"KL {self.kl:.4f}")
        if self.clip_share is not None:
            said.append(f"clipped {self.clip_share:.1%}")
        if self.length is not None:
            said.append(f"{self.length:,.0f} tokens")
        if self.flat_share:
            said.append(f"{self.flat_share:.0%} of groups flat")
        if self.unscored_share:
            said.append(f"{self.unscored_share:.0%} without a reward")
        return ", ".join(said)


class StepLog:
    """A file of steps, one a line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def cut_after(self, step: int) -> None:
        """Drop the lines of steps that are done again."""
        if self.path.exists():
            kept = [line for line in self._read_lines() if json.loads(line)["step"] <= step]
            write_atomic(self.path, "".join(f"{line}\n" for line in kept).encode())

    def add(self, step: GrpoStep) -> None:
        """Write a step."""
        told = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(step).items()
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")

    def read(self) -> list[GrpoStep]:
        """Return the steps that are there."""
        return [GrpoStep(**json.loads(line)) for line in self._read_lines()] if self.path.exists() else []

    def _read_lines(self) -> Iterator[str]:
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                told = json.loads(line)
            except ValueError:  # of a process that was killed while it wrote
                continue
            if isinstance(told, dict) and isinstance(told.get("step"), int):
                yield line
