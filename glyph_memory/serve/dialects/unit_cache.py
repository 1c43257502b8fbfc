"""`UnitCache`: items of clients that were read before are found again, as a client sends its whole history each time.

Knows items and units; knows nothing about how an item is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from glyph_memory.context import ReuseCache
from glyph_memory.errors import TurnError
from glyph_memory.serve.dialects.beginnings import Beginnings, find_key, hash_bytes, spell_items
from glyph_memory.serve.dialects.units import Unit

I = TypeVar("I")  # noqa: E741  what is read: an item, or several that belong together
_BYTES = 128 << 20
"""What is remembered comes to this at the most."""
_DEPTH = 100
"""How deep an item may be nested: nobody means more, and whatever looks into it has to come to an end."""
_DEEP = f"is nested more than {_DEPTH} deep; send it flat"


class UnitCache(Generic[I]):
    """Reads items, each once as long as it is remembered. Safe to share among threads.

    Args:
        read: Reads an item, or items that belong together; plain values, as JSON has them.
    """

    def __init__(self, read: Callable[[I], tuple[Unit, ...]]) -> None:
        self._read = read
        self._known = ReuseCache[bytes, tuple[Unit, ...]](at_most=_BYTES)
        self._beginnings = Beginnings()

    def read_all(self, items: Sequence[I], *, are_messages: bool = True) -> list[Unit]:
        """Return the units of all items of a conversation, in order; what was read before is found in one go.

        Args:
            items: What the client sent.
            are_messages: Whether each is one of the client's messages, told by its number; else all are of message 0.

        Raises:
            TurnError: One cannot be read.
        """
        try:
            spelled, key = spell_items([*items]), find_key(items)
        except ValueError:  # reading the item that it is about says why
            spelled, key = b"", b""
        first, known = self._beginnings.find(spelled, key) if key else (0, ())
        units = [*known]
        for number in range(first, len(items)):
            units += self.read(items[number], message=number if are_messages else 0)
        if key:
            self._beginnings.put(spelled, key, items=len(items), units=tuple(units))
        return units

    def read(self, item: I, *, message: int = 0) -> tuple[Unit, ...]:
        """Return the units of an item.

        Args:
            item: What the client sent; what differs from it in a type or in the order of fields is another one.
            message: Which of the client's messages it is.

        Raises:
            TurnError: It cannot be read.
        """
        key, size = _digest(item)
        found = self._known.get(key)
        if found is None:
            _check_depth(item, _DEPTH)
            found = self._read(item)
        elif found and found[0].message == message:
            return found
        if message or any(unit.message for unit in found):
            found = tuple(replace(unit, message=message) for unit in found)
        # What was read shares its texts with the item; pictures are held as they came and as files.
        self._known.put(key, found, weight=2 * size + 1000)
        return found


def _digest(item: Any) -> tuple[bytes, int]:  # noqa: ANN401  JSON of a client's
    """Return a digest of plain values, and about how many bytes they are."""
    try:
        spelled = spell_items(item)
    except ValueError as error:
        raise TurnError(f"a message is no JSON, or {_DEEP} ({error})") from error
    return hash_bytes(spelled), len(spelled)


def _check_depth(value: object, left: int) -> None:
    """Raise what says that a value is nested too deeply, if it is.

    Raises:
        TurnError: It is.
    """
    if not isinstance(value, Mapping | list):
        return
    if not left:
        raise TurnError(f"a message {_DEEP}")
    for held in value.values() if isinstance(value, Mapping) else value:
        _check_depth(held, left - 1)
