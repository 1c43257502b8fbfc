"""Stored seals: read one from its text, and tell whether they form a chain.

Knows what a seal says of itself and of the one before it; knows nothing about turns, nor about where seals are stored.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from glyph_memory.folding.seal import Seal


def read_seal(body: str, *, digest: str) -> Seal | None:
    """Return a stored seal; None where it was changed, or comes from a version that sealed otherwise."""
    try:
        seal = Seal.from_json(json.loads(body))
        return seal if seal.digest == digest else None
    except (TypeError, KeyError, ValueError, AttributeError, RecursionError):
        return None


def count_chained(seals: Sequence[Seal], digests: Sequence[str]) -> int:
    """Count the seals that follow each other from the first on: all of them, unless a database was damaged.

    Args:
        seals: In order.
        digests: Theirs, which take long to compute.
    """
    for place, (seal, previous) in enumerate(zip(seals, ["", *digests], strict=False)):
        if (seal.number, seal.previous) != (place + 1, previous):
            return place
    return len(seals)
