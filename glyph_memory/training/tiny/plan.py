"""The `TinyPlan`: how large the tiny model's vision tower is, and how long each stage of its training takes.

Knows numbers; knows nothing about torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from glyph_memory.checks import check_number, check_text, check_whole
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.tiny.layout import CellLayout

Stage = Literal["read", "connect", "answer"]
"""What is learned: which characters stand in a cell; their tokens' embeddings; copying and answering."""
STAGES: tuple[Stage, ...] = ("read", "connect", "answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class TowerShape:
    """How large a vision tower is: Qwen2.5-VL's, in small."""

    depth: int = 6
    """Blocks."""
    hidden: int = 256
    """Width."""
    heads: int = 4
    """Attention heads."""
    intermediate: int = 512
    """Width of the feed-forward layers."""

    def __post_init__(self) -> None:
        for name in ("depth", "hidden", "heads", "intermediate"):
            check_whole(name, getattr(self, name), TrainingError, at_least=1, at_most=16_384)
        if self.hidden % (4 * self.heads):
            raise TrainingError(
                f"hidden={self.hidden} and heads={self.heads}: a head's width has to be a multiple of 4"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class StagePlan:
    """One stage of a training."""

    steps: int
    """Batches that it learns from; 0 leaves the stage out."""
    batch: int
    """Pages of a batch."""
    rate: float
    """The highest learning rate."""
    minutes: float | None = None
    """How long it learns, whatever `steps` says; the learning rate falls with the time. None for so many steps."""

    def __post_init__(self) -> None:
        check_whole("steps", self.steps, TrainingError)
        check_whole("batch", self.batch, TrainingError, at_least=1, at_most=4096)
        check_number("rate", self.rate, TrainingError, is_open=True, at_most=1)
        check_number("minutes", self.minutes, TrainingError, or_none=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class TinyPlan:
    """What a training of the tiny model does.

    Example:
        >>> TinyPlan().read.steps > 0
        True
        >>> TinyPlan().scale(0.5).read.steps < TinyPlan().read.steps
        True
    """

    tower: TowerShape = TowerShape()
    """The vision tower."""
    read: StagePlan = StagePlan(steps=600, batch=16, rate=2e-3)
    """Stage 1: which characters stand in a cell. No language model."""
    connect: StagePlan = StagePlan(steps=2_500, batch=16, rate=2e-3)
    """Stage 2: which tokens begin in a cell, in the language model's own embeddings; that model does not run."""
    answer: StagePlan = StagePlan(steps=900, batch=8, rate=3e-4)
    """Stage 3: copying and answering, with the language model."""
    layouts: tuple[CellLayout, ...] = (
        CellLayout(columns=3),
        CellLayout(columns=4),
        CellLayout(columns=6),
        CellLayout(columns=8),
        CellLayout(columns=6, lines=2),
        CellLayout(columns=8, lines=2),
    )
    """How the pages look that it learns from; the next one comes when the ones before are read well."""
    cells: int = 40
    """Cells of a page in the first two stages."""
    positions: int = 160
    """Tokens and cells of a sample in the third stage, at most; longer samples are drawn anew."""
    seed: int = 0
    """Of weights and texts."""
    device: str = "cpu"
    """Where: `cpu`, `cuda`."""
    workers: int = 0
    """Processes that make pages beside the one that learns."""
    keep_every_s: float = 240.0
    """Seconds between two checkpoints."""

    def __post_init__(self) -> None:
        check_whole("cells", self.cells, TrainingError, at_least=4, at_most=190)
        check_whole("positions", self.positions, TrainingError, at_least=16, at_most=8192)
        check_whole("seed", self.seed, TrainingError)
        check_whole("workers", self.workers, TrainingError, at_most=256)
        check_text("device", self.device, TrainingError)
        check_number("keep_every_s", self.keep_every_s, TrainingError)
        if not self.layouts:
            raise TrainingError("layouts=() draws no page; give at least one CellLayout")

    @classmethod
    def for_minutes(cls, minutes: float, *, seed: int = 0) -> TinyPlan:
        """Return a plan for two CPU cores that is done after so many minutes, however fast they are.

        Reading is learned soon; most of the time goes to answering, which the language model has to run for.
        """
        check_number("minutes", minutes, TrainingError, is_open=True)
        own = cls()
        read, connect, answer = (
            replace(stage, minutes=share * minutes)
            for stage, share in ((own.read, 0.13), (own.connect, 0.35), (own.answer, 0.52))
        )
        return replace(own, read=read, connect=connect, answer=answer, seed=seed)

    def scale(self, factor: float) -> TinyPlan:
        """Return a plan whose stages are so many times as long; those that were left out stay so."""
        check_number("factor", factor, TrainingError, is_open=True)

        def stretch(stage: StagePlan) -> StagePlan:
            return replace(stage, steps=max(1, round(stage.steps * factor)) if stage.steps else 0)

        return replace(
            self, read=stretch(self.read), connect=stretch(self.connect), answer=stretch(self.answer)
        )
