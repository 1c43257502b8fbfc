"""Turns as JSON lines: a header, then one line a turn, pictures in base64. Nothing is lost either way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from io import TextIOBase
from itertools import chain
from pathlib import Path
from typing import TextIO, cast

from glyph_memory.errors import DocumentError, TurnError
from glyph_memory.files import is_device, write_atomic
from glyph_memory.messages import read_messages, write_fields
from glyph_memory.transcript import Turn

_FORMAT = 1
_LONGEST_LINE = 1_000_000_000
"""Characters; a turn with its pictures in base64 is one line, and a line without an end would take all memory."""


def write_lines(turns: Iterable[Turn], *, session: str) -> Iterator[str]:
    """Yield a header and a line for every turn, each with its newline."""
    yield _line({"glyph_memory": "session", "format": _FORMAT, "session": session})
    for turn in turns:
        yield _line(write_fields(turn))


def read_lines(lines: Iterable[str], *, source: str) -> Iterator[Turn]:
    """Yield the turns of lines from `write_lines`, or of others' messages.

    Empty lines are skipped, a header may be missing. A line may hold a message of any spelling that `read_messages`
    takes, or a whole conversation. What is one piece of JSON over several lines is read as a whole.

    Args:
        lines: The lines.
        source: What to call them in errors.

    Raises:
        DocumentError: A line is no turn; the message says which.
    """
    numbered = enumerate(lines, 1)
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            held = json.loads(line)
        except (ValueError, RecursionError) as error:
            where = f"line {number} of {source!r}"
            if number == 1 and line.lstrip()[0] in "[{":  # perhaps one piece of JSON, indented
                rest = _join(chain([line], (more for _, more in numbered)), source=source)
                yield from _read_whole(rest, where=where, source=source, error=error)
                return
            raise _make_error(where, error) from error
        yield from _read_value(held, where=f"line {number} of {source!r}", source=source)


def bound_lines(stream: TextIO, *, source: str, longest: int = _LONGEST_LINE) -> Iterator[str]:
    """Yield a stream's lines.

    Raises:
        DocumentError: One has more than `longest` characters; no more than that is held.
    """
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        if len(line) > longest:
            raise DocumentError(
                f"line {number} of {source!r} has more than {longest:,} characters. Is it a file of JSON lines?"
            )
        yield line


def _join(lines: Iterable[str], *, source: str, longest: int = _LONGEST_LINE) -> str:
    held, room = [], longest
    for line in lines:
        room -= len(line)
        if room < 0:
            raise DocumentError(
                f"{source!r} is one piece of JSON of more than {longest:,} characters. Give a message on each line"
            )
        held.append(line)
    return "".join(held)


def _read_whole(text: str, *, where: str, source: str, error: Exception) -> Iterator[Turn]:
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        raise _make_error(where, error) from error  # of the first line: the others may be lines, too
    yield from _read_value(held, where=repr(source), source=source)


def _read_value(held: object, *, where: str, source: str) -> Iterator[Turn]:
    """Yield the turns of a value: none of a header."""
    if isinstance(held, dict) and "glyph_memory" in held:
        version = held.get("format", 0)
        if not isinstance(version, int) or version > _FORMAT:
            raise DocumentError(
                f"{where}: {source!r} was written by a newer version (format {version!r}); upgrade glyph-memory"
            )
        return
    if not isinstance(held, dict | list) or not held:
        raise _make_error(where, f"{str(held)[:40]!r} holds no message")
    try:
        turns = read_messages(held)  # all of a line, or nothing
    except TurnError as error:
        raise DocumentError(f"{where}: {error}") from error
    yield from turns


def _make_error(where: str, reason: object) -> DocumentError:
    return DocumentError(f"{where} is no turn ({reason}); each is a JSON object with a role and a text")


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


def read_file(path: str | Path | TextIO) -> Iterator[Turn]:
    """Yield the turns of a file that `write_file` wrote; one that is open already is not closed.

    Raises:
        DocumentError: The file cannot be read, is a device, or a line of it is no turn.
    """
    shown = str(getattr(path, "name", "a stream") if isinstance(path, TextIOBase) else path)
    try:
        if isinstance(path, TextIOBase):
            yield from read_lines(bound_lines(cast("TextIO", path), source=shown), source=shown)
            return
        place = Path(cast("str | Path", path))
        if is_device(place):
            raise DocumentError(f"{shown!r} is a device, which may have no end. Give a file or a pipe")
        with place.open(encoding="utf-8-sig", errors="surrogateescape") as stream:
            yield from read_lines(bound_lines(stream, source=shown), source=shown)
    except (OSError, ValueError) as error:  # a path that holds NUL is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise DocumentError(f"cannot read {shown!r}: {reason}; is the path right?") from error


def _line(fields: Mapping[str, object]) -> str:
    # ASCII alone: lone surrogates have no UTF-8, and line separators would break lines for some readers.
    return json.dumps(fields, separators=(",", ":")) + "\n"
