"""Small pages, quickly drawn, and a text to draw."""

from __future__ import annotations

from glyph_memory import PageStyle
from glyph_memory.training.pages import PageRecipe, StyleDistribution

SMALL = PageStyle(page_width_pt=200, page_height_pt=120)
TEXT = "\n".join(
    f"Line {number} says that item {number * 37 % 101} is in box {number * 17 % 89}." for number in range(400)
)
RECIPE = PageRecipe(seed=5, styles=StyleDistribution.of_style(SMALL), pages_per_sample=2)
