"""The `Fold`: a conversation split into its head, seals, and the recent turns that stay text."""

from __future__ import annotations

from dataclasses import dataclass

from glyph_memory.fold.seal import Seal
from glyph_memory.transcript import Turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Recent:
    """A turn that is still text, and what it costs."""

    turn: Turn
    """The turn, with its anchor."""
    tokens: int
    """What its text takes as a message."""
    picture_tokens: int = 0
    """What its pictures take."""

    @property
    def total_tokens(self) -> int:
        """Text and pictures."""
        return self.tokens + self.picture_tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class Fold:
    """Where every turn of a conversation is: in the head, in one seal, or in the tail.

    Seals before `oldest` have left in an epoch: they are kept, and not shown.
    """

    head: tuple[Turn, ...] = ()
    """The leading system turns."""
    head_tokens: int = 0
    """What they cost."""
    seals: tuple[Seal, ...] = ()
    """All of the chain, oldest first."""
    oldest: int = 1
    """Number of the oldest seal that is shown; one more than the newest's if none is."""
    tail: tuple[Recent, ...] = ()
    """The recent turns, which are text."""
    request: Turn | None = None
    """The newest user turn, if it was sealed with all that came before it: it is repeated as text. It stays when a
    newer one comes, until the next seal: taking it away at once would have a server read all recent turns anew."""
    pinned: tuple[Turn, ...] = ()
    """Sealed turns that are pinned: they are repeated as text."""
    epoch: int = 1
    """Begins at 1; goes up when seals leave, and when a changed fingerprint has everything drawn anew."""
    last_anchor: int = 0
    """The newest turn's anchor."""
    spent: int = 0
    """The highest anchor that any seal ever had, dropped ones included: shown once, it is never given again."""

    @property
    def live(self) -> tuple[Seal, ...]:
        """The seals that are shown."""
        return self.seals[self.oldest - 1 :]

    @property
    def departed(self) -> tuple[Seal, ...]:
        """The seals that left in an epoch; recall still finds their turns."""
        return self.seals[: self.oldest - 1]

    @property
    def tail_tokens(self) -> int:
        """What the tail costs, pictures included."""
        return sum(recent.total_tokens for recent in self.tail)
