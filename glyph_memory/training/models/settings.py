"""What of a model is trained, and in which numbers: `ModelSettings`, `LoraSettings`.

Knows names and ranges; loads nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from glyph_memory.checks import LARGEST_COUNT, check_number, check_text, check_whole
from glyph_memory.errors import show_value
from glyph_memory.training.samples import TrainingError

DTYPES = ("auto", "bfloat16", "float32")


@dataclass(frozen=True, kw_only=True, slots=True)
class LoraSettings:
    """Small matrices beside the layers that are trained in their place; rank, alpha and dropout as TRL's own scripts.

    Raises:
        TrainingError: A number is out of range, or a name is none.

    Example:
        >>> LoraSettings(rank=64, targets=("q_proj", "v_proj")).rank
        64
    """

    rank: int = 16
    """Inner width of the matrices."""
    alpha: int = 32
    """What they add is multiplied by alpha / rank."""
    dropout: float = 0.05
    """Share of their inputs that is left out at random."""
    targets: tuple[str, ...] = ()
    """Names of the layers, such as `q_proj`; every linear layer but the head where none is named."""

    def __post_init__(self) -> None:
        check_whole("rank", self.rank, TrainingError, at_least=1)
        check_whole("alpha", self.alpha, TrainingError, at_least=1)
        check_number("dropout", self.dropout, TrainingError, at_most=0.99)
        if not isinstance(self.targets, tuple):
            raise TrainingError(
                f"targets={show_value(self.targets)} is no tuple of names; give one, such as ('q_proj',)"
            )
        for name in self.targets:
            check_text("a target", name, TrainingError)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings:
    """How a model is loaded for training.

    Raises:
        TrainingError: A value is none that can be trained with.

    Example:
        >>> ModelSettings(lora=None, trains_vision=True).lora is None
        True
    """

    lora: LoraSettings | None = LoraSettings()
    """Matrices that are trained beside the weights; `None` to train the weights themselves."""
    trains_vision: bool = False
    """Whether what sees is trained, too; else the text tower alone."""
    dtype: str = "auto"
    """`bfloat16` or `float32`. For `auto` bfloat16 weights under LoRA on a GPU that has them, else float32: updates of
    a whole model are too small for weights of bfloat16."""
    device: str = "auto"
    """`cuda`, `cuda:1`, `mps` or `cpu`; for `auto` the first GPU, else the CPU."""
    attention: str = "auto"
    """`sdpa`, `eager` or a flash attention that is installed."""
    gradient_checkpointing: bool = True
    """Whether what layers computed is computed again on the way back, instead of kept: less memory, a third more
    time."""
    seed: int = 0
    """Of what new matrices begin with."""

    def __post_init__(self) -> None:
        if self.lora is not None and not isinstance(self.lora, LoraSettings):
            raise TrainingError(f"lora={show_value(self.lora)} is no LoraSettings; give one or None")
        if self.dtype not in DTYPES:
            raise TrainingError(
                f"dtype={show_value(self.dtype)} is none to train in; give {', '.join(map(repr, DTYPES))}"
            )
        check_whole("seed", self.seed, TrainingError, at_most=min(LARGEST_COUNT, 2**63 - 1))
