"""The `Reward`: what a completion of a sample is worth, as one number.

Knows samples and texts; knows nothing about trainers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from glyph_memory.training.samples import TrainingSample

Pair = tuple[TrainingSample, str]
"""A sample, and what a model wrote for it."""


class Reward(ABC):
    """What a completion is worth. A subclass of your own needs a name, a range and `score`.

    Example:
        >>> class Short(Reward):
        ...     name, lowest, highest = "short", 0.0, 1.0
        ...     def score(self, sample, text):
        ...         return float(len(text) < 40)
    """

    name: str
    """What it is called, in logs and on the command line."""
    lowest: float = 0.0
    """The least it gives."""
    highest: float = 1.0
    """The most it gives."""
    asks_a_server: ClassVar[bool] = False
    """Whether it cannot be tried out without one."""

    @abstractmethod
    def score(self, sample: TrainingSample, text: str) -> float | None:
        """Return what a completion is worth; None where nobody can tell, which is no 0.

        Args:
            sample: What was asked, and what is right.
            text: What the model wrote, its thoughts included.
        """

    def fits(self, sample: TrainingSample) -> bool:
        """Return whether the reward says anything about such a sample; others are left to other rewards."""
        return True

    def score_all(self, pairs: Sequence[Pair]) -> list[float | None]:
        """Return what completions are worth, in order; for those that are better scored together."""
        return [self.score(sample, text) for sample, text in pairs]
