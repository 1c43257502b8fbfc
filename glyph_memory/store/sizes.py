"""Measure a session's turns without reading what they say: how many, how long, in which order, by whom.

Knows the columns beside the text; knows nothing about transactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, select

from glyph_memory.store.schema import turns
from glyph_memory.store.turns import AT_ONCE, of_session, read_turns
from glyph_memory.transcript import Turn

_CHARACTERS = case((turns.c.characters.between(0, 2**40), turns.c.characters))
"""What a turn takes on a page; none where a damaged row says something else than a length."""


class TurnSize(NamedTuple):
    """A turn from outside."""

    anchor: int
    role: str
    """Who spoke."""
    characters: int | None
    """What it takes on a page; None where it was stored before that was."""


class RangeSize(NamedTuple):
    """Some turns in a row, from outside."""

    turns: int
    """How many they are."""
    characters: int | None
    """What they take on pages; None where that is not known of one."""


def measure_range(connection: Connection, session_id: int, *, after: int, upto: int) -> RangeSize:
    """Return how many turns a range has, and what they take; from an index alone."""
    count, known, total = connection.execute(
        select(func.count(), func.count(_CHARACTERS), func.coalesce(func.sum(_CHARACTERS), 0)).where(
            *_within(connection, session_id, after, upto)
        )
    ).one()
    return RangeSize(int(count), int(total) if known == count else None)


def read_sizes(
    connection: Connection, session_id: int, *, after: int, upto: int, limit: int
) -> Sequence[TurnSize]:
    """Return the last turns of a range, the newest first."""
    query = (
        select(turns.c.anchor, turns.c.role, _CHARACTERS)
        .where(*_within(connection, session_id, after, upto))
        .order_by(turns.c.anchor.desc())
        .limit(limit)
    )
    return [TurnSize(*row) for row in connection.execute(query)]


def read_anchors(connection: Connection, session_id: int, *, after: int, upto: int) -> Sequence[int]:
    """Return the anchors of a range, in order."""
    query = (
        select(turns.c.anchor).where(*_within(connection, session_id, after, upto)).order_by(turns.c.anchor)
    )
    return connection.execute(query).scalars().all()


def read_some(connection: Connection, session_id: int, anchors: Sequence[int]) -> list[Turn]:
    """Return the turns of these anchors, in order."""
    return [
        turn
        for start in range(0, len(anchors), AT_ONCE)
        for turn in read_turns(connection, session_id, turns.c.anchor.in_(anchors[start : start + AT_ONCE]))
    ]


def _within(
    connection: Connection, session_id: int, after: int, upto: int
) -> tuple[ColumnElement[bool], ...]:
    return *of_session(connection, session_id), turns.c.anchor > after, turns.c.anchor <= upto
