"""`SessionSizes`: what a session's turns measure, asked before they are read; `SessionStore` is one.

Knows transactions; what is asked stands in `sizes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glyph_memory.store.session_reads import SessionReads
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


class SessionSizes(SessionReads):
    """One session of a store, seen from outside.

    Raises:
        StoreBusy: From any method: others kept the database for longer than `wait_s`.
        StoreError: From any method: the database cannot be read.
    """

    def measure(self, *, after: int, upto: int) -> RangeSize:
        """Return how many turns a range has and what they take on pages; nothing that was said is read."""
        first, last = clamp_anchor(after), clamp_anchor(upto)
        found = self._read_replica(
            lambda connection, session: measure_range(connection, session.id, after=first, upto=last),
            count=lambda highest: min(last, highest) - first,
        )
        return found or RangeSize(0, 0)

    def sizes(self, *, after: int, upto: int) -> Iterator[TurnSize]:
        """Yield the turns of a range from outside, the newest first; no transaction stays open."""
        first, last = clamp_anchor(after), clamp_anchor(upto)
        while True:
            some = self._read_sizes(after=first, upto=last)
            yield from some
            if len(some) < _SIZES_AT_ONCE:
                return
            last = some[-1].anchor - 1

    def _read_sizes(self, *, after: int, upto: int) -> Sequence[TurnSize]:
        found = self._read_replica(
            lambda connection, session: read_sizes(
                connection, session.id, after=after, upto=upto, limit=_SIZES_AT_ONCE
            ),
            count=lambda highest: min(upto, highest) - after,
        )
        return found or []

    def anchors(self, *, after: int, upto: int) -> Sequence[int]:
        """Return the anchors of a range, in order."""
        first, last = clamp_anchor(after), clamp_anchor(upto)
        found = self._read_replica(
            lambda connection, session: read_anchors(connection, session.id, after=first, upto=last),
            count=lambda highest: min(last, highest) - first,
        )
        return found or []

    def some_turns(self, anchors: Sequence[int]) -> Sequence[Turn]:
        """Return the turns of these anchors that there are, in order."""
        found = self._read_replica(
            lambda connection, session: read_some(connection, session.id, anchors),
            count=lambda _: len(anchors),
        )
        return found or []
