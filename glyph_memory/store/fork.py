"""Copy a session: the same turns under the same anchors, in the same order, with what hangs on them.

Knows which tables belong to a session; knows nothing about what stands in them.
"""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)

from glyph_memory.errors import StoreError
from glyph_memory.store.schema import identifiers, images, names, seals, sessions, turns, words
from glyph_memory.store.search import add_to_index
from glyph_memory.store.sessions import find_session, lock_session, make_session, update_session

_TABLES = (turns, images, identifiers, words, seals)


def copy_session(connection: Connection, name: str, new_name: str) -> None:
    """Copy a session to a new one; the copy of one that was never written is empty.

    Raises:
        StoreError: There is a session of that name.
    """
    source = find_session(connection, name, lock=True)
    if not make_session(connection, new_name):
        raise StoreError(f"there is a session {new_name!r} already. Choose another name, or clear that one")
    if source is None:
        return
    target = lock_session(connection, new_name)
    for table in _TABLES:
        _copy(connection, table, source.id, target.id)
    add_to_index(connection, target.id, first=0, last=source.last_anchor)
    lifetime = select(sessions.c.lifetime_s).where(sessions.c.id == source.id)
    connection.execute(
        update(sessions)
        .where(sessions.c.id == target.id)
        .values(lifetime_s=connection.execute(lifetime).scalar())
    )
    update_session(
        connection,
        target._replace(
            last_anchor=source.last_anchor, turns=source.turns, words=source.words, looks=source.looks
        ),
    )


def _copy(connection: Connection, table: Table, source: int, target: int) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    columns = [column for column in table.c if column.name not in {"session_id", "number"} or table is seals]
    columns = [column for column in columns if column.name != "session_id"]
    values = [
        _copy_digest(target) if column is identifiers.c.digest and is_sqlite else column for column in columns
    ]
    rows = (
        select(literal(target), *values)
        .where(table.c.session_id == source)
        .order_by(*(table.c[name] for name in ("anchor", "number") if name in table.c))
    )
    connection.execute(insert(table).from_select(["session_id", *(column.name for column in columns)], rows))


def _copy_digest(target: int) -> ColumnElement[str]:
    """Return the digest of an identifier with the key of the copy."""
    key = select(names.c.key).where(names.c.session_id == target).scalar_subquery()
    return func.glyph_fingerprint(key, cast(identifiers.c.text, LargeBinary))
