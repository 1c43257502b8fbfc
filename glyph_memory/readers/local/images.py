"""Turn image files into what a vision tower takes, and tell how many tokens each becomes before a pixel is decoded.

Knows transformers' image processors and Pillow; knows nothing about prompts.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import torch
from PIL import Image
from transformers import BaseImageProcessor

from glyph_memory.context import ImagePart
from glyph_memory.context.pictures import flatten_picture
from glyph_memory.errors import ReaderRefused
from glyph_memory.image_files import ImageTooLarge, decode_quietly, open_image
from glyph_memory.locks import ForkSafeLock
from glyph_memory.readers.local.patches import find_cutter

Grid = tuple[int, int, int]
"""Patches of an image over time, height and width."""

_GRIDS_AT_MOST = 16_384
"""Of images whose grids are remembered; each takes some hundred bytes."""
_TURNED = frozenset({5, 6, 7, 8})
"""EXIF's orientations of photos that lie on their side."""
_ORIENTATION = 0x0112


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PromptImage:
    """An image of a prompt: which tokens stand for it, and how its pixels are had."""

    digest: str
    """SHA-256 of its file and of the processor's settings, in hex: the same digest is the same features."""
    start: int
    """The first of its tokens in the prompt."""
    count: int
    """How many there are."""
    grid: torch.Tensor
    """Its patches over time, height and width: int64, shape [3]."""
    part: ImagePart = field(repr=False)
    """The picture itself."""
    preprocessor: ImagePreprocessor = field(repr=False)
    """What decodes it."""

    def preprocess(self) -> dict[str, torch.Tensor]:
        """Decode the image and return what the vision tower takes: `pixel_values`, `image_grid_thw`.

        Nothing is kept of it. Safe to call in several threads at once.

        Raises:
            ReaderRefused: The file is broken.
        """
        return self.preprocessor.preprocess(self.part.data, tuple(self.grid.tolist()))


class ImagePreprocessor:
    """An image processor that remembers the grids of images that it has seen. Safe to share among threads.

    Args:
        processor: The model's.
        name: The model's, for errors.
    """

    def __init__(self, processor: BaseImageProcessor, *, name: str) -> None:
        self._processor: Any = processor  # it has the fields of its family
        self._name = name
        settings = {key: value for key, value in processor.to_dict().items() if not key.startswith("_")}
        self._settings = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).digest()
        self._cutter = find_cutter(processor)
        self._grids: OrderedDict[str, Grid] = OrderedDict()
        self._lock = ForkSafeLock(is_brief=True)

    def digest(self, data: bytes) -> str:
        """Return what names an image file and what becomes of it."""
        return hashlib.sha256(self._settings + data).hexdigest()

    def measure(self, data: bytes, digest: str) -> Grid:
        """Return the grid of an image, from its file's header; remembered by its digest.

        Raises:
            ReaderRefused: The file is broken, or the model takes no image of its shape.
        """
        with self._lock:
            if known := self._grids.get(digest):
                self._grids.move_to_end(digest)
                return known
        grid = self._predict(data)
        if grid is None:  # a rule that is not told beforehand
            grid = _read_grid(self._run(decode_image(data)))
        with self._lock:
            self._grids[digest] = grid
            while len(self._grids) > _GRIDS_AT_MOST:
                self._grids.popitem(last=False)
        return grid

    def preprocess(self, data: bytes, grid: Grid) -> dict[str, torch.Tensor]:
        """Return what the vision tower takes of an image whose grid is known.

        Raises:
            ReaderRefused: The file is broken.
        """
        image, (_, high, wide), patch = decode_image(data), grid, self._processor.patch_size
        if self._cutter is not None and image.size == (wide * patch, high * patch):
            return {"pixel_values": self._cutter.cut(image), "image_grid_thw": torch.tensor([grid])}
        made = self._run(image)
        if _read_grid(made) != grid:
            raise ReaderRefused(
                f"an image became {_read_grid(made)} patches, and its header promised {grid}. Save it anew as PNG"
            )
        return made

    def count_tokens(self, grid: Grid) -> int:
        """Return how many tokens stand for an image: a square of patches becomes one."""
        side: int = self._processor.merge_size
        return grid[0] * grid[1] * grid[2] // (side * side)

    def _predict(self, data: bytes) -> Grid | None:
        """Return the grid that the processor's own rule gives; `None` where it has none that is known here."""
        processor = self._processor
        resize = getattr(sys.modules[type(processor).__module__], "smart_resize", None)
        if resize is None or not getattr(processor, "do_resize", True):
            return None
        width, height = self._read_size(data)
        known = {
            "num_frames": processor.temporal_patch_size,
            "temporal_factor": processor.temporal_patch_size,
            "height": height,
            "width": width,
            "factor": processor.patch_size * processor.merge_size,
            "min_pixels": processor.size["shortest_edge"],
            "max_pixels": processor.size["longest_edge"],
        }
        wanted = inspect.signature(resize).parameters
        if not set(wanted) <= set(known):
            return None
        try:
            tall, wide = resize(**{name: known[name] for name in wanted})
        except ValueError as error:
            raise ReaderRefused(
                f"{self._name!r} takes no image of {width} x {height} px: {str(error).rstrip('.')}. Cut it up"
            ) from error
        return 1, tall // processor.patch_size, wide // processor.patch_size

    def _read_size(self, data: bytes) -> tuple[int, int]:
        """Return width and height of an image as it will be seen: photos that lie on their side are turned."""
        try:
            with decode_quietly():
                image = _open(data)
                width, height = image.size
                # Pillow decodes a whole PNG to look for a note on how to turn it; ours have none.
                may_turn = image.format != "PNG" or b"eXIf" in data or b"Raw profile type" in data
                is_turned = may_turn and image.getexif().get(_ORIENTATION) in _TURNED
        except MemoryError:  # the file is not to blame
            raise
        except Exception as error:  # decoders of broken files raise whatever they like
            raise _refuse(error) from error
        return (height, width) if is_turned else (width, height)

    def _run(self, image: Image.Image) -> dict[str, torch.Tensor]:
        try:
            made = self._processor(images=[image.convert("RGB")], return_tensors="pt")
        except ValueError as error:
            raise ReaderRefused(
                f"{self._name!r} takes no image of {image.size} px: {str(error).rstrip('.')}. Cut it up"
            ) from error
        return dict(made)


def decode_image(data: bytes) -> Image.Image:
    """Return an image, grey or in red, green and blue: photos upright, what is transparent on white.

    Raises:
        ReaderRefused: The file is broken.
    """
    try:
        with decode_quietly():
            image = flatten_picture(_open(data))
            image.load()
            return image
    except MemoryError:  # as above
        raise
    except Exception as error:  # decoders of broken files raise whatever they like
        raise _refuse(error) from error


def _open(data: bytes) -> Image.Image:
    """Return an image that is not decoded yet; a JPEG that is too large at a fraction of its size."""
    try:
        return open_image(data)[0]
    except ImageTooLarge:
        return open_image(data, is_reduced=True)[0]


def _read_grid(made: dict[str, torch.Tensor]) -> Grid:
    time, height, width = made["image_grid_thw"][0].tolist()
    return time, height, width


def _refuse(error: Exception) -> ReaderRefused:
    why = f"{error}; scale it down" if isinstance(error, ImageTooLarge) else "give a PNG or JPEG file"
    return ReaderRefused(f"an image of the prompt cannot be decoded ({type(error).__name__}): {why}")
