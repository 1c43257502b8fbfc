"""The bytes of a mail's part. Knows MIME; knows nothing about text."""

from __future__ import annotations

from email.message import Message


def read_bytes(message: Message) -> bytes:
    """Return what a part holds, decoded."""
    try:
        data = message.get_payload(decode=True)
    except (
        ValueError,
        LookupError,
        TypeError,
        AssertionError,
    ):  # a broken spelling: what stands there counts
        data = str(message.get_payload()).encode("utf-8", "surrogateescape")
    return data if isinstance(data, bytes) else b""
