"""Spell samples as prompts, and measure them: `PromptSpeller`.

Knows chat templates; knows nothing about trainers.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

from glyph_memory.readers.local.prompt import find_special_tokens
from glyph_memory.tokens import defuse
from glyph_memory.training.models import SampleEncoder, TrainableModel
from glyph_memory.training.rewards.completion import THINK
from glyph_memory.training.samples import TrainingSample

_PROBE = [{"role": "user", "content": [{"type": "text", "text": "Forty-two."}]}]


class PromptSpeller:
    """Spells samples for one model."""

    def __init__(self, trainable: TrainableModel) -> None:
        self._special = find_special_tokens(trainable.tokenizer)
        self._encoder = SampleEncoder(trainable, with_reasoning=False)
        rendered = trainable.processor.apply_chat_template(_PROBE, tokenize=False, add_generation_prompt=True)
        self.opening = THINK if str(rendered).rstrip().endswith(THINK) else ""
        """What the template writes of a completion; `<think>` where it opens the thought."""

    def spell(self, sample: TrainingSample) -> list[dict[str, Any]]:
        """Return a sample's prompt as messages, with places for its images; nothing in it is a special token."""
        return [
            {
                "role": message.role,
                "content": [
                    {"type": "text", "text": defuse(part, special_tokens=self._special)}
                    if isinstance(part, str)
                    else {"type": "image"}
                    for part in message.parts
                ],
            }
            for message in sample.prompt
        ]

    def count_tokens(self, sample: TrainingSample) -> int:
        """Return how long a prompt is, its images included.

        Raises:
            TrainingError: The template or the processor refuses it, or an image is broken.
        """
        return self._encoder.count_prompt_tokens(sample)
