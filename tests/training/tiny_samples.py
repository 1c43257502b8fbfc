"""Samples of a few tokens, with pages of two cells, for the tests of what trains on them."""

from __future__ import annotations

import io

from PIL import Image

from glyph_memory.training import Family, ImageSlot, SampleMessage, TrainingSample


def draw_page(grey: int, size: tuple[int, int] = (56, 28)) -> bytes:
    """Return a page of one grey, as a PNG file; another grey is another page."""
    file = io.BytesIO()
    Image.new("L", size, grey).save(file, "PNG")
    return file.getvalue()


def make_sample(
    number: int = 0,
    *,
    family: Family = "question",
    pages: int = 1,
    answer: str = "K-44",
    reasoning: str = "",
    words: str = "What is the key?",
) -> TrainingSample:
    """Return a sample; another number has another page."""
    slots = tuple(ImageSlot(page) for page in range(pages))
    return TrainingSample(
        family=family,
        prompt=(SampleMessage(role="user", parts=(*slots, words)),),
        images=tuple(draw_page((40 * number + 10 * page) % 256) for page in range(pages)),
        answer=answer,
        reasoning=reasoning,
    )
