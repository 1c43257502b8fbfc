"""Rewards by name, as they are typed: `answer=1,format=0.2,ocr=0.5`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from glyph_memory.errors import show_value
from glyph_memory.evaluate.tasks import match_all, match_any
from glyph_memory.training.rewards.answers import AnswerReward, ScorerReward
from glyph_memory.training.rewards.form import FormatReward, LengthPenalty
from glyph_memory.training.rewards.mix import RewardMix
from glyph_memory.training.rewards.ocr import OcrReward
from glyph_memory.training.rewards.reward import Reward
from glyph_memory.training.samples import TrainingError

_MAKERS: dict[str, tuple[str, Callable[[], Reward]]] = {
    "answer": (
        "the right answer stands in what is said, with little beside it",
        lambda: AnswerReward("contained", name="answer"),
    ),
    "exact": (
        "the answer is the right one, but for case and outer punctuation",
        lambda: AnswerReward("exact"),
    ),
    "f1": ("how many words of the answer are right", lambda: AnswerReward("f1")),
    "match-all": (
        "RULER's: the share of right strings in it",
        lambda: ScorerReward(match_all, name="match-all"),
    ),
    "match-any": ("RULER's: any right string in it", lambda: ScorerReward(match_any, name="match-any")),
    "format": ("thoughts and an answer once each, and citations that lead somewhere", FormatReward),
    "ocr": ("1 less the share of wrong characters, on samples that read pages", OcrReward),
    "length": ("0, down to -1 for more than 4,000 characters", LengthPenalty),
}
REWARDS: Mapping[str, str] = MappingProxyType(
    {name: about for name, (about, _) in _MAKERS.items()}
    | {"judge": "another model says whether it is right"}
)
"""What can be typed, and what each reward is for."""


def parse_rewards(typed: str, *, judge: Reward | None = None) -> RewardMix:
    """Return the mix that was typed.

    Args:
        typed: Names and weights, such as "answer=1,format=0.2"; a name alone has weight 1.
        judge: What stands for the name "judge".

    Raises:
        TrainingError: A name is not known, a weight is no number, or there is no judge.

    Example:
        >>> mix = parse_rewards("answer=1,format=0.2")
        >>> mix.names, mix.range
        (('answer', 'format'), (0.0, 1.2))
    """
    weights = dict[Reward, float]()
    for entry in filter(None, (one.strip() for one in typed.split(","))):
        name, sign, number = (part.strip() for part in entry.partition("="))
        try:
            weight = float(number) if sign else 1.0
        except ValueError as error:
            raise TrainingError(
                f"{show_value(entry)} has no number for a weight; write it as in answer=1"
            ) from error
        weights[_make_reward(name, judge)] = weight
    return RewardMix(weights)


def _make_reward(name: str, judge: Reward | None) -> Reward:
    if name == "judge":
        if judge is None:
            raise TrainingError("the reward 'judge' needs a judge; name its server with --judge-server")
        return judge
    if name not in _MAKERS:
        raise TrainingError(f"no reward {show_value(name)}; there are {', '.join(REWARDS)}")
    return _MAKERS[name][1]()
