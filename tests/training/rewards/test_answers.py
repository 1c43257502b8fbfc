"""Answers that can be checked: known ones first, then what holds for all."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glyph_memory.evaluate.tasks import match_all
from glyph_memory.training import TrainingError
from glyph_memory.training.rewards import (
    AnswerReward,
    HowCompared,
    Reward,
    ScorerReward,
    parse_completion,
)
from tests.training.rewards.samples import make_sample

WAYS: list[Reward] = [*(AnswerReward(how) for how in get_args(HowCompared)), ScorerReward(match_all)]


@pytest.mark.parametrize(
    ("right", "said", "exact", "contained", "f1"),
    [
        ("K-4417", "K-4417", 1, 1, 1),
        ("K-4417", "k-4417.", 1, 1, 1),
        ("K-4417", "<think>Perhaps K-1.</think> K-4417", 1, 1, 1),
        ("K-4417", "<think>It is K-4417.</think> K-4471", 0, 0, 0),
        ("K-4417", "<think>It is K-4417.", 0, 0, 0),
        ("K-4417", "K-44170", 0, 0, 0),
        ("K-4417", "The key is K-4417.", 0, 1, 0.5),
        ("K-4417", "K-4417 (§12)", 1, 1, 1),
        ("K-4417 (§12)", "K-4417 §7", 1, 1, 1),
        ("§42 user", "§42 user", 1, 1, 1),
        ("§42 user", "§7 user", 0, 0, 0.5),
        ("§42", "It is §42.", 0, 1, None),
        ("14 March", "on 14\n  March", 0, 1, 0.8),
        ("K-4417", "", 0, 0, 0),
        ("K-4417", "Not stated.", 0, 0, 0),
        ("K-4417", "Not stated, or K-4417", 0, 0, 0),
        ("not stated", "Not stated.", 1, 1, 1),
        ("not stated", "The pages do not say.", 1, 1, 1),
        ("not stated", "K-4417", 0, 0, 0),
        ("not stated", "", 0, 0, 0),
        ("東京", "それは東京です", 0, 1, None),
        ("<answer>K", "<think>.</think><answer>K</answer>", 0, 0, None),
        ("K", "<think>.</think><answer>K</answer>", 1, 1, 1),
        ("K", "<|begin_of_box|>K<|end_of_box|>", 1, 1, 1),
    ],
)
def test_known_answers(right: str, said: str, exact: float, contained: float, f1: float | None) -> None:
    """What is thought does not count, nor what is cited unless it is asked for; a hedge is no answer."""
    sample = make_sample(right)
    assert AnswerReward("exact").score(sample, said) == exact
    assert AnswerReward("contained").score(sample, said) == contained
    if f1 is not None:
        assert AnswerReward("f1").score(sample, said) == pytest.approx(f1)


def test_an_answer_that_names_everything_is_not_rewarded() -> None:
    """A model would learn to write the whole page."""
    sample = make_sample("K-4417")
    page = ", ".join(f"K-{number}" for number in range(4_400, 4_450))
    assert AnswerReward("contained").score(sample, page) == 0


def test_to_say_that_it_is_not_stated_may_be_worth_more_than_a_wrong_answer() -> None:
    """It stays below a right one."""
    reward = AnswerReward("exact", abstained=0.25)
    sample = make_sample("K-4417")
    assert [reward.score(sample, said) for said in ("K-1", "Not stated", "K-4417")] == [0, 0.25, 1]


def test_the_best_of_several_right_answers_counts() -> None:
    """They stand in the sample's details."""
    sample = make_sample("France", answers=["France", "the French Republic"])
    assert AnswerReward("exact").score(sample, "The French Republic.") == 1


def test_a_scorer_of_evaluation_is_a_reward() -> None:
    """RULER's takes all right strings; "not stated" is judged as everywhere."""
    reward = ScorerReward(match_all)
    assert reward.score(make_sample("17", answers=["18"]), "<think>19</think>17 and 20") == 0.5
    assert reward.score(make_sample("17"), "17, or it is not stated") == 0
    assert reward.score(make_sample("not stated"), "not stated") == 1
    assert reward.score(make_sample("K-4417 (§7)"), "K-4417 §9") == 1


def test_rewards_leave_samples_that_only_read_to_others() -> None:
    """A page's text is no answer."""
    assert not any(way.fits(make_sample("text", family="ocr")) for way in WAYS)
    assert all(way.fits(make_sample("text", family="conversation")) for way in WAYS)


@given(st.sampled_from(WAYS), st.text(min_size=1), st.text())
def test_rewards_stay_in_their_range_for_any_text(way: Reward, right: str, said: str) -> None:
    """Nothing that a model or a text says breaks them."""
    score = way.score(make_sample(right), said)
    assert score is not None
    assert way.lowest <= score <= way.highest


@given(
    st.text(alphabet="bXYZ0189-/é東 \n\r\t", min_size=1),
    st.sampled_from(WAYS),
)
def test_the_right_answer_gets_all_there_is(right: str, way: Reward) -> None:
    """With thoughts before it, for any right answer that has a letter."""
    assume(any(char.isalnum() for char in right))
    assert way.score(make_sample(right), f"<think>Well.</think>{right}") == pytest.approx(1)


@given(st.text(), st.text())
def test_the_answer_is_what_stands_after_the_last_thought(before: str, after: str) -> None:
    """However many thoughts there are."""
    said = parse_completion(f"<think>{before}</think>{before}</think>x{after}y")
    if "</think>" not in after and not any(tag in after for tag in ("answer>", "_of_box")):
        assert said.answer == f"x{after}y"


def test_what_cannot_be_compared_is_refused() -> None:
    """The way, and what abstaining is worth."""
    with pytest.raises(TrainingError, match="how='bleu' is no way to compare"):
        AnswerReward("bleu")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TrainingError, match="abstained=2 is above 1"):
        AnswerReward(abstained=2)
