"""What the fold asks of whoever draws and counts: `Costs`, and its answer about a run, `Bound`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from glyph_memory.folding.seal import SealedPage, SealedPicture
from glyph_memory.transcript import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A run of turns as pages: what they are and what they cost."""

    pages: tuple[SealedPage, ...]
    """The pages, in order."""
    pictures: tuple[SealedPicture, ...] = ()
    """The turns' own pictures, as they are shown beside the pages."""
    ledger: tuple[str, ...] = ()
    """The identifiers chosen, a line each."""
    ledger_omitted: int = 0
    """How many identifiers there was no room for."""
    tokens: int
    """What pages, captions and ledger cost; pictures not counted."""


class Costs(Protocol):
    """Draws runs and counts tokens, always the same for the same turns and `fingerprint`."""

    @property
    def fingerprint(self) -> str:
        """Of all that its answers depend on, besides the turns."""

    def text_tokens(self, turn: Turn) -> int:
        """Count what a turn takes as a message, its pictures not counted."""

    def picture_tokens(self, turn: Turn) -> int:
        """Count what a turn's pictures take while the turn is a message."""

    def said_tokens(self, turns: Sequence[Turn]) -> int:
        """Count what turns say: text and calls, without ids, pictures, and what a chat template puts round them.

        Pages have to cost less than this to pay, and what they save is told against it; `text_tokens` is what turns
        take at the most.
        """

    def bind(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> Bound:
        """Draw a run as pages.

        Args:
            turns: The run, every turn with its anchor.
            first_page: Number of its first page.
            ledger_tokens: What the ledger may take.
        """

    def quoted_tokens(self, turns: Sequence[Turn]) -> int:
        """Count what a run takes as the text of a text seal."""

    def shown_pictures(self, turns: Sequence[Turn]) -> tuple[SealedPicture, ...]:
        """Give a run's pictures as they are shown beside a text seal."""
