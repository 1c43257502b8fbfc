"""Forget turns: their rows, images, identifiers and words, and what the search index remembers of them.

Knows what hangs on a turn; knows nothing about transactions, nor about bytes in files (`engine` does).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete

from glyph_memory.store.schema import sessions, turns
from glyph_memory.store.schema import words as words_table
from glyph_memory.store.search import drop_from_index, forget_dropped
from glyph_memory.store.sessions import SessionRow, raise_first_edits, sum_words, update_session
from glyph_memory.store.turns import clamp_anchor

_LAST = 2**63 - 1


def forget_after(connection: Connection, session: SessionRow, after: int) -> int:
    """Delete the turns with a higher anchor; return how many there were."""
    return _forget(connection, session, [(clamp_anchor(after) + 1, _LAST)] if after < _LAST else [])


def forget_anchors(connection: Connection, session: SessionRow, anchors: Collection[int]) -> int:
    """Delete some turns; return how many of them there were."""
    return _forget(connection, session, _join_ranges(anchor for anchor in anchors if 0 < anchor <= _LAST))


def forget_session(connection: Connection, session: SessionRow) -> None:
    """Delete a session with its name and seals."""
    drop_from_index(connection, session.id, first=0, last=_LAST)
    connection.execute(delete(sessions).where(sessions.c.id == session.id))
    forget_dropped(connection)
    raise_first_edits(connection, above=session.edits)


def _forget(connection: Connection, session: SessionRow, ranges: list[tuple[int, int]]) -> int:
    forgotten = words = 0
    for first, last in ranges:
        theirs = (words_table.c.session_id == session.id, words_table.c.anchor.between(first, last))
        words += sum_words(connection, *theirs)
        drop_from_index(connection, session.id, first=first, last=last)
        # Images, identifiers and words go with their turn: the tables say so.
        rows = delete(turns).where(turns.c.session_id == session.id, turns.c.anchor.between(first, last))
        forgotten += connection.execute(rows).rowcount
    if forgotten:
        forget_dropped(connection)
        update_session(
            connection,
            session._replace(
                turns=session.turns - forgotten, words=session.words - words, edits=session.edits + 1
            ),
        )
    return forgotten


def _join_ranges(anchors: Iterable[int]) -> list[tuple[int, int]]:
    """Join neighbouring anchors into ranges: each range is one deletion, however long it is."""
    runs: list[tuple[int, int]] = []
    for anchor in sorted(set(anchors)):
        if runs and runs[-1][1] == anchor - 1:
            runs[-1] = (runs[-1][0], anchor)
        else:
            runs.append((anchor, anchor))
    return runs
