"""`Slots`: how many requests are answered at a time, and how much of that is one caller's.

Knows numbers and names. For one event loop: nothing is locked.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal

Refusal = Literal["full", "share"]
"""Why a request waits outside: everything is taken, or this caller has its share."""


class Slots:
    """Places for requests.

    One of several callers may hold twice as many as are free. So one alone gets two thirds, two get two fifths each,
    and whoever comes next always finds some.

    Args:
        number: How many there are.
        is_shared: Whether there are several callers.

    Example:
        >>> slots = Slots(3, is_shared=True)
        >>> [slots.take("ada"), slots.take("ada"), slots.take("ada"), slots.take("ben"), slots.take("ben")]
        [None, None, 'share', None, 'full']
    """

    __slots__ = ("_held", "_is_shared", "_number")

    def __init__(self, number: int, *, is_shared: bool) -> None:
        self._number, self._is_shared = number, is_shared
        self._held: Counter[str] = Counter()

    @property
    def open_requests(self) -> int:
        """How many are being answered."""
        return self._held.total()

    def take(self, caller: str) -> Refusal | None:
        """Take a place; return why there is none, or None where it was taken."""
        free = self._number - self._held.total()
        if free <= 0:
            return "full"
        if self._is_shared and self._held[caller] >= 2 * free:
            return "share"
        self._held[caller] += 1
        return None

    def release(self, caller: str) -> None:
        """Release a place that was taken."""
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
