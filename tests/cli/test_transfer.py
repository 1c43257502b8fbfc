"""`glyph-memory export` and `import` carry a session elsewhere, whole."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory import DocumentError, GlyphMemory, Turn
from glyph_memory.testing import agent_conversation

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database with a conversation that holds all sorts of things."""
    path = tmp_path / "talk.db"
    with GlyphMemory.open(path, session="ops") as memory:
        memory.extend(agent_conversation(turns=60))
        memory.add("user", "\x1b[31m\r\n\u2028 [bold] <b>", images=[b"\x89PNG broken"], pinned=True)
        memory.delete(20)
    return path


def turns(path: Path, session: str) -> list[Turn]:
    """Return what a session holds."""
    with GlyphMemory.open(path, session=session) as memory:
        return list(memory.turns())


def test_export_then_import_is_identity(run: Run, path: Path, tmp_path: Path) -> None:
    """In another session of another database every turn is the same, its number too."""
    file, copy = tmp_path / "talk.jsonl", tmp_path / "copy.db"
    exported = run("export", file, "--memory", path, "--session", "ops")
    assert (exported.code, exported.out) == (0, "")
    assert "60 turns in" in exported.err
    imported = run("import", file, "--memory", copy, "--session", "restored")
    assert (imported.code, imported.out) == (0, "")
    assert "60 turns added" in imported.err
    assert turns(copy, "restored") == turns(path, "ops")


def test_no_command_writes_over_a_database(run: Run, path: Path, tmp_path: Path) -> None:
    """The memory itself, its log, somebody else's: a slip of the hand must not cost a conversation."""
    other = tmp_path / "other.db"
    with GlyphMemory.open(other) as memory:
        memory.add("user", "of another")
    before = [path.read_bytes(), other.read_bytes()]
    for target in (path, f"{path}-wal", other):
        for command in (["export", target], ["report", "--html", target]):
            done = run(*command, "--memory", path, "--session", "ops")
            assert done.code == 1
            assert "no database is replaced; give" in done.err.splitlines()[-1]
    with GlyphMemory.open(path, session="ops") as memory, pytest.raises(DocumentError, match="no database"):
        memory.export(path)
    assert [path.read_bytes(), other.read_bytes()] == before
    assert len(turns(path, "ops")) == 60


def test_a_session_can_go_through_a_pipe(run: Run, path: Path, tmp_path: Path) -> None:
    """A dash stands for standard output and standard input; nothing but JSON lines goes through."""
    piped = run("export", "-", "--memory", path, "--session", "ops").out
    assert all(json.loads(line) for line in piped.splitlines())
    copy = tmp_path / "copy.db"
    assert run("import", "-", "--memory", copy, stdin=piped.encode()).code == 0
    assert turns(copy, "default") == turns(path, "ops")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's list of open files")
def test_what_is_piped_in_has_no_name_that_could_stay(path: Path, tmp_path: Path) -> None:
    """A process that is killed while it imports leaves nothing of a conversation outside the database."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = [sys.executable, "-m", "glyph_memory", "import", "-", "--memory", str(path)]
    environment = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    assert process.stdin is not None
    opened = Path(f"/proc/{process.pid}/fd")
    line = b'{"role": "user", "text": "private"}\n' * 10_000
    while not any(os.path.realpath(one).startswith(str(folder)) for one in opened.iterdir()):
        process.stdin.write(line)
    left = list(folder.iterdir())
    process.kill()
    process.stdin.close()
    process.wait()
    assert [*left, *folder.iterdir()] == []


def test_a_wrong_line_of_what_is_piped_in_is_named(run: Run, path: Path) -> None:
    """By where it came from, and not by a file that nobody knows."""
    error = run("import", "-", "--memory", path, stdin=b"no json\n").error
    assert error.startswith("line 1 of 'standard input' is no turn")


def test_an_open_file_can_be_imported(tmp_path: Path) -> None:
    """It stays open, and errors call it by its name, where it has one."""
    with GlyphMemory.open(tmp_path / "copy.db") as memory:
        stream = io.StringIO('{"role": "user", "text": "Hello."}\nno json\n')
        with pytest.raises(DocumentError, match=r"^line 2 of 'a stream' is no turn"):
            memory.import_(stream)
        assert not stream.closed
        assert [turn.text for turn in memory.turns()] == ["Hello."]


def test_importing_twice_adds_nothing(run: Run, path: Path, tmp_path: Path) -> None:
    """What broke off can simply be done again."""
    file, copy = tmp_path / "talk.jsonl", tmp_path / "copy.db"
    run("export", file, "--memory", path, "--session", "ops")
    run("import", file, "--memory", copy)
    again = run("import", file, "--memory", copy)
    assert "0 turns added" in again.err
    assert "60 turns were there before" in again.err
    assert len(turns(copy, "default")) == 60


def test_a_conversation_from_elsewhere_needs_role_and_text_alone(run: Run, tmp_path: Path) -> None:
    """Each line a JSON object."""
    file, path = tmp_path / "own.jsonl", tmp_path / "own.db"
    file.write_text('{"role": "user", "text": "Hello."}\n{"role": "assistant", "text": "Hello, you."}\n')
    assert run("import", file, "--memory", path).code == 0
    said = [replace(turn, id=None, time=None) for turn in turns(path, "default")]
    assert said == [
        Turn(role="user", text="Hello.", anchor=1),
        Turn(role="assistant", text="Hello, you.", anchor=2),
    ]


def test_messages_of_chat_apis_are_imported(run: Run, tmp_path: Path) -> None:
    """A line or a whole request, and no turn of them is empty."""
    file, path = tmp_path / "chat.json", tmp_path / "own.db"
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    talk = [
        {"role": "user", "content": "The gate code is 4711-B."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    ]
    file.write_text(json.dumps({"messages": talk}))
    assert "3 turns added" in run("import", file, "--memory", path).err
    assert "1 turn added" in run("import", "-", "--memory", path, stdin=json.dumps(talk[0]).encode()).err
    assert [turn.text or turn.tool_calls[0].name for turn in turns(path, "default")] == [
        "The gate code is 4711-B.",
        "f",
        "ok",
        "The gate code is 4711-B.",
    ]
    file.write_text('{"role": "user"}')
    assert "no content" in run("import", file, "--memory", path).error


def test_a_line_that_is_no_turn_is_told_by_its_number(run: Run, tmp_path: Path) -> None:
    """In one line."""
    file = tmp_path / "bad.jsonl"
    file.write_text('{"role": "user", "text": "Hello."}\n{"role": "nobody"}\n')
    assert "line 2" in run("import", file, "--memory", tmp_path / "own.db").error


def test_a_file_that_is_missing_makes_no_database(run: Run, tmp_path: Path) -> None:
    """It is looked for first."""
    assert "no such file" in run("import", tmp_path / "gone.jsonl", "--memory", tmp_path / "own.db").error
    assert not (tmp_path / "own.db").exists()


def test_a_file_that_cannot_be_written_is_told_in_one_line(run: Run, path: Path, tmp_path: Path) -> None:
    """And nothing half is left there."""
    assert (
        "cannot write"
        in run("export", tmp_path / "no" / "x.jsonl", "--memory", path, "--session", "ops").error
    )


def test_an_import_masks_or_refuses_secrets(run: Run, tmp_path: Path) -> None:
    """As it is told; nothing is refused or masked unless it is."""
    file = tmp_path / "talk.json"
    file.write_text('[{"role": "user", "content": "The password is hunter2."}]')
    masked, plain = tmp_path / "masked.db", tmp_path / "plain.db"
    assert run("import", file, "--memory", masked, "--secrets", "mask").code == 0
    assert turns(masked, "default")[0].text.startswith("The password is [secret password ")
    assert run("import", file, "--memory", plain).code == 0
    assert turns(plain, "default")[0].text == "The password is hunter2."
    refused = run("import", file, "--memory", tmp_path / "refused.db", "--secrets", "refuse")
    assert refused.code != 0
    assert "holds secrets (password)" in refused.err
    assert "hunter2" not in refused.err
    assert (
        "'off', 'warn', 'mask', 'refuse'" in run("import", file, "--memory", plain, "--secrets", "hide").err
    )


def test_warnings_are_printed_as_the_programs_own(spawn: Run, tmp_path: Path) -> None:
    """One line each, without Python's place in the code."""
    (tmp_path / "talk.json").write_text('[{"role": "user", "content": "The password is hunter2."}]')
    warned = spawn("import", "talk.json", "--memory", "warned.db", "--secrets", "warn")
    assert (warned.code, warned.out) == (0, "")
    first, last = warned.err.splitlines()
    assert first.startswith(
        "warning: the user's first turn holds secrets (password), which go on as they are"
    )
    assert last.startswith("1 turn added to ")


def test_a_warning_that_is_an_error_is_one_line_and_nothing_is_added(
    spawn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where `PYTHONWARNINGS=error` is set."""
    (tmp_path / "talk.json").write_text('[{"role": "user", "content": "The password is hunter2."}]')
    monkeypatch.setenv("PYTHONWARNINGS", "error::UserWarning")
    refused = spawn("import", "talk.json", "--memory", "own.db", "--secrets", "warn")
    assert "holds secrets (password)" in refused.error
    monkeypatch.delenv("PYTHONWARNINGS")
    assert turns(tmp_path / "own.db", "default") == []
