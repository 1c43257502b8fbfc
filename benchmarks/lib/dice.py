"""Random choices that are the same on every Python: what made-up texts are thrown with."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_VOCABULARY = """
amber anchor archive basin beacon birch border bridge bronze canyon carbon cedar cipher circle cobalt comet
copper coral crater crystal delta desert ember engine fable falcon fern field flint forest fossil frost
garden glacier granite harbor hazel helium hollow indigo island ivory jasper juniper kernel lagoon lantern
lattice ledger lemon linen lunar maple marble meadow mercury mirror mosaic nebula nickel oasis ocean olive
onyx orbit orchid oxide paper pebble pepper pine planet plasma prairie prism quartz quiver radar rapid raven
reef ridge river rocket saffron sable
"""
WORDS = tuple(_VOCABULARY.split())
"""What `Dice.words` picks from."""


class Dice:
    """Random choices that are the same on every Python, which promises that of `random.random` alone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def number(self, low: int, high: int) -> int:
        """Return a random number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items at random."""
        return items[self.number(0, len(items) - 1)]

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self._random() < probability

    def hexadecimal(self, digits: int) -> str:
        """Return a random hexadecimal identifier."""
        return "".join(self.pick("0123456789abcdef") for _ in range(digits))

    def words(self, count: int) -> str:
        """Return random words, joined by blanks."""
        return " ".join(self.pick(WORDS) for _ in range(count))


def fill(pieces: Iterator[str], characters: int, *, between: str) -> str:
    """Return as many characters of an endless run of pieces."""
    taken: list[str] = []
    length = 0
    while length < characters:
        taken.append(next(pieces))
        length += len(taken[-1]) + len(between)
    return between.join(taken)[:characters]
