"""All settings of GRPO by name, with where each value comes from: `GrpoSettings`.

Knows numbers; knows nothing about models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from glyph_memory.checks import LARGEST_COUNT, check_number, check_whole
from glyph_memory.errors import show_value
from glyph_memory.training.samples import TrainingError

Loss = Literal["grpo", "dapo", "dr_grpo"]
"""How the tokens of a batch are weighed; see `GrpoSettings.loss`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GrpoSettings:
    """How a model is trained on rewards.

    Glyph (Cheng et al. 2025, arXiv 2510.17800) trains its last stage with GRPO: groups of 16 answers to each prompt,
    clip-higher, KL to the model of the stage before, rewards by a judge and for the format, and reading pages beside
    it. Where a field names no other source, the value is ours.

    Raises:
        TrainingError: A value is out of range, or two do not fit each other.

    Example:
        >>> settings = GrpoSettings(prompts_per_step=8, steps=200)
        >>> settings.group_size, settings.epsilon_low, settings.epsilon_high, settings.completions_per_step
        (16, 0.2, 0.28, 128)
    """

    steps: int = 500
    """Updates of the weights, all stops and starts together."""
    group_size: int = 16
    """Completions of one prompt, which are compared with each other. Glyph's."""
    prompts_per_step: int = 32
    """Prompts whose completions one update sees."""
    learning_rate: float = 1e-6
    """Constant, after `warmup_steps`. DAPO's (Yu et al. 2025, arXiv 2503.14476), for all weights; LoRA wants some ten
    times that."""
    warmup_steps: int = 0
    """Steps in which the rate rises from 0."""
    epsilon_low: float = 0.2
    """How much less likely a token may become before its gradient is cut. PPO's."""
    epsilon_high: float = 0.28
    """How much likelier it may become: clip-higher, which Glyph uses, with DAPO's value. With `passes=1` every update
    is on its own completions, no ratio leaves 1 and nothing is ever cut."""
    beta: float = 0.001
    """Weight of the KL to the model that training begins with, as of DeepSeek-R1 (arXiv 2501.12948); 0 for none."""
    temperature: float = 1.0
    """Of the completions. Below 1 the probabilities that are trained are not those that were drawn from."""
    max_new_tokens: int = 2_048
    """Longest completion, thoughts included; a longer one is cut off and earns what it holds."""
    max_prompt_tokens: int | None = None
    """Longest prompt, its pages included; longer ones are left out and counted, never cut. The model's window less
    `max_new_tokens` where it is not given."""
    ocr_share: float = 0.2
    """Share of prompts that are pages to be read, where the samples have such. Glyph mixes them in and names no
    share."""
    passes: int = 1
    """Updates on the same completions."""
    prompts_at_once: int = 1
    """Prompts whose completions are written at the same time; memory grows with it. With more than one pass it is
    `prompts_per_step`."""
    completions_per_pass: int = 1
    """Completions that go through the model forward and back at the same time; memory grows with it."""
    loss: Loss = "dapo"
    """`dapo`: each token of a batch weighs the same; TRL's default. `grpo`: each completion does, as in DeepSeekMath
    (arXiv 2402.03300), which prefers short right answers and long wrong ones. `dr_grpo`: divided by a constant."""
    max_grad_norm: float = 1.0
    """The gradient is scaled down to that length."""
    weight_decay: float = 0.0
    """AdamW's."""
    flat_steps: int = 10
    """After so many steps in which every group of completions got one reward each, training stops: nothing is learned
    from that."""
    save_every: int = 25
    """Steps from one checkpoint to the next."""
    keep: int = 2
    """Checkpoints that stay."""
    seed: int = 0
    """Of the order of samples and of what is drawn."""

    def __post_init__(self) -> None:
        for name in ("steps", "prompts_per_step", "passes", "prompts_at_once", "completions_per_pass"):
            check_whole(name, getattr(self, name), TrainingError, at_least=1)
        for name in ("flat_steps", "save_every", "max_new_tokens"):
            check_whole(name, getattr(self, name), TrainingError, at_least=1)
        check_whole("group_size", self.group_size, TrainingError, at_least=2)
        check_whole("keep", self.keep, TrainingError, at_least=2)
        check_whole("warmup_steps", self.warmup_steps, TrainingError)
        check_whole("max_prompt_tokens", self.max_prompt_tokens, TrainingError, at_least=1, or_none=True)
        check_whole("seed", self.seed, TrainingError, at_most=min(LARGEST_COUNT, 2**32 - 1))
        for name in ("learning_rate", "temperature", "max_grad_norm"):
            check_number(name, getattr(self, name), TrainingError, is_open=True)
        for name in ("epsilon_low", "epsilon_high", "beta", "weight_decay"):
            check_number(name, getattr(self, name), TrainingError, at_most=1_000.0)
        check_number("ocr_share", self.ocr_share, TrainingError, at_most=1.0)
        if self.loss not in get_args(Loss):
            raise TrainingError(f"loss={show_value(self.loss)} is none; use 'dapo', 'grpo' or 'dr_grpo'")
        self._check_fit()

    def _check_fit(self) -> None:
        if self.prompts_per_step % self.prompts_at_once:
            raise TrainingError(
                f"prompts_at_once={self.prompts_at_once} does not divide prompts_per_step={self.prompts_per_step}; "
                "give one that does"
            )
        if (self.group_size * self.prompts_at_once) % self.completions_per_pass:
            raise TrainingError(
                f"completions_per_pass={self.completions_per_pass} does not divide the "
                f"{self.group_size * self.prompts_at_once} completions that are written at once; give one that does"
            )
        if self.passes > 1 and self.prompts_at_once != self.prompts_per_step:
            raise TrainingError(
                f"passes={self.passes} needs all completions of a step at once; give prompts_at_once="
                f"{self.prompts_per_step}"
            )
        if self.save_every % self.passes:
            raise TrainingError(
                f"save_every={self.save_every} is no multiple of passes={self.passes}: a checkpoint amid the passes on "
                "the same completions cannot be gone on from; give a multiple"
            )

    @property
    def completions_per_step(self) -> int:
        """Completions that one update sees."""
        return self.group_size * self.prompts_per_step
