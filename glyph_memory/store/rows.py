"""Turn turns into rows and back, exactly, and numbers and names into what a database takes.

Knows nothing about SQL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple, cast

from glyph_memory.errors import StoreError
from glyph_memory.transcript import Role, ToolCall, Turn

_LARGEST = 2**63 - 1

Value = int | str | bytes | bool


class TurnRow(NamedTuple):
    """The columns that make a turn, in the order they are selected; its images lie elsewhere."""

    anchor: int
    role: str
    pinned: bool
    time: str
    details: bytes
    text: bytes


def encode(text: str) -> bytes:
    """Give UTF-8 that also holds lone surrogates, which models do write; `decode` gives them back."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Give the text that `encode` was handed."""
    return data.decode("utf-8", "surrogatepass")


def fingerprint(text: str) -> str:
    """Give what a text is looked up by: 20 bytes as hex, the same for equal texts only."""
    return blake2b(encode(text), digest_size=20).hexdigest()


def fold(text: str) -> str:
    """Give a text without regard to case, for comparing parts of it; what no database holds becomes a mark."""
    return encode(text.casefold()).decode("utf-8", "replace").replace("\0", "\ufffd")


def anchor_within(anchor: int) -> int:
    """Bring any integer into what a database's column can be compared with."""
    return max(-1, min(anchor, _LARGEST))


def searchable(turn: Turn) -> str:
    """Give what search and identifiers know of a turn: its name, and all that it says."""
    return "\n".join(filter(None, (turn.name, turn.said)))


def to_row(turn: Turn, *, session_id: int) -> dict[str, Value]:
    """Give a complete turn, one with anchor, id and time, as the values of its columns."""
    if turn.anchor is None or turn.id is None or turn.time is None:
        raise ValueError("a turn is complete before it becomes a row")
    details: dict[str, object] = {"id": turn.id}
    if turn.name is not None:
        details["name"] = turn.name
    if turn.tool_calls:
        details["calls"] = [[call.name, call.arguments, call.id] for call in turn.tool_calls]
    if turn.tool_call_id is not None:
        details["answers"] = turn.tool_call_id
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
    }


def from_row(row: TurnRow, images: tuple[bytes, ...] = ()) -> Turn:
    """Give the turn that became a row."""
    details = cast("Mapping[str, str]", json.loads(decode(row.details)))
    calls = cast("list[tuple[str, str, str]]", details.get("calls", []))
    return Turn(
        role=cast("Role", row.role),
        text=decode(row.text),
        name=details.get("name"),
        tool_calls=tuple(ToolCall(name=name, arguments=given, id=id_) for name, given, id_ in calls),
        tool_call_id=details.get("answers"),
        images=images,
        time=datetime.fromisoformat(row.time),
        id=details["id"],
        pinned=bool(row.pinned),
        anchor=row.anchor,
        origin=details.get("origin", ""),
    )


def check_name(name: str) -> str:
    """Give a session's name back.

    Raises:
        StoreError: It is empty, or holds what a database cannot.
    """
    if not name:
        raise StoreError("a session's name is empty: ''. Give it one, such as 'chat'")
    if "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
        raise StoreError(
            f"a session cannot be called {name[:80]!r}: databases hold neither NUL nor lone surrogates. "
            "Try: name.encode('utf-8', 'replace').decode().replace('\\0', '')"
        )
    return name
