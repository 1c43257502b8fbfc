"""The access log: a line for each request, on standard error; JSON, or a line for people at a terminal.

No bodies, no query strings, no keys, no addresses of clients. Knows records; knows nothing about who reads it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TextIO

from glyph_memory.serve.record import RequestRecord
from glyph_memory.terminal_text import strip_terminal_escapes

_DIGITS = 4
"""Of seconds: tenths of milliseconds."""
_ALWAYS = frozenset({"path", "status", "total_s"})


class AccessLog:
    """Writes a line for each request.

    Args:
        stream: Where to.
        is_json: Whether lines are JSON; by default where the stream is no terminal.
    """

    def __init__(self, stream: TextIO | None = None, *, is_json: bool | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._spell = (
            spell_json if (not self._stream.isatty() if is_json is None else is_json) else spell_line
        )

    def add(self, record: RequestRecord) -> None:
        """Write what became of a request; a log that cannot be written stops nothing."""
        try:
            self._stream.write(self._spell(record) + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # a full disk, a pipe that nobody reads, a stream that was closed
            pass


def spell_json(record: RequestRecord) -> str:
    """Return a record as one line of JSON: what is empty or unknown is left out.

    Example:
        >>> spell_json(RequestRecord(time_s=0.0, path="/v1/models", status=200, total_s=0.25))
        '{"time":"1970-01-01T00:00:00.000+00:00","path":"/v1/models","status":200,"total_s":0.25}'
    """
    fields: dict[str, object] = {"time": _spell_time(record.time_s)}
    for name, value in asdict(record).items():
        if name == "time_s" or (not value and name not in _ALWAYS):
            continue
        fields[name] = round(value, _DIGITS) if isinstance(value, float) else value
    return json.dumps(fields, separators=(",", ":"))


def spell_line(record: RequestRecord) -> str:
    """Return a record as a line for people.

    Example:
        >>> spell_line(
        ...     RequestRecord(time_s=0.0, path="/v1/messages", status=200, plain_tokens=9000, sent_tokens=3000, pages=2)
        ... ).split(maxsplit=1)[1]
        '200 /v1/messages  2 pages  9,000 → 3,000 tokens  0.00 s'
    """
    parts = [f"{datetime.fromtimestamp(record.time_s).astimezone():%H:%M:%S} {record.status} {record.path}"]
    if record.caller or record.session:
        parts.append("/".join(filter(None, [record.caller, record.session])))
    if record.pages:
        parts.append(f"{record.pages:,} {'page' if record.pages == 1 else 'pages'}")
    if record.plain_tokens:
        parts.append(f"{record.plain_tokens:,} → {record.sent_tokens:,} tokens")
    if record.cached_tokens is not None and record.prompt_tokens:
        parts.append(f"{record.cached_tokens / record.prompt_tokens:.0%} cached")
    parts += [f"{record.total_s:.2f} s", *record.notes]
    return _make_printable("  ".join(parts))


def _spell_time(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds")


def _make_printable(line: str) -> str:
    """Return a line that cannot move a terminal's cursor: paths and names are a client's."""
    stripped, _ = strip_terminal_escapes(line)
    return "".join(char if char.isprintable() else "�" for char in stripped)
