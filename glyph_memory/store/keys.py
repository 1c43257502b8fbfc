"""The secret of a store: read it, and make one where it was lost.

Knows where it is kept; knows nothing about what it is for.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from glyph_memory.store.schema import read_meta, write_meta

KEY_BYTES = 32
_FEWEST_BYTES = 16


def parse_key(stored: object) -> bytes | None:
    """Return a stored key; None where there is none, or one that keeps no secret."""
    try:
        key = bytes.fromhex(stored) if isinstance(stored, str) else b""
    except ValueError:
        return None
    return key if len(key) >= _FEWEST_BYTES and any(key) else None


def make_key(connection: Connection) -> bytes:
    """Make a key in an open write transaction; return another process's, where it was faster."""
    key = parse_key(read_meta(connection, "key", lock=True))
    if key is None:
        key = secrets.token_bytes(KEY_BYTES)
        write_meta(connection, "key", key.hex())
    return key
