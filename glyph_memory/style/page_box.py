"""The `PageBox`: the sides of a page, and of the box on it that text fills, in points and in pixels.

Knows lengths; knows nothing about letters or colours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from glyph_memory.style.checks import snap

NARROW_MARGIN_PT = 4
"""Of pages that are used up to the edge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageBox:
    """A page and its text box: the part of a `PageStyle` that says where text stands."""

    page_width_pt: float = 595
    """Width of the page, before snapping and cropping."""
    page_height_pt: float = 842
    """Height of the page, before snapping and cropping."""
    dpi: float = 72
    """Pixels an inch: 72 for 3-4x compression, 96 for 2-3x and easier reading."""
    snap_px: int = 28
    """Page sides become multiples of this, so that the model's processor does not resample: 28 for GLM and
    Qwen2-VL, 32 for Qwen3-VL, 1 for exactly the size asked for. The text box keeps its size; margins give."""
    margin_x_pt: float = 10
    """Left and right margin; also what is left standing right of the ink where the width is cropped."""
    margin_y_pt: float = 10
    """Top and bottom margin; also what is left standing below the ink where the last page is cropped."""
    padding_pt: float = 6
    """Between margin and text on all sides; the reference pipeline's frames add 6."""
    fill_page: bool = False
    """Whether the text box grows to the snapped page, margins and padding kept; otherwise it keeps its size."""
    columns: int = 1
    """Columns of text."""
    column_gap_pt: float = 14
    """Between two columns."""
    line_height_pt: float = 10
    """From baseline to baseline."""
    horizontal_scale: float = 1
    """Stretches the page and all on it in width."""

    def fill(self) -> Self:
        """Return this style with pages that are used up to a narrow margin."""
        margins = {
            name: min(getattr(self, name), NARROW_MARGIN_PT) for name in ("margin_x_pt", "margin_y_pt")
        }
        return replace(self, **margins, padding_pt=0, fill_page=True)

    # Pixels. Only these turn points into pixels.

    def to_horizontal_px(self, points: float) -> float:
        """Convert points to pixels across the page."""
        return points * self.dpi / 72 * self.horizontal_scale

    def to_vertical_px(self, points: float) -> float:
        """Convert points to pixels down the page."""
        return points * self.dpi / 72

    @property
    def text_box_px(self) -> tuple[float, float]:
        """Width and height in pixels of the box that text may fill."""
        page = self.page_px if self.fill_page else self._asked_px
        return self._inset(page)

    @property
    def page_px(self) -> tuple[int, int]:
        """Width and height of a full page in pixels, snapped to the nearest multiple that still holds the text."""
        (width, height), least = self._asked_px, (0.0, 0.0) if self.fill_page else self._inset(self._asked_px)
        return (
            snap(width, at_least=max(least[0], 1), multiple=self.snap_px),
            snap(height, at_least=max(least[1], 1), multiple=self.snap_px),
        )

    @property
    def _asked_px(self) -> tuple[float, float]:
        return self.to_horizontal_px(self.page_width_pt), self.to_vertical_px(self.page_height_pt)

    def _inset(self, page: tuple[float, float]) -> tuple[float, float]:
        """Return a page's sides without its margins and padding."""
        across = self.to_horizontal_px(self.margin_x_pt + self.padding_pt)
        down = self.to_vertical_px(self.margin_y_pt + self.padding_pt)
        return page[0] - 2 * across, page[1] - 2 * down

    @property
    def column_px(self) -> float:
        """Width in pixels of one column of the text box."""
        gaps = self.to_horizontal_px(self.column_gap_pt) * (self.columns - 1)
        return (self.text_box_px[0] - gaps) / self.columns

    @property
    def lines_per_column(self) -> int:
        """How many lines fit below each other, where paragraphs add no space."""
        return int(self.text_box_px[1] / self.to_vertical_px(self.line_height_pt) + 1e-6)
