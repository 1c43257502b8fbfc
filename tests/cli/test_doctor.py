"""`glyph-memory doctor` says what is damaged, and repairs it when it is asked to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory import GlyphMemory
from glyph_memory.store import Store
from glyph_memory.store.schema import Schema

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database with three turns."""
    path = tmp_path / "talk.db"
    with GlyphMemory.open(path) as memory:
        for text in ("The gate code is 4711-B.", "Noted.", "Thanks."):
            memory.add("user", text)
    return path


def change(path: Path, statement: str) -> None:
    """Change a database behind our back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_healthy_database_is_said_to_be(run: Run, path: Path) -> None:
    """In two lines, with 0; repairing it does nothing."""
    said = f"'{path}': 3 turns in 1 session, healthy\nNothing is damaged.\n"
    for options in ((), ("--repair",), ("--drop-damaged",)):
        done = run("doctor", "--memory", path, *options)
        assert (done.code, done.out, done.err) == (0, said, "")
    assert [one.name for one in path.parent.iterdir() if "backup" in one.name] == []


def test_what_is_damaged_is_said_with_what_a_repair_does(run: Run, path: Path) -> None:
    """With 1; nothing is changed. A repair says what it did and what was lost."""
    change(path, "UPDATE glyph_sessions SET turns = 99")
    change(path, "UPDATE glyph_turns SET text = X'ff' WHERE anchor = 2")
    done = run("doctor", "--memory", path)
    assert (done.code, done.out.splitlines()) == (
        1,
        [
            f"'{path}': 3 turns in 1 session, 2 findings",
            "- session 'default' counts turns as 99; its rows say 3",
            "  --repair counts again.",
            "- §2 of session 'default': parts of its text cannot be read",
            "  It stays as it is; --drop-damaged erases it.",
        ],
    )
    assert run("doctor", "--memory", path).out == done.out
    repaired = run("doctor", "--memory", path, "--repair")
    assert repaired.code == 1  # a damaged turn is still there
    assert repaired.out.splitlines()[3:] == [
        f"Backup: {next(path.parent.glob('talk.db.backup-*'))}",
        "Done:",
        "- counted session 'default' again: 3 turns, the last §3",
        "Now: 3 turns in 1 session, 1 finding",
        "Nothing was lost.",
        "- §2 of session 'default': parts of its text cannot be read",
        "  It stays as it is; --drop-damaged erases it.",
    ]
    dropped = run("doctor", "--memory", path, "--drop-damaged", "--no-backup")
    assert (dropped.code, dropped.out.splitlines()[2:]) == (
        0,
        [
            "Done:",
            "- erased 1 damaged turns of session 'default'",
            "Lost:",
            "- 1 damaged turns of session 'default', erased as you asked: §2",
            "Now: 2 turns in 1 session, healthy",
        ],
    )
    assert len(list(path.parent.glob("talk.db.backup-*"))) == 1


def test_a_script_gets_everything_as_json(run: Run, path: Path) -> None:
    """What was found, what is left, where the backup is."""
    change(path, "DELETE FROM glyph_meta WHERE name = 'key'")
    done = run("doctor", "--memory", path, "--repair", "--json")
    assert done.code == 0
    assert done.json["healthy"] is True
    assert [finding["kind"] for finding in done.json["findings"]] == ["key"]
    assert (done.json["remaining"], done.json["done"], done.json["lost"]) == ([], ["made a new key"], [])
    assert Path(done.json["backup"]).is_file()


def test_what_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    """And no database is made."""
    assert "there is no memory" in run("doctor", "--memory", tmp_path / "none.db").error
    assert list(tmp_path.iterdir()) == []


def test_other_commands_go_on_with_a_damaged_turn(run: Run, path: Path) -> None:
    """They name the doctor."""
    change(path, "UPDATE glyph_turns SET text = X'ff', time = 'x', role = 'sytem' WHERE anchor = 2")
    assert run("sessions", "--memory", path).code == 0
    assert run("recall", "gate", "--memory", path, "-k", "1").code == 0
    assert (
        "the database cannot return §2 whole; glyph-memory doctor tells more"
        in run("report", "--memory", path).out
    )
    assert run("report", "--memory", path, "--html", path.with_suffix(".html")).code == 0
    assert run("export", path.with_suffix(".jsonl"), "--memory", path).code == 0


def test_an_older_database_is_not_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    """Its turns are not counted, so that no number of them is told."""
    path = tmp_path / "old.db"
    Store.open(path, schema=Schema()).close()
    done = run("doctor", "--memory", path)
    assert "the tables are of version 1" in done.out
    assert "0 turns" not in done.out
