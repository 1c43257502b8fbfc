"""Read turns: single ones, ranges in chunks, the head, the newest question, what is pinned.

Knows rows and their order, which is that of anchors and never of clocks; knows nothing about transactions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, select

from glyph_memory.store.rows import TurnRow, clamp_anchor, fingerprint, from_row
from glyph_memory.store.schema import images, turns
from glyph_memory.transcript import Turn

_COLUMNS = (turns.c.anchor, turns.c.role, turns.c.pinned, turns.c.time, turns.c.details, turns.c.text)
_CHUNK_TURNS, _CHUNK_BYTES = 256, 8 * 2**20
AT_ONCE = 500
"""How many values are asked for in one statement."""


def read_turn(connection: Connection, session_id: int, anchor: int) -> Turn | None:
    """Return one turn."""
    found = read_turns(connection, session_id, turns.c.anchor == clamp_anchor(anchor))
    return found[0] if found else None


def read_turns(
    connection: Connection, session_id: int, *where: ColumnElement[bool], with_images: bool = True
) -> list[Turn]:
    """Return the turns of a session that meet conditions, by anchor."""
    query = select(*_COLUMNS).where(turns.c.session_id == session_id, *where).order_by(turns.c.anchor)
    rows = [TurnRow(*row) for row in connection.execute(query)]
    pictures = _images(connection, session_id, [row.anchor for row in rows]) if with_images else {}
    return [from_row(row, tuple(pictures.get(row.anchor, ()))) for row in rows]


def read_chunk(
    connection: Connection, session_id: int, *, after: int, upto: int, with_images: bool
) -> list[Turn]:
    """Return the next turns of a range, at least one and some megabytes at most; none at its end."""
    sizes = (
        select(turns.c.anchor, turns.c.size)
        .where(turns.c.session_id == session_id, turns.c.anchor > after, turns.c.anchor <= upto)
        .order_by(turns.c.anchor)
        .limit(_CHUNK_TURNS)
    )
    last, total = after, 0
    for anchor, size in connection.execute(sizes).all():
        total += size
        if total > _CHUNK_BYTES and last > after:
            break
        last = anchor
    if last == after:
        return []
    within = (turns.c.anchor > after, turns.c.anchor <= last)
    return read_turns(connection, session_id, *within, with_images=with_images)


def read_head(connection: Connection, session_id: int) -> list[Turn]:
    """Return the system turns that a session begins with."""
    other = (
        select(turns.c.anchor)
        .where(turns.c.session_id == session_id, turns.c.role != "system")
        .order_by(turns.c.anchor)
        .limit(1)
    )
    end: int | None = connection.execute(other).scalar()
    return read_turns(connection, session_id, *(() if end is None else (turns.c.anchor < end,)))


def read_last_user(connection: Connection, session_id: int, *, upto: int) -> Turn | None:
    """Return the newest turn of the user, up to an anchor."""
    newest = (
        select(turns.c.anchor)
        .where(turns.c.session_id == session_id, turns.c.role == "user", turns.c.anchor <= upto)
        .order_by(turns.c.anchor.desc())
        .limit(1)
    )
    anchor: int | None = connection.execute(newest).scalar()
    return None if anchor is None else read_turn(connection, session_id, anchor)


def read_by_id(connection: Connection, session_id: int, ids: Collection[str]) -> dict[str, Turn]:
    """Return the turns with the given ids, by id."""
    digests = [fingerprint(id_) for id_ in ids]
    found = [
        turn
        for start in range(0, len(digests), AT_ONCE)
        for turn in read_turns(
            connection, session_id, turns.c.id_digest.in_(digests[start : start + AT_ONCE])
        )
    ]
    return {turn.id: turn for turn in found if turn.id is not None}


def _images(connection: Connection, session_id: int, anchors: list[int]) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = defaultdict(list)
    for start in range(0, len(anchors), AT_ONCE):
        query = (
            select(images.c.anchor, images.c.data)
            .where(images.c.session_id == session_id, images.c.anchor.in_(anchors[start : start + AT_ONCE]))
            .order_by(images.c.anchor, images.c.place)
        )
        for anchor, data in connection.execute(query):
            found[anchor].append(data)
    return found
