"""How the tiny model's pages look: strips one cell high, so many characters to a cell.

A page of one row of cells has its text in the order in which the language model reads the cells. Knows styles; knows
nothing about networks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from glyph_memory.checks import check_whole
from glyph_memory.style import PageStyle
from glyph_memory.training.samples import TrainingError

CELL_PX = 28
"""Sides of the square of a page that is one image token."""
MOST_CELLS = 190
"""Of a page: Qwen2.5-VL's processor refuses images that are more than 200 times as wide as high."""
_ADVANCE_EM = 0.60205
"""Of a character of the package's monospaced font, in ems."""
_SIZES_PT = {1: 14.0, 2: 11.6, 3: 8.2}


@dataclass(frozen=True, kw_only=True, slots=True)
class CellLayout:
    """How many characters stand in a cell of 28 by 28 pixels.

    Example:
        >>> CellLayout(columns=4).style.page_height_pt
        28
        >>> CellLayout(columns=6, lines=2).characters
        12
    """

    columns: int
    """Characters beside each other in a cell, 2 to 8."""
    lines: int = 1
    """Lines of text in a cell, 1 to 3."""
    cells: int = MOST_CELLS
    """Cells of a page, at most."""

    def __post_init__(self) -> None:
        check_whole("columns", self.columns, TrainingError, at_least=1, at_most=10)
        check_whole("lines", self.lines, TrainingError, at_least=1, at_most=3)
        check_whole("cells", self.cells, TrainingError, at_least=4, at_most=MOST_CELLS)

    @property
    def characters(self) -> int:
        """Characters that stand in a cell."""
        return self.columns * self.lines

    @property
    def advance_px(self) -> float:
        """Pixels from one character to the next."""
        return CELL_PX / self.columns

    @property
    def style(self) -> PageStyle:
        """How such pages are drawn: the package's monospaced font, squeezed until a cell holds its columns."""
        size = _SIZES_PT[self.lines]
        scale = min(1.0, self.advance_px / (_ADVANCE_EM * size))
        return PageStyle(
            font="mono",
            font_size_pt=size,
            line_height_pt=CELL_PX / self.lines,
            letter_spacing_pt=self.advance_px / scale - _ADVANCE_EM * size,
            horizontal_scale=scale,
            page_width_pt=self.cells * CELL_PX / scale,
            page_height_pt=CELL_PX,
            margin_x_pt=0,
            margin_y_pt=0,
            padding_pt=0,
            paragraph_lines=10_000,
            align_tables=False,
            crop_last_page=False,
        )


def fit_layout(text: str, layout: CellLayout) -> CellLayout:
    """Return a layout whose page is as wide as a text needs that shall stand on one page."""
    lost = 9 * (layout.lines - 1)  # at the ends of lines
    cells = -(-(len(text) + lost) // layout.characters)
    return replace(layout, cells=min(max(cells, 4), layout.cells))
