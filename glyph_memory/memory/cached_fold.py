"""A fold that is held in memory, with what tells whether it is still that of its session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glyph_memory.folding import Fold

if TYPE_CHECKING:
    from glyph_memory.store import SessionState


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

    def may_grow_head(self, state: SessionState) -> bool:
        """Return whether new turns may be leading system turns, which a fold takes when it begins and not later."""
        return state.last_anchor > self.fold.last_anchor and not self.fold.seals and not self.fold.tail
