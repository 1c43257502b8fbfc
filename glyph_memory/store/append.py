"""Add turns to a session: each gets its anchor, and what is said in it is indexed.

Knows what makes a turn new; knows nothing about transactions. Every statement touches the new rows alone, however
many there are already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Table

from glyph_memory.errors import StoreError
from glyph_memory.ledger import find_identifiers
from glyph_memory.search.terms import casefold, extract_search_text, words
from glyph_memory.store.damage import describe_damage
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import identifiers, images, turns
from glyph_memory.store.schema import words as words_table
from glyph_memory.store.search import add_to_index
from glyph_memory.store.sessions import HIGHEST, SessionRow, check_counters, read_key, update_session
from glyph_memory.store.turns import (
    Value,
    encode,
    read_by_id,
    to_column_text,
    to_row,
)
from glyph_memory.transcript import Turn

Rows = list[dict[str, Value]]


def append_turns(
    connection: Connection, session: SessionRow, given: Sequence[Turn], *, keep_anchors: bool
) -> tuple[Turn, ...]:
    """Store turns that are not there yet; return all of them, complete, in the order given.

    Raises:
        StoreError: An identifier is there already with another content, or anchors that are to be kept do not
            continue the session's.
    """
    session = check_counters(connection, session)
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
    _insert(connection, turns, [to_row(turn, session_id=session.id) for turn in fresh])
    _insert(connection, images, [row for turn in fresh for row in _image_rows(turn, session.id)])
    length = insert_search_rows(connection, session.id, fresh)
    add_to_index(connection, session.id, first=session.last_anchor + 1, last=last)
    update_session(
        connection,
        session._replace(last_anchor=last, turns=session.turns + len(fresh), words=session.words + length),
    )


def insert_search_rows(connection: Connection, session_id: int, fresh: Sequence[Turn]) -> int:
    """Store the words and the identifiers of turns; return how many words they have. The index is not touched."""
    key = read_key(connection, session_id)
    found = [make_search_rows(turn, session_id, key=key) for turn in fresh]
    _insert(connection, identifiers, [row for rows in found for row in rows.identifiers])
    _insert(connection, words_table, [rows.words for rows in found])
    return sum(rows.length for rows in found)


class SearchRows(NamedTuple):
    """What is stored of a turn so that it is found."""

    words: dict[str, Value]
    identifiers: Rows
    length: int
    """How many words it has."""


def make_search_rows(turn: Turn, session_id: int, *, key: bytes) -> SearchRows:
    """Return the rows by which a turn is found; the session's key is that of its digests."""
    anchor, text = turn.anchor or 0, extract_search_text(turn)
    parts = words(text)
    row: dict[str, Value] = {
        "session_id": session_id,
        "anchor": anchor,
        "length": len(parts),
        "words": " ".join(parts),
    }
    return SearchRows(row, _identifier_rows(text, session_id, anchor, key=key), len(parts))


def _insert(connection: Connection, table: Table, rows: Rows) -> None:
    if not rows:
        return
    statement = table.insert().inline()
    if connection.dialect.name == "postgresql":
        # Many rows a statement: only where something is to be returned does SQLAlchemy send them together.
        statement = table.insert().returning(table.c.session_id)
    connection.execute(statement, rows)


def _image_rows(turn: Turn, session_id: int) -> Rows:
    return [
        {"session_id": session_id, "anchor": turn.anchor or 0, "place": place, "data": data}
        for place, data in enumerate(turn.images)
    ]


def _identifier_rows(text: str, session_id: int, anchor: int, *, key: bytes) -> Rows:
    return [
        {
            "session_id": session_id,
            "anchor": anchor,
            "place": place,
            "digest": fingerprint(found.text, key),
            "kind": found.kind,
            "count": found.count,
            "text": encode(found.text),
            "folded": to_column_text(casefold(found.text)),
        }
        for place, found in enumerate(find_identifiers(text))
    ]


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
