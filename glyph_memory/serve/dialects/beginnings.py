"""`Beginnings`: what a conversation's items were read as, found again in one go when it comes with more at its end.

Knows items and units; knows nothing about how an item is read.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from glyph_memory.context import ReuseCache
from glyph_memory.serve.dialects.units import Unit

_BYTES = 64 << 20
"""What is remembered comes to this at the most."""
_FIRST_ONES = 3
"""Items by which a conversation is found; of two that share them, the newer one is remembered."""
_FORMAT = 2
"""Of marshal: the last in which equal values are always spelled alike."""
_HEAD = 5
"""Bytes with which marshal begins a list: its kind, and how long it is."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    items: int
    size: int
    digest: bytes
    units: Sequence[Unit] = field(repr=False)


class Beginnings:
    """Remembers of each conversation what it was read as when it came last. Safe to share among threads."""

    def __init__(self) -> None:
        self._known = ReuseCache[bytes, _Beginning](at_most=_BYTES)

    def find(self, spelled: bytes, key: bytes) -> tuple[int, Sequence[Unit]]:
        """Return how many of a conversation's items were read before, and as what; none where it is unknown.

        Args:
            spelled: All of its items, as `spell_items` spells them.
            key: That of its first items.
        """
        known = self._known.get(key)
        if known is None or hash_bytes(memoryview(spelled)[_HEAD : _HEAD + known.size]) != known.digest:
            return 0, ()
        return known.items, known.units

    def put(self, spelled: bytes, key: bytes, *, items: int, units: Sequence[Unit]) -> None:
        """Remember what all items were read as."""
        size = len(spelled) - _HEAD
        digest = hash_bytes(memoryview(spelled)[_HEAD:])
        # Units share their texts with the items.
        self._known.put(key, _Beginning(items, size, digest, units), weight=2 * size + 1000)


def spell_items(items: Any) -> bytes:  # noqa: ANN401  JSON of a client's
    """Return plain values as bytes: what differs in a type or in the order of fields is spelled differently.

    A list is spelled as its items one after the other, behind its head. Takes a fifth of the time that JSON takes;
    what is written is never read.

    Raises:
        ValueError: It is nested too deeply, or no plain value.
    """
    return marshal.dumps(items, _FORMAT)


def find_key(items: Sequence[Any]) -> bytes:
    """Return the key of a conversation's first items."""
    return hash_bytes(spell_items([*items[:_FIRST_ONES]]))


def hash_bytes(spelled: bytes | memoryview) -> bytes:
    """Return a digest; nobody finds two values that share one."""
    return hashlib.blake2b(spelled, digest_size=16).digest()
