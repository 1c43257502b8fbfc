"""Return how many tokens an image becomes where it is fitted onto a canvas of whole cells: GLM-5.3, Kimi, Gemma 4.

GLM-5.3 and Kimi pad: a page whose sides are multiples of a cell pays for no row or column that shows nothing. Knows
sizes in pixels; knows nothing about models by name, text or pixels themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt

from glyph_memory.tokens.images import ImageRule, Size, check_counts, check_order, compare_sizes


@dataclass(frozen=True, kw_only=True, slots=True)
class CanvasRule(ImageRule):
    """Padded up to whole cells and not resampled, within limits on the cells (GLM-5.3-Flash).

    Source: `smart_resize` in transformers 5.24's `models/glm5_next`. An image beyond the limit gets the tallest
    canvas that keeps its shape and fits.
    """

    cell_px: int
    """Side of the square that becomes one token: patch size times merge size."""
    min_tokens: int
    """Smaller images are enlarged to about so many cells."""
    max_tokens: int
    """Larger images are shrunk to so many cells at most."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, cell_px=1, min_tokens=1, max_tokens=1)
        check_order(self, "min_tokens", "max_tokens")

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the cells of the canvas."""
        width, height = size
        cells = self._count_cells(width, height)
        if cells < self.min_tokens:
            scale = sqrt(self.min_tokens * self.cell_px**2 / (height * width))
            cells = self._count_cells(max(1, ceil(width * scale)), max(1, ceil(height * scale)))
        if cells <= self.max_tokens:
            return cells
        shrunk = self._shrink(width, height)
        return self._count_cells(self._keep_shape(width, height, shrunk), shrunk) if shrunk else 1

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the canvas: 1 unless the image is beyond the limit, or so small that it is enlarged."""
        width, height = size
        cells = self._count_cells(width, height)
        if cells < self.min_tokens:
            return sqrt(self.min_tokens * self.cell_px**2 / (height * width))
        return self._shrink(width, height) / height if cells > self.max_tokens else 1.0

    def _count_cells(self, width: int, height: int) -> int:
        return ceil(height / self.cell_px) * ceil(width / self.cell_px)

    def _keep_shape(self, width: int, height: int, shrunk: int) -> int:
        return max(1, floor(width * shrunk / height))

    def _shrink(self, width: int, height: int) -> int:
        """Return the height of the tallest canvas within the limit, found by halving; 0 where none fits."""
        least, most, best = 1, height, 0
        while least <= most:
            middle = (least + most) // 2
            if self._count_cells(self._keep_shape(width, height, middle), middle) <= self.max_tokens:
                best, least = middle, middle + 1
            else:
                most = middle - 1
        return best


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchRule(ImageRule):
    """Padded up to whole cells, within limits on the patches of an image and of a side (Kimi K2.5 to K2.7).

    Source: `navit_resize` in transformers 5.24's `models/kimi_k25`. Nothing is enlarged.
    """

    patch_px: int
    """Side of a patch; a cell is two of them wide and high, and becomes one token."""
    max_patches: int
    """Larger images are shrunk to about so many patches."""
    longest_patches: int
    """Longer sides are shrunk to so many patches."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, patch_px=1, max_patches=1, longest_patches=1)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the cells of the padded image."""
        width, height = size
        patch, longest = self.patch_px, self.longest_patches * self.patch_px
        scale = self.measure_scale(size)
        rows, columns = (
            ceil(min(max(1, int(side * scale)), longest) / (2 * patch)) for side in (height, width)
        )
        return rows * columns

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale at which the image is within all limits."""
        width, height = size
        patches = max(1, height // self.patch_px) * max(1, width // self.patch_px)
        return min(1.0, sqrt(self.max_patches / patches), self.longest_patches * self.patch_px / max(size))


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetRule(ImageRule):
    """Enlarged or shrunk to the largest size of its shape within a budget of tokens (Gemma 4).

    Source: `get_aspect_ratio_preserving_size` in transformers 5.24's `models/gemma4` and `models/gemma4_unified`.
    """

    cell_px: int
    """Side of the square that becomes one token: patch size times pooling size."""
    budget: int
    """Most tokens an image; nearly all of them are used, whatever its size."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, cell_px=1, budget=1)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the cells of the scaled image; one whose short side has none gets a row of the whole budget."""
        columns, rows = self._count_sides(size)
        return rows * columns or self.budget

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the cells that the image is resized to."""
        columns, rows = self._count_sides(size)
        return compare_sizes((columns * self.cell_px, rows * self.cell_px), size)

    def _count_sides(self, size: Size) -> Size:
        width, height = size
        scale = sqrt(self.budget * self.cell_px**2 / (height * width))
        return floor(scale * width / self.cell_px), floor(scale * height / self.cell_px)
