"""Return how many tokens an image becomes where it is cut into slices that keep its shape: MiniCPM-V 4.6.

Knows sizes in pixels; knows nothing about what an image shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, sqrt

from glyph_memory.tokens.images import ImageRule, Size, check_counts


@dataclass(frozen=True, kw_only=True, slots=True)
class SliceRule(ImageRule):
    """A view of the whole image, and slices where it is larger than one, each in tags (MiniCPM-V 4.6).

    Each view and slice is scaled to about the same area. Source: `MiniCPMV4_6ImageProcessorPil` and
    `MiniCPMV4_6Processor` in transformers 5.24.
    """

    cell_px: int
    """Side of the square that becomes one token: 56 px where 16 patches are merged, 28 px where 4 are."""
    slice_px: int
    """Side of the square whose area a view and a slice have."""
    max_slices: int
    """Most slices an image is cut into, the view of the whole aside."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, cell_px=1, slice_px=1, max_slices=1)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count views and slices with their two tags each, breaks between rows of slices, and the image's number.

        The number counts as many digits as the last image's has, a token each.
        """
        number = 2 + len(str(images - 1))
        columns, rows = self._choose_grid(size)
        whole = self._count_cells(*size) + 2
        if columns * rows == 1:
            return number + whole
        width, height = (
            max(round(side / count) * count, count) / count
            for side, count in zip(size, (columns, rows), strict=True)
        )
        return number + whole + columns * rows * (self._count_cells(width, height) + 2) + rows - 1

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the slices; of the whole view where there are none."""
        columns, rows = self._choose_grid(size)
        return self.slice_px * sqrt(columns * rows / (size[0] * size[1]))

    def _count_cells(self, width: float, height: float) -> int:
        """Return the cells of a view or slice, scaled to its area."""
        shape = width / height
        height_px = int(self.slice_px / sqrt(shape))
        width_px = int(height_px * shape)
        return max(1, round(height_px / self.cell_px)) * max(1, round(width_px / self.cell_px))

    def _choose_grid(self, size: Size) -> Size:
        """Return columns and rows of slices: the shape nearest to the image's; of equally near ones the tallest."""
        width, height = size
        enough = min(ceil(width * height / self.slice_px**2), self.max_slices)
        if enough <= 1:
            return 1, 1
        shape = log(width / height)
        nearest, best = float("inf"), (1, 1)
        for slices in (enough - 1, enough, enough + 1):
            if slices == 1 or slices > self.max_slices:
                continue
            for rows in (rows for rows in range(1, slices + 1) if slices % rows == 0):
                distance = abs(shape - log(slices // rows / rows))
                if distance < nearest or (distance == nearest and rows > best[1]):
                    nearest, best = distance, (slices // rows, rows)
        return best
