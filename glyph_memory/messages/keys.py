"""What tells one plain message from another, as cheap as it can be."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from glyph_memory.messages.values import to_fields
from glyph_memory.transcript import Turn


def message_key(message: object) -> Hashable:
    """Return a key that differs where two messages say something else; no character is copied."""
    if isinstance(message, Turn):
        return message
    return _freeze(to_fields(message))


def message_name(message: object) -> str:
    """Return a message's id, or a digest of what it says, which is the same in every process."""
    if isinstance(message, Turn):
        id_: object = message.id
    else:
        id_ = (to_fields(message) or {}).get("id")
    if isinstance(id_, str) and id_:
        return id_
    return hashlib.sha256(repr(message).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _freeze(value: object) -> Hashable:
    if isinstance(value, dict):
        return (*value, *map(_freeze, value.values()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(_freeze, value))
    return value if isinstance(value, str | int | float | None) else repr(value)
