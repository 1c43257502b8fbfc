"""What all seals that are shown may cost together, and which leave when they cost more. Knows limits; draws nothing."""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.folding.costs import PageCapacity
from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.seal import Seal


def count_evicted(seals: Sequence[Seal], policy: FoldPolicy, *, head_tokens: int) -> int:
    """Count the oldest seals to evict: none where all fit, else as many as bring them down to half the budget.

    The newest stays as long as it fits by itself; one that does not leaves with all the others.
    """
    budget = _Budget(policy, head_tokens=head_tokens)
    if budget.has_room(seals, share=1):
        return 0
    count = next(
        (count for count in range(len(seals)) if budget.has_room(seals[count:], share=2)), len(seals)
    )
    return len(seals) - 1 if count == len(seals) and budget.has_room(seals[-1:], share=1) else count


def count_showable_pages(policy: FoldPolicy, page: PageCapacity) -> int:
    """Count the pages that seals may show at the most, beside no head; one that is not full may always be shown."""
    budget = _Budget(policy, head_tokens=0)
    return min(
        -(-limit // max(1, used))
        for limit, used in budget.list_limits(page.tokens, 1, page.pixels, page.bytes)
        if limit is not None
    )


class _Budget:
    """What all seals that are shown may cost together. An eighth of a request's images is for the recent turns' own."""

    def __init__(self, policy: FoldPolicy, *, head_tokens: int) -> None:
        self._tokens = policy.seal_budget_tokens(head_tokens=head_tokens)
        limits = (policy.max_images, policy.max_request_px, policy.max_request_bytes)
        self._images, self._pixels, self._bytes = (
            None if limit is None else limit - -(-limit // 8) for limit in limits
        )

    def has_room(self, seals: Sequence[Seal], *, share: int) -> bool:
        """Return whether seals fit into a share of the budget: 1 for all of it, 2 for half."""
        used = (
            sum(seal.tokens for seal in seals),
            sum(seal.images for seal in seals),
            sum(seal.pixels for seal in seals),
            sum(seal.bytes for seal in seals),
        )
        return all(limit is None or share * spent <= limit for limit, spent in self.list_limits(*used))

    def list_limits(self, tokens: int, images: int, pixels: int, size: int) -> list[tuple[int | None, int]]:
        """Return each limit, None where there is none, beside what is spent of it."""
        limits = (self._tokens, self._images, self._pixels, self._bytes)
        return [*zip(limits, (tokens, images, pixels, size), strict=True)]
