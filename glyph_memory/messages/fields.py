"""A turn as plain values for JSON, from which `read_message` makes the same turn again."""

from __future__ import annotations

import base64
from dataclasses import asdict

from glyph_memory.transcript import Turn


def write_fields(turn: Turn) -> dict[str, object]:
    """Return a turn as a dictionary of plain values, pictures in base64; nothing is left out but what is not there."""
    fields: dict[str, object] = {"anchor": turn.anchor, "id": turn.id, "role": turn.role, "text": turn.text}
    lists = {
        "tool_calls": [
            {"name": call.name, "arguments": call.arguments, "id": call.id} for call in turn.tool_calls
        ],
        "images": [base64.b64encode(image).decode() for image in turn.images],
        "attachments": [asdict(one) for one in turn.attachments],
    }
    values = {
        "name": turn.name,
        "tool_call_id": turn.tool_call_id,
        "time": turn.time.isoformat() if turn.time else None,
        "pinned": turn.pinned or None,
        "origin": turn.origin or None,
    }
    fields |= {key: value for key, value in lists.items() if value}
    return fields | {key: value for key, value in values.items() if value is not None}
