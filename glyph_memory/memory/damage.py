"""`DamageNotes`: which turns of an open session its database could not return whole; whoever opened it is told once.

Knows turns that say so themselves; knows nothing about databases.
"""

from __future__ import annotations

from glyph_memory.errors import warn
from glyph_memory.transcript import Turn

_NAMED = 8
_UNREADABLE = (
    "{count} stored seals were made by another version or are damaged: their turns are sealed and drawn again; nothing "
    "that was said is lost"
)


class DamageNotes:
    """Collects damaged turns as they are met, and warns when the first are.

    Args:
        session: The session's name.
    """

    def __init__(self, session: str) -> None:
        self._session, self._anchors = session, set[int]()

    @property
    def anchors(self) -> tuple[int, ...]:
        """Anchors of the damaged turns that were met, in order."""
        return tuple(sorted(self._anchors))

    def note(self, turns: list[Turn]) -> list[Turn]:
        """Remember the damaged ones of some turns, and warn if they are the first; return all."""
        is_first = not self._anchors
        self._anchors |= {turn.anchor or 0 for turn in turns if turn.is_damaged}
        if is_first and self._anchors:
            named = ", ".join(f"§{anchor}" for anchor in self.anchors[:_NAMED])
            more = ", …" if len(self._anchors) > _NAMED else ""
            warn(
                f"turns of session {self._session!r} are damaged in the database, and shown as far as can be read: "
                f"{named}{more}. glyph-memory doctor checks the whole database; delete(anchor) erases a turn"
            )
        return turns


def warn_of_seals(count: int) -> None:
    """Warn of seals that cannot be read."""
    warn(_UNREADABLE.format(count=count))
