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
    """Return a text as UTF-8 that may also hold lone surrogates, which models do write."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Return the text that `encode` took."""
    return data.decode("utf-8", "surrogatepass")


def fingerprint(text: str) -> str:
    """Return the key by which a text is looked up: 20 bytes of BLAKE2b as hex."""
    return blake2b(encode(text), digest_size=20).hexdigest()


def fold_case(text: str) -> str:
    """Return a text without regard to case, for comparison; characters no database takes become U+FFFD."""
    return encode(text.casefold()).decode("utf-8", "replace").replace("\0", "\ufffd")


def clamp_anchor(anchor: int) -> int:
    """Return an integer limited to what a database column can be compared with."""
    return max(-1, min(anchor, _LARGEST))


def extract_search_text(turn: Turn) -> str:
    """Return the text by which a turn is searched: its name and all of its content."""
    return "\n".join(filter(None, (turn.name, turn.full_text)))


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
    """Return the turn of a row."""
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
    """Return a session's name unchanged if it is valid.

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
