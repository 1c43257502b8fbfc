"""How a fine-tuning runs: `SftSettings`, and what is asked of the model meanwhile: `SftEvaluation`.

Knows names and ranges. Where a default is another library's or a paper's, it says whose.
"""

from __future__ import annotations

from dataclasses import dataclass

from glyph_memory.checks import LARGEST_COUNT, check_number, check_whole
from glyph_memory.errors import show_value
from glyph_memory.evaluate.tasks import Task
from glyph_memory.training.samples import TrainingError

LORA_LEARNING_RATE = 2e-4
"""TRL's documentation, for LoRA: ten times that of whole models."""
FULL_LEARNING_RATE = 2e-5
"""TRL's default."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SftSettings:
    """How long is trained on what, and how fast.

    Lengths are counted in tokens: a step takes samples until the next would make it longer than `tokens_per_step`, and
    its loss is the mean over all of their answers' tokens, however they are parted into passes through the model.

    Raises:
        TrainingError: A number is out of range, or two settings contradict each other.

    Example:
        >>> SftSettings(steps=200, tokens_per_step=65_536).passes is None
        True
    """

    steps: int | None = None
    """How many steps; where given, samples come again as often as it takes."""
    passes: int | None = None
    """How many times all samples are seen: once, where no steps are given either."""
    tokens_per_step: int = 32_768
    """Tokens of a step, images and prompts among them."""
    tokens_per_forward: int | None = None
    """Most tokens, padding included, that go through the model at once: what memory allows. A longer sample goes alone.
    A quarter of a step unless given."""
    max_tokens: int | None = None
    """Longer samples are left out and counted, never cut; unless given, what the model's window holds."""
    with_reasoning: bool = True
    """Whether samples' thoughts are learnt, too."""
    ocr_share: float | None = None
    """Share of samples that are of the family `ocr`, mixed in from all of those that are given; `None` takes all
    samples as they come."""
    learning_rate: float | None = None
    """2e-4 for LoRA and 2e-5 for whole models unless given, as in TRL's documentation."""
    warmup_share: float = 0.03
    """Share of the steps in which the rate rises to it; it then falls to 0 as a cosine."""
    weight_decay: float = 0.0
    """Of AdamW; transformers' default."""
    max_grad_norm: float = 1.0
    """Longer gradients are shortened to it; transformers' default."""
    save_every: int = 50
    """Steps between checkpoints."""
    keep: int = 2
    """How many checkpoints stay."""
    workers: int = 0
    """Processes that draw and encode samples ahead; with 0 the trainer does it between steps."""
    seed: int = 0
    """Another one gives another order."""

    def __post_init__(self) -> None:
        for name in ("steps", "passes", "tokens_per_forward", "max_tokens"):
            check_whole(name, getattr(self, name), TrainingError, at_least=1, or_none=True)
        for name in ("tokens_per_step", "save_every", "keep"):
            check_whole(name, getattr(self, name), TrainingError, at_least=1)
        check_whole("workers", self.workers, TrainingError, at_most=256)
        check_whole("seed", self.seed, TrainingError, at_most=min(LARGEST_COUNT, 2**32 - 1))
        check_number(
            "learning_rate", self.learning_rate, TrainingError, is_open=True, at_most=1, or_none=True
        )
        for name in ("warmup_share", "weight_decay"):
            check_number(name, getattr(self, name), TrainingError, at_most=1)
        check_number("ocr_share", self.ocr_share, TrainingError, at_most=0.95, or_none=True)
        check_number("max_grad_norm", self.max_grad_norm, TrainingError, is_open=True)
        if self.steps is not None and self.passes is not None:
            raise TrainingError(f"steps={self.steps} and passes={self.passes} are both given; give one")
        if not isinstance(self.with_reasoning, bool):
            raise TrainingError(f"with_reasoning={show_value(self.with_reasoning)} is neither True nor False")


@dataclass(frozen=True, kw_only=True, slots=True)
class SftEvaluation:
    """What the model is asked before, after, and now and then while it learns, by `glyph_memory.evaluate.run_tasks`.

    Raises:
        TrainingError: A number is out of range, or there is no task.
    """

    tasks: tuple[Task | str, ...]
    """Tasks, or their names."""
    every: int | None = None
    """Steps between two evaluations; before and after alone unless given."""
    arms: tuple[str, ...] = ("pages",)
    """Ways to show a text."""
    lengths: tuple[int, ...] = (4_096,)
    """Tokens of a sample."""
    budgets: tuple[str, ...] = ("100%",)
    """What prompts may cost."""
    samples: int = 20
    """Of each task and length."""
    max_tokens: int = 512
    """Longest answer, reasoning included."""
    profile: str | None = None
    """The model that counts tokens; found by the model's name unless given."""

    def __post_init__(self) -> None:
        check_whole("every", self.every, TrainingError, at_least=1, or_none=True)
        check_whole("samples", self.samples, TrainingError, at_least=1)
        check_whole("max_tokens", self.max_tokens, TrainingError, at_least=1)
        if not self.tasks:
            raise TrainingError("there is no task to evaluate; name one, or give evaluation=None")
