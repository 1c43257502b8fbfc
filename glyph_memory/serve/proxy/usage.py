"""`UsageWatch`: reads what an answer tells of tokens as it goes by; holds a line, or one short answer, at the most.

Knows events and JSON; changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace

from glyph_memory.readers import Usage
from glyph_memory.serve.dialects.units import Dialect

_LONGEST = 4 << 20


class UsageWatch:
    """Watches one answer.

    Args:
        dialect: Its spelling.
        is_stream: Whether it comes as events.
    """

    def __init__(self, dialect: Dialect, *, is_stream: bool) -> None:
        self.usage = Usage()
        """What was told so far."""
        self._dialect, self._is_stream = dialect, is_stream
        self._held, self._is_too_long = bytearray(), False

    def see(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if self._is_stream and b"\n" in chunk:
            before, _, rest = chunk.rpartition(b"\n")
            self._hold(before)
            for line in bytes(self._held).splitlines() if b"usage" in self._held else ():
                if line.startswith(b"data:") and b"usage" in line:
                    self._read(line[5:])
            self._held, self._is_too_long = bytearray(rest), False
        else:
            self._hold(chunk)

    def finish(self) -> Usage:
        """Return what was told, once all has gone by."""
        if self._held and not self._is_too_long:
            line = bytes(self._held)
            self._read(line[5:] if line.startswith(b"data:") else line)
        self._held.clear()
        return self.usage

    def _hold(self, chunk: bytes) -> None:
        if len(self._held) + len(chunk) > _LONGEST:
            self._held.clear()
            self._is_too_long = True
        if not self._is_too_long:
            self._held += chunk

    def _read(self, data: bytes) -> None:
        try:
            answer = json.loads(data)
            found = self._dialect.read_usage(answer) if isinstance(answer, dict) else None
        except (ValueError, RecursionError):
            return
        if found is not None:
            told = {
                name: value
                for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "image_tokens")
                if (value := getattr(found, name)) is not None
            }
            self.usage = replace(self.usage, **told)
