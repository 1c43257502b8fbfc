"""`MessageNames`: tells whether the messages that are no longer shown are still those that were evicted.

Knows messages only through the functions it is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

M = TypeVar("M")

_ENDS = 256
"""How many messages at each end of those that were evicted are looked at."""


class MessageNames(Generic[M]):
    """Digests of the names of messages, and of what they say.

    Whatever is added or removed among them moves the last ones; one that only says something else now moves no name,
    and is not shown. Where names are minted anew on each call, what is said decides.

    Args:
        *columns: Each gives something of a message that is the same in every process; asked in this order.
    """

    def __init__(self, *columns: Callable[[M], str]) -> None:
        self._columns = columns

    def digest(self, messages: Sequence[M]) -> str:
        """Return the number of messages and a digest of each column."""
        return f"{len(messages)}:{' '.join(_digest(column, messages) for column in self._columns)}"

    def are_same(self, messages: Sequence[M], digest: str) -> bool:
        """Return whether `digest` once gave that of as many messages, alike in one column at the least."""
        count, _, held = digest.partition(":")
        known = held.split()
        return count == str(len(messages)) and any(
            _digest(column, messages) == before for column, before in zip(self._columns, known, strict=False)
        )


def _digest(column: Callable[[M], str], messages: Sequence[M]) -> str:
    ends = messages if len(messages) <= 2 * _ENDS else [*messages[:_ENDS], *messages[-_ENDS:]]
    return hashlib.sha256("\0".join(map(column, ends)).encode("utf-8", "surrogatepass")).hexdigest()
