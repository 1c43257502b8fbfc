"""A mix is a weighted sum, of rewards that can be reached."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.testing import ScriptedReader
from glyph_memory.training import TrainingError, TrainingSample
from glyph_memory.training.rewards import (
    REWARDS,
    AnswerReward,
    FormatReward,
    JudgeReward,
    Reward,
    RewardMix,
    parse_rewards,
)
from tests.training.rewards.samples import make_sample


class Given(Reward):
    """Gives what it was made with."""

    def __init__(self, name: str, value: Any, *, highest: float = 1.0) -> None:
        self.name, self._value, self.highest = name, value, highest

    def score(self, sample: TrainingSample, text: str) -> float | None:
        """Return it."""
        given: float | None = self._value
        return given


QUESTION, PAGE = make_sample("K-4417"), make_sample("K-4417", family="ocr")


def test_a_mix_is_a_weighted_sum_of_the_rewards_that_fit() -> None:
    """Reading counts for samples that read, answers for those that ask."""
    mix = parse_rewards("answer=1,format=0.2,ocr=0.5")
    said = "<think>Page 1.</think>K-4417"
    scores = mix.score_all([(QUESTION, said), (PAGE, "K-4418"), (QUESTION, "K-1")])
    assert [one.total for one in scores] == pytest.approx([1.2, 0.5 * (1 - 1 / 6), 0])
    assert dict(scores[0].parts) == {"answer": 1, "format": 1}
    assert scores[1].parts.keys() == {"ocr"}
    assert mix.range == pytest.approx((0, 1.7))


def test_a_completion_that_one_reward_cannot_tell_about_has_no_total() -> None:
    """It is left out, not taken for 0."""
    mix = RewardMix({Given("a", 1.0): 1, Given("b", None): 1})
    score = mix.score_all([(QUESTION, "x")])[0]
    assert score.total is None
    assert dict(score.parts) == {"a": 1.0, "b": None}


def test_numbers_of_numpy_are_numbers() -> None:
    """A reward that was reckoned with arrays is no other than one that was not, and what is no number is refused."""
    score = RewardMix({Given("a", np.float32(0.5)): 1.0}).score_all([(QUESTION, "x")])[0]
    assert score.parts["a"] == 0.5
    assert type(score.parts["a"]) is float
    with pytest.raises(TrainingError, match="the reward 'a' gave"):
        RewardMix({Given("a", np.float32("nan")): 1.0}).score_all([(QUESTION, "x")])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 9)), min_size=1, max_size=5))
def test_totals_stay_in_the_range_of_the_mix(parts: list[tuple[float, float]]) -> None:
    """Whatever the weights."""
    mix = RewardMix({Given(str(number), value): weight for number, (value, weight) in enumerate(parts)})
    total = mix.score_all([(QUESTION, "x")])[0].total
    assert total is not None
    assert mix.range[0] - 1e-9 <= total <= mix.range[1] + 1e-9


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "a mix of no rewards"),
        ("answer=x", "'answer=x' has no number"),
        ("answer=0", "the weight of answer=0.0 is not above 0"),
        ("answer=nan", "is no finite number"),
        ("bleu=1", "no reward 'bleu'; there are answer, "),
        ("judge=1", "'judge' needs a judge; name its server"),
        ("exact,exact", "two rewards are called 'exact'"),
    ],
)
def test_a_mix_that_cannot_be_is_refused(typed: str, message: str) -> None:
    """In one line with the next step."""
    with pytest.raises(TrainingError, match=message):
        parse_rewards(typed)


def test_every_name_that_can_be_typed_makes_a_reward_of_that_name() -> None:
    """So that logs and options speak of the same."""
    judge = JudgeReward(ScriptedReader([]))
    for name in REWARDS:
        assert parse_rewards(name, judge=judge).names == (name,)


def test_a_reward_that_gives_the_same_to_right_and_to_nothing_is_refused() -> None:
    """Nothing could be learned from it; the reason names it, what it gives, and a completion."""
    mix = RewardMix({AnswerReward(): 1, Given("flat", 0.5): 0.5})
    with pytest.raises(
        TrainingError, match=r"'flat' gives 0.5 to the right completion and to an empty one.*'K-4417'"
    ):
        mix.check([QUESTION])
    with pytest.raises(TrainingError, match=r"'ocr' has weight 1 and fits none of 2 samples .*: question"):
        parse_rewards("exact=1,ocr=1").check([QUESTION, QUESTION])
    RewardMix({AnswerReward(): 1, FormatReward(): 1}).check([QUESTION])
    RewardMix({FormatReward(): 1}).check([make_sample("K", anchors=[7], citation=7)])


def test_a_reward_outside_its_range_stops_training() -> None:
    """It would drown all others, and no-one would see why."""
    for value in (7.0, float("nan"), -0.5):
        with pytest.raises(TrainingError, match=r"the reward 'wild' gave .* gives 0 to 1"):
            RewardMix({Given("wild", value): 1}).score_all([(QUESTION, "x")])
