"""The plan of a training, and the data that it learns from: pages made by the typesetter, anew each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.utils.data import Dataset


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to train."""

    steps: int = 5_200
    """Batches of 128 strips."""
    glance_steps: int = 2_000
    """Batches, of some 2,500 ideographs each, that the second look learns from."""
    seed: int = 1
    """Of data and weights."""
    learning_rate: float = 0.02
    """Of the matrices (Muon); the rest learns at a tenth (AdamW)."""
    warm_up: int = 200
    """Steps until it is reached."""
    cool_down: float = 0.35
    """The share of steps at the end through which it falls to nothing."""
    fonts: str = ""
    """Folder of fonts to draw pages with, besides those that are installed; empty for none."""
    device: str = "cpu"
    """Where: `cpu`, `cuda`."""
    workers: int = 1
    """Processes that make pages."""
    threads: int = 0
    """Threads of torch; 0 for as many as it likes."""

    def rate(self, step: int) -> float:
        """Return the learning rate at a step, as a share of the full one."""
        left = (self.steps - step) / max(1, self.steps * self.cool_down)
        return max(0.0, min(1.0, (step + 1) / self.warm_up, left))


class GeneratedDataset(Dataset[tuple[Tensor, Tensor]]):
    """A data set of so many items, each made when it is asked for; item `i` is always the same."""

    def __init__(self, make: Callable[[int], tuple[Tensor, Tensor]], count: int) -> None:
        self._make, self._count = make, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self._make(index)
