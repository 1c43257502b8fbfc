"""`Conversations`: what a server knows of its clients' conversations; `Store` is one.

Wiring only: each method is one transaction. A conversation is a session, whose turns are read and erased as any
session's. Knows nothing about requests, nor about what a bookmark or a report says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, func, insert, null, select, update

from glyph_memory.checks import check_whole
from glyph_memory.errors import StoreError, show_value
from glyph_memory.store.append import append_turns
from glyph_memory.store.damage import read_count, read_string, read_time
from glyph_memory.store.erase import find_named
from glyph_memory.store.erasing import ErasingDatabase
from glyph_memory.store.marks import Body, add_marks, check_marks, find_first, has_room, keep_body, write_now
from glyph_memory.store.schema import bookmarks, conversations, names
from glyph_memory.store.sessions import find_session, lock_session, touch_session
from glyph_memory.store.turns import check_name
from glyph_memory.store.values import ConversationInfo, ConversationMark, SealReader
from glyph_memory.transcript import Turn

_parents, _reports = names.alias("parents"), bookmarks.alias("reports")


class Conversations:
    """The conversations of a store, seen from outside.

    They are no part of what is exported, imported or forked: of such a copy only the turns are known.

    Raises:
        StoreBusy: From any method: others kept the database for longer than `wait_s`.
        StoreError: From any method: the database cannot be read or written.
    """

    _database: ErasingDatabase

    def find_mark(self, chains: Sequence[str], *, prefix: str = "") -> ConversationMark | None:
        """Return the first beginning that is known, `None` where none is.

        Args:
            chains: Which are looked for, in this order: the longest first. Some hundreds are asked for at a time.
            prefix: Only sessions whose names begin so.
        """
        with self._database.begin_read() as connection:
            return find_first(connection, chains, prefix=prefix)

    def keep_conversation(
        self,
        session: str,
        *,
        turns: Sequence[Turn],
        marks: Mapping[str, int],
        bookmark: bytes | None,
        report: bytes,
        parent: str = "",
        parent_turns: int = 0,
        seal_reader: SealReader | None = None,
        replaces: bool = False,
    ) -> None:
        """Store what a request brought, all or none; durable on return. The same again changes nothing.

        Args:
            session: The session's name; it is made where there is none.
            turns: What is new, oldest first, as for `SessionStore.append`.
            marks: Of beginnings of the conversation, as 32 hex digits, how many turns long each is. One that is known
                stays as it is, in whatever session it is.
            bookmark: Where the folding stands: that of all new marks. A session keeps its newest 16; older marks have
                none.
            report: What the caller wants to tell of the conversation; the latest is kept.
            parent: The session that it parted from; it has to be told once.
            parent_turns: After how many turns.
            seal_reader: Finds the page images of bookmarks that leave: those that no other bookmark of the session
                shows are deleted.
            replaces: Whether known marks of this session get this bookmark, too: the folding that they had was of no
                use.

        Raises:
            StoreError: A chain is no 32 hex digits, or a turn's id is there already with another content.
        """
        check_name(session)
        check_marks(marks)
        check_whole("parent_turns", parent_turns, StoreError)
        if parent != "":
            check_name(parent)
        for name, body in (("bookmark", bookmark or b""), ("report", report)):
            if not isinstance(body, bytes):
                raise StoreError(f"the {name} is {show_value(body)}; give it as bytes, usually of JSON")
        with self._database.begin_write() as connection:
            row = lock_session(connection, session)
            if turns:
                append_turns(connection, row, turns, keep_anchors=False)
            else:
                touch_session(connection, row.id)
            told: dict[str, object] = {"report": keep_body(connection, row.id, "report", report)}
            if bookmark is not None:
                told["bookmark"] = self._keep_bookmark(connection, row.id, bookmark, seal_reader)
            number = told.get("bookmark")
            tip = add_marks(
                connection,
                row.id,
                marks,
                bookmark=number if isinstance(number, int) else None,
                replaces=replaces,
            )
            if tip is not None:
                told["tip"] = tip
            if parent and (found := find_session(connection, parent)) is not None:
                told |= {"parent": found.id, "parent_turns": parent_turns}
            _store(connection, row.id, told, turns=max(marks.values(), default=0))

    def _keep_bookmark(
        self, connection: Connection, session_id: int, bookmark: bytes, reader: SealReader | None
    ) -> int:
        """Store a bookmark; have the page images deleted that went with the oldest. Return its number."""
        if reader is None or reader.folder is None or has_room(connection, session_id, bookmark):
            return keep_body(connection, session_id, "bookmark", bookmark)
        before = find_named(connection, session_id, reader)
        number = keep_body(connection, session_id, "bookmark", bookmark)
        if gone := before - find_named(connection, session_id, reader):
            self._database.note_images(connection, reader.folder, gone)
        return number

    def conversations(self, *, prefix: str = "", limit: int = 200) -> tuple[ConversationInfo, ...]:
        """Return conversations, the latest first, without their bookmarks.

        Args:
            prefix: Only sessions whose names begin so.
            limit: How many at most.
        """
        check_whole("limit", limit, StoreError)
        with self._database.begin_read() as connection:
            return _read(connection, prefix=check_name(prefix) if prefix else "", limit=limit)

    def conversation(self, session: str) -> ConversationInfo | None:
        """Return one conversation with its bookmark, `None` where nothing was kept of it."""
        with self._database.begin_read() as connection:
            row = find_session(connection, check_name(session))
            found = () if row is None else _read(connection, session_id=row.id)
        return found[0] if found else None


def _store(connection: Connection, session_id: int, told: Mapping[str, object], *, turns: int) -> None:
    """Store a conversation's row, which the lock on its session keeps from others."""
    mine, values = conversations.c.session_id == session_id, {**told, "updated": write_now()}
    held = connection.execute(select(conversations.c.turns).where(mine)).one_or_none()
    if held is None:
        first = {"session_id": session_id, "parent_turns": 0, "tip": "", "turns": turns}
        connection.execute(insert(conversations), first | values)
    else:
        values["turns"] = max(turns, read_count(held[0]))
        connection.execute(update(conversations).where(mine).values(values))


def _read(
    connection: Connection, *, session_id: int | None = None, prefix: str = "", limit: int = 1
) -> tuple[ConversationInfo, ...]:
    """Return one conversation with its bookmark, or the latest ones without."""
    own, is_one = conversations.c, session_id is not None
    of_report = and_(_reports.c.number == own.report, _reports.c.session_id == own.session_id)
    of_bookmark = and_(bookmarks.c.number == own.bookmark, bookmarks.c.session_id == own.session_id)
    bookmark = (bookmarks.c.body, bookmarks.c.digest) if is_one else (null(), null())
    columns = (names.c.name, _parents.c.name, own.parent_turns, own.turns, own.updated)
    query = (
        select(*columns, _reports.c.body, _reports.c.digest, *bookmark)
        .join_from(conversations, names, names.c.session_id == own.session_id)
        .join(_parents, _parents.c.session_id == own.parent, isouter=True)
        .join(_reports, of_report, isouter=True)
        .where(names.c.name != "")  # one that is being erased
        .order_by(own.updated.desc(), own.session_id.desc())
        .limit(limit)
    )
    if is_one:
        query = query.join(bookmarks, of_bookmark, isouter=True).where(own.session_id == session_id)
    if prefix:
        query = query.where(func.substr(names.c.name, 1, len(prefix)) == prefix)
    return tuple(map(_make_info, connection.execute(query)))


def _make_info(row: Sequence[object]) -> ConversationInfo:
    name, parent, parent_turns, turns, updated, report, report_digest, bookmark, digest = row
    return ConversationInfo(
        session=read_string(name),
        parent=read_string(parent),
        parent_turns=read_count(parent_turns),
        turns=read_count(turns),
        updated=read_time(updated) or datetime.min.replace(tzinfo=UTC),
        report=Body(report, report_digest).read() or b"",
        bookmark=Body(bookmark, digest).read(),
    )
