"""Turns as rows, and rows as turns: single ones, ranges in chunks, the head, the newest question, what is pinned.

Knows rows and their order, which is that of anchors and never of clocks; knows nothing about transactions.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, text

from glyph_memory.errors import StoreError, show_value
from glyph_memory.folding import count_characters
from glyph_memory.store.damage import (
    ROLES,
    TurnRow,
    are_blocks,
    read_count,
    read_damaged_turn,
    to_arguments,
    to_text,
)
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.store.schema import images, turns
from glyph_memory.transcript import Attachment, Role, ToolCall, Turn

HIGHEST = 2**63 - 1
"""The highest anchor that a column holds."""

Value = int | str | bytes | bool


def encode(text: str) -> bytes:
    """Return a text as UTF-8 that may also hold lone surrogates, which models do write."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Return the text that `encode` took."""
    return data.decode("utf-8", "surrogatepass")


def to_column_text(text: str) -> str:
    """Return a text in which characters that no database takes, lone surrogates and NUL, became U+FFFD."""
    if not text.isascii():
        text = encode(text).decode("utf-8", "replace")
    return text.replace("\0", "\ufffd")


def clamp_anchor(anchor: int) -> int:
    """Return an integer limited to what a database column can be compared with.

    Raises:
        StoreError: It is no integer.
    """
    if not isinstance(anchor, int) or isinstance(anchor, bool):
        raise StoreError(f"an anchor is {show_value(anchor)}; give a whole number, as turns have it")
    return max(-1, min(anchor, HIGHEST))


def to_row(turn: Turn, *, session_id: int) -> dict[str, Value]:
    """Return a complete turn, one with anchor, id and time, as the values of its columns."""
    if turn.anchor is None or turn.id is None or turn.time is None:
        raise ValueError("a turn is complete before it becomes a row")
    details: dict[str, object] = {"id": turn.id}
    if turn.name is not None:
        details["name"] = turn.name
    if turn.tool_calls:
        details["calls"] = [[call.name, call.arguments, call.id] for call in turn.tool_calls]
    if turn.tool_call_id is not None:
        details["answers"] = turn.tool_call_id
    if turn.attachments:
        details["attachments"] = [[one.block, one.name, one.media_type] for one in turn.attachments]
    if turn.origin:
        details["origin"] = turn.origin
    # JSON's own escapes would join two surrogates that stood apart: what is not ASCII goes through as it is.
    packed, text = encode(json.dumps(details, ensure_ascii=False)), encode(turn.text)
    return {
        "session_id": session_id,
        "anchor": turn.anchor,
        "id_digest": fingerprint(turn.id),
        "role": turn.role,
        "pinned": turn.pinned,
        "time": turn.time.isoformat(),
        "size": len(packed) + len(text) + sum(map(len, turn.images)),
        "details": packed,
        "text": text,
        "characters": count_characters(turn),
    }


def from_row(row: TurnRow, images: tuple[bytes, ...] = ()) -> Turn:
    """Return the turn of a row.

    Versions before fields were checked stored what nothing can be done with, such as a call's arguments as an object:
    it is put right here, so that a session which holds it goes on. Of a damaged row, what can be read is kept.
    """
    try:
        turn = _from_sound_row(row, images)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return read_damaged_turn(row, images)
    is_sound = (
        row.role in ROLES
        and (not images or all(type(one) is bytes for one in images))
        and (not turn.attachments or are_blocks(turn.attachments))
    )
    return turn if is_sound else read_damaged_turn(row, images)


def _from_sound_row(row: TurnRow, images: tuple[bytes, ...]) -> Turn:
    details = cast("Mapping[str, object]", json.loads(decode(row.details)))
    calls = cast("list[tuple[object, object, object]]", details.get("calls", []))
    attached = cast("list[tuple[str, str, str]]", details.get("attachments", []))
    return Turn(
        role=cast("Role", row.role),
        text=decode(row.text),
        name=to_text(details.get("name")),
        tool_calls=tuple(
            ToolCall(name=to_text(name) or "", arguments=to_arguments(given), id=to_text(id_) or "")
            for name, given, id_ in calls
        ),
        tool_call_id=to_text(details.get("answers")),
        images=images,
        attachments=tuple(
            Attachment(block=block, name=name, media_type=media_type) for block, name, media_type in attached
        ),
        time=datetime.fromisoformat(row.time),
        id=to_text(details["id"]),
        pinned=bool(row.pinned),
        anchor=row.anchor,
        origin=to_text(details.get("origin")) or "",
    )


def check_name(name: str) -> str:
    """Return a session's name unchanged if it is valid.

    Raises:
        StoreError: It is no string, it is empty, or it holds what a database cannot.
    """
    if not isinstance(name, str):
        raise StoreError(f"a session is called {show_value(name)}; give its name as a string, such as 'chat'")
    if not name:
        raise StoreError("a session's name is empty: ''. Give it one, such as 'chat'")
    if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
        raise StoreError(
            f"a session cannot be called {name[:80]!r}: databases hold neither NUL nor lone surrogates. "
            "Try: name.encode('utf-8', 'replace').decode().replace('\\0', '')"
        )
    return name


_COLUMNS = (turns.c.anchor, turns.c.role, turns.c.pinned, turns.c.time, turns.c.details, turns.c.text)
_CHUNK_TURNS, _CHUNK_BYTES = 256, 8 * 2**20
AT_ONCE = 500
"""How many values are asked for in one statement."""
_FIND_IDS = text(
    "SELECT anchor FROM glyph_turns INDEXED BY glyph_turns_id "
    "WHERE session_id = :session AND id_digest IN :digests AND typeof(anchor) = 'integer'"
).bindparams(bindparam("digests", expanding=True))
"""With the index named: SQLite, which counts no rows, would sooner look at all turns of the session."""


def of_session(connection: Connection, session_id: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a session's turns that can be read: SQLite may hold anchors that are no numbers."""
    if connection.dialect.name != "sqlite":
        return (turns.c.session_id == session_id,)
    return turns.c.session_id == session_id, func.typeof(turns.c.anchor) == "integer"


def read_turn(connection: Connection, session_id: int, anchor: int) -> Turn | None:
    """Return one turn."""
    found = read_turns(connection, session_id, turns.c.anchor == clamp_anchor(anchor))
    return found[0] if found else None


def read_turns(
    connection: Connection, session_id: int, *where: ColumnElement[bool], with_images: bool = True
) -> list[Turn]:
    """Return the turns of a session that meet conditions, by anchor."""
    query = select(*_COLUMNS).where(*of_session(connection, session_id), *where).order_by(turns.c.anchor)
    rows = [TurnRow(*row) for row in connection.execute(query)]
    pictures = _images(connection, session_id, [row.anchor for row in rows]) if with_images else {}
    return [from_row(row, tuple(pictures.get(row.anchor, ()))) for row in rows]


def read_chunk(
    connection: Connection, session_id: int, *, after: int, upto: int, with_images: bool
) -> list[Turn]:
    """Return the next turns of a range, at least one and some megabytes at most; none at its end."""
    last = find_chunk(connection, session_id, after=after, upto=upto)
    if last is None:
        return []
    within = (turns.c.anchor > after, turns.c.anchor <= last)
    return read_turns(connection, session_id, *within, with_images=with_images)


def find_chunk(connection: Connection, session_id: int, *, after: int, upto: int) -> int | None:
    """Return the last anchor of the next turns of a range, some megabytes at most; `None` where there are none."""
    sizes = (
        select(turns.c.anchor, turns.c.size)
        .where(*of_session(connection, session_id), turns.c.anchor > after, turns.c.anchor <= upto)
        .order_by(turns.c.anchor)
        .limit(_CHUNK_TURNS)
    )
    last, total = after, 0
    for anchor, size in connection.execute(sizes).all():
        total += read_count(size, default=_CHUNK_BYTES)
        if total > _CHUNK_BYTES and last > after:
            break
        last = anchor
    return None if last == after else last


def read_head(connection: Connection, session_id: int) -> list[Turn]:
    """Return the system turns that a session begins with."""
    other = (
        select(turns.c.anchor)
        .where(turns.c.session_id == session_id, turns.c.role != "system")
        .order_by(turns.c.anchor)
        .limit(1)
    )
    end: int | None = connection.execute(other).scalar()
    return read_turns(connection, session_id, *(() if end is None else (turns.c.anchor < end,)))


def read_last_user(connection: Connection, session_id: int, *, upto: int) -> Turn | None:
    """Return the newest turn of the user, up to an anchor."""
    newest = (
        select(turns.c.anchor)
        .where(turns.c.session_id == session_id, turns.c.role == "user", turns.c.anchor <= upto)
        .order_by(turns.c.anchor.desc())
        .limit(1)
    )
    anchor: int | None = connection.execute(newest).scalar()
    return None if anchor is None else read_turn(connection, session_id, anchor)


def read_by_id(connection: Connection, session_id: int, ids: Collection[str]) -> dict[str, Turn]:
    """Return the turns with the given ids, by id; also those whose own id cannot be read any more."""
    digests = {fingerprint(id_): id_ for id_ in ids}
    wanted = list(digests)
    found = list[Turn]()
    for start in range(0, len(wanted), AT_ONCE):
        anchors = _find_anchors(connection, session_id, wanted[start : start + AT_ONCE])
        if anchors:
            found += read_turns(connection, session_id, turns.c.anchor.in_(anchors))
    by_id = {turn.id: turn for turn in found if turn.id is not None and not turn.is_damaged}
    for turn in found:
        if turn.is_damaged:
            this = (*of_session(connection, session_id), turns.c.anchor == turn.anchor)
            by_id[digests[connection.execute(select(turns.c.id_digest).where(*this)).scalar_one()]] = turn
    return by_id


def _find_anchors(connection: Connection, session_id: int, digests: list[str]) -> list[int]:
    """Return the anchors of the turns whose ids have these digests."""
    query = select(turns.c.anchor).where(turns.c.session_id == session_id, turns.c.id_digest.in_(digests))
    if connection.dialect.name != "sqlite":
        return list(connection.execute(query).scalars())
    return list(connection.execute(_FIND_IDS, {"session": session_id, "digests": digests}).scalars())


def _images(connection: Connection, session_id: int, anchors: list[int]) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = defaultdict(list)
    for start in range(0, len(anchors), AT_ONCE):
        query = (
            select(images.c.anchor, images.c.data)
            .where(images.c.session_id == session_id, images.c.anchor.in_(anchors[start : start + AT_ONCE]))
            .order_by(images.c.anchor, images.c.place)
        )
        for anchor, data in connection.execute(query):
            found[anchor].append(data)
    return found
