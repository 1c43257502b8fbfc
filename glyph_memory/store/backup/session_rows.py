"""Read the rows of a session as lines of a backup: what is written to a file, and what a restored one is compared by.

Knows tables and their order; knows nothing about transactions and files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Table, select

from glyph_memory.store.backup.lines import COLUMNS, RowKind, write_row
from glyph_memory.store.damage import read_string
from glyph_memory.store.schema import bookmarks, conversations, images, marks, names, seals, sessions, turns
from glyph_memory.store.turns import HIGHEST, find_chunk, of_session

_SESSIONS_AT_ONCE = 500


class Line(NamedTuple):
    """A row as a backup has it."""

    kind: RowKind
    line: bytes


class NamedSession(NamedTuple):
    """A session of a database."""

    id: int
    name: str


def iter_sessions(connection: Connection) -> Iterator[NamedSession]:
    """Yield all sessions by number, but for those that are being erased."""
    last = 0
    while True:
        query = (
            select(sessions.c.id, names.c.name)
            .join_from(sessions, names, names.c.session_id == sessions.c.id)
            .where(sessions.c.id > last, names.c.name != "")
            .order_by(sessions.c.id)
            .limit(_SESSIONS_AT_ONCE)
        )
        some = [NamedSession(number, read_string(name)) for number, name in connection.execute(query)]
        if not some:
            return
        yield from some
        last = some[-1].id


def iter_lines(connection: Connection, session: NamedSession) -> Iterator[Line]:
    """Yield the rows of a session, in an order that is the same in every database."""
    yield _read_session(connection, session)
    yield from _iter_turns(connection, session.id)
    yield from _iter_images(connection, session.id)
    yield from _iter_table(connection, "seal", seals, session.id)
    yield from _iter_table(connection, "bookmark", bookmarks, session.id)
    yield from _iter_conversation(connection, session.id)


def _read_session(connection: Connection, session: NamedSession) -> Line:
    columns = [sessions.c[name] for name in COLUMNS["session"][1:]]
    row = connection.execute(select(*columns).where(sessions.c.id == session.id)).one()
    return Line("session", write_row("session", [session.name, *row]))


def _iter_turns(connection: Connection, session_id: int) -> Iterator[Line]:
    columns, after = [turns.c[name] for name in COLUMNS["turn"]], -HIGHEST
    while (last := find_chunk(connection, session_id, after=after, upto=HIGHEST)) is not None:
        within = (*of_session(connection, session_id), turns.c.anchor > after, turns.c.anchor <= last)
        for row in connection.execute(select(*columns).where(*within).order_by(turns.c.anchor)).all():
            yield Line("turn", write_row("turn", row))
        after = last


def _iter_images(connection: Connection, session_id: int) -> Iterator[Line]:
    """Yield a session's pictures, one at a time: each may be large."""
    mine = images.c.session_id == session_id
    places = select(images.c.anchor, images.c.place).where(mine).order_by(images.c.anchor, images.c.place)
    for anchor, place in connection.execute(places).all():
        this = (mine, images.c.anchor == anchor, images.c.place == place)
        (data,) = connection.execute(select(images.c.data).where(*this)).scalars()
        yield Line("image", write_row("image", (anchor, place, data)))


def _iter_table(connection: Connection, kind: RowKind, table: Table, session_id: int) -> Iterator[Line]:
    columns = [table.c[name] for name in COLUMNS[kind]]
    query = select(*columns).where(table.c.session_id == session_id).order_by(table.c.number)
    for row in connection.execute(query).all():
        yield Line(kind, write_row(kind, row))


def _iter_conversation(connection: Connection, session_id: int) -> Iterator[Line]:
    """Yield what a server keeps of a conversation; bookmarks are named by their places."""
    mine = select(bookmarks.c.number).where(bookmarks.c.session_id == session_id).order_by(bookmarks.c.number)
    places = {number: place for place, number in enumerate(connection.execute(mine).scalars())}
    query = select(marks.c.chain, marks.c.turns, marks.c.bookmark).where(marks.c.session_id == session_id)
    for chain, count, bookmark in connection.execute(query.order_by(marks.c.chain)).all():
        yield Line("mark", write_row("mark", (chain, count, places.get(bookmark))))
    own = conversations.c
    kept = select(names.c.name, own.parent_turns, own.turns, own.updated, own.tip, own.bookmark, own.report)
    kept = kept.join_from(conversations, names, names.c.session_id == own.parent, isouter=True)
    for row in connection.execute(kept.where(own.session_id == session_id)).all():
        parent, *told, bookmark, report = row
        values = (parent or None, *told, places.get(bookmark), places.get(report))
        yield Line("conversation", write_row("conversation", values))
