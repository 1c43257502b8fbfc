"""Check and repair what a server knows of a conversation: its state, its bookmarks and report, its marks.

Nothing of it is lost for good where it is dropped: the client says all again, and the conversation is folded anew.
Knows rows; knows nothing about turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from glyph_memory.checks import LARGEST_COUNT
from glyph_memory.store.damage import read_count, read_time
from glyph_memory.store.doctor.findings import Finding
from glyph_memory.store.doctor.rows import NamedSession, list_sessions
from glyph_memory.store.erase import drop_bookmarks
from glyph_memory.store.journal import Erasure
from glyph_memory.store.marks import KEPT, Body, is_chain, write_now
from glyph_memory.store.schema import bookmarks, conversations, marks

_Values = dict[str, object]


class _Damage(NamedTuple):
    """What is wrong with a session's conversation."""

    bookmarks: list[int]
    """Numbers of its bookmarks and reports that hold something else than they should."""
    marks: list[object]
    """What stands for the chains of marks that are none."""
    state: _Values | None
    """The row of the conversation as it should be; `None` where it is."""

    def describe(self) -> Iterator[str]:
        """Yield what is damaged, in words that also say what is dropped."""
        if self.bookmarks:
            yield f"{len(self.bookmarks):,} bookmarks or reports"
        if self.marks:
            yield f"{len(self.marks):,} marks"
        if self.state is not None:
            yield "the state"


def check_conversation(connection: Connection, session: NamedSession) -> Iterator[Finding]:
    """Yield what is wrong with what is known of a session's conversation."""
    if told := " and ".join(_find_damage(connection, session.row.id).describe()):
        yield Finding(
            kind="conversation",
            session=session.name,
            message=f"of the conversation {session.name!r}, {told} cannot be read",
            remedy="drops them; the conversation is folded anew from what its client says",
        )


def repair_conversations(erasure: Erasure) -> Iterator[str]:
    """Drop damaged bookmarks and marks, and write damaged states anew."""
    connection = erasure.connection
    for session in list_sessions(connection):
        number, damage = session.row.id, _find_damage(connection, session.row.id)
        if damage.bookmarks:
            drop_bookmarks(connection, number, damage.bookmarks)
            erasure.has_erased = True
        for chain in damage.marks:
            connection.execute(delete(marks).where(marks.c.session_id == number, marks.c.chain == chain))
        if damage.state is not None:
            connection.execute(delete(conversations).where(conversations.c.session_id == number))
            connection.execute(insert(conversations), damage.state)
        if told := " and ".join(damage.describe()):
            yield f"dropped or wrote anew, of the conversation {session.name!r}: {told}"


def _find_damage(connection: Connection, session_id: int) -> _Damage:
    own = bookmarks.c
    query = select(own.number, own.kind, own.body, own.digest).where(own.session_id == session_id)
    broken = [
        number
        for number, kind, body, digest in connection.execute(query)
        if kind not in KEPT or Body(body, digest).read() is None
    ]
    found = connection.execute(
        select(marks.c.chain, marks.c.turns).where(marks.c.session_id == session_id)
    ).all()
    sound = {chain: turns for chain, turns in found if is_chain(chain) and _is_count(turns)}
    wrong = [chain for chain, _ in found if chain not in sound]
    return _Damage(broken, wrong, _find_right_state(connection, session_id, sound, was_longer=bool(wrong)))


def _find_right_state(
    connection: Connection, session_id: int, sound: dict[str, int], *, was_longer: bool
) -> _Values | None:
    """Return a conversation's row as it should be, `None` where it is so, or there is no conversation."""
    query = select(conversations).where(conversations.c.session_id == session_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None and not sound:
        return None
    held: _Values = {} if row is None else dict(row)
    longest = max(sound, key=lambda chain: sound[chain], default="")
    right = held | {"session_id": session_id}
    if was_longer or not _is_count(held.get("turns")):
        right["turns"] = sound.get(longest, 0)
    if not _is_count(held.get("parent_turns")):
        right["parent_turns"] = 0
    if read_time(held.get("updated")) is None:
        right["updated"] = write_now()
    if held.get("tip") != "" and held.get("tip") not in sound:
        right["tip"] = longest
    for column in ("parent", "bookmark", "report"):
        right[column] = held.get(column) if type(held.get(column)) is int else None
    return None if right == held else right


def _is_count(held: object) -> bool:
    return read_count(held, default=LARGEST_COUNT + 1) <= LARGEST_COUNT
