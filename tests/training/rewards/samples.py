"""Samples for the tests of rewards."""

from __future__ import annotations

from typing import Any

from glyph_memory.training import ImageSlot, SampleMessage, TrainingSample


def make_sample(
    answer: str, *, family: str = "question", question: str = "What is it?", **details: Any
) -> TrainingSample:
    """Return a sample with one page."""
    told: Any = family
    return TrainingSample(
        family=told,
        prompt=(SampleMessage(role="user", parts=(ImageSlot(0), question)),),
        images=(b"a PNG file",),
        answer=answer,
        details=details,
    )
