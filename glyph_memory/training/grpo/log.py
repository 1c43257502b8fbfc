"""What a step of a training came to, and the log of all steps.

Knows figures and a file.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path

from glyph_memory.training.log_file import LogFile


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
    """The steps of a training in a file of rows."""

    def __init__(self, path: Path) -> None:
        self._file = LogFile(path)

    def cut_after(self, step: int) -> None:
        """Drop steps that are done again."""
        self._file.cut_after(step)

    def add(self, step: GrpoStep) -> None:
        """Write a step.

        Raises:
            TrainingError: The file cannot be written, as on a full disk.
        """
        self._file.add(
            {
                name: None if isinstance(value, float) and not math.isfinite(value) else value
                for name, value in asdict(step).items()
            }
        )

    def read(self) -> list[GrpoStep]:
        """Return the steps that are there."""
        return [GrpoStep(**row) for row in self._file.read()]

    def count_flat(self) -> int:
        """Return how many of the last steps in a row were flat in all groups."""
        return sum(1 for _ in takewhile(lambda step: step.flat_share == 1, reversed(self.read())))
