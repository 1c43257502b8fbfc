"""How a backup is spelled: a JSON object on each line, one for each row, and a digest behind the rows of each session.

Knows the format; knows nothing about databases and files. Rows are spelled without numbers that a database gave them,
so the same session has the same lines, and the same digest, in any database.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Literal, cast

FORMAT = 1
"""The version of the format."""

META = ("key", "edits", "lifetime_s")
"""Which values of a store as a whole a backup holds."""

Value = int | float | str | bytes | bool | None
RowKind = Literal["session", "turn", "image", "seal", "bookmark", "mark", "conversation"]

COLUMNS: Mapping[RowKind, tuple[str, ...]] = {
    "session": ("name", "last_anchor", "turns", "edits", "looks", "written", "lifetime_s"),
    "turn": ("anchor", "id_digest", "role", "pinned", "time", "size", "details", "text", "characters"),
    "image": ("anchor", "place", "data"),
    "seal": ("number", "digest", "body"),
    "bookmark": ("kind", "digest", "body"),
    "mark": ("chain", "turns", "bookmark"),
    "conversation": ("parent", "parent_turns", "turns", "updated", "tip", "bookmark", "report"),
}
"""What a row of each kind holds, in this order. A bookmark is named by its place among those of its session, a parent
by its name. What is made of turns, such as the words that they are found by, is made anew."""


class DamagedLine(ValueError):
    """What is wrong with a line, in words of ours."""


class SessionDigest:
    """Counts the rows of a session, and takes a digest of their lines."""

    def __init__(self) -> None:
        self._hash, self.rows = blake2b(digest_size=20), Counter[str]()

    def add(self, kind: str, line: bytes) -> None:
        """Take in a row's line."""
        self._hash.update(line)
        self.rows[kind] += 1

    @property
    def hex(self) -> str:
        """The digest of all rows so far."""
        return self._hash.hexdigest()


def write_row(kind: RowKind, values: Sequence[object]) -> bytes:
    """Return the line of a row."""
    return write_line({kind: [_spell(value) for value in values]})


def write_line(told: Mapping[str, object]) -> bytes:
    """Return a line."""
    return json.dumps(told, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def read_row(kind: RowKind, spelled: object) -> dict[str, Value]:
    """Return a row's values by their columns.

    Raises:
        DamagedLine: They are not those of such a row.
    """
    names = COLUMNS[kind]
    if not isinstance(spelled, list) or len(spelled) != len(names):
        raise DamagedLine(f"a {kind} has other columns")
    return {name: _read_value(value) for name, value in zip(names, spelled, strict=True)}


def _spell(value: object) -> object:
    """Return a value as JSON has it; bytes, and text that a damaged row holds and that is none, in base64."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            value = value.encode("utf-8", "surrogateescape")
    return {"b": b64encode(value).decode()} if isinstance(value, bytes) else value


def _read_value(spelled: object) -> Value:
    if isinstance(spelled, dict):
        return b64decode(cast("str", spelled["b"]), validate=True)
    if isinstance(spelled, list):
        raise DamagedLine("a value is a list")
    return cast("Value", spelled)
