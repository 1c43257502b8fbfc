"""Dice that fall the same way on every machine. Knows numbers and characters; knows no words."""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

_Item = TypeVar("_Item")
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


class Dice:
    """Chance from a seed in words. Of `random`, only `random()` is promised never to change; all else is made of it.

    Example:
        >>> Dice("niah_single_1/4096/0/17").number(1, 6)
        3
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random  # noqa: S311  nothing here is secret

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def share(self) -> float:
        """Return a number from 0 up to, but not including, 1."""
        return self._random()

    def pick(self, items: Sequence[_Item]) -> _Item:
        """Return one of the items."""
        return items[self.number(0, len(items) - 1)]

    def sample(self, items: Sequence[_Item], count: int) -> list[_Item]:
        """Return some of the items, none twice, in any order."""
        return list(self.walk(items, count))

    def walk(self, items: Sequence[_Item], count: int | None = None) -> Iterator[_Item]:
        """Yield items in any order, none twice; as many as are asked for, or all."""
        moved: dict[int, int] = {}
        for place in range(len(items) if count is None else count):
            other = self.number(place, len(items) - 1)
            yield items[moved.get(other, other)]
            moved[other] = moved.pop(place, place)

    def shuffle(self, items: Sequence[_Item]) -> list[_Item]:
        """Return all the items in another order."""
        return self.sample(items, len(items))

    def hex(self, digits: int) -> str:
        """Return hexadecimal digits, small letters."""
        return "".join(self.pick("0123456789abcdef") for _ in range(digits))

    def uuid(self) -> str:
        """Return a random UUID (version 4)."""
        return str(uuid.UUID(hex=self.hex(32), version=4))

    def key(self, length: int) -> str:
        """Return letters and digits, as keys have them."""
        return "".join(self.pick(_LETTERS_AND_DIGITS) for _ in range(length))

    def letters(self, length: int, alphabet: str = string.ascii_lowercase) -> str:
        """Return letters of an alphabet."""
        return "".join(self.pick(alphabet) for _ in range(length))

    def time(self, first: datetime, days: int) -> datetime:
        """Return a time within some days from the first on, to the second."""
        return first + timedelta(seconds=self.number(0, days * 86_400 - 1))
