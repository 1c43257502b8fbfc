"""Find a session's row, lock it for writing, make it where there is none.

Knows sessions; knows nothing about turns. A session's row is what its writers wait for on a server, and it carries
what would otherwise have to be counted: turns, words, edits.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Update, bindparam, func, select, text, update
from sqlalchemy.exc import IntegrityError

from glyph_memory.store.clock import database_time
from glyph_memory.store.damage import read_count, read_string
from glyph_memory.store.fingerprints import fingerprint, to_key
from glyph_memory.store.schema import LOOKS_CHARACTERS, names, read_meta, sessions, turns, words, write_meta
from glyph_memory.store.turns import HIGHEST, of_session
from glyph_memory.store.values import SessionState

_UNKNOWN_EDITS = 2**40
"""The edit count of a session whose own cannot be read: more than any session was edited."""
_FIND_LATER = text(
    "SELECT anchor FROM glyph_turns WHERE session_id = :session AND anchor > :last AND anchor <= :highest LIMIT 1"
)
"""Written out, since it is asked with every turn."""
_KEY_BYTES = 16
_MOST = 2**48
"""No session has so many turns or words, or was edited so often."""


class SessionRow(NamedTuple):
    """A session's row, as the transaction sees it."""

    id: int
    last_anchor: int
    turns: int
    words: int
    edits: int
    looks: str


SESSION_COLUMNS = (
    sessions.c.id,
    sessions.c.last_anchor,
    sessions.c.turns,
    sessions.c.words,
    sessions.c.edits,
    sessions.c.looks,
)
# Built once: every write asks them.
_FIND = select(*SESSION_COLUMNS).where(sessions.c.name_digest == bindparam("digest"))
_FIND_LOCKED = _FIND.with_for_update()


def find_session(connection: Connection, name: str, *, lock: bool = False) -> SessionRow | None:
    """Return a session, `None` where it was never written to; with `lock`, nobody else may write to it.

    Counters that are no counts are counted again, and stored where the session is locked.
    """
    row = connection.execute(_FIND_LOCKED if lock else _FIND, {"digest": fingerprint(name)}).one_or_none()
    if row is None:
        return None
    session = cut_looks(SessionRow(*row))
    if read_count(session.last_anchor, default=-1) >= 0 and all(
        0 <= read_count(held, default=-1) <= _MOST for held in (session.turns, session.words, session.edits)
    ):
        return session
    counted = count_session(connection, session)
    if lock:
        update_session(connection, counted)
    return counted


def cut_looks(session: SessionRow) -> SessionRow:
    """Return a session with its looks as a text that has room, whatever the column holds."""
    return session._replace(looks=read_string(session.looks)[:LOOKS_CHARACTERS])


def count_session(connection: Connection, session: SessionRow) -> SessionRow:
    """Return a session with its counters as its rows have them; a change counts as an edit.

    The last anchor may be higher than that of any turn, as none is given twice; the highest of all is damaged.
    """
    mine = of_session(connection, session.id)
    last, count = connection.execute(
        select(func.max(turns.c.anchor), func.count()).where(*mine, turns.c.anchor > 0)
    ).one()
    erased = turns.c.session_id == 1 - session.id, turns.c.anchor <= HIGHEST
    last = max(last or 0, connection.execute(select(func.max(turns.c.anchor)).where(*erased)).scalar() or 0)
    length = sum_words(connection, words.c.session_id == session.id)
    held = read_count(session.last_anchor)
    last = max(last, held if held < HIGHEST else 0)
    counted = session._replace(last_anchor=last, turns=count, words=length)
    edits = read_count(session.edits, default=-1)
    if not 0 <= edits <= _MOST:
        return counted._replace(edits=_UNKNOWN_EDITS)
    return counted if counted == session else counted._replace(edits=edits + 1)


def sum_words(connection: Connection, *where: ColumnElement[bool]) -> int:
    """Return how many words turns have together; a length that is none counts for nothing."""
    sound = words.c.length.between(0, _MOST)
    return int(connection.execute(select(func.sum(words.c.length)).where(*where, sound)).scalar() or 0)


def correct_last_anchor(connection: Connection, session: SessionRow) -> SessionRow:
    """Return a locked session whose last anchor is not below that of its last turn, as a damaged one may be."""
    told = {"session": session.id, "last": session.last_anchor, "highest": HIGHEST}
    if connection.execute(_FIND_LATER, told).first() is None:
        return session
    counted = count_session(connection, session)
    update_session(connection, counted)
    return counted


def read_state(connection: Connection, name: str) -> SessionState:
    """Return a session's state, or that of one that was never written to."""
    session = find_session(connection, name)
    if session is None:
        return SessionState(last_anchor=0, turns=0, edits=first_edits(connection))
    return SessionState(
        last_anchor=session.last_anchor,
        turns=session.turns,
        edits=session.edits,
        looks=tuple(session.looks.split()),
    )


def lock_session(connection: Connection, name: str) -> SessionRow:
    """Return a session, locked for writing; create it where there is none."""
    while (session := find_session(connection, name, lock=True)) is None:
        make_session(connection, name)
    return session


def make_session(connection: Connection, name: str) -> bool:
    """Create a session; return False where there was one already."""
    row: dict[str, object] = {"name_digest": fingerprint(name), "last_anchor": 0, "turns": 0, "words": 0}
    key = make_session_key(connection)
    try:
        with connection.begin_nested():
            first = {"edits": first_edits(connection), "written": database_time(connection.dialect.name)}
            made = connection.execute(sessions.insert().values(row | first))
            (number,) = made.inserted_primary_key or (None,)
            connection.execute(names.insert(), {"session_id": number, "name": name, "key": key})
    except IntegrityError:
        return False
    return True


def make_session_key(connection: Connection) -> bytes:
    """Make the key of a new session; empty on databases other than SQLite."""
    return secrets.token_bytes(_KEY_BYTES) if connection.dialect.name == "sqlite" else b""


def read_key(connection: Connection, session_id: int) -> bytes:
    """Return the key that a session's digests are made with; empty on databases other than SQLite."""
    return to_key(connection.execute(select(names.c.key).where(names.c.session_id == session_id)).scalar())


def update_session(connection: Connection, session: SessionRow) -> None:
    """Store a session's changed counters, and when."""
    values = session._asdict()
    row = values.pop("id")
    connection.execute(_make_update(connection.dialect.name), {**values, "row": row})


def touch_session(connection: Connection, session_id: int) -> None:
    """Store that a session was written to just now."""
    connection.execute(_make_update(connection.dialect.name), {"row": session_id})


@cache
def _make_update(dialect: str) -> Update:
    """Return the statement that changes a session; built once for each kind of database."""
    return update(sessions).where(sessions.c.id == bindparam("row")).values(written=database_time(dialect))


def finish_edit(connection: Connection, session: SessionRow, looks: Iterable[str], *, recounts: bool) -> int:
    """Store that a session's seals were replaced; return its new edit count.

    Args:
        connection: In a transaction.
        session: Locked.
        looks: Those that its seals were made with.
        recounts: Whether its counters are counted again: seals that nothing takes the place of did not fit its turns.
    """
    counted = count_session(connection, session) if recounts else session
    update_session(connection, add_looks(counted, looks)._replace(edits=session.edits + 1))
    return session.edits + 1


def add_looks(session: SessionRow, looks: Iterable[str]) -> SessionRow:
    """Return a session with more looks, each once, the latest last; the oldest leave where there is no room."""
    names = session.looks.split()
    for look in looks:
        names = [*(name for name in names if name != look), look]
    while len(" ".join(names)) > LOOKS_CHARACTERS:
        del names[0]
    return session._replace(looks=" ".join(names))


def first_edits(connection: Connection) -> int:
    """Return the edit count with which a new session begins.

    0, until a session was cleared: one of the same name that comes later must not pass for it.
    """
    return parse_edits(read_meta(connection, "edits")) or 0


def raise_first_edits(connection: Connection, *, above: int) -> None:
    """Let new sessions begin with a higher edit count than a cleared one had."""
    before = parse_edits(read_meta(connection, "edits", lock=True)) or 0
    write_meta(connection, "edits", str(max(before, above + 1)))


def parse_edits(stored: object) -> int | None:
    """Return the edit count that a store keeps for new sessions; None where it is none."""
    return int(stored) if isinstance(stored, str) and stored.isdecimal() and len(stored) < 19 else None
