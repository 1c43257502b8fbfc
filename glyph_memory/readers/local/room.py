"""Before a prompt is read: is there memory for it? What only later prompts would need is dropped first.

Knows sizes and caches; knows nothing about how a prompt is read.
"""

from __future__ import annotations

import torch

from glyph_memory.readers.local.features import PictureReader
from glyph_memory.readers.local.jobs import Job
from glyph_memory.readers.local.need import ModelShape, check_fits, estimate_need, free_bytes
from glyph_memory.readers.local.prompt import Prompt
from glyph_memory.readers.local.segments import PrefixTree

_PATCHES = 4
"""Patches of a picture's token: two by two are merged."""


class RoomCheck:
    """Refuses prompts that cannot fit.

    Args:
        shape: The model's widths.
        device: Where it is.
        tree: Keys and values that may be dropped.
        pictures: Whose features may be dropped.
        chunk_tokens: How many tokens are read at a time.
    """

    def __init__(
        self,
        shape: ModelShape,
        *,
        device: torch.device,
        tree: PrefixTree,
        pictures: PictureReader,
        chunk_tokens: int,
    ) -> None:
        self._shape, self._device, self._tree, self._pictures = shape, device, tree, pictures
        self._chunk_tokens = chunk_tokens

    def __call__(self, job: Job[Prompt], known: int, new: int) -> None:
        """Make room for a job, as far as caches can be dropped for it.

        Raises:
            ReaderOverflow: It would not fit into what is free; the message has the numbers.
        """
        patches = max((image.count * _PATCHES for image in job.prompt.images), default=0)
        need = estimate_need(
            self._shape,
            new_tokens=new + job.sampling.max_tokens,
            chunk_tokens=min(self._chunk_tokens, new),
            patches=patches,
        )
        free = free_bytes(self._device)
        if free is None or need.total <= free:
            return
        lacking = need.total - free
        lacking -= self._tree.evict(max(0, self._tree.nbytes - lacking))
        if lacking > 0:
            self._pictures.cache.evict(max(0, self._pictures.cache.nbytes - lacking))
        what = f"the prompt of {known + new:,} tokens, {new:,} of them new,"
        check_fits(need, free_bytes(self._device), what=what)
