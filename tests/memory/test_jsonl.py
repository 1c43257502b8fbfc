"""Export and import: nothing is lost either way, and what breaks off is taken up again."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from glyph_memory import DocumentError, GlyphMemory, GlyphMemoryWarning, ToolCall, Turn
from tests.memory.conftest import Start
from tests.memory.worker import small

STRANGE = (
    Turn(role="system", text="Be kind."),
    Turn(role="user", text="a\ud800b \udc00 \0 \u2028 \r\n é 東京", name="Zoë", images=(b"\x89PNG", b"", b"\xff")),
    Turn(role="assistant", tool_calls=(ToolCall(name="f", arguments='{"a": [1, 2', id="1"),) * 2),
    Turn(role="tool", text="", tool_call_id="1", name="f"),
    Turn(role="user", text="", time=datetime(1999, 12, 31, 23, 59, 59, 999999, timezone(timedelta(hours=-9.5)))),
    Turn(role="user", text="naive", time=datetime(2001, 1, 1), pinned=True, id="an id"),
    Turn(role="user", text="from elsewhere", origin='{"as": "it \ud800 was"}'),
)  # fmt: skip


def test_an_export_holds_everything(tmp_path: Path, memory: GlyphMemory) -> None:
    """Surrogates, NULs, pictures, times of any zone, pins, ids, origins and anchors come back as they were."""
    memory.extend(STRANGE)
    memory.delete(3)
    file = tmp_path / "export.jsonl"
    assert memory.export(file) == 6
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.glob(".*")] == []
    with small(session="elsewhere") as other:
        assert other.import_(file) == 6
        assert list(other.turns()) == list(memory.turns())
        assert [turn.anchor for turn in other.turns()] == [1, 2, 4, 5, 6, 7]
        assert other.import_(file) == 0
        other.export(tmp_path / "again.jsonl")
    first, again = (path.read_text().split("\n", 1)[1] for path in (file, tmp_path / "again.jsonl"))
    assert first == again


def test_an_import_that_was_killed_is_taken_up_again(tmp_path: Path, database: Path, start: Start) -> None:
    """What was stored is not stored twice, and anchors are those of the file."""
    file = tmp_path / "export.jsonl"
    with small(tmp_path / "source.db") as source:
        source.extend(Turn(role="user", text=f"number {number}") for number in range(1300))
        source.delete(7, 700, 701)
        source.export(file)
        turns = list(source.turns())
    assert start("die-importing", database, file).wait() == -9
    told: list[int] = []
    with small(database) as memory:
        there = len(list(memory.turns()))
        assert 0 < there < len(turns)
        assert memory.import_(file, progress=told.append) == len(turns) - there
        assert list(memory.turns()) == turns
        assert sum(told) == len(turns)


def test_a_longer_export_adds_what_is_new_under_its_own_anchors(tmp_path: Path) -> None:
    """Though its first turns are there already: citations stay right."""
    file = tmp_path / "export.jsonl"
    with small() as source, small() as copy:
        source.extend(Turn(role="user", text=f"number {number}") for number in range(30))
        source.export(file)
        copy.import_(file)
        source.truncate(after=20)
        source.add("user", "Forgotten.")
        source.add("user", "Later.")
        source.delete(31)
        source.export(file)
        copy.import_(file)
        assert {turn.text: turn.anchor for turn in copy.turns()}["Later."] == 32
        with small() as busy:
            busy.extend(Turn(role="user", text="Mine.") for _ in range(25))
            assert busy.import_(file) == 21
            assert [turn.anchor for turn in busy.turns()] == list(range(1, 47))


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        "7",
        "null",
        "{}",
        '{"role": "robot", "text": ""}',
        '{"role": "user", "text": 7}',
        '{"role": "user"}',
        '{"role": "assistant", "content": null}',
        '{"messages": [{"role": "user", "content": "x"}, {"role": "user"}]}',
        '{"role": "user", "images": ["%%%"]}',
        '{"role": "user", "images": 7}',
        '{"role": "user", "time": "yesterday"}',
        '{"role": "user", "anchor": "x"}',
        '{"role": "user", "anchor": 1e999}',
        '{"role": "user", "tool_calls": [7]}',
        '{"role": ["user"]}',
        "[" * 100_000,
        '{"glyph_memory": "session", "format": "x"}',
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    """What stands before it is added."""
    file = tmp_path / "export.jsonl"
    file.write_text(f'\n{{"role": "user", "text": "fine"}}\n{line}\n{{"role": "user", "text": "after"}}\n')
    memory = small()
    with pytest.raises(DocumentError, match="line 3 of") as refused:
        memory.import_(file)
    assert "\n" not in str(refused.value)
    assert str(file) in str(refused.value)
    assert [turn.text for turn in memory.turns()] == ["fine"]
    memory.close()


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("wrap", [lambda talk: talk, lambda talk: {"messages": talk}])
def test_others_messages_are_imported(
    tmp_path: Path, memory: GlyphMemory, indent: int | None, wrap: Callable[[object], object]
) -> None:
    """A file of one piece of JSON, on one line or indented."""
    talk = [
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": [{"type": "text", "text": "Hi."}]},
    ]
    file = tmp_path / "chat.json"
    file.write_text(json.dumps(wrap(talk), indent=indent))
    assert memory.import_(file) == 2
    assert [(turn.role, turn.text) for turn in memory.turns()] == [("user", "Hello."), ("assistant", "Hi.")]


def test_others_messages_are_imported_line_by_line(tmp_path: Path, memory: GlyphMemory) -> None:
    """A message or a conversation a line; those with an id are not added twice."""
    file = tmp_path / "chat.jsonl"
    lines = [
        {"role": "user", "content": "one", "id": "a"},
        {"conversations": [{"from": "gpt", "value": "two", "id": "b"}]},
        {
            "role": "tool",
            "content": [{"type": "tool_result", "tool_use_id": "x", "content": "three"}],
            "id": 3,
        },
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    assert memory.import_(file) == 3
    assert memory.import_(file) == 0
    assert [turn.text for turn in memory.turns()] == ["one", "two", "three"]


def test_a_broken_file_of_one_piece_is_named(tmp_path: Path, memory: GlyphMemory) -> None:
    """By its first line where it is no JSON, by the message where one is wrong."""
    file = tmp_path / "chat.json"
    file.write_text('[\n {"role": "user", "content": "Hello."},\n]')
    with pytest.raises(DocumentError, match="line 1 of"):
        memory.import_(file)
    file.write_text(
        json.dumps([{"role": "user", "content": "Hello."}, {"role": "robot", "content": "?"}], indent=1)
    )
    with pytest.raises(DocumentError, match=r"message 2 \(robot\): role 'robot'"):
        memory.import_(file)


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path, memory: GlyphMemory) -> None:
    """In one line each, and an older export is left as it is."""
    with pytest.raises(DocumentError, match="cannot read"):
        memory.import_(tmp_path / "missing.jsonl")
    with pytest.raises(DocumentError, match="cannot read"):
        memory.import_(tmp_path)
    with pytest.raises(DocumentError, match="cannot read"):
        memory.import_("a\0b")
    for path in (tmp_path / "missing" / "export.jsonl", tmp_path, Path("a\0b"), Path()):
        with pytest.raises(DocumentError, match="cannot write"):
            memory.export(path)
    newer = tmp_path / "newer.jsonl"
    newer.write_text('{"glyph_memory": "session", "format": 99}\n')
    with pytest.raises(DocumentError, match="newer version"):
        memory.import_(newer)


def test_numbers_that_an_import_cannot_keep_are_told_with_how_many(tmp_path: Path) -> None:
    """Also where a later line is no turn; what is there already is not told again."""
    path = tmp_path / "given.jsonl"
    lines = [
        {"role": "user", "text": str(anchor), "id": str(anchor), "anchor": anchor}
        for anchor in (5, 2**60, -1, 0)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "nothing\n")
    with GlyphMemory.open(":memory:") as memory:
        with (
            pytest.warns(GlyphMemoryWarning, match="4 imported turns got other numbers"),
            pytest.raises(DocumentError),
        ):
            memory.import_(path)
        assert [turn.anchor for turn in memory.turns()] == [1, 2, 3, 4]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert memory.import_(path) == 0
