"""`UnitCache`: items of clients that were read before are found again, as a client sends its whole history each time.

Knows items and units; knows nothing about how an item is read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from glyph_memory.context import ReuseCache
from glyph_memory.messages import message_key
from glyph_memory.serve.dialects.units import Item, Unit

_BYTES = 128 << 20
"""What is remembered comes to this at the most."""


class UnitCache:
    """Reads items, each once as long as it is remembered. Safe to share among threads.

    Args:
        read: Reads one item.
    """

    def __init__(self, read: Callable[[Item], tuple[Unit, ...]]) -> None:
        self._read = read
        self._known = ReuseCache[Hashable, tuple[Unit, ...]](at_most=_BYTES)

    def read(self, item: Item) -> tuple[Unit, ...]:
        """Return the units of an item.

        Raises:
            TurnError: It cannot be read.
        """
        key = message_key(item)
        found = self._known.get(key)
        if found is None:
            found = self._read(item)
            self._known.put(key, found, weight=sum(map(_weigh, found)) + 500)
        return found


def _weigh(unit: Unit) -> int:
    """Return about how many bytes a unit keeps alive: its text, and its pictures as they came and as files."""
    turn = unit.turn
    calls = sum(len(call.arguments) for call in turn.tool_calls)
    files = sum(map(len, turn.images)) + sum(len(one.block) for one in turn.attachments)
    return 2 * len(turn.text) + 2 * calls + 3 * files + 500
