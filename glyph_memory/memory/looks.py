"""The look that a memory gives its session, and whether another one took its place.

A look is all that decides how turns become pages: style, policy, profile, tokenizer, fonts, version. The newest look
of a session wins, and one that was displaced does not come back by itself: else two processes that differ would draw
everything anew in turn. Knows names of looks; knows nothing about pages and databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from glyph_memory.errors import warn

_NAME_CHARACTERS = 16
"""Of a fingerprint: enough to tell the looks of one session apart."""
_DISPLACED = (
    "session {session!r} has got another look since: another process or version shows it with another style, profile "
    "or policy. This memory goes on with pages of its own, which are not stored: it opens more slowly, and a server's "
    "cache is cold after a restart. To show the session in this look again: memory.take_over(), or open it as the "
    "other does"
)


class Look:
    """The look of one memory.

    Args:
        fingerprint: The binder's.
        session: The session's name.
        takes_over: Whether it is to displace others though it was displaced before.
    """

    def __init__(self, fingerprint: str, *, session: str, takes_over: bool = False) -> None:
        self.takes_over = takes_over
        self._name, self._session = name_look(fingerprint), session
        self._before: tuple[str, ...] = ()
        self._has_warned = False

    def is_displaced(self, looks: Sequence[str]) -> bool:
        """Return whether another look took the place of this one; warn of it once.

        Args:
            looks: The names of those that the session had, the latest last.
        """
        was_displaced = self._name in looks[:-1]
        self.takes_over = self.takes_over and was_displaced
        if not was_displaced or self.takes_over:
            return False
        if not self._has_warned:
            self._has_warned = True
            warn(_DISPLACED.format(session=self._session))
        return True

    def follow(self, fingerprints: Iterable[str]) -> None:
        """Remember the looks of stored seals: a session that an older version wrote does not know them."""
        self._before = tuple(dict.fromkeys(map(name_look, fingerprints)))

    def names(self) -> tuple[str, ...]:
        """Return the names by which a store knows this look and those it follows, this one last."""
        return (*self._before, self._name)


def name_look(fingerprint: str) -> str:
    """Return the short name of a look, which stands for its fingerprint."""
    return fingerprint[:_NAME_CHARACTERS]
