"""Keep the search index, find the turns that hold a phrase, and rank them.

Knows SQLite's FTS5 and PostgreSQL's GIN; on any other database the words of each turn of the session are compared
(`LIKE`), which is slower and finds the same. Ranking is counted within the session alone: what other sessions hold
changes neither order nor score.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, literal, select, text

from glyph_memory.search.ranking import count_phrases, rarity, score
from glyph_memory.search.terms import phrases
from glyph_memory.store.fingerprints import hash_words
from glyph_memory.store.schema import SCOPED_WORDS
from glyph_memory.store.schema import words as table
from glyph_memory.store.sessions import SessionRow, read_key

_SMALLEST_POOL = 200
_AT_ONCE = 500
_MERGED_PAGES = 16
"""Of the index, of some 4 kB each: a few milliseconds."""

_IN_RANGE = "FROM glyph_words WHERE session_id = :session AND anchor BETWEEN :first AND :last"
_HASHED = "glyph_hash_words((SELECT key FROM glyph_names WHERE session_id = :session), words)"
_ADD = text(f"INSERT INTO glyph_search (rowid, words) SELECT number, {_HASHED} {_IN_RANGE}")
_DROP = text(
    f"INSERT INTO glyph_search (glyph_search, rowid, words) SELECT 'delete', number, {_HASHED} {_IN_RANGE}"
)
_MERGE = text("INSERT INTO glyph_search (glyph_search, rank) VALUES ('merge', :pages)")
_MERGE_ALL = text("INSERT INTO glyph_search (glyph_search) VALUES ('optimize')")
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
    """
    rarities: dict[str, float] = {}
    candidates: dict[int, float] = defaultdict(float)
    for phrase in phrases(query):
        numbers = _match(connection, session.id, phrase)
        rarities[phrase] = rarity(len(numbers), of=session.turns)
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
        held = count_phrases(words, [*rarities])
        weight = score(held, [*rarities.values()], length=length, mean_length=mean_length)
        found.append(ScoredTurn(anchor, weight))
    return found
