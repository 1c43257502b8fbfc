"""Which samples are trained on: those that a reward fits, and whose prompts fit the model.

Knows samples and lengths; knows nothing about trainers. Loaded late: it needs torch.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from glyph_memory.training.grpo.prompts import PromptSpeller
from glyph_memory.training.grpo.settings import GrpoSettings
from glyph_memory.training.models import TrainableModel
from glyph_memory.training.rewards import RewardMix
from glyph_memory.training.sample_files import SampleTable
from glyph_memory.training.samples import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleChoice:
    """The numbers of samples."""

    asked: list[int]
    """Of those that are asked something."""
    read: list[int]
    """Of those whose pages are to be read."""
    left_out: dict[str, int]
    """How many others there are, by why."""


def choose_samples(
    table: SampleTable, trainable: TrainableModel, reward: RewardMix, settings: GrpoSettings
) -> SampleChoice:
    """Return which samples are trained on. Each is looked at once; none is cut.

    Raises:
        TrainingError: None is left, or one is broken.
    """
    speller = PromptSpeller(trainable)
    window = trainable.loaded.window_tokens
    room = None if window is None else max(0, window - settings.max_new_tokens)
    limit = min((one for one in (settings.max_prompt_tokens, room) if one is not None), default=None)
    asked, read, left_out = list[int](), list[int](), Counter[str]()
    shortest: int | None = None
    for number in range(len(table)):
        sample = table.read(number)
        if not reward.fits(sample):
            left_out["no reward fits them"] += 1
            continue
        length = 0 if limit is None else speller.count_tokens(sample)
        if limit is not None and length > limit:
            shortest = min(length, shortest or length)
            left_out[f"a prompt of more than {limit:,} tokens"] += 1
        else:
            (read if sample.family == "ocr" else asked).append(number)
    if not asked and not read:
        raise TrainingError(
            f"all {len(table):,} prompts are longer than {limit or 0:,} tokens, the shortest has {shortest or 0:,}; "
            "give shorter ones, a larger max_prompt_tokens, or a smaller max_new_tokens"
        )
    return SampleChoice(asked=asked, read=read, left_out=dict(left_out))
