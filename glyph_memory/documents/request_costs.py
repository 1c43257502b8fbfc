"""Count what pages cost a request, page by page: tokens by the model's own rule, pixels, bytes, images.

Knows sizes and limits; knows nothing about documents, nor about how a page came about.
"""

from __future__ import annotations

from collections import Counter

from glyph_memory.page import Page
from glyph_memory.tokens import ModelProfile


class RequestCosts:
    """What the pages so far cost a model, all in one request. Holds their sizes, and no page.

    Args:
        profile: The model.
        tokens_beside: What stands beside the pages, whatever their number.

    Example:
        >>> from glyph_memory.typesetting import typeset
        >>> costs = RequestCosts(ModelProfile.of("glyph"))
        >>> costs.add(typeset("It opens at nine.")[0])
        >>> costs.images, costs.tokens
        (1, 10)
    """

    def __init__(self, profile: ModelProfile, *, tokens_beside: int = 0) -> None:
        self.images = 0
        """How many pages."""
        self.pixels = 0
        """Of all of them."""
        self.bytes = 0
        """Of their files; counted only for a model with a limit on that, as each has to be encoded."""
        self._profile, self._tokens_beside = profile, tokens_beside
        self._sizes = Counter[tuple[int, int]]()

    def add(self, page: Page, *, tokens_beside: int = 0) -> None:
        """Count one more page.

        Args:
            page: The page.
            tokens_beside: What is sent beside it, such as its caption.
        """
        self.images += 1
        self.pixels += page.size[0] * page.size[1]
        if self._profile.max_request_bytes is not None:
            self.bytes += len(page.png())
        self._tokens_beside += tokens_beside
        self._sizes[page.size] += 1

    @property
    def tokens(self) -> int:
        """All tokens. Exact for pages: some models count a lone image in another way, others by how many there are."""
        count = self._profile.image_tokens
        of_pages = sum(times * count(size, images=self.images) for size, times in self._sizes.items())
        return of_pages + self._tokens_beside

    def find_excess(self, tokens: int, *, max_images: int | None = None) -> str:
        """Return which limit of the model, or of the caller, is exceeded, as `1,200 pages (999 allowed)`; else nothing.

        Args:
            tokens: How many tokens there may be.
            max_images: How many pages there may be, where that is fewer than the model takes.
        """
        allowed = [limit for limit in (max_images, self._profile.max_images) if limit is not None]
        for unit, used, limit in (
            ("tokens", self.tokens, tokens),
            ("pages", self.images, min(allowed, default=None)),
            ("pixels", self.pixels, self._profile.max_request_px),
            ("bytes of images", self.bytes, self._profile.max_request_bytes),
        ):
            if limit is not None and used > limit:
                return f"{used:,} {unit} ({limit:,} allowed)"
        return ""
