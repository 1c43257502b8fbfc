"""Add turns to a session: each gets its anchor, and what is said in it is indexed.

Knows what makes a turn new; knows nothing about transactions. Every statement touches the new rows alone, however
many there are already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Column, Connection

from glyph_memory.errors import StoreError
from glyph_memory.ledger import iter_identifiers
from glyph_memory.search.terms import casefold, extract_search_text, join_words
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import identifiers, images, turns
from glyph_memory.store.schema import words as words_table
from glyph_memory.store.search import add_to_index
from glyph_memory.store.sessions import SessionRow, read_key, update_session
from glyph_memory.store.turns import (
    Value,
    encode,
    read_by_id,
    to_column_text,
    to_row,
)
from glyph_memory.transcript import Turn

Row = dict[str, Value]
_ROWS_AT_ONCE, _BYTES_AT_ONCE = 2_000, 2**22
_IDENTIFIERS_AT_ONCE = 2**15
"""Of a turn that holds more different ones, those that are mentioned again later have another row."""
_HIGHEST = 2**63 - 1
"""The highest anchor that a column holds."""


def append_turns(
    connection: Connection, session: SessionRow, given: Sequence[Turn], *, keep_anchors: bool
) -> tuple[Turn, ...]:
    """Store turns that are not there yet; return all of them, complete, in the order given.

    Raises:
        StoreError: An identifier is there already with another content, or anchors that are to be kept do not
            continue the session's.
    """
    stored = read_by_id(connection, session.id, {turn.id for turn in given if turn.id is not None})
    last = session.last_anchor
    complete: list[Turn] = []
    fresh: list[Turn] = []
    for turn in given:
        if turn.id is not None and turn.id in stored:
            _check_same(stored[turn.id], turn)
            complete.append(stored[turn.id])
            continue
        last = _check_anchor(turn, last) if keep_anchors else _count_up(last)
        id_ = uuid4().hex if turn.id is None else turn.id
        stored[id_] = replace(turn, anchor=last, id=id_, time=turn.time or datetime.now(UTC))
        complete.append(stored[id_])
        fresh.append(stored[id_])
    if fresh:
        _store(connection, session, fresh, last=last)
    return tuple(complete)


def _store(connection: Connection, session: SessionRow, fresh: list[Turn], *, last: int) -> None:
    of_session = session.id
    key, words_stored = read_key(connection, session.id), 0

    def word_rows() -> Iterator[Row]:
        nonlocal words_stored
        for turn in fresh:
            joined, count = join_words(extract_search_text(turn))
            words_stored += count
            yield {"session_id": of_session, "anchor": turn.anchor or 0, "length": count, "words": joined}

    found = (row for turn in fresh for row in _identifier_rows(turn, of_session, key=key))
    pictures = (row for turn in fresh for row in _image_rows(turn, of_session))
    _insert(connection, turns.c.text, (to_row(turn, session_id=of_session) for turn in fresh))
    _insert(connection, images.c.data, pictures)
    _insert(connection, identifiers.c.text, found)
    _insert(connection, words_table.c.words, word_rows())
    add_to_index(connection, of_session, first=session.last_anchor + 1, last=last)
    update_session(
        connection,
        session._replace(
            last_anchor=last, turns=session.turns + len(fresh), words=session.words + words_stored
        ),
    )


def _insert(connection: Connection, largest: Column[Any], rows: Iterable[Row]) -> None:
    """Insert rows into the table of a column, some thousands or megabytes of that column at a time."""
    table = largest.table
    statement = table.insert().inline()
    if connection.dialect.name == "postgresql":
        # Many rows a statement: only where something is to be returned does SQLAlchemy send them together.
        statement = table.insert().returning(table.c.session_id)
    names = [column.name for column in table.columns]
    spelled = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 (names of ours)
    for some in _batch(rows, largest.name):
        if connection.dialect.name == "sqlite":
            # As it is: SQLAlchemy takes longer over a row than SQLite does.
            connection.exec_driver_sql(spelled, [tuple(map(row.get, names)) for row in some])
        else:
            connection.execute(statement, some)


def _batch(rows: Iterable[Row], largest: str) -> Iterator[list[Row]]:
    """Yield rows in lists of so many, fewer where they are large."""
    some, size = list[Row](), 0
    for row in rows:
        some.append(row)
        size += len(cast("str | bytes", row[largest]))
        if len(some) >= _ROWS_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _image_rows(turn: Turn, session_id: int) -> Iterator[Row]:
    for place, data in enumerate(turn.images):
        yield {"session_id": session_id, "anchor": turn.anchor or 0, "place": place, "data": data}


def _identifier_rows(turn: Turn, session_id: int, *, key: bytes) -> Iterator[Row]:
    found = (
        one
        for some in iter_identifiers(extract_search_text(turn), at_most=_IDENTIFIERS_AT_ONCE)
        for one in some
    )
    for place, one in enumerate(found):
        yield {
            "session_id": session_id,
            "anchor": turn.anchor or 0,
            "place": place,
            "digest": fingerprint(one.text, key),
            "kind": one.kind,
            "count": one.count,
            "text": encode(one.text),
            "folded": to_column_text(casefold(one.text)),
        }


def _count_up(last: int) -> int:
    if last >= _HIGHEST:
        raise StoreError(
            f"the session's last anchor is {last}, and there is no higher one: it takes no more turns. Export it, and "
            "import that into a new session, which numbers the turns anew"
        )
    return last + 1


def _check_anchor(turn: Turn, last: int) -> int:
    if turn.anchor is None or not last < turn.anchor <= _HIGHEST:
        raise StoreError(
            f"a turn cannot keep its anchor {turn.anchor!r}: the session's last is {last}, and anchors only grow. "
            "Import into a new session, or without keep_anchors"
        )
    return turn.anchor


def _check_same(stored: Turn, given: Turn) -> None:
    """Check that a turn that is stored already has the same content; pins may differ, and a time may be missing."""
    expected = replace(
        given,
        anchor=stored.anchor,
        pinned=stored.pinned,
        time=stored.time if given.time is None else given.time,
    )
    if expected != stored:
        raise StoreError(
            f"the turn {given.id!r} is already stored as §{stored.anchor}, with another content. Give the new one "
            "an id of its own, or delete the old one first"
        )
