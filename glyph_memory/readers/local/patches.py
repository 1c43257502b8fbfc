"""Cut an image of the right size into patches as its processor would, to the bit, in a fraction of the time.

Pages are drawn at sizes that are not resampled. What is left is a look into a table for each pixel and another order of
the bytes, for which processors take three passes in float. One that cuts otherwise is told by a probe, and left alone.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

_PROBE_CELLS = (12, 16)
"""Width and height of the probe, in cells that become a token: within the limits of every published checkpoint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchCutter:
    """Cuts images of the grid families: patches in squares that become one token, each repeated over time."""

    patch_px: int
    """Side of a patch."""
    merge: int
    """Patches on each side of the square that becomes a token."""
    frames: int
    """How often a still is repeated in each patch."""
    table: NDArray[np.float32] = field(repr=False)
    """What each of the 256 values becomes, for red, green and blue: shape [3, 256]."""

    def cut(self, image: Image.Image) -> torch.Tensor:
        """Return the patches of a grey or a coloured image whose sides are whole cells: float32, a row a patch."""
        patch, merge = self.patch_px, self.merge
        pixels = np.asarray(image)
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        high, wide, planes = pixels.shape[0] // patch, pixels.shape[1] // patch, pixels.shape[2]
        squares = pixels.reshape(high // merge, merge, patch, wide // merge, merge, patch, planes)
        # Squares in reading order, the patches of each in reading order, colour by colour.
        ordered = squares.transpose(0, 3, 1, 4, 6, 2, 5).reshape(high * wide, planes, patch * patch)
        cut = np.empty((high * wide, 3, self.frames, patch * patch), np.float32)
        for colour, values in enumerate(self.table):
            seen = values.take(ordered[:, colour % planes])  # three times as fast as an index
            for frame in range(self.frames):
                cut[:, colour, frame] = seen
        return torch.from_numpy(cut.reshape(high * wide, -1))


def find_cutter(processor: Any) -> PatchCutter | None:  # noqa: ANN401 - it has the fields of its family
    """Return what cuts as a processor does; `None` where that is not the same to the bit."""
    try:
        cutter = _read_settings(processor)
        cell = cutter.patch_px * cutter.merge
        width, height = _PROBE_CELLS[0] * cell, _PROBE_CELLS[1] * cell
        # Every value in every colour, and no two neighbours alike.
        values = np.arange(height * width * 3, dtype=np.int64) * 7_919 % 256
        probe = Image.fromarray(values.astype(np.uint8).reshape(height, width, 3))
        made = processor(images=[probe], return_tensors="pt")["pixel_values"]
        return cutter if torch.equal(made, cutter.cut(probe)) else None
    except Exception:  # a processor of another kind; it does the work itself then
        return None


def _read_settings(processor: Any) -> PatchCutter:  # noqa: ANN401 - likewise
    values = np.arange(256)
    scaled = (values * processor.rescale_factor if processor.do_rescale else values).astype(np.float32)
    table = np.stack([scaled] * 3)
    if processor.do_normalize:
        mean, std = (np.array(of, np.float32)[:, None] for of in (processor.image_mean, processor.image_std))
        table = (table - mean) / std
    return PatchCutter(
        patch_px=processor.patch_size,
        merge=processor.merge_size,
        frames=processor.temporal_patch_size,
        table=table.astype(np.float32),
    )
