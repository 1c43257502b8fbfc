"""`Costs`: what a fold asks of whoever draws pages and counts tokens, and what it is answered.

Knows seals; draws and counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from glyph_memory.folding.seal import SealedAttachment, SealedPage, SealedPicture
from glyph_memory.transcript import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnRun:
    """Several turns in a row, drawn as pages: which pages these are, and what they cost."""

    pages: tuple[SealedPage, ...]
    """The pages, in order."""
    layout: str = ""
    """How their text is laid out, such as "lines" or "marks"."""
    pictures: tuple[SealedPicture, ...] = ()
    """The turns' own pictures, as they are shown beside the pages."""
    attachments: tuple[SealedAttachment, ...] = ()
    """What else came with the turns, as it is sent beside the pages."""
    ledger: tuple[str, ...] = ()
    """The identifiers chosen, a line each."""
    ledger_omitted: int = 0
    """How many identifiers there was no room for."""
    tokens: int
    """What pages, captions and ledger cost; pictures and attachments not counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageCapacity:
    """What a page that is full of ordinary prose holds, and what it costs."""

    characters: int
    """How many characters stand on it."""
    tokens: int
    """What it costs with its caption."""
    pixels: int
    """Width times height."""
    bytes: int
    """Length of its file, at the most."""


class Costs(Protocol):
    """Draws runs and counts tokens, always the same for the same turns and `fingerprint`."""

    @property
    def fingerprint(self) -> str:
        """Of all that its answers depend on, besides the turns."""

    def count_message_tokens(self, turn: Turn) -> int:
        """Count what a turn costs as a message, without its pictures and attachments."""

    def count_picture_tokens(self, turn: Turn) -> int:
        """Count what a turn's pictures and attachments cost while the turn is a message."""

    def count_content_tokens(self, turns: Sequence[Turn]) -> int:
        """Count texts and calls of turns, without ids, pictures, and what a chat template puts round them.

        Pages have to cost less than this to pay, and what they save is told against it; `text_tokens` is what turns
        take at the most.
        """

    def count_name_tokens(self, turns: Sequence[Turn]) -> int:
        """Count the line that names a run which is too large to be shown."""

    def measure_page(self) -> PageCapacity:
        """Return what a page full of prose holds and costs; asked often, so it should be remembered."""

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

    def describe_attachments(self, turns: Sequence[Turn]) -> tuple[SealedAttachment, ...]:
        """Return a run's attachments as they are sent once it is sealed: which of them, counted, by digest."""
