"""Read what a damaged row still holds: a turn whose text says what is missing, or a value near what was stored.

Knows columns whose values may be of any type, as SQLite lets them; knows nothing about transactions, nor about how a
damaged database is repaired.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast, get_args

from glyph_memory.context.wording import tell_damage
from glyph_memory.transcript import DAMAGE_MARK, Attachment, Role, ToolCall, Turn

ROLES = frozenset(get_args(Role))
_LATEST_S = 253_402_300_800
"""The year 10,000, before which Python's times end."""
_ERRORS = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading a value of another type or shape raises."""


class TurnRow(NamedTuple):
    """The columns that make a turn, in the order they are selected; its images lie elsewhere."""

    anchor: int
    role: str
    pinned: bool
    time: str
    details: bytes
    text: bytes


def read_damaged_turn(row: TurnRow, images: Sequence[object]) -> Turn:
    """Return a turn with what can be read of its row; its text and its origin say what cannot.

    The same row gives the same turn, so that pages that show it stay as they are. A turn whose speaker is unknown
    passes for a tool's result, which models trust least; for an assistant's, where it calls tools.
    """
    missing = list[str]()
    details = _read_details(row.details, missing)
    calls = _read_calls(details.get("calls"), missing)
    attachments = _read_attachments(details.get("attachments"), missing)
    text, is_whole = _read_text(row.text)
    missing += [] if is_whole else ["its text" if not text else "parts of its text"]
    role = row.role if row.role in ROLES else "assistant" if calls else "tool"
    missing += [] if role == row.role else ["who said it"]
    pictures = tuple(image if isinstance(image, bytes) else b"" for image in images)
    missing += [] if pictures == tuple(images) else ["a picture"]
    unsaid = [] if (time := read_time(row.time)) else ["its time"]  # which no model is ever shown
    if missing:
        told = tell_damage(row.anchor, missing, has_text=bool(text))
        text = f"{told}\n{text}" if text else told
    return Turn(
        role=cast("Role", role),
        text=text,
        name=to_text(details.get("name")),
        tool_calls=calls,
        tool_call_id=to_text(details.get("answers")),
        images=pictures,
        attachments=attachments,
        time=time,
        id=to_text(details.get("id")),
        pinned=bool(row.pinned),
        anchor=row.anchor,
        origin=_make_origin([*missing, *unsaid], to_text(details.get("origin")) or ""),
    )


def describe_damage(turn: Turn) -> str:
    """Return what of a damaged turn cannot be read, for people."""
    try:
        return ", ".join(json.loads(turn.origin)["missing"])
    except _ERRORS:
        return "a part"


def to_text(held: object) -> str | None:
    """Return a value of a turn's details as the text it should have been."""
    return held if held is None or isinstance(held, str) else json.dumps(held, ensure_ascii=False)


def to_arguments(held: object) -> str:
    """Return a call's arguments as the text they should have been."""
    return "{}" if held is None else to_text(held) or ""


def read_time(stored: object) -> datetime | None:
    """Return a stored time, None where there is none or it is none."""
    try:
        return datetime.fromisoformat(cast("str", stored))
    except _ERRORS:
        return None


def read_moment(stored: object) -> datetime | None:
    """Return a time that is stored as seconds since 1970, None where there is none or it is none."""
    seconds = read_count(stored)
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST_S else None


def read_span(stored: object) -> timedelta | None:
    """Return a span of time that is stored in seconds, None where there is none or it is none."""
    seconds = read_count(stored)
    return timedelta(seconds=seconds) if 0 < seconds < _LATEST_S else None


def read_count(stored: object, *, default: int = 0) -> int:
    """Return a stored count, and the default where it is none."""
    return stored if type(stored) is int and stored >= 0 else default


def read_string(stored: object) -> str:
    """Return a stored text, whatever its column holds; U+FFFD stands for what cannot be read."""
    return _read_text(stored)[0]


def are_blocks(attachments: Sequence[Attachment]) -> bool:
    """Return whether all attachments hold what they should: three texts, the first an object as JSON."""
    return all(map(_is_block, attachments))


def _read_text(stored: object) -> tuple[str, bool]:
    """Return a text as far as it can be read, and whether that is all of it."""
    if isinstance(stored, str):  # of a text column, whose bytes may be no text: see `connections`
        stored = stored.encode("utf-8", "surrogateescape")
    if not isinstance(stored, bytes):
        return ("" if stored is None else str(stored)), False
    try:
        return stored.decode("utf-8", "surrogatepass"), True
    except UnicodeDecodeError:
        return stored.decode("utf-8", "replace"), False


def _read_details(stored: object, missing: list[str]) -> Mapping[str, object]:
    text, is_whole = _read_text(stored)
    try:
        details = json.loads(text)
    except (ValueError, RecursionError):
        details = None
    if not isinstance(details, dict):
        missing.append("its name, calls and attachments")
        return {}
    if not is_whole:
        missing.append("parts of its name, calls or attachments")
    return cast("Mapping[str, object]", details)


def _read_calls(held: object, missing: list[str]) -> tuple[ToolCall, ...]:
    try:
        return tuple(
            ToolCall(name=to_text(name) or "", arguments=to_arguments(given), id=to_text(id_) or "")
            for name, given, id_ in cast("list[tuple[object, object, object]]", held or [])
        )
    except _ERRORS:
        missing.append("its calls")
        return ()


def _read_attachments(held: object, missing: list[str]) -> tuple[Attachment, ...]:
    try:
        attachments = tuple(
            Attachment(block=block, name=name, media_type=media_type)
            for block, name, media_type in cast("list[tuple[str, str, str]]", held or [])
        )
    except _ERRORS:
        attachments, held = (), None
        missing.append("its attachments")
    sound = tuple(filter(_is_block, attachments))
    missing += [] if len(sound) == len(attachments) else ["an attachment"]
    return sound


def _is_block(one: Attachment) -> bool:
    try:
        return (
            isinstance(json.loads(one.block), dict) and type(one.name) is str and type(one.media_type) is str
        )
    except _ERRORS:
        return False


def _make_origin(missing: Sequence[str], origin: str) -> str:
    """Return an origin that says what is missing, and holds the turn's own."""
    if not missing:
        return origin
    rest = json.dumps({"missing": missing} | ({"origin": origin} if origin else {}))
    return f"{DAMAGE_MARK}, {rest[1:]}"
