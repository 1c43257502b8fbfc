"""Keep and find the known beginnings of conversations, with the bookmark that was kept with each.

A mark is found by its chain alone, in whatever session it is, and stays in the session that had it first. Knows rows;
knows nothing about transactions, nor about what a bookmark says. Every statement touches new rows and the few
bookmarks of one session, however long the conversation is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Literal, NamedTuple

from sqlalchemy import Connection, and_, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql

from glyph_memory.checks import check_whole
from glyph_memory.errors import StoreError, show_value
from glyph_memory.store.damage import read_count, read_string
from glyph_memory.store.erase import drop_bookmarks
from glyph_memory.store.schema import bookmarks, conversations, marks, names
from glyph_memory.store.turns import AT_ONCE
from glyph_memory.store.values import ConversationMark

BodyKind = Literal["bookmark", "report"]
KEPT: Mapping[BodyKind, int] = {"bookmark": 16, "report": 1}
"""How many of each a session keeps, the newest: clients go back a few requests, seldom more."""
_FIRST_ONES = 16
"""Asked for first: of a client that goes on, one of the longest beginnings is known."""
_CHAIN = re.compile(r"[0-9a-f]{32}")
_OWN_BOOKMARK = and_(bookmarks.c.number == marks.c.bookmark, bookmarks.c.session_id == marks.c.session_id)


class Body(NamedTuple):
    """A bookmark or a report as it is stored."""

    body: object
    digest: object

    def read(self) -> bytes | None:
        """Return what was stored; `None` where there is nothing, or it is damaged."""
        return self.body if isinstance(self.body, bytes) and hash_body(self.body) == self.digest else None


def hash_body(body: bytes) -> str:
    """Return the digest by which a bookmark or a report is stored once, and by which damage shows."""
    return blake2b(body, digest_size=20).hexdigest()


def is_chain(held: object) -> bool:
    """Return whether a value is a chain: 32 hex digits."""
    return isinstance(held, str) and _CHAIN.fullmatch(held) is not None


def check_marks(given: Mapping[str, int]) -> None:
    """Raise a `StoreError` for a chain that is none, or a length that is no count of turns."""
    for chain, turns in given.items():
        if not is_chain(chain):
            raise StoreError(
                f"a mark is called {show_value(chain)}; give its chain as 32 hex digits, in lower case"
            )
        check_whole("turns", turns, StoreError)


# Built once: every request asks them, and building one takes longer than SQLite takes over it.
_FIND = (
    select(marks.c.chain, names.c.name)
    .join_from(marks, names, names.c.session_id == marks.c.session_id)
    .where(marks.c.chain.in_(bindparam("chains", expanding=True)))
)
_READ = (
    select(marks.c.turns, bookmarks.c.body, bookmarks.c.digest, conversations.c.tip, conversations.c.turns)
    .join_from(marks, bookmarks, _OWN_BOOKMARK, isouter=True)
    .join(conversations, conversations.c.session_id == marks.c.session_id, isouter=True)
    .where(marks.c.chain == bindparam("chain"))
)
_LIST = (
    select(bookmarks.c.number, bookmarks.c.digest)
    .where(bookmarks.c.session_id == bindparam("session"), bookmarks.c.kind == bindparam("which"))
    .order_by(bookmarks.c.number.desc())
)


def find_first(connection: Connection, chains: Sequence[str], *, prefix: str) -> ConversationMark | None:
    """Return the mark of the first chain that is known, in a session whose name begins so."""
    for some in _split(chains):
        rows = connection.execute(_FIND, {"chains": [*some]})
        known = {chain: read_string(name) for chain, name in rows}
        for chain in some:
            # A session that is being erased has an empty name.
            if known.get(chain) and known[chain].startswith(prefix):
                mark = _read_mark(connection, chain, session=known[chain])
                if mark is not None:  # on a server, its session may be erased in between
                    return mark
    return None


def _split(chains: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield a few chains, then the rest, some hundreds at a time."""
    if chains:
        yield chains[:_FIRST_ONES]
    for start in range(_FIRST_ONES, len(chains), AT_ONCE):
        yield chains[start : start + AT_ONCE]


def _read_mark(connection: Connection, chain: str, *, session: str) -> ConversationMark | None:
    row = connection.execute(_READ, {"chain": chain}).one_or_none()
    if row is None:
        return None
    turns, body, digest, tip, longest = row
    count = read_count(turns)
    return ConversationMark(
        session=session,
        chain=chain,
        turns=count,
        bookmark=Body(body, digest).read(),
        is_tip=tip == chain and count >= read_count(longest),
        longest=max(count, read_count(longest)),
    )


def add_marks(
    connection: Connection,
    session_id: int,
    given: Mapping[str, int],
    *,
    bookmark: int | None,
    replaces: bool = False,
) -> str | None:
    """Store the marks that no session has; return the longest of them, `None` where there was none to store.

    A mark of this session that lost its bookmark gets this one; with `replaces`, each of its marks does.
    """
    ordered = sorted(given)  # all writers in one order: none waits for another that waits for it
    added = list[str]()
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        query = (
            select(marks.c.chain, marks.c.session_id, bookmarks.c.number)
            .join_from(marks, bookmarks, _OWN_BOOKMARK, isouter=True)
            .where(marks.c.chain.in_(some))
        )
        known = {chain: (owner, held) for chain, owner, held in connection.execute(query)}
        own = {chain: held for chain, (owner, held) in known.items() if owner == session_id}
        bare = [chain for chain, held in own.items() if replaces or held is None]
        if bare and bookmark is not None:
            this = update(marks).where(marks.c.chain.in_(bare))
            connection.execute(this.values(bookmark=bookmark))
        rows = [
            {"chain": chain, "session_id": session_id, "turns": given[chain], "bookmark": bookmark}
            for chain in some
            if chain not in known
        ]
        added += _insert_marks(connection, rows) if rows else []
    return max(added, key=lambda chain: given[chain], default=None)


def _insert_marks(connection: Connection, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Insert marks; return their chains, without those that another session of a server got in the same moment."""
    if connection.dialect.name == "postgresql":
        statement = postgresql.insert(marks).on_conflict_do_nothing().returning(marks.c.chain)
        return list(connection.execute(statement, rows).scalars())
    connection.execute(insert(marks), rows)
    return [str(row["chain"]) for row in rows]


def keep_body(connection: Connection, session_id: int, kind: BodyKind, body: bytes) -> int:
    """Store a bookmark or a report, once, and drop the oldest; return its number."""
    held, digest = _list_bodies(connection, session_id, kind), hash_body(body)
    if same := [number for number, other in held if other == digest]:
        return same[0]
    row = {"session_id": session_id, "kind": kind, "digest": digest, "body": body}
    key = connection.execute(insert(bookmarks), row).inserted_primary_key
    if late := [number for number, _ in held[KEPT[kind] - 1 :]]:
        drop_bookmarks(connection, session_id, late)
    return int(key[0]) if key else 0


def has_room(connection: Connection, session_id: int, bookmark: bytes) -> bool:
    """Return whether a bookmark can be stored, or is, without another that leaves."""
    held = _list_bodies(connection, session_id, "bookmark")
    return len(held) < KEPT["bookmark"] or hash_body(bookmark) in {digest for _, digest in held}


def _list_bodies(connection: Connection, session_id: int, kind: BodyKind) -> list[tuple[int, object]]:
    """Return the numbers and digests of a session's bookmarks, or reports, the newest first."""
    rows = connection.execute(_LIST, {"session": session_id, "which": kind})
    return [(int(number), digest) for number, digest in rows]


def write_now() -> str:
    """Return the time as it is stored: in UTC, and all of one length, so that texts are in the order of times."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
