"""Add turns to a session: each gets its anchor, and what is said in it is indexed.

Knows what makes a turn new; knows nothing about transactions. Every statement touches the new rows alone, however
many there are already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Column, Connection

from glyph_memory.errors import StoreError
from glyph_memory.ledger import iter_identifiers
from glyph_memory.search.terms import casefold, extract_search_text, join_words
from glyph_memory.store.damage import describe_damage
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import identifiers, images, turns
from glyph_memory.store.schema import words as words_table
from glyph_memory.store.search import add_to_index
from glyph_memory.store.sessions import SessionRow, correct_last_anchor, read_key, update_session
from glyph_memory.store.turns import (
    HIGHEST,
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


def append_turns(
    connection: Connection, session: SessionRow, given: Sequence[Turn], *, keep_anchors: bool
) -> tuple[Turn, ...]:
    """Store turns that are not there yet; return all of them, complete, in the order given.

    Raises:
        StoreError: An identifier is there already with another content, or anchors that are to be kept do not
            continue the session's.
    """
    session = correct_last_anchor(connection, session)
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
    pictures = (row for turn in fresh for row in _image_rows(turn, session.id))
    insert_rows(connection, turns.c.text, (to_row(turn, session_id=session.id) for turn in fresh))
    insert_rows(connection, images.c.data, pictures)
    length = insert_search_rows(connection, session.id, fresh)
    add_to_index(connection, session.id, first=session.last_anchor + 1, last=last)
    update_session(
        connection,
        session._replace(last_anchor=last, turns=session.turns + len(fresh), words=session.words + length),
    )


def insert_search_rows(connection: Connection, session_id: int, fresh: Sequence[Turn]) -> int:
    """Store the words and the identifiers of turns; return how many words they have. The index is not touched."""
    key, length = read_key(connection, session_id), 0

    def word_rows() -> Iterator[Row]:
        nonlocal length
        for turn in fresh:
            row, count = make_words_row(turn, session_id)
            length += count
            yield row

    found = (row for turn in fresh for row in iter_identifier_rows(turn, session_id, key=key))
    insert_rows(connection, identifiers.c.text, found)
    insert_rows(connection, words_table.c.words, word_rows())
    return length


class WordsRow(NamedTuple):
    """The row of a turn's words."""

    row: Row
    length: int
    """How many words it has."""


def make_words_row(turn: Turn, session_id: int) -> WordsRow:
    """Return the row of the words by which a turn is found."""
    joined, count = join_words(extract_search_text(turn))
    row: Row = {"session_id": session_id, "anchor": turn.anchor or 0, "length": count, "words": joined}
    return WordsRow(row, count)


def insert_rows(connection: Connection, largest: Column[Any], rows: Iterable[Mapping[str, object]]) -> None:
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


def _batch(rows: Iterable[Mapping[str, object]], largest: str) -> Iterator[list[Mapping[str, object]]]:
    """Yield rows in lists of so many, fewer where they are large."""
    some, size = list[Mapping[str, object]](), 0
    for row in rows:
        some.append(row)
        held = row[largest]
        size += len(held) if isinstance(held, str | bytes) else 0  # of a damaged row
        if len(some) >= _ROWS_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _image_rows(turn: Turn, session_id: int) -> Iterator[Row]:
    for place, data in enumerate(turn.images):
        yield {"session_id": session_id, "anchor": turn.anchor or 0, "place": place, "data": data}


def iter_identifier_rows(turn: Turn, session_id: int, *, key: bytes) -> Iterator[Row]:
    """Yield the rows of the identifiers by which a turn is found; the session's key is that of their digests."""
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
    if last >= HIGHEST:
        raise StoreError(
            f"the session's last anchor is {last}, and there is no higher one: it takes no more turns. Export it, and "
            "import that into a new session, which numbers the turns anew; or, where no turn has that anchor, run: "
            "glyph-memory doctor --repair"
        )
    return last + 1


def _check_anchor(turn: Turn, last: int) -> int:
    if turn.anchor is None or not last < turn.anchor <= HIGHEST:
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
    if stored.is_damaged:
        raise StoreError(
            f"the turn {given.id!r} is stored as §{stored.anchor}, and damaged: {describe_damage(stored)} cannot be "
            f"read. To store it anew, erase that one first: delete({stored.anchor})"
        )
    if expected != stored:
        raise StoreError(
            f"the turn {given.id!r} is already stored as §{stored.anchor}, with another content. Give the new one "
            "an id of its own, or delete the old one first"
        )
