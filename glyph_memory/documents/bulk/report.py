"""How far a run over many documents is, whoever draws them and wherever pages go.

Knows counts; knows nothing about folders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from glyph_memory.documents.tree import TreeFault


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkFailure:
    """A document that was not drawn."""

    source: str
    """Its path or address."""
    message: str
    """Why, in one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShardReport:
    """How far a run is, and at its end what came of it."""

    total: int
    """Documents that were found."""
    drawn: int = 0
    """How many were drawn now."""
    unchanged: int = 0
    """How many were finished by an earlier run, and were not drawn again."""
    failures: tuple[BulkFailure, ...] = ()
    """Those that could not be drawn."""
    skipped: tuple[BulkFailure, ...] = ()
    """What was found in folders and is not read on purpose: links, pipes and devices, empty files, pictures and what
    else is no document."""
    pages: int = 0
    """Pages that were drawn now."""
    tokens: int = 0
    """What these cost the model."""
    text_tokens: int = 0
    """What their text would cost it."""
    defects: int = 0
    """What was lost or guessed in the documents that were drawn now; the rows of documents tell all of it."""
    seconds: float = 0.0
    """Since the run began."""

    @property
    def done(self) -> int:
        """How many documents are dealt with."""
        return self.drawn + self.unchanged + len(self.failures)


def list_failures(faults: Iterable[TreeFault]) -> list[BulkFailure]:
    """Return what was not read of folders, by name and reason."""
    return [
        BulkFailure(source=fault.address or str(fault.path), message=str(fault.error)) for fault in faults
    ]
