"""What of a model is trained and where, as it was typed, for the commands of `train` that load one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glyph_memory.training import TrainingError

if TYPE_CHECKING:
    from glyph_memory.training.models import ModelSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """What of the model is trained, as it was typed."""

    full: bool
    """Whether its weights themselves."""
    rank: int
    """Of LoRA."""
    alpha: int
    """Of LoRA."""
    targets: str
    """Layers, parted by commas."""
    vision: bool
    """Whether what sees is trained."""
    recompute: bool
    """Whether layers compute twice."""
    device: str
    """Where."""
    dtype: str
    """In which numbers."""
    seed: int
    """Of what matrices begin with."""

    def read(self) -> ModelSettings:
        """Return the settings.

        Raises:
            TrainingError: What training needs is not installed.
        """
        try:
            from glyph_memory.training.models import LoraSettings, ModelSettings  # noqa: PLC0415 - loads torch
        except ImportError as error:
            raise TrainingError(
                f"training needs torch and trl ({error}). Try: pip install 'glyph-memory[train]'"
            ) from error

        targets = tuple(part.strip() for part in self.targets.split(",") if part.strip())
        return ModelSettings(
            lora=None if self.full else LoraSettings(rank=self.rank, alpha=self.alpha, targets=targets),
            trains_vision=self.vision,
            gradient_checkpointing=self.recompute,
            device=self.device,
            dtype=self.dtype,
            seed=self.seed,
        )
