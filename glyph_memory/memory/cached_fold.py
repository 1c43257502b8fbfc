"""A fold that is held in memory, with what tells whether it is still that of its session."""

from __future__ import annotations

from dataclasses import dataclass

from glyph_memory.folding import Fold


@dataclass(frozen=True, kw_only=True, slots=True)
class CachedFold:
    """A fold in memory, with the state of the session that it belongs to."""

    fold: Fold
    edits: int
    turns: int
    """How many turns the fold holds."""
    stored: int
    """How many of the fold's seals are in the store."""
    replaces: frozenset[str] | None = None
    """Names of the images of stored seals, which the fold's are to take the place of; None where they are added."""
