"""A damaged row locks no session: what can be read is shown; what cannot is told, and can be erased."""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from glyph_memory import GlyphMemory, GlyphMemoryError, GlyphMemoryWarning, Store, StoreError, ToolCall

CALL = ToolCall(name="deploy", arguments='{"port": 8443}', id="call-1")
VALUES = (
    b"\xff\xfe", "2025-13-01", "sytem", -1, 0, 7, 2**62, 2**63 - 1, 1.5, 9e999, "", b"", "\udcff", "é", b"{", "[]",
    "{}",
    b"null", b'{"id": "a", "calls": 7}', b'{"id": "a", "calls": [[1]]}', b'{"id": "a", "attachments": [["{", "", ""]]}',
)  # fmt: skip
"""What bad memory or a bad disk may put into a column: of the wrong type, of the wrong shape, far too large."""
COLUMNS = {
    "glyph_turns": ("id_digest", "role", "pinned", "time", "size", "details", "text", "characters"),
    "glyph_images": ("place", "data"),
    "glyph_identifiers": ("place", "digest", "kind", "count", "text", "folded"),
    "glyph_words": ("length", "words"),
}
"""Each of the columns of a turn, but for the anchor by which its row is found."""


def make(folder: Path) -> Path:
    """Make a database whose default session has a turn for each value."""
    path = folder / "chat.db"
    with GlyphMemory.open(path) as memory:
        for number in range(len(VALUES)):
            said = f"{number}: deploy build {number:08x} to https://example.org/{number}"
            memory.add("user", said, images=[b"png"], pinned=number % 2 == 0)
    return path


def change(path: Path, statement: str, *values: object) -> None:
    """Change a database behind our back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


def spoil(path: Path, table: str, column: str, value: object, *, where: str = "1") -> None:
    """Put a value into a column; a lone surrogate stands for a text whose bytes are none."""
    given = "CAST(? AS TEXT)" if value == "\udcff" else "?"
    statement = f"UPDATE {table} SET {column} = {given} WHERE {where}"  # noqa: S608 - names of ours
    with suppress(sqlite3.IntegrityError):  # there is a row with that number already
        change(path, statement, b"\xff" if value == "\udcff" else value)


CALLS: dict[str, Callable[[GlyphMemory], object]] = {
    "add": lambda memory: memory.add("assistant", "And now?", tool_calls=[CALL]),
    "add by id": lambda memory: memory.add("tool", "And now?", id="mine", tool_call_id="call-1"),
    "context": lambda memory: memory.context(),
    "report": lambda memory: memory.report(),
    "turns": lambda memory: list(memory.turns()),
    "unfold": lambda memory: memory.unfold(),
    "recall": lambda memory: memory.recall("deploy build"),
    "zoom": lambda memory: memory.zoom(2, dpi=72),
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


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Warnings of damage are what is asked for here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GlyphMemoryWarning)
        yield


def list_refused(path: Path) -> dict[str, GlyphMemoryError]:
    """Call everything; return what is refused, and why."""
    refused = dict[str, GlyphMemoryError]()
    with GlyphMemory.open(path) as memory:
        for name, call in CALLS.items():
            try:
                call(memory)
            except GlyphMemoryError as error:
                refused[name] = error
    return refused


@pytest.mark.parametrize(("table", "column"), [(table, one) for table in COLUMNS for one in COLUMNS[table]])
def test_no_value_in_any_column_of_a_turn_locks_its_session(tmp_path: Path, table: str, column: str) -> None:
    """All of them in one session, each in another turn."""
    path = make(tmp_path)
    for number, value in enumerate(VALUES, 1):
        spoil(path, table, column, value, where=f"anchor = {number}")
    assert list_refused(path) == {}


@pytest.mark.parametrize("column", ["last_anchor", "turns", "words", "edits", "looks"])
def test_no_value_of_a_sessions_counters_locks_it(tmp_path: Path, column: str) -> None:
    """They are counted again; only where no anchor is left is a turn refused, and the doctor named."""
    source = make(tmp_path)
    for number, value in enumerate(VALUES):
        path = tmp_path / f"{number}.db"
        path.write_bytes(source.read_bytes())
        spoil(path, "glyph_sessions", column, value)
        if column == "last_anchor" and value == 2**63 - 1:
            with GlyphMemory.open(path) as memory, pytest.raises(StoreError, match="doctor --repair"):
                memory.add("user", "And now?")
            continue
        assert list_refused(path) == {}
        with GlyphMemory.open(path, read_only=True) as memory:
            assert [turn.text for turn in memory.turns()] == ["And now?"]


@pytest.mark.parametrize("column", ["name", "key"])
def test_no_value_of_a_sessions_name_or_key_locks_it(tmp_path: Path, column: str) -> None:
    """What is looked up with the key is found again once it is repaired; all else goes on."""
    source = make(tmp_path)
    for number, value in enumerate(VALUES):
        path = tmp_path / f"{number}.db"
        path.write_bytes(source.read_bytes())
        spoil(path, "glyph_names", column, value)
        assert list_refused(path) == {}


@pytest.mark.parametrize("value", VALUES)
def test_no_value_of_the_stores_own_locks_it(tmp_path: Path, value: object) -> None:
    """The edits that new sessions begin with, and the key."""
    path = make(tmp_path)
    for name in ("edits", "key"):
        spoil(path, "glyph_meta", "value", value, where=f"name = '{name}'")
    assert list_refused(path) == {}


@pytest.mark.parametrize("column", ["number", "digest", "body"])
def test_no_value_of_a_seal_locks_its_session(tmp_path: Path, column: str) -> None:
    """Its turns are sealed and drawn again."""
    path = tmp_path / "chat.db"
    line = "The deploy of build 7f3a9c21 went to port 8443 and was signed off by Ada. "
    with GlyphMemory.open(path, window_tokens=2048) as memory:
        for number in range(8):
            memory.add("user", f"{number} {line * 20}")
            memory.add("assistant", "Noted.")
        assert memory.context()
        sealed = memory.report()
        assert sealed.seals > 1
    source = path.read_bytes()
    for value in (b"\xff", "text", -1, 2**63 - 1, 1.5, b"{}", "\udcff"):
        path.write_bytes(source)
        spoil(path, "glyph_seals", column, value, where="number = 2")
        with GlyphMemory.open(path, window_tokens=2048) as memory:
            assert memory.report().page_turns == sealed.page_turns
            assert memory.add("user", "And now?").anchor == 17


def test_a_damaged_turn_says_what_is_missing_and_keeps_what_can_be_read(tmp_path: Path) -> None:
    """The model reads it in words, under the turn's own anchor; the same at every reading."""
    path = make(tmp_path)
    change(path, "UPDATE glyph_turns SET text = CAST(? AS BLOB) WHERE anchor = 2", b"build \xff is out")
    change(path, "UPDATE glyph_turns SET details = ? WHERE anchor = 3", b"{")
    change(path, "UPDATE glyph_turns SET role = 'sytem' WHERE anchor = 4")
    change(path, "UPDATE glyph_turns SET time = '2025-13-01' WHERE anchor = 5")
    with GlyphMemory.open(path) as memory:
        turns = {turn.anchor: turn for turn in memory.turns()}
        assert turns == {turn.anchor: turn for turn in memory.turns()}
        whole = [turn.anchor for turn in turns.values() if not turn.is_damaged]
        sent = json.dumps(memory.context().to_openai(), ensure_ascii=False)
    assert whole == [1, *range(6, len(VALUES) + 1)]
    assert turns[2].text == (
        "[Turn §2 is damaged in the database. What cannot be read: parts of its text. What can be read of its text:]\n"
        "build \ufffd is out"
    )
    assert (
        "[Turn §3 is damaged in the database. What cannot be read: its name, calls and attachments. "
        in turns[3].text
    )
    assert turns[3].text.endswith("\n2: deploy build 00000002 to https://example.org/2")
    assert turns[4].role == "tool"
    assert "What cannot be read: who said it." in turns[4].text
    assert (turns[5].text, turns[5].time) == ("4: deploy build 00000004 to https://example.org/4", None)
    assert all(f"[Turn §{anchor} is damaged in the database." in sent for anchor in (2, 3, 4))


def test_whoever_opens_a_memory_is_told_once_of_damaged_turns(tmp_path: Path) -> None:
    """The report counts them, and erasing them is the end of it."""
    path = make(tmp_path)
    change(path, "UPDATE glyph_turns SET text = CAST(? AS BLOB) WHERE anchor IN (2, 3)", b"\xff")
    with warnings.catch_warnings(record=True) as told, GlyphMemory.open(path) as memory:
        warnings.simplefilter("always", GlyphMemoryWarning)
        memory.context()
        memory.context()
        assert memory.report().damaged == (2, 3)
        assert memory.delete(2, 3) == 2
        memory.context()
    assert [str(one.message) for one in told if "damaged" in str(one.message)] == [
        "turns of session 'default' are damaged in the database, and shown as far as can be read: §2, §3. "
        "glyph-memory doctor checks the whole database; delete(anchor) erases a turn"
    ]
    with GlyphMemory.open(path) as memory:
        memory.context()
        assert memory.report().damaged == ()


def test_a_damaged_turn_that_is_added_again_is_named(tmp_path: Path) -> None:
    """Its id is still known, so that it is not stored twice."""
    with GlyphMemory.open(tmp_path / "chat.db") as memory:
        memory.add("user", "One.", id="mine")
        change(tmp_path / "chat.db", "UPDATE glyph_turns SET details = ?", b"{")
        with pytest.raises(
            StoreError, match=r"'mine' is stored as §1, and damaged: .* erase that one first: delete\(1\)"
        ):
            memory.add("user", "One.", id="mine")
        memory.delete(1)
        assert memory.add("user", "One.", id="mine").anchor == 2


def test_a_damaged_turn_is_exported_and_imported_as_what_it_is(tmp_path: Path) -> None:
    """Its copy says so, too."""
    path, file = make(tmp_path), tmp_path / "out.jsonl"
    change(path, "UPDATE glyph_turns SET text = CAST(? AS BLOB) WHERE anchor = 2", b"\xff")
    with GlyphMemory.open(path) as memory, GlyphMemory.open(":memory:") as copy:
        memory.export(file)
        copy.import_(file)
        assert [*copy.turns()] == [*memory.turns()]
        assert [turn.anchor for turn in copy.turns() if turn.is_damaged] == [2]


@pytest.mark.parametrize("key", [None, "", "zz", "00" * 32, "ab"])
def test_a_store_without_a_key_makes_one(tmp_path: Path, key: str | None) -> None:
    """Once, for all who open it; whoever may only read makes one of its own each time."""
    path = make(tmp_path)
    change(path, "DELETE FROM glyph_meta WHERE name = 'key'")
    if key is not None:
        change(path, "INSERT INTO glyph_meta VALUES ('key', ?)", key)
    with Store.open(path, read_only=True) as one, Store.open(path, read_only=True) as other:
        assert len(one.key) == len(other.key) == 32
        assert one.key != other.key
    with Store.open(path) as one, Store.open(path, read_only=True) as other:
        assert len(one.key) == 32
        assert one.key == other.key
