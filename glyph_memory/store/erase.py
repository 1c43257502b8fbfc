"""Forget turns: their rows, images, words, what the search index remembers of them, their seals, their bookmarks.

On SQLite rows are emptied, not deleted. Where rows are deleted, SQLite joins pages that became too empty, and leaves
copies of the rows that it moves in the unused parts of pages, which `secure_delete` does not reach. A row that only
becomes shorter stays where it is: what it loses is overwritten with zeros, and so are the pages that held the rest of
a long text. That takes time in proportion to what is erased, not to the database. It works as long as rows with text
are only ever added at the end of a table, as all of ours are, and never grow: so an emptied row becomes one of session
`1 - session_id`, which takes no more bytes. Of those sessions nobody asks; `Store.compact` deletes them.

Knows what hangs on a turn; knows nothing about transactions, nor about a file's log (`erasing` does).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, delete, select, text, update

from glyph_memory.store.damage import read_string
from glyph_memory.store.journal import Erasure
from glyph_memory.store.schema import bookmarks, conversations, marks, names, seals, sessions, turns
from glyph_memory.store.schema import words as words_table
from glyph_memory.store.seals import read_seals
from glyph_memory.store.search import drop_from_index
from glyph_memory.store.sessions import SessionRow, raise_first_edits, sum_words, update_session
from glyph_memory.store.turns import HIGHEST, clamp_anchor, find_chunk
from glyph_memory.store.values import SealReader, SealRecord

_TURNS_AT_ONCE = 1_000
"""What a server deletes in one statement."""
_LOWEST = -(2**63)
_GRAVE = "session_id = 1 - session_id"
_RANGE = "WHERE session_id = :session AND anchor BETWEEN :first AND :last"
_BURY = tuple(
    text(f"UPDATE {table} SET {_GRAVE}, {emptied} {_RANGE}")  # noqa: S608 (constants of ours)
    for table, emptied in (
        ("glyph_images", "data = x''"),
        ("glyph_identifiers", "digest = '', kind = '', count = 0, text = x'', folded = ''"),
        ("glyph_words", "length = 0, words = ''"),
        (
            "glyph_turns",
            "id_digest = CAST(anchor AS TEXT), role = '', pinned = 0, time = '', size = 0, details = x'', text = x'', "
            "characters = NULL",
        ),
    )
)
_BURY_SEALS = text(
    f"UPDATE glyph_seals SET {_GRAVE}, number = random(), digest = x'', body = x'' "  # noqa: S608
    "WHERE session_id = :session AND number > :keep"
)
_BURY_BOOKMARK = text(
    f"UPDATE glyph_bookmarks SET {_GRAVE}, kind = '', digest = '', body = x'' WHERE number = :number"  # noqa: S608
)
_MAKE_GRAVE = text(
    "INSERT OR IGNORE INTO glyph_sessions (id, name_digest, last_anchor, turns, words, edits) "
    "VALUES (1 - :session, CAST(1 - :session AS TEXT), 0, 0, 0, 0)"
)


def forget_after(erasure: Erasure, session: SessionRow, after: int, *, reader: SealReader | None) -> int:
    """Erase the turns with a higher anchor, and seals that tell of them; return how many turns there were."""
    last = clamp_anchor(after)
    return _forget(erasure, session, [(last + 1, HIGHEST)] if last < HIGHEST else [], reader)


def forget_anchors(
    erasure: Erasure, session: SessionRow, anchors: Collection[int], *, reader: SealReader | None
) -> int:
    """Erase some turns, and seals that tell of them; return how many turns there were."""
    ranges = _join_ranges(anchor for anchor in anchors if clamp_anchor(anchor) > 0 and anchor <= HIGHEST)
    return _forget(erasure, session, ranges, reader)


def forget_session(erasure: Erasure, session: SessionRow, *, reader: SealReader | None) -> None:
    """Erase a session with its name, its key and its seals.

    On SQLite, and where it is long, it loses its name and its seals; its turns are then emptied by `empty_some`, in
    transactions between which others can write.
    """
    connection = erasure.connection
    forget_seals(erasure, session, keep=-1, reader=reader)
    _forget_bookmarks(erasure, session, reader=reader)
    for table in (marks, conversations):
        connection.execute(delete(table).where(table.c.session_id == session.id))
    this, theirs = sessions.c.id == session.id, names.c.session_id == session.id
    if connection.dialect.name == "sqlite" or session.turns > _TURNS_AT_ONCE:
        connection.execute(update(names).where(theirs).values(name=""))
        connection.execute(update(sessions).where(this).values(name_digest=f"erased {session.id}"))
        erasure.session_ids.append(session.id)
    else:
        connection.execute(delete(names).where(theirs))
        connection.execute(delete(sessions).where(this))
    raise_first_edits(connection, above=session.edits)
    erasure.has_erased = True


def empty_some(connection: Connection, session_id: int) -> bool:
    """Empty some more rows of an erased session, then its key; return whether nothing is left of it."""
    last = find_chunk(connection, session_id, after=-1, upto=HIGHEST)
    if last is not None:
        _forget_range(connection, session_id, first=0, last=last)
        return False
    theirs = names.c.session_id == session_id
    if connection.dialect.name == "sqlite":
        connection.execute(update(names).where(theirs).values(key=b""))
    else:
        connection.execute(delete(names).where(theirs))
    connection.execute(delete(sessions).where(sessions.c.id == session_id))
    return True


def forget_seals(
    erasure: Erasure,
    session: SessionRow,
    *,
    keep: int,
    reader: SealReader | None,
    still: Sequence[SealRecord] = (),
) -> None:
    """Erase the seals with a higher number, and note their page images, but those of seals that take their place."""
    connection = erasure.connection
    lowest = clamp_anchor(keep) if keep > 0 else _LOWEST  # damaged ones may have any number
    if reader is not None:
        erasure.folder = reader.folder
        later = [record for record in read_seals(connection, session.id) if not _is_kept(record, keep)]
        erasure.images |= {name for record in later for name in reader.find_images(record)}
        erasure.images -= {name for record in still for name in reader.find_images(record)}
    if connection.dialect.name == "sqlite":
        connection.execute(_MAKE_GRAVE, {"session": session.id})
        done = connection.execute(_BURY_SEALS, {"session": session.id, "keep": lowest})
    else:
        later_ones = (seals.c.session_id == session.id, seals.c.number > lowest)
        done = connection.execute(delete(seals).where(*later_ones))
    erasure.has_erased = erasure.has_erased or done.rowcount > 0


def find_named(connection: Connection, session_id: int, reader: SealReader) -> set[str]:
    """Return the names of page images in all bookmarks and reports of a session, which hold seals as JSON."""
    query = select(bookmarks.c.body).where(bookmarks.c.session_id == session_id)
    bodies = map(read_string, connection.execute(query).scalars())
    records = (SealRecord(number=0, digest="", body=body) for body in bodies)
    return {name for record in records for name in reader.find_images(record)}


def drop_bookmarks(connection: Connection, session_id: int, numbers: Iterable[int]) -> None:
    """Take bookmarks and reports away; on SQLite their rows are emptied."""
    if connection.dialect.name != "sqlite":
        connection.execute(delete(bookmarks).where(bookmarks.c.number.in_([*numbers])))
        return
    connection.execute(_MAKE_GRAVE, {"session": session_id})
    for number in numbers:
        connection.execute(_BURY_BOOKMARK, {"number": number})


def _forget_bookmarks(erasure: Erasure, session: SessionRow, *, reader: SealReader | None) -> None:
    """Erase all bookmarks and reports of a session, which quote what was said, and note the page images they name."""
    connection, mine = erasure.connection, bookmarks.c.session_id == session.id
    numbers = connection.execute(select(bookmarks.c.number).where(mine)).scalars().all()
    if not numbers:
        return
    if reader is not None:
        erasure.folder = reader.folder
        erasure.images |= find_named(connection, session.id, reader)
    drop_bookmarks(connection, session.id, numbers)
    erasure.has_erased = True


def _is_kept(record: SealRecord, keep: int) -> bool:
    """Return whether a seal's number is one of those that stay; that of a damaged seal may be no number."""
    return isinstance(record.number, int) and 0 < record.number <= keep


def remove_graves(connection: Connection) -> None:
    """Delete the rows that were emptied, on SQLite; the whole file has to be written anew afterwards."""
    connection.execute(delete(sessions).where(sessions.c.id < 1))
    connection.execute(delete(names).where(names.c.session_id.not_in(select(sessions.c.id))))


def _forget(
    erasure: Erasure, session: SessionRow, ranges: list[tuple[int, int]], reader: SealReader | None
) -> int:
    connection, forgotten, words = erasure.connection, 0, 0
    for first, last in ranges:
        theirs = (words_table.c.session_id == session.id, words_table.c.anchor.between(first, last))
        words += sum_words(connection, *theirs)
        forgotten += _forget_range(connection, session.id, first=first, last=last)
    if forgotten:
        erasure.has_erased = True
        _forget_bookmarks(erasure, session, reader=reader)
        if reader is not None:
            first_gone = _find_first_affected(connection, session.id, ranges, reader)
            if first_gone is not None:
                forget_seals(erasure, session, keep=first_gone - 1, reader=reader)
        update_session(
            connection,
            session._replace(
                turns=session.turns - forgotten, words=session.words - words, edits=session.edits + 1
            ),
        )
    return forgotten


def _find_first_affected(
    connection: Connection, session_id: int, ranges: list[tuple[int, int]], reader: SealReader
) -> int | None:
    """Return the number of the first seal that tells of an erased turn or cannot be read; those after depend on it."""
    begins = [first for first, _ in ranges]
    for record in read_seals(connection, session_id):
        found = reader.find_range(record)
        if found is None:
            return record.number
        place = bisect_right(begins, found[1]) - 1
        if place >= 0 and ranges[place][1] >= found[0]:
            return record.number
    return None


def _forget_range(connection: Connection, session_id: int, *, first: int, last: int) -> int:
    if connection.dialect.name != "sqlite":
        # Images, identifiers and words go with their turn: the tables say so.
        rows = delete(turns).where(turns.c.session_id == session_id, turns.c.anchor.between(first, last))
        return connection.execute(rows).rowcount
    drop_from_index(connection, session_id, first=first, last=last)
    connection.exec_driver_sql(
        "PRAGMA defer_foreign_keys = ON"
    )  # until the turns follow; ends with the transaction
    connection.execute(_MAKE_GRAVE, {"session": session_id})
    told = {"session": session_id, "first": first, "last": last}
    return [connection.execute(statement, told).rowcount for statement in _BURY][-1]


def _join_ranges(anchors: Iterable[int]) -> list[tuple[int, int]]:
    """Join neighbouring anchors into ranges: each range is one statement, however long it is."""
    runs: list[tuple[int, int]] = []
    for anchor in sorted(set(anchors)):
        if runs and runs[-1][1] == anchor - 1:
            runs[-1] = (runs[-1][0], anchor)
        else:
            runs.append((anchor, anchor))
    return runs
