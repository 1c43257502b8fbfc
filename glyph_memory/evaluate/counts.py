"""`ReadCounts`: what came back to the letter, and what the reader itself doubted, as numbers that add up.

Knows numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadCounts:
    """Counts of what was read, of one page or of many."""

    unsure: int = 0
    """Characters that the reader marked as unsure, or as unreadable."""
    marked: int = 0
    """How many of the edits are among those: changed or put in where it was unsure, left out beside an unsure
    character or where it said that there is ink it could not read."""
    words: int = 0
    """What stands between white space."""
    words_exact: int = 0
    """How many of them came back to the letter."""
    identifiers: int = 0
    """Identifiers, as often as they stand there."""
    identifiers_exact: int = 0
    """How many of them came back to the letter."""

    @staticmethod
    def total(parts: Iterable[ReadCounts]) -> ReadCounts:
        """Add counts up."""
        rows = list(parts)
        return ReadCounts(
            unsure=sum(row.unsure for row in rows),
            marked=sum(row.marked for row in rows),
            words=sum(row.words for row in rows),
            words_exact=sum(row.words_exact for row in rows),
            identifiers=sum(row.identifiers for row in rows),
            identifiers_exact=sum(row.identifiers_exact for row in rows),
        )

    def to_json(self) -> dict[str, int]:
        """Return the counts as plain values for JSON."""
        return asdict(self)
