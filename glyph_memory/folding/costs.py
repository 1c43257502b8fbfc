"""What the fold asks of whoever draws and counts: `Costs`, and its answer about a run, `DrawnRun`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from glyph_memory.folding.seal import SealedPage, SealedPicture
from glyph_memory.transcript import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnRun:
    """A run of turns drawn as pages: what they are and what they cost."""

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

    def count_message_tokens(self, turn: Turn) -> int:
        """Count what a turn costs as a message, without its pictures."""

    def count_picture_tokens(self, turn: Turn) -> int:
        """Count what a turn's pictures cost while the turn is a message."""

    def count_content_tokens(self, turns: Sequence[Turn]) -> int:
        """Count texts and calls of turns, without ids, pictures, and what a chat template puts round them.

        Pages have to cost less than this to pay, and what they save is told against it; `text_tokens` is what turns
        take at the most.
        """

    def draw_run(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> DrawnRun:
        """Draw a run as pages.

        Args:
            turns: The run, every turn with its anchor.
            first_page: Number of its first page.
            ledger_tokens: What the ledger may take.
        """

    def count_quote_tokens(self, turns: Sequence[Turn]) -> int:
        """Count what a run costs as the text of a text seal."""

    def describe_pictures(self, turns: Sequence[Turn]) -> tuple[SealedPicture, ...]:
        """Return a run's pictures as they are sent beside a text seal: scaled, counted, by digest."""
