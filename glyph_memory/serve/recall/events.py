"""Cut a stream into its events, to the byte: what is let through is what came. Knows server-sent events alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LONGEST = 64 << 20
"""What is longer goes on in pieces, as it came: nothing piles up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamEvent:
    """An event of a stream."""

    raw: bytes = field(repr=False)
    """Its bytes, the blank line at the end included."""
    fields: dict[str, Any] | None = None
    """The object in its data; None where it holds none, as `[DONE]` does."""

    @property
    def is_done(self) -> bool:
        """Whether it says that the stream is over."""
        return self.raw.strip() == b"data: [DONE]"

    def rewrite(self, fields: dict[str, Any]) -> bytes:
        """Return the event with other data, under the same name."""
        lines = [line for line in self.raw.splitlines() if line.startswith(b"event:")]
        return b"\n".join([*lines, b"data: " + json.dumps(fields).encode(), b"", b""])


class EventCutter:
    """Cuts bytes into events as they come."""

    def __init__(self) -> None:
        self._held = bytearray()

    def cut(self, chunk: bytes) -> list[StreamEvent]:
        """Return the events that are whole now."""
        begin = max(0, len(self._held) - 3)
        self._held += chunk
        if not _END.search(self._held, begin):
            return self.finish() if len(self._held) > _LONGEST else []
        events, at = [], 0
        for found in _END.finditer(self._held):
            events.append(_read_event(bytes(self._held[at : found.end()])))
            at = found.end()
        del self._held[:at]
        return events

    def finish(self) -> list[StreamEvent]:
        """Return what is left at the end, which may be an event without a blank line after it."""
        rest, self._held = bytes(self._held), bytearray()
        return [_read_event(rest)] if rest else []


def _read_event(raw: bytes) -> StreamEvent:
    data = b"\n".join(line[5:].lstrip(b" ") for line in raw.splitlines() if line.startswith(b"data:"))
    try:
        fields = json.loads(data) if data.startswith(b"{") else None
    except (ValueError, RecursionError):
        fields = None
    return StreamEvent(raw=raw, fields=fields if isinstance(fields, dict) else None)
