"""Digests of a conversation's beginnings: what tells one conversation from another, by all that was said in it.

Knows names of units; knows nothing about the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_BYTES = 16


def chain_names(names: Iterable[str], *, key: bytes, caller: str, session: str) -> list[str]:
    """Return the digest of each beginning, the shortest first, as hex.

    Args:
        names: Those of what was said, oldest first; see `name_turn`.
        key: The store's: whoever reads a digest cannot try texts out.
        caller: Who asks: equal conversations of two callers are two.
        session: What the client calls the conversation; empty where it does not.

    Example:
        >>> one = chain_names(["a", "b"], key=b"key", caller="", session="")
        >>> one[0] == chain_names(["a"], key=b"key", caller="", session="")[0], len(one[1])
        (True, 32)
    """
    whose = f"{len(caller)}:{caller}{session}".encode("utf-8", "surrogatepass")
    last = hashlib.blake2b(whose, digest_size=_BYTES, key=key[:64]).digest()
    chains = []
    digest = hashlib.blake2b
    for name in names:
        last = digest(last + name.encode(), digest_size=_BYTES).digest()
        chains.append(last.hex())
    return chains
