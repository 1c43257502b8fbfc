"""Digests of a conversation's beginnings: what tells one conversation from another, by all that was said in it.

Knows names of units; knows nothing about the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from glyph_memory.context import ReuseCache

_BYTES = 16
_FIRST_ONES = 3
_MOST = 1 << 18
"""Names that are remembered, some 40 MB."""


class _Chained(NamedTuple):
    names: list[str]
    chains: list[str]


class ChainCache:
    """Chains names, and only the new ones of a conversation that comes again. Safe to share among threads.

    Args:
        key: The store's: whoever reads a digest cannot try texts out.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known = ReuseCache[tuple[str, ...], _Chained](at_most=_MOST)

    def chain(self, names: Sequence[str], *, caller: str, session: str) -> list[str]:
        """Return what `chain_names` returns."""
        names, key = [*names], (caller, session, *names[:_FIRST_ONES])
        known = self._known.get(key)
        before = known.chains if known and names[: len(known.names)] == known.names else []
        chains = chain_names(names, key=self._key, caller=caller, session=session, before=before)
        self._known.put(key, _Chained(names, chains), weight=len(names))
        return chains


def chain_names(
    names: Sequence[str], *, key: bytes, caller: str, session: str, before: Sequence[str] = ()
) -> list[str]:
    """Return the digest of each beginning, the shortest first, as hex.

    Args:
        names: Those of what was said, oldest first; see `name_turn`.
        key: The store's: whoever reads a digest cannot try texts out.
        caller: Who asks: equal conversations of two callers are two.
        session: What the client calls the conversation; empty where it does not.
        before: The digests of the first ones, where they are known.

    Example:
        >>> one = chain_names(["a", "b"], key=b"key", caller="", session="")
        >>> one[0] == chain_names(["a"], key=b"key", caller="", session="")[0], len(one[1])
        (True, 32)
    """
    whose = f"{len(caller)}:{caller}{session}".encode("utf-8", "surrogatepass")
    last = hashlib.blake2b(whose, digest_size=_BYTES, key=key[:64]).digest()
    last, chains = bytes.fromhex(before[-1]) if before else last, [*before]
    digest = hashlib.blake2b
    for name in names[len(before) :]:
        last = digest(last + name.encode(), digest_size=_BYTES).digest()
        chains.append(last.hex())
    return chains
