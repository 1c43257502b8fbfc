"""`LearntLimits`: what an upstream was found to take when it refused a prompt: tokens, and images. Plain numbers.

Knows options of pages; knows nothing about servers' sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from glyph_memory.context import PageOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class LearntLimits:
    """What an upstream was found to take; None where it never refused more."""

    window_tokens: int | None = None
    """Tokens, prompt and answer together."""
    max_images: int | None = None
    """Images of a request."""

    def join(self, other: Self) -> Self:
        """Return the narrower of both.

        Example:
            >>> LearntLimits(max_images=9).join(LearntLimits(max_images=20, window_tokens=8192))
            LearntLimits(window_tokens=8192, max_images=9)
        """
        return type(self)(
            window_tokens=_find_least(self.window_tokens, other.window_tokens),
            max_images=_find_least(self.max_images, other.max_images),
        )

    def narrow(self, options: PageOptions) -> PageOptions:
        """Return options that fit.

        Raises:
            PolicyError: Nothing fits: a window that is too small, or no more than one image.
        """
        return options.narrow_window(self.window_tokens).narrow_images(self.max_images)


def _find_least(one: int | None, other: int | None) -> int | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)
