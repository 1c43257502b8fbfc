"""Image-token rules of OpenAI's models: tiles, or patches within a budget.

Knows sizes in pixels; knows nothing about what an image shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, sqrt

from glyph_memory.checks import check_number
from glyph_memory.errors import ProfileError
from glyph_memory.tokens.images import ImageRule, Size, check_counts, compare_sizes


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAITileRule(ImageRule):
    """A base cost, and a cost per tile of 512 px (GPT-4o, GPT-4.1, GPT-5, o1, o3).

    The image is fitted into 2048 x 2048, then its shorter side is shrunk to 768; nothing is enlarged. Sides
    are cut to whole pixels after each step, as langchain-openai's counter does; the guide does not say.
    """

    base: int
    """Tokens an image, before any tile."""
    per_tile: int
    """Tokens a tile."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, base=0, per_tile=1)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the base and the tiles that cover the shrunk image."""
        width, height = self._resize(size)
        return self.base + self.per_tile * ceil(width / 512) * ceil(height / 512)

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the shrunk image."""
        return compare_sizes(self._resize(size), size)

    def _resize(self, size: Size) -> Size:
        width, height = _shrink(size, Fraction(2048, max(size)))
        return _shrink((width, height), Fraction(768, min(width, height)))


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAIPatchRule(ImageRule):
    """Patches of 32 px within a budget, times a multiplier (minis and nanos of GPT-4.1 and 5, o4-mini).

    An image over the budget is shrunk to it, then a little more, so that a whole number of patches spans it.
    """

    multiplier: float
    """Billed tokens a patch."""
    budget: int = 1536
    """Most patches an image is given."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, budget=1)
        check_number("OpenAIPatchRule.multiplier", self.multiplier, ProfileError, is_open=True)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the patches that cover the image, shrunk where they are too many, times the multiplier."""
        width, height = size
        patches = ceil(width / 32) * ceil(height / 32)
        if patches > self.budget:
            shrink = self.measure_scale(size)
            # A side that was made a whole number of patches may come out a hair above it.
            across, down = round(width * shrink / 32, 6), round(height * shrink / 32, 6)
            patches = min(self.budget, ceil(across) * ceil(down))
        return ceil(round(patches * self.multiplier, 6))

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the shrunk image; 1 within the budget."""
        width, height = size
        if ceil(width / 32) * ceil(height / 32) <= self.budget:
            return 1.0
        shrink = sqrt(32**2 * self.budget / (width * height))
        across, down = width * shrink / 32, height * shrink / 32
        return shrink * min(max(1, floor(across)) / across, max(1, floor(down)) / down, 1.0)


def _shrink(size: Size, scale: Fraction) -> Size:
    if scale >= 1:
        return size
    width, height = size
    return max(1, floor(width * scale)), max(1, floor(height * scale))
