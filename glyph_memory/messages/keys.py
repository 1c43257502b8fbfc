"""What tells one plain message from another, as cheap as it can be."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from glyph_memory.messages.values import to_fields
from glyph_memory.transcript import Turn


def message_key(message: object) -> Hashable:
    """Return a key that differs where two messages say something else, whatever their ids; no character is copied."""
    if isinstance(message, Turn):
        said = (message.role, message.text, message.name, message.tool_calls, message.tool_call_id)
        return (*said, message.images, message.attachments, message.pinned, message.anchor)
    found = to_fields(message) or {}
    return _freeze({name: value for name, value in found.items() if name != "id"})


def message_name(message: object) -> str:
    """Return a message's id, or a digest of what it says, which is the same in every process."""
    if isinstance(message, Turn):
        id_: object = message.id
    else:
        id_ = (to_fields(message) or {}).get("id")
    if isinstance(id_, str) and id_:
        return id_
    return message_gist(message)


def message_gist(message: object) -> str:
    """Return a digest of what a message says, which is the same in every process and under every id."""
    said = repr(message_key(message))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _freeze(value: object) -> Hashable:
    if isinstance(value, dict):
        return (*value, *map(_freeze, value.values()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(_freeze, value))
    return value if isinstance(value, str | int | float | None) else repr(value)
