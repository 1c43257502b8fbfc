"""Keep the search index, find the turns that hold a phrase, and rank them.

Knows SQLite's FTS5 and PostgreSQL's GIN; on any other database the words of each turn of the session are compared
(`LIKE`), which is slower and finds the same. Ranking is counted within the session alone: what other sessions hold
changes neither order nor score.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from sqlalchemy import Connection, literal, select, text

from glyph_memory.checks import check_whole
from glyph_memory.errors import StoreError
from glyph_memory.search.ranking import count_phrases, rarity, score
from glyph_memory.search.terms import phrases
from glyph_memory.store.damage import read_count, read_string
from glyph_memory.store.fingerprints import hash_words
from glyph_memory.store.schema import SCOPED_WORDS
from glyph_memory.store.schema import words as table
from glyph_memory.store.sessions import SessionRow, read_key

_SMALLEST_POOL = 200
_AT_ONCE = 500
_MERGED_PAGES = 16
"""Of the index, of some 4 kB each: a few milliseconds."""

_IN_RANGE = "FROM glyph_words WHERE session_id = :session AND anchor BETWEEN :first AND :last"
# As bytes: SQLite gives no function a text that is none, as a damaged one may be.
_HASH = "glyph_hash_words({key}, CAST(words AS BLOB))"
_HASHED = _HASH.format(key="(SELECT CAST(key AS BLOB) FROM glyph_names WHERE session_id = :session)")
_OF_ALL = "FROM glyph_words JOIN glyph_names USING (session_id)"
_HASH_ALL = f"SELECT number, {_HASH.format(key='CAST(key AS BLOB)')} {_OF_ALL}"
_ADD = text(f"INSERT INTO glyph_search (rowid, words) SELECT number, {_HASHED} {_IN_RANGE}")
_DROP = text(
    f"INSERT INTO glyph_search (glyph_search, rowid, words) SELECT 'delete', number, {_HASHED} {_IN_RANGE}"
)
_MERGE = text("INSERT INTO glyph_search (glyph_search, rank) VALUES ('merge', :pages)")
_MERGE_ALL = text("INSERT INTO glyph_search (glyph_search) VALUES ('optimize')")
_EMPTY = text("INSERT INTO glyph_search (glyph_search) VALUES ('delete-all')")
_ADD_ALL = text(f"INSERT INTO glyph_search (rowid, words) {_HASH_ALL}")
_LIST_INDEX = text(
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.glyph_indexed USING fts5vocab(main, glyph_search, 'instance')"
)
_READ_INDEX = text("SELECT doc, count(*), min(term) FROM temp.glyph_indexed GROUP BY doc")
_READ_WORDS = text(_HASH_ALL)
_CHANGES = text("SELECT total_changes()")
_MATCH_FTS5 = text("SELECT rowid FROM glyph_search WHERE glyph_search MATCH :hashed")
# The index knows which words a turn holds; whether they follow each other is looked up in the turn.
_MATCH_GIN = text(
    f"SELECT number FROM glyph_words WHERE {SCOPED_WORDS} @> string_to_array(:scoped, ' ') "  # noqa: S608 (a constant of ours)
    "AND session_id = :session AND (:is_word OR strpos(' ' || words || ' ', :inside) > 0)"
)


class ScoredTurn(NamedTuple):
    """The anchor of a turn that fits a query, and its score."""

    anchor: int
    score: float


def add_to_index(connection: Connection, session_id: int, *, first: int, last: int) -> None:
    """Add the turns of a range to the search index; their words are stored already."""
    if connection.dialect.name == "sqlite":
        connection.execute(_ADD, {"session": session_id, "first": first, "last": last})


def drop_from_index(connection: Connection, session_id: int, *, first: int, last: int) -> None:
    """Remove the turns of a range from SQLite's search index; their words must still be stored."""
    connection.execute(_DROP, {"session": session_id, "first": first, "last": last})


def begin_merging(connection: Connection) -> None:
    """Let SQLite's index merge away what it holds of removed turns, a little with every call of `merge_some`.

    FTS5 only notes that something was dropped, and keeps the hashes of its words until it merges them away.
    """
    connection.execute(_MERGE, {"pages": -_MERGED_PAGES})


def merge_some(connection: Connection) -> bool:
    """Merge a bounded part of SQLite's index; return whether there is more to merge."""
    before = connection.execute(_CHANGES).scalar_one()
    connection.execute(_MERGE, {"pages": _MERGED_PAGES})
    # FTS5's documentation: a difference of less than 2 means that nothing was merged.
    return int(connection.execute(_CHANGES).scalar_one()) - int(before) >= 2


def merge_all(connection: Connection) -> None:
    """Merge all of SQLite's index, in time proportional to all of it."""
    connection.execute(_MERGE_ALL)


def count_unindexed(connection: Connection) -> int:
    """Count the turns of all sessions that the index does not hold as it should, and those that it should not hold."""
    if connection.dialect.name != "sqlite":
        return 0
    connection.execute(_LIST_INDEX)
    indexed = {number: (count, first) for number, count, first in connection.execute(_READ_INDEX)}
    hashed = {number: words.split() for number, words in connection.execute(_READ_WORDS)}
    expected = {number: (len(words), min(words)) for number, words in hashed.items() if words}
    return sum(indexed.get(number) != expected.get(number) for number in {*indexed, *expected})


def rebuild_index(connection: Connection) -> None:
    """Make the index anew from the stored words of all sessions."""
    if connection.dialect.name == "sqlite":
        connection.execute(_EMPTY)
        connection.execute(_ADD_ALL)


def find(
    connection: Connection, session: SessionRow, query: str, *, k: int, pool: int | None
) -> list[ScoredTurn]:
    """Return the best turns for a query, best first; of equals, the newest first.

    Args:
        connection: In a transaction.
        session: Whose turns.
        query: Any text; nothing in it is syntax.
        k: How many turns at most.
        pool: How many of the turns that hold the rarest phrases are weighed exactly, by how often they hold them
            and by their length. By default 200, or four times `k`.

    Raises:
        StoreError: `k` is no whole number.
    """
    check_whole("k", k, StoreError, at_most=inf)
    rarities: dict[str, float] = {}
    candidates: dict[int, float] = defaultdict(float)
    for phrase in phrases(query):
        numbers = _match(connection, session.id, phrase)
        rarities[phrase] = rarity(len(numbers), of=max(len(numbers), session.turns))
        for number in numbers:
            candidates[number] += rarities[phrase]
    best = sorted(candidates, key=lambda number: (candidates[number], number), reverse=True)
    best = best[: max(k, pool or max(_SMALLEST_POOL, 4 * k))]
    mean_length = session.words / max(1, session.turns)
    found = [
        found
        for start in range(0, len(best), _AT_ONCE)
        for found in _weigh(connection, session.id, best[start : start + _AT_ONCE], rarities, mean_length)
    ]
    return sorted(found, key=lambda hit: (hit.score, hit.anchor), reverse=True)[:k]


def _match(connection: Connection, session_id: int, phrase: str) -> Sequence[int]:
    """Return the numbers of the session's turns that hold a phrase."""
    parts = phrase.split(" ")
    if connection.dialect.name == "sqlite":
        hashed = hash_words(read_key(connection, session_id), phrase)
        return connection.execute(_MATCH_FTS5, {"hashed": f'"{hashed}"'}).scalars().all()
    if connection.dialect.name == "postgresql":
        scoped = " ".join(f"s{session_id}x{part}" for part in parts)
        told = {"scoped": scoped, "session": session_id, "is_word": len(parts) == 1, "inside": f" {phrase} "}
        return connection.execute(_MATCH_GIN, told).scalars().all()
    padded = literal(" ") + table.c.words + literal(" ")
    query = select(table.c.number).where(table.c.session_id == session_id, padded.like(f"% {phrase} %"))
    return connection.execute(query).scalars().all()


def _weigh(
    connection: Connection,
    session_id: int,
    numbers: list[int],
    rarities: dict[str, float],
    mean_length: float,
) -> list[ScoredTurn]:
    query = select(table.c.anchor, table.c.length, table.c.words).where(
        table.c.session_id == session_id, table.c.number.in_(numbers)
    )
    found = []
    for anchor, length, words in connection.execute(query):
        held = count_phrases(read_string(words), [*rarities])
        length = read_count(length, default=1)  # noqa: PLW2901 - a damaged one is none
        weight = score(held, [*rarities.values()], length=length, mean_length=mean_length)
        found.append(ScoredTurn(anchor, weight))
    return found
