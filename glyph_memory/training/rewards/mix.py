"""Several rewards as one: a weighted sum, checked before anything is trained on it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from numbers import Real

from glyph_memory.checks import check_number
from glyph_memory.errors import show_value
from glyph_memory.training.rewards.completion import END_THINK, THINK
from glyph_memory.training.rewards.form import read_anchors
from glyph_memory.training.rewards.reward import Pair, Reward
from glyph_memory.training.samples import TrainingError, TrainingSample

_HEAVIEST = 1_000.0
_TRIED = 64
"""Samples on which each reward is tried before training."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MixScore:
    """What a completion is worth, and by which rewards."""

    total: float | None
    """The weighted sum of those that fit its sample; None where one of them could not tell."""
    parts: Mapping[str, float | None]
    """Each reward that fits, by name, before its weight."""


class RewardMix:
    """A weighted sum of rewards. Each counts for the samples that it fits.

    GRPO compares completions of one sample alone, so samples that other rewards fit need no common scale.

    Example:
        >>> from glyph_memory.training.rewards import AnswerReward, FormatReward
        >>> mix = RewardMix({AnswerReward(): 1.0, FormatReward(): 0.2})
        >>> mix.names
        ('exact', 'format')
    """

    def __init__(self, weights: Mapping[Reward, float]) -> None:
        """Take rewards and their weights.

        Raises:
            TrainingError: There are none, two have one name, or a weight is not above 0.
        """
        if not weights:
            raise TrainingError("a mix of no rewards teaches nothing; give one, such as AnswerReward(): 1.0")
        for reward, weight in weights.items():
            check_number(
                f"the weight of {reward.name}", weight, TrainingError, at_most=_HEAVIEST, is_open=True
            )
        names = [reward.name for reward in weights]
        if twice := {name for name in names if names.count(name) > 1}:
            raise TrainingError(
                f"two rewards are called {show_value(min(twice))}; give one of them another name="
            )
        self.weights = dict(weights)

    @property
    def names(self) -> tuple[str, ...]:
        """What the rewards are called, in order."""
        return tuple(reward.name for reward in self.weights)

    @property
    def range(self) -> tuple[float, float]:
        """The least and the most that a completion can get."""
        return (
            sum(min(0.0, reward.lowest) * weight for reward, weight in self.weights.items()),
            sum(max(0.0, reward.highest) * weight for reward, weight in self.weights.items()),
        )

    def fits(self, sample: TrainingSample) -> bool:
        """Return whether any reward says something about a sample."""
        return any(reward.fits(sample) for reward in self.weights)

    def score_all(self, pairs: Sequence[Pair]) -> list[MixScore]:
        """Return what completions are worth, in order.

        Raises:
            TrainingError: A reward gives a number outside its range, or a judge is down for too long.
        """
        parts: list[dict[str, float | None]] = [{} for _ in pairs]
        totals: list[float | None] = [0.0 for _ in pairs]
        for reward, weight in self.weights.items():
            fitting = [number for number, (sample, _) in enumerate(pairs) if reward.fits(sample)]
            given = reward.score_all([pairs[number] for number in fitting])
            if len(given) != len(fitting):
                raise TrainingError(
                    f"the reward {show_value(reward.name)} gave {len(given)} numbers for {len(fitting)} completions"
                )
            for number, score in zip(fitting, given, strict=True):
                _check_score(reward, score, pairs[number][1])
                score = None if score is None else float(score)  # noqa: PLW2901 - numpy's numbers are no JSON
                parts[number][reward.name] = score
                total = totals[number]
                totals[number] = None if score is None or total is None else total + weight * score
        return [MixScore(total=total, parts=part) for total, part in zip(totals, parts, strict=True)]

    def check(self, samples: Iterable[TrainingSample]) -> None:
        """Raise an error for a reward that cannot be reached, before anything is trained.

        Each is tried on right completions and on empty ones; a judge is not asked.

        Raises:
            TrainingError: A reward fits none of the samples, or gives the same to what is right and to nothing.
        """
        known = list(samples)
        for reward, weight in self.weights.items():
            tried = list(islice((sample for sample in known if reward.fits(sample)), _TRIED))
            if not tried:
                families = ", ".join(sorted({sample.family for sample in known})) or "none at all"
                raise TrainingError(
                    f"the reward {show_value(reward.name)} has weight {weight:g} and fits none of {len(known):,} "
                    f"samples (their families: {families}); leave it out, or mix samples in that it fits"
                )
            if not reward.asks_a_server and reward.highest > 0:
                _check_reach(reward, tried)


def _check_score(reward: Reward, score: object, text: str) -> None:
    if score is None:
        return
    if not isinstance(score, Real) or not (
        math.isfinite(score) and reward.lowest - 1e-9 <= float(score) <= reward.highest + 1e-9
    ):
        raise TrainingError(
            f"the reward {show_value(reward.name)} gave {show_value(score)} for {show_value(text)}, and says of "
            f"itself that it gives {reward.lowest:g} to {reward.highest:g}; set its lowest and highest right"
        )


def _check_reach(reward: Reward, tried: Sequence[TrainingSample]) -> None:
    given = [
        {reward.score(sample, text) for text in ("", sample.completion, _write_best(sample))}
        for sample in tried
    ]
    if all(len(one) == 1 for one in given):
        raise TrainingError(
            f"the reward {show_value(reward.name)} gives {next(iter(given[0]))} to the right completion and to an "
            f"empty one alike, for {show_value(tried[0].completion)} too: nothing can be learned from it; "
            "leave it out, or look at the samples"
        )


def _write_best(sample: TrainingSample) -> str:
    cited = sorted(read_anchors(sample, "citation") or read_anchors(sample, "anchors"))[:1]
    shown = "".join(f" §{anchor}" for anchor in cited)
    return f"{THINK}{sample.reasoning or '…'}{END_THINK}{sample.answer}{shown}"
