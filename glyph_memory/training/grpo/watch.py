"""Watch the rewards of each step: rewards that never differ within a group teach nothing, and training stops.

Knows scores; knows nothing about models.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from glyph_memory.errors import show_value
from glyph_memory.training.rewards import MixScore
from glyph_memory.training.samples import TrainingError

_SAME = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class RewardFigures:
    """The rewards of a step in figures."""

    mean: float | None
    """The mean of all completions' totals; None where nothing could be told of any."""
    std: float | None
    """Their standard deviation."""
    parts: dict[str, float]
    """The mean of each reward."""
    flat_share: float
    """The share of groups whose completions all got the same."""
    unscored_share: float
    """The share of completions that no reward could tell about."""


@dataclass(kw_only=True)
class RewardWatch:
    """Collects the scores of a step, and stops where steps in a row teach nothing."""

    flat_steps: int
    """How many steps in a row may be flat."""
    flat_run: int = 0
    """How many have been."""
    _scores: list[MixScore] = field(default_factory=list)
    _flat_groups: list[bool] = field(default_factory=list)
    _seen: dict[str, set[float | None]] = field(default_factory=dict)
    _example: str = ""

    def add(self, scores: Sequence[MixScore], texts: Sequence[str], *, group_size: int) -> None:
        """Take the scores of completions, group after group."""
        self._scores.extend(scores)
        for first in range(0, len(scores), group_size):
            totals = [one.total for one in scores[first : first + group_size] if one.total is not None]
            self._flat_groups.append(not totals or max(totals) - min(totals) < _SAME)
        for score in scores:
            for name, value in score.parts.items():
                self._seen.setdefault(name, set()).add(value)
        self._example = texts[0] if texts else ""

    def forget(self) -> None:
        """Forget what was added since a step ended: the step begins again."""
        self._scores, self._flat_groups = [], []

    def finish_step(self) -> RewardFigures | None:
        """Return the figures of a step; None where it used the completions of the last one.

        Raises:
            TrainingError: Too many steps in a row were flat.
        """
        if not self._scores:
            return None
        figures = _sum_up(self._scores, self._flat_groups)
        is_flat = all(self._flat_groups)
        self.forget()
        self.flat_run = self.flat_run + 1 if is_flat else 0
        if not is_flat:
            self._seen.clear()
        if self.flat_run >= self.flat_steps:
            raise TrainingError(
                f"every group of completions got one reward each in {self.flat_run} steps in a row "
                f"({_tell_values(self._seen)}; one of them: {show_value(self._example)}): nothing is learned from "
                "that. Give easier samples or another reward, or a model that sometimes does what is rewarded"
            )
        return figures


def _sum_up(scores: Sequence[MixScore], flat: Sequence[bool]) -> RewardFigures:
    totals = [one.total for one in scores if one.total is not None]
    names = dict.fromkeys(name for one in scores for name in one.parts)
    parts = {name: [value for one in scores if (value := one.parts.get(name)) is not None] for name in names}
    return RewardFigures(
        mean=statistics.fmean(totals) if totals else None,
        std=statistics.pstdev(totals) if totals else None,
        parts={name: statistics.fmean(values) for name, values in parts.items() if values},
        flat_share=sum(flat) / len(flat),
        unscored_share=1 - len(totals) / len(scores),
    )


def _tell_values(seen: dict[str, set[float | None]]) -> str:
    told = []
    for name, values in sorted(seen.items()):
        numbers = sorted(value for value in values if value is not None)
        if not numbers:
            told.append(f"{name!r} gave no verdict")
        elif numbers[0] == numbers[-1]:
            told.append(f"{name!r} gave {numbers[0]:g} to all")
        else:
            told.append(f"{name!r} gave {numbers[0]:g} to {numbers[-1]:g}, but the same within each group")
    return ", ".join(told) or "no reward fitted"
