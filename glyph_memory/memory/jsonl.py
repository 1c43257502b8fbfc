"""Turns as JSON lines: a header, then one line a turn, pictures in base64. Nothing is lost either way."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from glyph_memory.errors import DocumentError
from glyph_memory.files import write_atomic
from glyph_memory.transcript import Role, ToolCall, Turn

_FORMAT = 1


def write_lines(turns: Iterable[Turn], *, session: str) -> Iterator[str]:
    """Yield a header and a line for every turn, each with its newline."""
    yield _line({"glyph_memory": "session", "format": _FORMAT, "session": session})
    for turn in turns:
        yield _line(_fields(turn))


def read_lines(lines: Iterable[str], *, source: str) -> Iterator[Turn]:
    """Yield the turns of lines from `write_lines`; empty lines are skipped, a header may be missing.

    Args:
        lines: The lines.
        source: What to call them in errors.

    Raises:
        DocumentError: A line is no turn; the message says which.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            if "glyph_memory" in fields:
                if fields.get("format", 0) > _FORMAT:
                    raise DocumentError(
                        f"{source!r} was written by a newer version (format {fields['format']!r}); upgrade glyph-memory"
                    )
                continue
            yield _turn(fields)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            if isinstance(error, DocumentError):
                raise
            raise DocumentError(
                f"line {number} of {source!r} is no turn ({error}); each is a JSON object with a role and a text"
            ) from error


def format_turn(turn: Turn) -> str:
    """Return a turn as text for people: anchor and role, its lines indented, a line for pictures and attachments."""
    label = " ".join(filter(None, (f"§{turn.anchor}", turn.role, turn.name)))
    lines = turn.full_text.split("\n") if turn.full_text else []
    return "\n  ".join([f"{label}:", *lines, *turn.beside]) + "\n"


def write_file(path: str | Path, turns: Iterable[Turn], *, session: str) -> int:
    """Write turns to a file, which replaces an older one once all is written; return how many.

    Raises:
        DocumentError: The file cannot be written.
    """
    count = -1  # the header is no turn

    def encode_lines() -> Iterator[bytes]:
        nonlocal count
        for count, line in enumerate(write_lines(turns, session=session)):  # noqa: B007 - told at the end
            yield line.encode("ascii")

    try:
        write_atomic(Path(path), encode_lines(), mode=0o600, sync=True)
    except (OSError, ValueError) as error:  # a path that holds NUL is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise DocumentError(
            f"cannot write {str(path)!r}: {reason}; give a path that can be written"
        ) from error
    return count


def read_file(path: str | Path) -> Iterator[Turn]:
    """Yield the turns of a file that `write_file` wrote.

    Raises:
        DocumentError: The file cannot be read, or a line of it is no turn.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", errors="surrogateescape") as stream:
            yield from read_lines(stream, source=str(path))
    except (OSError, ValueError) as error:  # a path that holds NUL is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise DocumentError(f"cannot read {str(path)!r}: {reason}; is the path right?") from error


def _line(fields: dict[str, Any]) -> str:
    # ASCII alone: lone surrogates have no UTF-8, and line separators would break lines for some readers.
    return json.dumps(fields, separators=(",", ":")) + "\n"


def _fields(turn: Turn) -> dict[str, Any]:
    fields: dict[str, Any] = {"anchor": turn.anchor, "id": turn.id, "role": turn.role, "text": turn.text}
    calls = [{"name": call.name, "arguments": call.arguments, "id": call.id} for call in turn.tool_calls]
    more = {
        "name": turn.name,
        "tool_calls": calls,
        "tool_call_id": turn.tool_call_id,
        "images": [base64.b64encode(image).decode() for image in turn.images],
        "time": turn.time.isoformat() if turn.time else None,
        "pinned": turn.pinned,
        "origin": turn.origin,
    }
    return fields | {name: value for name, value in more.items() if value not in (None, [], False, "")}


def _turn(fields: dict[str, Any]) -> Turn:
    role = fields["role"]
    if role not in get_args(Role):
        raise ValueError(f"role {role!r} is none of {', '.join(get_args(Role))}")
    texts = {name: fields.get(name) for name in ("text", "name", "tool_call_id", "id", "origin")}
    if any(not isinstance(value, str | None) for value in texts.values()):
        raise ValueError("text, name, tool_call_id, id and origin are strings")
    calls = fields.get("tool_calls", [])
    return Turn(
        role=role,
        text=texts["text"] or "",
        name=texts["name"],
        tool_calls=tuple(
            ToolCall(name=str(call["name"]), arguments=str(call["arguments"]), id=str(call.get("id", "")))
            for call in calls
        ),
        tool_call_id=texts["tool_call_id"],
        images=tuple(base64.b64decode(image, validate=True) for image in fields.get("images", [])),
        time=datetime.fromisoformat(fields["time"]) if fields.get("time") else None,
        id=texts["id"],
        pinned=bool(fields.get("pinned", False)),
        anchor=int(fields["anchor"]) if fields.get("anchor") is not None else None,
        origin=texts["origin"] or "",
    )
