"""A task that a tiny model learns within seconds: a page is black or white, and the right answer is one letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glyph_memory.training import TrainingSample
from glyph_memory.training.grpo import GrpoResult, GrpoSettings, train_grpo
from glyph_memory.training.models import LoraSettings, ModelSettings
from glyph_memory.training.rewards import Reward, RewardMix
from lib.one_letter import make_sample

WEIGHTS = ModelSettings(lora=None, trains_vision=True, gradient_checkpointing=False, device="cpu")
LORA = ModelSettings(lora=LoraSettings(rank=2, dropout=0.1), gradient_checkpointing=False, device="cpu")
TEXT_WEIGHTS = ModelSettings(lora=None, gradient_checkpointing=False, device="cpu")


class Letters(Reward):
    """The share of small letters in a completion: it differs between completions from the first step."""

    name = "letters"

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return 0 to 1."""
        return sum(char.islower() for char in text) / max(1, len(text))


class StopsAt(Reward):
    """Letters, until a call; then it does what it is told to."""

    name = "letters"

    def __init__(self, call: int, end: Callable[[], None]) -> None:
        self._left, self._end, self._letters = call, end, Letters()

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return the share of letters."""
        self._left -= 1
        if self._left < 0:
            self._end()
        return self._letters.score(sample, text)


SAMPLES = (make_sample("black"), make_sample("white"))


def choose_settings(**more: Any) -> GrpoSettings:
    """Return settings for the tiny model."""
    told: dict[str, Any] = {
        "steps": 4,
        "group_size": 4,
        "prompts_per_step": 2,
        "prompts_at_once": 2,
        "completions_per_pass": 8,
        "learning_rate": 1e-3,
        "max_new_tokens": 3,
        "save_every": 2,
    }
    return GrpoSettings(**(told | more))


def train(
    model: Path,
    out: Path,
    settings: GrpoSettings,
    *,
    samples: Sequence[TrainingSample] = SAMPLES,
    reward: Reward | RewardMix | None = None,
    weights: ModelSettings = TEXT_WEIGHTS,
    **more: Any,
) -> GrpoResult:
    """Train the tiny model."""
    mix = reward if isinstance(reward, RewardMix) else RewardMix({reward or Letters(): 1.0})
    return train_grpo(
        model,
        samples,
        reward=mix,
        out=out,
        settings=settings,
        model_settings=weights,
        is_offline=True,
        **more,
    )
