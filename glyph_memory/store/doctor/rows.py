"""Check the rows of a database: sessions and their counters, turns, what they are found by, seals.

Knows what rows have to agree with; changes nothing, and knows nothing about files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, not_, or_, select

from glyph_memory.folding import Seal, count_chained, count_characters, read_seal, run_digest
from glyph_memory.store.append import iter_identifier_rows, make_words_row
from glyph_memory.store.damage import describe_damage, read_string
from glyph_memory.store.doctor.findings import Finding
from glyph_memory.store.fingerprints import fingerprint, to_key
from glyph_memory.store.schema import (
    bookmarks,
    conversations,
    identifiers,
    images,
    marks,
    names,
    seals,
    sessions,
    turns,
    words,
)
from glyph_memory.store.seals import read_seals
from glyph_memory.store.sessions import SessionRow, count_session, read_key
from glyph_memory.store.turns import HIGHEST, of_session, read_chunk
from glyph_memory.transcript import HIGHEST_ANCHOR, Turn

OF_TURNS = (images, identifiers, words)
OF_SESSIONS = (seals, conversations, bookmarks, marks)


class NamedSession(NamedTuple):
    """A session's row with its name."""

    row: SessionRow
    name: str
    has_right_digest: bool
    """Whether the session is found by its name, and has a key."""
    key: bytes
    """That of the digests by which its turns are found."""


def list_sessions(connection: Connection) -> list[NamedSession]:
    """Return all sessions, by id, but for those that are being erased and the graves of emptied rows."""
    columns = [sessions.c[name] for name in SessionRow._fields]
    query = select(*columns, sessions.c.name_digest, names.c.name, names.c.key).join_from(
        sessions, names, names.c.session_id == sessions.c.id, isouter=True
    )
    needs_key = connection.dialect.name == "sqlite"
    found = []
    for *held, digest, stored, key in connection.execute(
        query.where(sessions.c.id > 0).order_by(sessions.c.id)
    ):
        row, name, usable = SessionRow(*held), read_string(stored), to_key(key)
        row = row._replace(looks=read_string(row.looks))
        if digest == f"erased {row.id}":
            continue
        is_right = isinstance(stored, str) and digest == fingerprint(name) and (bool(usable) or not needs_key)
        found.append(NamedSession(row, name, is_right, usable))
    return found


def check_counters(connection: Connection, session: NamedSession) -> Iterator[Finding]:
    """Yield what is wrong with a session's name and counters."""
    if not session.has_right_digest:
        yield Finding(
            kind="session",
            session=session.name,
            message=f"session {session.name!r} cannot be found by its name, or has no key",
            remedy="makes it findable again",
        )
    counted = count_right(connection, session.row)
    for field, held, right in zip(SessionRow._fields, session.row, counted, strict=True):
        if held != right and (field != "edits" or type(held) is not int or held < 0):
            yield Finding(
                kind="counters",
                session=session.name,
                message=f"session {session.name!r} counts {field} as {held!r:.30}; its rows say {right:,}",
                remedy="counts again",
            )


def count_right(connection: Connection, session: SessionRow) -> SessionRow:
    """Return a session with its counters as they should be."""
    counted = count_session(connection, session)
    if counted.last_anchor <= HIGHEST_ANCHOR:
        return counted
    highest = select(func.max(turns.c.anchor)).where(*of_session(connection, session.id))
    return counted._replace(last_anchor=connection.execute(highest).scalar() or 0)


def check_turns(
    connection: Connection, session: NamedSession, *, step: Callable[[int], None]
) -> Iterator[Finding]:
    """Yield the damaged turns of a session, those that cannot be reached, and how many are not found as they should."""
    unfindable = 0
    for chunk in iter_chunks(connection, session.row.id):
        for turn in chunk:
            if turn.is_damaged:
                yield Finding(
                    kind="turn",
                    session=session.name,
                    anchor=turn.anchor,
                    message=f"§{turn.anchor} of session {session.name!r}: {describe_damage(turn)} cannot be read",
                    remedy="stays as it is; --drop-damaged erases it",
                    is_repairable=False,
                )
        unfindable += len(list_unfindable(connection, session.row.id, chunk))
        step(len(chunk))
    if unfindable:
        yield Finding(
            kind="search",
            session=session.name,
            message=f"{unfindable:,} turns of session {session.name!r} are not found by their words, identifiers or "
            "ids",
            remedy="indexes them again",
        )
    if lost := connection.execute(
        select(func.count()).where(unreachable(connection, session.row.id))
    ).scalar():
        yield Finding(
            kind="turn",
            session=session.name,
            message=f"{lost:,} turns of session {session.name!r} have no number by which they could be shown",
            remedy="numbers them after the last turn",
        )


def unreachable(connection: Connection, session_id: int) -> ColumnElement[bool]:
    """Return the condition of a session's turns whose anchor is none."""
    anchor = turns.c.anchor < 1
    if connection.dialect.name == "sqlite":
        anchor = or_(func.typeof(turns.c.anchor) != "integer", anchor)
    return and_(turns.c.session_id == session_id, anchor)


def iter_chunks(connection: Connection, session_id: int) -> Iterator[list[Turn]]:
    """Yield all turns of a session, some at a time."""
    after = 0
    while chunk := read_chunk(connection, session_id, after=after, upto=HIGHEST, with_images=True):
        yield chunk
        after = chunk[-1].anchor or HIGHEST


def list_unfindable(connection: Connection, session_id: int, chunk: list[Turn]) -> list[Turn]:
    """Return the turns of a chunk whose words, identifiers or id are not stored as the turn has them.

    Of a damaged turn they may be all that is left of it: those are not compared.
    """
    first, last = chunk[0].anchor or 0, chunk[-1].anchor or 0
    stored: dict[int, dict[str, list[dict[str, object]]]] = defaultdict(lambda: defaultdict(list))
    for table in (words, identifiers):
        columns = [column for column in table.c if column.name != "number"]
        mine = (table.c.session_id == session_id, table.c.anchor.between(first, last))
        order = table.c.place if table is identifiers else table.c.anchor
        for row in connection.execute(select(*columns).where(*mine).order_by(order)).mappings():
            stored[row["anchor"]][table.name].append(dict(row))
    ids = (turns.c.session_id == session_id, turns.c.anchor.between(first, last))
    query = select(turns.c.anchor, turns.c.id_digest, turns.c.characters).where(*ids)
    columns_of = {anchor: (digest, characters) for anchor, digest, characters in connection.execute(query)}
    found, key = list[Turn](), read_key(connection, session_id)
    for turn in chunk:
        held = stored[turn.anchor or 0]
        is_right = held[words.name] == [make_words_row(turn, session_id).row] and held[identifiers.name] == [
            *iter_identifier_rows(turn, session_id, key=key)
        ]
        digest, characters = columns_of.get(turn.anchor or 0, (None, None))
        is_right = is_right and digest == fingerprint(turn.id or "")
        if not turn.is_damaged and not (is_right and characters in {None, count_characters(turn)}):
            found.append(turn)
    return found


def check_orphans(connection: Connection) -> Iterator[Finding]:
    """Yield of each table how many rows belong to nothing that is there."""
    for table in (*OF_TURNS, *OF_SESSIONS, turns):
        count = connection.execute(select(func.count()).select_from(table).where(is_orphan(table))).scalar()
        if count:
            what = "turn" if table in OF_TURNS else "session"
            yield Finding(
                kind="orphan",
                message=f"{count:,} rows of {table.name} belong to no {what}",
                remedy="deletes them" if table is not turns else "puts them into a session of their own",
            )


def is_orphan(table: Table) -> ColumnElement[bool]:
    """Return the condition of a table's rows that belong to no turn, or to no session."""
    if table not in OF_TURNS:
        return not_(exists().where(sessions.c.id == table.c.session_id).correlate(table))
    mine = (turns.c.session_id == table.c.session_id, turns.c.anchor == table.c.anchor)
    return not_(exists().where(*mine).correlate(table))


def check_seals(connection: Connection, session: NamedSession) -> Iterator[Finding]:
    """Yield where a session's seals are damaged, or no longer those of its turns."""
    records = read_seals(connection, session.row.id)
    sound = count_sound_seals(connection, session.row.id)
    if sound < len(records):
        yield Finding(
            kind="seal",
            session=session.name,
            message=f"{len(records) - sound:,} of {len(records):,} seals of session {session.name!r} are damaged, or "
            "their turns changed",
            remedy="drops them; their turns are sealed and drawn again",
        )


def count_sound_seals(connection: Connection, session_id: int) -> int:
    """Count a session's seals from the first on that can be read, form a chain, and have the turns that they name.

    A seal that holds a damaged turn cannot be compared, and its pages may still show what was said: it counts.
    """
    records = read_seals(connection, session_id)
    found: list[Seal] = []
    for place, record in enumerate(records, 1):
        seal = read_seal(record.body, digest=record.digest)
        if seal is None or (seal.number, record.number) != (place, place):
            break
        found.append(seal)
    chained = found[: count_chained(found, [record.digest for record in records])]
    for place, seal in enumerate(chained):
        if not _has_its_turns(connection, session_id, seal):
            return place
    return len(chained)


def _has_its_turns(connection: Connection, session_id: int, seal: Seal) -> bool:
    wanted, after, is_damaged = set(seal.anchors), seal.anchors[0] - 1, False

    def iter_run() -> Iterator[Turn]:
        nonlocal after, is_damaged
        while chunk := read_chunk(
            connection, session_id, after=after, upto=seal.anchors[-1], with_images=True
        ):
            after = chunk[-1].anchor or HIGHEST
            for turn in chunk:
                if turn.anchor in wanted:
                    wanted.discard(turn.anchor)
                    is_damaged |= turn.is_damaged
                    yield turn

    digest = run_digest(iter_run())
    return not wanted and (is_damaged or digest == seal.turns)
