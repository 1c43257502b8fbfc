"""Shares of independent things, as seen: their interval, and how likely they are where the true share is another.

Knows numbers; knows nothing about what is counted.
"""

from __future__ import annotations

from math import comb

_Z = 1.959964  # 97.5 % of a standard normal lie below


def share_interval(share: float, count: float) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share of independent things: Wilson's score interval (JASA 22, 1927).

    Args:
        share: As it was seen, 0 to 1.
        count: Of how many; of none, nothing is known.

    Example:
        >>> share_interval(1.0, 0)
        (0.0, 1.0)
    """
    if not count:
        return 0.0, 1.0
    middle = share + _Z**2 / (2 * count)
    spread = _Z * (share * (1 - share) / count + _Z**2 / (4 * count**2)) ** 0.5
    scale = 1 + _Z**2 / count
    return max((middle - spread) / scale, 0.0), min((middle + spread) / scale, 1.0)


def chance_of_at_most(count: int, of: int, share: float) -> float:
    """Return how likely so few of so many independent things are, where each is with a chance of `share`: exactly.

    Args:
        count: How many there were, 0 to `of`.
        of: How many could have been.
        share: The chance of each, 0 to 1.

    Example:
        >>> round(chance_of_at_most(1, 2, 0.98), 4)
        0.0396
    """
    more = sum(comb(of, one) * share ** (of - one) * (1 - share) ** one for one in range(of - count))
    return min(max(1.0 - more, 0.0), 1.0)  # so the sum is short where nearly all there could be were there
