"""Decide whether old seals pay for being drawn again denser: what they save a turn, against a prefix that breaks once.

Knows token counts and prices; draws nothing, and changes no seal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from glyph_memory.checks import check_whole
from glyph_memory.errors import PolicyError, show_value
from glyph_memory.folding.prices import ServerPrices


@dataclass(frozen=True, kw_only=True, slots=True)
class Decay:
    """How many of the oldest seals are worth drawing again denser, and what that costs and saves."""

    seals: int
    """How many, from the oldest on; 0 where it does not pay."""
    saved_tokens: int = 0
    """How many tokens fewer each later prompt has."""
    cost: float = 0.0
    """What the broken prefix costs, once: all that stands from the oldest seal on is read anew."""
    saved: float = 0.0
    """What is saved with each later request."""

    @property
    def pays_after(self) -> float:
        """After how many requests it has paid for itself; infinite where it never does."""
        if self.cost <= 0:
            return 0.0
        return self.cost / self.saved if self.saved > 0 else float("inf")


def decide_decay(
    seals: Sequence[int],
    denser: Sequence[int],
    *,
    recent_tokens: int,
    prices: ServerPrices,
    within_requests: int,
    is_broken: bool = False,
) -> Decay:
    """Return how many of the oldest seals are worth drawing again denser.

    As many as save the most within the stated number of requests; none where the tokens saved, at the price of cached
    ones, do not pay for the broken prefix by then. On a server without a prefix cache nothing is broken: each request
    is read anew as it is.

    Args:
        seals: What each visible seal costs now, in tokens, oldest first.
        denser: What it would cost denser; where that is no less, it is not counted as saved.
        recent_tokens: Of the text behind the seals.
        prices: The server's.
        within_requests: Within how many requests it has to pay.
        is_broken: Whether the prefix breaks in any case, as where a new generation begins: then it costs what the
            denser pages cost and nothing more.

    Raises:
        PolicyError: There are not as many denser counts as seals, or a number or the prices are none.

    Example:
        >>> prices = ServerPrices(text=1, page=1, cached_text=0.1, cached_page=0.1)
        >>> decide_decay([1000, 1000], [500, 500], recent_tokens=0, prices=prices, within_requests=20).seals
        2
        >>> decide_decay([1000, 1000], [500, 500], recent_tokens=0, prices=prices, within_requests=5).seals
        0
    """
    if not isinstance(prices, ServerPrices):
        raise PolicyError(f"prices={show_value(prices)} are no ServerPrices; give calibration.prices()")
    if len(seals) != len(denser):
        raise PolicyError(f"{len(denser)} denser counts for {len(seals)} seals; give one for each")
    check_whole("within_requests", within_requests, PolicyError, at_least=1)
    for name, tokens in [("seals", seals), ("denser", denser), ("recent_tokens", [recent_tokens])]:
        for count in tokens:
            check_whole(name, count, PolicyError)
    cached, anew = prices.known_cached_page, prices.page
    plans = [Decay(seals=0)]
    for count in range(1, len(seals) + 1):
        drawn = sum(map(min, seals[:count], denser[:count]))
        before, behind = sum(seals[:count]), sum(seals[count:])
        kept = (
            anew if is_broken else cached
        )  # what the seals cost in the next request, were nothing drawn again
        cost = drawn * anew - before * kept
        if not is_broken:
            cost += behind * (anew - cached)
            cost += recent_tokens * (prices.text - prices.known_cached_text)
        plans.append(
            Decay(seals=count, saved_tokens=before - drawn, cost=cost, saved=(before - drawn) * cached)
        )
    # The request that reads anew is one of those within which it has to pay.
    net = [(within_requests - 1) * plan.saved - plan.cost if plan.saved_tokens else 0.0 for plan in plans]
    best = max(range(len(plans)), key=lambda place: (net[place], -place))
    return plans[best] if net[best] > 0 else plans[0]
