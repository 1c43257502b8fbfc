"""Make of a text what a vision tower takes, on the CPU: pages, PNG files, decoded pictures, prepared pixels.

The steps are those of a client and a server together, by the code that both use: the typesetter, its PNG, Pillow, and
transformers' processor for Pillow. Knows texts and pages; knows nothing about networks and GPUs.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil

from glyph_memory import Document, ModelProfile, Page, PageStyle, iter_pages

PROFILE = ModelProfile.from_name("glyph")
STEPS = ("typeset", "encode", "decode", "prepare")
"""What happens on the CPU, in order."""
_SIZE = {"shortest_edge": 12_544, "longest_edge": 9_633_792}  # the checkpoint's, as the profile has them


@dataclass(frozen=True, kw_only=True, slots=True)
class Pixels:
    """A page as the vision tower takes it."""

    patches: NDArray[np.float32]
    """Shape (patches, 3 colours × 2 frames × 14 × 14)."""
    grid: tuple[int, int, int]
    """Frames, rows and columns of patches."""

    @property
    def tokens(self) -> int:
        """How many tokens it becomes."""
        return self.grid[0] * self.grid[1] * self.grid[2] // 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Fed:
    """A text's pages, made one step after the other by one thread."""

    pixels: list[Pixels]
    """Each page."""
    seconds: dict[str, float]
    """By step."""
    png_bytes: int
    """All files together."""


def make_styles() -> dict[str, PageStyle]:
    """Return the styles that are measured, with sides that the model does not rescale."""
    style = PageStyle.glyph().with_snap_px(PROFILE.snap_px)
    return {"default": style, "dense": style.dense()}


class Feed:
    """Makes prepared pixels of texts."""

    def __init__(self) -> None:
        self._processor: Any = Glm4vImageProcessorPil(size=_SIZE)

    def make_serially(
        self, text: str, style: PageStyle, *, clock: Callable[[], float] = time.perf_counter
    ) -> Fed:
        """Make all pages of a text, step by step, in this thread alone; the steps' times are told apart."""
        began = clock()
        pages = list(iter_pages(Document(text=text), style=style))
        typeset = clock()
        files = [page.png() for page in pages]
        encoded = clock()
        pictures = [_decode(data) for data in files]
        decoded = clock()
        pixels = [self._prepare(picture) for picture in pictures]
        ended = clock()
        times = (typeset - began, encoded - typeset, decoded - encoded, ended - decoded)
        return Fed(
            pixels=pixels,
            seconds=dict(zip(STEPS, times, strict=True)),
            png_bytes=sum(map(len, files)),
        )

    def iter_overlapped(self, text: str, style: PageStyle, *, workers: int) -> Iterator[Pixels]:
        """Yield a text's pages in order; one thread sets them, others make files of them and prepare those.

        What takes them need not wait for the last page before it begins with the first.
        """
        ready: SimpleQueue[Future[Pixels] | BaseException | None] = SimpleQueue()
        with ThreadPoolExecutor(workers) as pool:

            def typeset() -> None:
                try:
                    for page in iter_pages(Document(text=text), style=style):
                        ready.put(pool.submit(self._finish, page))
                except BaseException as error:  # raised where pages are taken
                    ready.put(error)
                else:
                    ready.put(None)

            thread = Thread(target=typeset)
            thread.start()
            try:
                while (found := ready.get()) is not None:
                    if isinstance(found, BaseException):
                        raise found
                    yield found.result()
            finally:
                thread.join()

    def _finish(self, page: Page) -> Pixels:
        return self._prepare(_decode(page.png()))

    def _prepare(self, picture: Image.Image) -> Pixels:
        found = self._processor(images=[picture], return_tensors="np")
        frames, rows, columns = (int(side) for side in found["image_grid_thw"][0])
        return Pixels(patches=found["pixel_values"], grid=(frames, rows, columns))


def count_prompt_tokens(pixels: Sequence[Pixels]) -> int:
    """Return the tokens of pages with the two that stand around each."""
    return sum(page.tokens + PROFILE.wrap_tokens for page in pixels)


def _decode(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")
