"""A damaged row locks no session: what can be read is shown; what cannot is told, and can be erased."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from glyph_memory import GlyphMemory, GlyphMemoryError, GlyphMemoryWarning, ToolCall

CALL = ToolCall(name="deploy", arguments='{"port": 8443}', id="call-1")
POLICY = {"window_tokens": 4096}
LONG = "The deploy of build 7f3a9c21 went to port 8443 and was signed off by Ada. " * 60


def make(folder: Path, *, long: bool = False) -> Path:
    """Make a database with a session that holds a bit of everything; long, so that it is sealed."""
    path = folder / "chat.db"
    with GlyphMemory.open(path, **POLICY) as memory:
        memory.add("system", "You deploy.")
        memory.add(
            "user",
            "Deploy build 7f3a9c21 to https://example.org/a, please.",
            pinned=True,
            images=[b"png", b"gif"],
        )
        memory.add("assistant", "Gladly.", tool_calls=[CALL])
        memory.add("tool", "done: /srv/app/7f3a9c21", tool_call_id="call-1")
        memory.add("assistant", "It is deployed.")
        for number in range(24 if long else 0):
            memory.add("user", f"{number} {LONG}")
            memory.add("assistant", "Noted.")
        memory.context()
    return path


def damage(path: Path, statement: str, *values: object) -> None:
    """Change a database behind our back, whatever its constraints say."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA ignore_check_constraints=ON")
        assert connection.execute(statement, values).rowcount > 0
    connection.close()


EVERYTHING: dict[str, Callable[[GlyphMemory], object]] = {
    "add": lambda memory: memory.add("user", "And now?"),
    "add by id": lambda memory: memory.add("user", "And now?", id="mine"),
    "context": lambda memory: memory.context(),
    "report": lambda memory: memory.report(),
    "turns": lambda memory: list(memory.turns()),
    "unfold": lambda memory: memory.unfold(),
    "recall": lambda memory: memory.recall("deploy build done"),
    "zoom": lambda memory: memory.zoom(2, dpi=72),
    "page": lambda memory: memory.zoom("page 1"),
    "identifiers": lambda memory: memory.identifiers(),
    "pages": lambda memory: list(memory.pages()),
    "pin": lambda memory: memory.pin(3),
    "sessions": lambda memory: memory.sessions(),
    "export": lambda memory: memory.export(Path(str(memory._store.path)).with_name("out.jsonl")),
    "fork": lambda memory: memory.fork("copy").context(),
    "delete": lambda memory: memory.delete(2),
    "truncate": lambda memory: memory.truncate(after=3),
    "context again": lambda memory: memory.context(),
    "clear": lambda memory: memory.clear(),
    "add at last": lambda memory: memory.add("user", "And now?"),
}
VALUES = (
    b"\xff\xfe",
    "2025-13-01",
    "sytem",
    -1,
    0,
    7,
    2**62,
    2**63 - 1,
    1.5,
    9e999,
    "",
    b"",
    "\udcff",
    "é",
    b"{",
    "[]",
    "{}",
    b"null",
)
COLUMNS = {
    "glyph_turns": ("id_digest", "role", "pinned", "time", "size", "details", "text"),
    "glyph_images": ("place", "data"),
    "glyph_identifiers": ("place", "digest", "kind", "count", "text", "folded"),
    "glyph_words": ("length", "words"),
    "glyph_seals": ("number", "digest", "body"),
    "glyph_sessions": ("name", "last_anchor", "turns", "words", "edits"),
    "glyph_meta": ("value",),
}
"""What is read of each table; a turn's anchor and a session's digest are how rows are found at all."""


def spoil(path: Path, table: str, column: str, value: object) -> None:
    """Put a value into a column of the first row of a table, as bad memory or a bad disk may."""
    where = f"rowid = (SELECT rowid FROM {table} LIMIT 1 OFFSET 1)"  # noqa: S608 - a name of ours
    where = "name = 'edits'" if table == "glyph_meta" else where
    where = "1" if table in {"glyph_sessions", "glyph_seals"} and column != "number" else where
    where = "number = 1" if column == "number" else where
    given = "CAST(? AS TEXT)" if value == "\udcff" else "?"
    statement = f"UPDATE {table} SET {column} = {given} WHERE {where}"  # noqa: S608 - names of ours
    damage(path, statement, b"\xff" if value == "\udcff" else value)


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table in COLUMNS for column in COLUMNS[table]]
)
def test_no_value_in_any_column_locks_a_session(tmp_path: Path, table: str, column: str, long: bool) -> None:
    """Whatever a row holds, nothing raw comes out, and nothing is refused but what names the damage."""
    if table == "glyph_seals" and not long:
        pytest.skip("a short session has none")
    source = make(tmp_path, long=long)
    for number, value in enumerate(VALUES if not long else VALUES[:6]):
        path = tmp_path / f"{number}.db"
        path.write_bytes(source.read_bytes())
        with suppress(sqlite3.IntegrityError):  # there is a row with that number already
            spoil(path, table, column, value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GlyphMemoryWarning)
            with GlyphMemory.open(path, **POLICY) as memory:
                for name, call in EVERYTHING.items():
                    try:
                        call(memory)
                    except GlyphMemoryError as error:
                        allowed = name == "page" or "no turn" in str(error) or "doctor" in str(error)
                        assert allowed, (value, name, error)
