"""Have batches made by other processes while one learns."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader, Dataset

from glyph_memory.training.tiny.batches import AnswerBatch, BatchMaker, PageBatch
from glyph_memory.training.tiny.plan import Stage, StagePlan, TinyPlan


def load_batches(
    maker: BatchMaker, stage: Stage, plan: StagePlan, *, first: int
) -> Iterator[PageBatch | AnswerBatch]:
    """Yield a stage's batches from a step on, without end, made by the plan's workers."""
    yield from DataLoader(
        _Batches(maker, stage, plan),
        batch_size=None,
        sampler=_StepsFrom(first),
        num_workers=maker.plan.workers,
        prefetch_factor=4,
        worker_init_fn=_use_one_thread,
    )


class _Batches(Dataset[PageBatch | AnswerBatch]):
    """The batches of a stage, each made when it is asked for."""

    def __init__(self, maker: BatchMaker, stage: Stage, plan: StagePlan) -> None:
        self._maker, self._stage, self._plan = maker, stage, plan

    def __getitem__(self, step: int) -> PageBatch | AnswerBatch:
        # Workers are ahead of what is learned, so layouts come by the step.
        level = pace_level(min(1.0, step / max(self._plan.steps, 1)), self._maker.plan)
        if self._stage == "answer":
            return self._maker.make_answers(step, level, self._plan.batch)
        return self._maker.make_pages(step, level, self._plan.batch)


def pace_level(progress: float, plan: TinyPlan) -> int:
    """Return how many layouts are known at a time: all from two thirds of a stage on."""
    return min(len(plan.layouts), 1 + int(1.5 * progress * len(plan.layouts)))


class _StepsFrom:
    """All numbers from one on."""

    def __init__(self, first: int) -> None:
        self._first = first

    def __iter__(self) -> Iterator[int]:
        number = self._first
        while True:
            yield number
            number += 1


def _use_one_thread(_: int) -> None:
    torch.set_num_threads(1)
