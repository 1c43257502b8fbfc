"""What to train, for how long, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to train."""

    steps: int = 12_000
    """Batches of 128 strips."""
    glance_steps: int = 3_000
    """Batches, of some 2,500 ideographs each, that the second look learns from."""
    seed: int = 1
    """Of data and weights."""
    learning_rate: float = 0.02
    """Of the matrices (Muon); the rest learns at a tenth (AdamW)."""
    warm_up: int = 200
    """Steps until it is reached."""
    cool_down: float = 0.35
    """The share of steps at the end through which it falls to nothing."""
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
