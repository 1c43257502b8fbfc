"""Keep the seals of a session: read them and append to them; `erase` takes them away.

Knows their numbers; what they say is not looked into.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from glyph_memory.errors import StoreError
from glyph_memory.store.damage import read_string
from glyph_memory.store.schema import seals
from glyph_memory.store.turns import encode
from glyph_memory.store.values import SealRecord


def read_seals(connection: Connection, session_id: int) -> tuple[SealRecord, ...]:
    """Return a session's seals, by number."""
    query = (
        select(seals.c.number, seals.c.digest, seals.c.body)
        .where(seals.c.session_id == session_id)
        .order_by(seals.c.number)
    )
    return tuple(
        SealRecord(number=number, digest=read_string(digest), body=read_string(body))
        for number, digest, body in connection.execute(query)
    )


def continues(connection: Connection, session_id: int, records: Sequence[SealRecord]) -> bool:
    """Return whether seals follow those that are stored; the first of a session may have any number."""
    last: int | None = connection.execute(
        select(func.max(seals.c.number)).where(seals.c.session_id == session_id)
    ).scalar()
    return not records or last is None or (isinstance(last, int) and records[0].number == last + 1)


def store_seals(connection: Connection, session_id: int, records: Sequence[SealRecord]) -> None:
    """Store seals that follow those that are stored."""
    rows = [
        {
            "session_id": session_id,
            "number": record.number,
            "digest": encode(record.digest),
            "body": encode(record.body),
        }
        for record in records
    ]
    if rows:
        connection.execute(seals.insert(), rows)


def check_numbers(records: Sequence[SealRecord]) -> None:
    """Check that seals are numbered one after the other.

    Raises:
        StoreError: There is a gap, or a number is negative.
    """
    numbers = [record.number for record in records]
    if numbers and (numbers[0] < 0 or numbers != list(range(numbers[0], numbers[0] + len(numbers)))):
        raise StoreError(
            f"seals have to be numbered one after the other, not {numbers[:10]!r}. Sort them first"
        )
