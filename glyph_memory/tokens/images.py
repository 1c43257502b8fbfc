"""Return how many tokens an image becomes, by the rule its model's processor follows.

Here: what a rule is, and the rules without tiles. Knows sizes in pixels; knows nothing about models by name,
text or pixels themselves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import ClassVar, Literal, get_args

from glyph_memory.checks import check_whole
from glyph_memory.errors import ProfileError, show_value

Size = tuple[int, int]
"""Pixels: width, height."""

_SmallSides = Literal["keep", "scale", "round"]


class ImageRule(ABC):
    """A rule for how many tokens one image becomes; an immutable value."""

    __slots__ = ()

    max_aspect_ratio: ClassVar[float | None] = None
    """Longer side over shorter side beyond which the model's processor refuses an image, if it does."""

    @abstractmethod
    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count what the processor puts in the place of one image: features, row breaks and tile tags.

        Args:
            size: width and height in pixels, both at least 1.
            images: how many images the prompt holds, this one included; few models care.

        Raises:
            ProfileError: the model's processor would refuse or break on such an image.
        """

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return how large the model sees an image, in the sharpest of its views: 0.5 where it is shrunk to a half.

        Of a view that is squashed, the side that loses more counts. 1 for a rule that does not say.

        Args:
            size: width and height in pixels, both at least 1.
            images: how many images the prompt holds, this one included.

        Raises:
            ProfileError: as for `tokens`.
        """
        return 1.0


def check_counts(rule: ImageRule, **least: int) -> None:
    """Raise an error for a field of a rule that is no whole number, or below its least."""
    for field, lowest in least.items():
        check_whole(f"{type(rule).__name__}.{field}", getattr(rule, field), ProfileError, at_least=lowest)


def check_order(rule: ImageRule, least: str, most: str) -> None:
    """Raise an error for limits of a rule that cross."""
    low, high = getattr(rule, least), getattr(rule, most)
    if low > high:
        raise ProfileError(
            f"{type(rule).__name__}: {least}={low} is above {most}={high}; no image is within both"
        )


def compare_sizes(seen: tuple[float, float], size: Size) -> float:
    """Return the scale of the side that loses more where an image of a size is seen in another."""
    return min(seen[0] / size[0], seen[1] / size[1])


@dataclass(frozen=True, slots=True)
class FlatRule(ImageRule):
    """Every image is squashed to one size and costs the same (Gemma 3 without pan and scan)."""

    per_image: int
    """Tokens an image, whatever its size."""
    side_px: int | None = None
    """Side of the square that it is squashed to; None where that is not known."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, per_image=1)
        if self.side_px is not None:
            check_counts(self, side_px=1)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Return `per_image`."""
        return self.per_image

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the longer side."""
        return 1.0 if self.side_px is None else self.side_px / max(size)


@dataclass(frozen=True, kw_only=True, slots=True)
class GridRule(ImageRule):
    """Sides are rounded to whole cells, within limits on the area; a token a cell (GLM, Qwen, PaddleOCR, Hunyuan).

    Source: `smart_resize` in transformers 5.24's `models/{glm4v,glm46v,qwen2_vl,paddleocr_vl,hunyuan_vl}` and their
    copies. Floats are combined in the order used there, because one rounding more or less moves a side by a whole cell.
    """

    max_aspect_ratio: ClassVar[float | None] = 200.0

    cell_px: int
    """Side of the square that becomes one token: patch size times merge size."""
    min_px: int
    """Smaller images are enlarged to about this area (times `frames`)."""
    max_px: int
    """Larger images are shrunk below this area (times `frames`)."""
    frames: int = 1
    """What an area is multiplied by before it is held against the limits: GLM counts a still twice."""
    small_sides: _SmallSides = "keep"
    """What is done first to a side below a cell: nothing (Qwen), scale and cut (GLM) or round (PaddleOCR)."""
    row_breaks: bool = False
    """Whether each row of cells ends with a break (HunyuanOCR)."""
    extra_tokens: int = 0
    """What the processor adds to the cells and breaks of every image."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, cell_px=1, min_px=1, max_px=1, frames=1, extra_tokens=0)
        check_order(self, "min_px", "max_px")
        if self.small_sides not in get_args(_SmallSides):
            raise ProfileError(
                f"GridRule.small_sides={show_value(self.small_sides)} is not known; give one of {get_args(_SmallSides)}"
            )

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the cells of the resized image, and its breaks."""
        width, height = self.resize(size)
        return (width // self.cell_px + self.row_breaks) * (height // self.cell_px) + self.extra_tokens

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the resized image."""
        return compare_sizes(self.resize(size), size)

    def resize(self, size: Size) -> Size:
        """Return the size the processor resamples an image to; a page of that size is not resampled."""
        cell = self.cell_px
        width, height = self._enlarge(size)
        if max(width, height) / min(width, height) > 200:
            raise ProfileError(f"image of {size!r} px: the model takes sides of 200:1 at most. Cut it up")
        rows, columns = round(height / cell), round(width / cell)
        area = self.frames * (rows * cell) * (columns * cell)
        if area > self.max_px:
            shrink = sqrt((self.frames * height * width) / self.max_px)
            rows, columns = max(1, floor(height / shrink / cell)), max(1, floor(width / shrink / cell))
        elif area < self.min_px:
            grow = sqrt(self.min_px / (self.frames * height * width))
            rows, columns = ceil(height * grow / cell), ceil(width * grow / cell)
        return columns * cell, rows * cell

    def _enlarge(self, size: Size) -> Size:
        width, height = size
        cell = self.cell_px
        if self.small_sides == "scale" and min(size) < cell:
            scale = max(cell / height, cell / width)
            return int(width * scale), int(height * scale)
        if self.small_sides == "round":
            if height < cell:
                width, height = round((width * cell) / height), cell
            if width < cell:
                width, height = cell, round((height * cell) / width)
        return width, height


@dataclass(frozen=True, kw_only=True, slots=True)
class RowRule(ImageRule):
    """Fitted into a square, cut into cells, and a break after each row of them (Pixtral, Mistral Small 3, LightOnOCR).

    Source: `get_resize_output_image_size` and `PixtralProcessor.replace_image_token` in transformers 5.24's
    `models/pixtral`, and `LightOnOcrProcessor.replace_image_token`, which writes no breaks.
    """

    cell_px: int
    """Side of the square that becomes one token: patch size times merge size."""
    longest_px: int
    """Longer images are shrunk to this side."""
    row_breaks: bool = True
    """Whether each row of cells ends with a break or end token."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, cell_px=1, longest_px=1)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the cells and a break or end token a row."""
        width, height = size
        ratio = max(height / self.longest_px, width / self.longest_px)
        if ratio > 1:
            width, height = floor(width / ratio), floor(height / ratio)
        if not width or not height:
            raise ProfileError(f"image of {size!r} px: its short side shrinks to nothing. Cut it up")
        rows, columns = ceil(height / self.cell_px), ceil(width / self.cell_px)
        return rows * (columns + self.row_breaks)

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale at which the longer side fits."""
        return min(1.0, self.longest_px / max(size))
