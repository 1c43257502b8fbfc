"""What the tests of tasks have in common."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from glyph_memory.evaluate.tasks import TASKS, Sample, Task, list_ruler_tasks

MADE: Mapping[str, Task] = {**TASKS, **{task.name: task for task in list_ruler_tasks(None)}}
"""All tasks; none of them on data of NVIDIA's package, be it installed or not."""


def count_letters(text: str) -> int:
    """Return a token for every four characters begun."""
    return -(-len(text) // 4)


def count_words(text: str) -> int:
    """Return a token for every word."""
    return len(text.split())


def take_samples(task: Task, number: int, *, tokens: int = 2000, seed: int = 0) -> list[Sample]:
    """Return a task's first samples."""
    return list(islice(task.samples(tokens=tokens, seed=seed, count=count_letters), number))


def read_text(sample: Sample) -> str:
    """Return all that a sample says."""
    return sample.document or "\n".join(turn.full_text for turn in sample.turns)
