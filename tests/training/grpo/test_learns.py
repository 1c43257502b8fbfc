"""GRPO raises the reward of a task whose answer stands on the page, and of no other."""

from __future__ import annotations

import statistics
from pathlib import Path

from glyph_memory.training.grpo import GrpoResult
from glyph_memory.training.rewards import RewardMix
from lib.one_letter import FirstLetter, Shuffled
from tests.training.grpo.bandit import WEIGHTS, choose_settings, train

_SETTINGS = {"group_size": 32, "completions_per_pass": 64, "learning_rate": 8e-4, "max_new_tokens": 1}


def _mean_reward(result: GrpoResult, first: int, last: int) -> float:
    rewards = [step.rewards["first"] for step in result.steps[first:last]]
    return statistics.fmean(rewards)


def test_the_reward_of_pages_that_are_black_or_white_rises_from_nothing_to_nearly_all(
    tiny: Path, tmp_path: Path
) -> None:
    """A model that looks at no page gets half of it at the most: it says the same letter to both."""
    settings = choose_settings(**_SETTINGS, steps=25, beta=0.0, save_every=25, flat_steps=25)
    result = train(tiny, tmp_path, settings, reward=FirstLetter(), weights=WEIGHTS)
    assert _mean_reward(result, 0, 5) < 0.1
    assert _mean_reward(result, -6, len(result.steps)) > 0.8


def test_a_reward_that_is_shuffled_teaches_nothing(tiny: Path, tmp_path: Path) -> None:
    """As many points for the same completions, but not for what they say: what is right stays as rare as it was."""
    settings = choose_settings(**_SETTINGS, steps=15, beta=0.0, save_every=15, flat_steps=15)
    mix = RewardMix({Shuffled(): 1.0, FirstLetter(): 1e-6})  # the second is only measured
    result = train(tiny, tmp_path, settings, reward=mix, weights=WEIGHTS)
    assert _mean_reward(result, 9, 15) < 0.1
