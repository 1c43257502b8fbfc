"""Return which identifiers were said in a session, where, and how often.

Knows the table of identifiers; what counts as one is the ledger's business.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from sqlalchemy import Connection, TextClause, func, select, text

from glyph_memory.search.terms import casefold
from glyph_memory.store.damage import read_count, read_string
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import identifiers as table
from glyph_memory.store.sessions import read_key
from glyph_memory.store.turns import AT_ONCE, clamp_anchor, to_column_text
from glyph_memory.store.values import KnownIdentifier

MENTIONS = 64
"""Of how many turns, at the most, an identifier's mentions are counted."""
_HIGHEST = 2**48
"""Nothing was mentioned so often: a higher sum is that of a damaged count."""
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
    found_digests = connection.execute(query.limit(max(0, min(limit, 2**31)))).scalars()
    digests = [digest for digest in found_digests if isinstance(digest, str) and digest.isascii()]
    found: dict[str, KnownIdentifier] = {}
    for start in range(0, len(digests), AT_ONCE):
        found |= _read(connection, session_id, digests[start : start + AT_ONCE])
    return tuple(found[digest] for digest in digests if digest in found)


def count_occurrences(
    connection: Connection, session_id: int, texts: Collection[str], *, upto: int
) -> dict[str, int]:
    """Return how often each text was mentioned as an identifier, up to an anchor; 0 where never.

    Of one that was said in more than `MENTIONS` turns, the latest of them alone are counted: how rare something is
    shows in those, and a name that every turn holds would otherwise take longer to count with every turn.
    """
    key = read_key(connection, session_id)
    wanted = {fingerprint(text, key): text for text in texts}
    counts = dict.fromkeys(wanted.values(), 0)
    digests, last = list(wanted), clamp_anchor(upto)
    for start in range(0, len(digests), _UNITED):
        some = digests[start : start + _UNITED]
        values = {"session_id": session_id, "last": last} | {f"digest{n}": one for n, one in enumerate(some)}
        for place, count in connection.execute(_select_counts(len(some)), values):
            counts[wanted[some[place]]] = read_count(int(min(count or 0, _HIGHEST)))
    return counts


@lru_cache(maxsize=_UNITED)
def _select_counts(length: int) -> TextClause:
    """Return the statement that counts so many identifiers: each one's place, and its count.

    Written out: to build fifty queries from expressions takes a hundred times as long as to run them.
    """
    queries = (
        f"SELECT {place} AS place, SUM(mentions.count) AS mentioned FROM (SELECT count FROM {table.name} "  # noqa: S608
        f"WHERE session_id = :session_id AND digest = :digest{place} AND anchor <= :last "
        f"ORDER BY anchor DESC LIMIT {MENTIONS}) AS mentions"
        for place in range(length)
    )
    return text(" UNION ALL ".join(queries))


def _read(connection: Connection, session_id: int, digests: list[str]) -> dict[str, KnownIdentifier]:
    query = (
        select(table.c.digest, table.c.text, table.c.kind, table.c.count, table.c.anchor)
        .where(table.c.session_id == session_id, table.c.digest.in_(digests))
        .order_by(table.c.anchor)
    )
    found: dict[str, KnownIdentifier] = {}
    for digest, spelled, kind, count, anchor in connection.execute(query):
        before = found.get(digest)
        found[digest] = KnownIdentifier(
            text=read_string(spelled),
            kind=read_string(kind),
            count=read_count(count, default=1) + (before.count if before else 0),
            # A turn with very many identifiers may have some of them in more rows than one.
            anchors=tuple(dict.fromkeys((*(before.anchors if before else ()), anchor))),
        )
    return found
