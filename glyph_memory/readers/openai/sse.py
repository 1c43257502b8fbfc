"""Decode server-sent events from bytes as they come.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html, except that an event cut short by the
end of the stream is given out too: some servers end without the blank line. Knows nothing about what events
say.
"""

from __future__ import annotations

import codecs
import re

# Not str.splitlines: it also breaks at U+2028, U+0085 and others, which JSON leaves standing inside strings.
_LINE_END = re.compile(r"\r\n|\n|\r")


class EventDecoder:
    """Turns chunks of bytes into the data of the events that are complete."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._text = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[str]:
        """Add a chunk; return the data of every event that it completes."""
        return self._decode_lines(self._utf8.decode(chunk), final=False)

    def close(self) -> list[str]:
        """Return the data of a last event that no blank line ended."""
        return self._decode_lines(self._utf8.decode(b"", final=True) + "\n\n", final=True)

    def _decode_lines(self, text: str, *, final: bool) -> list[str]:
        text = self._text + text
        held = ""
        if text.endswith("\r") and not final:  # its \n may be the next chunk's first byte
            text, held = text[:-1], "\r"
        *lines, rest = _LINE_END.split(text)
        self._text = rest + held
        events: list[str] = []
        for line in lines:
            if not line and self._data:
                events.append("\n".join(self._data))
                self._data = []
            elif line == "data" or line.startswith("data:"):
                self._data.append(line[5:].removeprefix(" "))
        return events
