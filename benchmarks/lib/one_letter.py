"""A task that only a page tells: it is black or white, and the right answer is one letter. Two rewards for it."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from glyph_memory.training import ImageSlot, SampleMessage, TrainingSample
from glyph_memory.training.rewards import Reward

PAGE = (28, 28)


class FirstLetter(Reward):
    """1 if a completion begins with the right letter."""

    name = "first"

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return 1 or 0."""
        return float(text[:1].lower() == sample.answer)


class Shuffled(Reward):
    """The same number of points, given to completions by their place and not by what they say."""

    name = "shuffled"

    def __init__(self) -> None:
        self._given = 0

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return 1 for every other completion."""
        self._given += 1
        return float(self._given % 2)


def draw_page(colour: str, size: tuple[int, int] = PAGE) -> bytes:
    """Return a page of one colour as PNG."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def make_sample(colour: str, *, pages: int = 1, question: str = "?", **more: Any) -> TrainingSample:  # noqa: ANN401 - the fields of a sample
    """Return a question about pages of one colour; the answer is its first letter."""
    parts: tuple[str | ImageSlot, ...] = (*(ImageSlot(number) for number in range(pages)), question)
    told: dict[str, Any] = {"family": "question", "answer": colour[0], **more}
    return TrainingSample(
        prompt=(SampleMessage(role="user", parts=parts),), images=(draw_page(colour),) * pages, **told
    )
