"""Return which identifiers were said in a session, where, and how often.

Knows the table of identifiers; what counts as one is the ledger's business.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Select, func, literal, select, union_all

from glyph_memory.search.terms import casefold
from glyph_memory.store.schema import identifiers as table
from glyph_memory.store.turns import AT_ONCE, clamp_anchor, decode, fingerprint, to_column_text
from glyph_memory.store.values import KnownIdentifier

MENTIONS = 64
"""Of how many turns, at the most, an identifier's mentions are counted."""
_UNITED = 50
"""Queries in one statement; SQLite takes 500."""


def read_identifiers(
    connection: Connection, session_id: int, *, like: str, limit: int
) -> tuple[KnownIdentifier, ...]:
    """Return identifiers that contain a text, in any case; those mentioned last come first."""
    latest = func.max(table.c.anchor).label("latest")
    query = select(table.c.digest, latest).where(table.c.session_id == session_id)
    if like:
        # What changes when the text is taken out of it holds the text: no pattern, so nothing has to be escaped.
        query = query.where(
            func.replace(table.c.folded, to_column_text(casefold(like)), "") != table.c.folded
        )
    query = query.group_by(table.c.digest).order_by(latest.desc(), func.min(table.c.place), table.c.digest)
    digests = list(connection.execute(query.limit(max(0, min(limit, 2**31)))).scalars())
    found: dict[str, KnownIdentifier] = {}
    for start in range(0, len(digests), AT_ONCE):
        found |= _read(connection, session_id, digests[start : start + AT_ONCE])
    return tuple(found[digest] for digest in digests)


def count_occurrences(
    connection: Connection, session_id: int, texts: Collection[str], *, upto: int
) -> dict[str, int]:
    """Return how often each text was mentioned as an identifier, up to an anchor; 0 where never.

    Of one that was said in more than `MENTIONS` turns, the latest of them alone are counted: how rare something is
    shows in those, and a name that every turn holds would otherwise take longer to count with every turn.
    """
    wanted = {fingerprint(text): text for text in texts}
    counts = dict.fromkeys(wanted.values(), 0)
    digests, last = list(wanted), clamp_anchor(upto)
    for start in range(0, len(digests), _UNITED):
        queries = [_select_count(session_id, digest, last) for digest in digests[start : start + _UNITED]]
        for row in connection.execute(union_all(*queries)):
            counts[wanted[row.digest]] = int(row.sum or 0)
    return counts


def _select_count(session_id: int, digest: str, last: int) -> Select[str, int]:
    mentions = (
        select(table.c.count.label("count"))
        .where(table.c.session_id == session_id, table.c.digest == digest, table.c.anchor <= last)
        .order_by(table.c.anchor.desc())
        .limit(MENTIONS)
        .subquery()
    )
    return select(literal(digest).label("digest"), func.sum(mentions.c.count).label("sum"))


def _read(connection: Connection, session_id: int, digests: list[str]) -> dict[str, KnownIdentifier]:
    query = (
        select(table.c.digest, table.c.text, table.c.kind, table.c.count, table.c.anchor)
        .where(table.c.session_id == session_id, table.c.digest.in_(digests))
        .order_by(table.c.anchor)
    )
    found: dict[str, KnownIdentifier] = {}
    for digest, text, kind, count, anchor in connection.execute(query):
        before = found.get(digest)
        found[digest] = KnownIdentifier(
            text=decode(text),
            kind=kind,
            count=count + (before.count if before else 0),
            anchors=(*(before.anchors if before else ()), anchor),
        )
    return found
