"""`SessionSizes`: what a session's turns measure, asked before they are read; `SessionStore` is one.

Knows transactions; what is asked stands in `sizes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glyph_memory.store.erasing import ErasingDatabase
from glyph_memory.store.sessions import find_session
from glyph_memory.store.sizes import (
    RangeSize,
    TurnSize,
    measure_range,
    read_anchors,
    read_sizes,
    read_some,
)
from glyph_memory.store.turns import clamp_anchor
from glyph_memory.transcript import Turn

_SIZES_AT_ONCE = 2_000


class SessionSizes:
    """One session of a store, seen from outside.

    Raises:
        StoreBusy: From any method: others kept the database for longer than `wait_s`.
        StoreError: From any method: the database cannot be read.
    """

    def __init__(self, database: ErasingDatabase, name: str) -> None:
        self._database, self.name = database, name

    def measure(self, *, after: int, upto: int) -> RangeSize:
        """Return how many turns a range has and what they take on pages; nothing that was said is read."""
        with self._database.begin_read() as connection:
            session = find_session(connection, self.name)
            if session is None:
                return RangeSize(0, 0)
            return measure_range(connection, session.id, after=clamp_anchor(after), upto=clamp_anchor(upto))

    def sizes(self, *, after: int, upto: int) -> Iterator[TurnSize]:
        """Yield the turns of a range from outside, the newest first; no transaction stays open."""
        last = clamp_anchor(upto)
        while True:
            with self._database.begin_read() as connection:
                session = find_session(connection, self.name)
                if session is None:
                    return
                some = read_sizes(
                    connection, session.id, after=clamp_anchor(after), upto=last, limit=_SIZES_AT_ONCE
                )
            yield from some
            if len(some) < _SIZES_AT_ONCE:
                return
            last = some[-1].anchor - 1

    def anchors(self, *, after: int, upto: int) -> Sequence[int]:
        """Return the anchors of a range, in order."""
        with self._database.begin_read() as connection:
            session = find_session(connection, self.name)
            if session is None:
                return []
            return read_anchors(connection, session.id, after=clamp_anchor(after), upto=clamp_anchor(upto))

    def some_turns(self, anchors: Sequence[int]) -> Sequence[Turn]:
        """Return the turns of these anchors that there are, in order."""
        with self._database.begin_read() as connection:
            session = find_session(connection, self.name)
            return [] if session is None else read_some(connection, session.id, anchors)
