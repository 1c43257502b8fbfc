"""`glyph-memory expire`, `backup` and `restore`: what they tell, and what they refuse."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory import GlyphMemory
from glyph_memory.testing import agent_conversation
from tests import shelf

if TYPE_CHECKING:
    from tests.cli.conftest import Run

HOSTILE = "\x1b[31m[bold]"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database with an old session, which has pages, and a new one."""
    path = tmp_path / "talk.db"
    with GlyphMemory.open(path, session=HOSTILE, profile="glyph") as memory:
        memory.extend(agent_conversation(turns=300))
        memory.context()
    with GlyphMemory.open(path, session="new", profile="glyph") as memory:
        memory.add("user", "hello")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE glyph_sessions SET written = written - 91 * 86400 WHERE id = 1")
    return path


def test_a_dry_run_lists_what_a_run_erases(run: Run, path: Path) -> None:
    """With its pages; names are shown, not obeyed."""
    pages = path.with_name("talk.db.pages")
    assert list(pages.rglob("*.png"))
    dry = run("expire", "--older-than", "90d", "--dry-run", "--memory", path)
    assert dry.out.startswith("\\u{1b}[31m[bold]  300 turns, last changed ")
    assert "1 session would be erased; nothing was" in dry.err
    assert run("expire", "--older-than", "14w", "--memory", path).out == ""
    done = run("expire", "--older-than", "90d", "--memory", path, "--json").json
    assert [(one["session"], one["turns"]) for one in done["expired"]] == [(HOSTILE, 300)]
    assert "0 sessions erased" in run("expire", "--older-than", "90d", "--memory", path).err
    assert [one["session"] for one in run("sessions", "--memory", path, "--json").json["sessions"]] == ["new"]
    assert not list(pages.rglob("*.png"))


def test_pages_in_a_bucket_go_along(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing here reads its address, no session goes either."""
    shelf.register()
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "cache"))
    database, address = tmp_path / "talk.db", f"shelf://{tmp_path / 'bucket'}"
    with GlyphMemory.open(database, profile="glyph", pages=address) as memory:
        memory.extend(agent_conversation(turns=300))
        memory.context()
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE glyph_sessions SET written = written - 91 * 86400")
    where = ("--older-than", "90d", "--memory", database)
    assert "install the library" in run("expire", *where, "--pages", "nosuch://bucket").error
    assert list((tmp_path / "bucket").glob("*.png"))
    assert "1 session erased" in run("expire", *where, "--pages", address).err
    for folder in ("bucket", "cache"):
        assert not list((tmp_path / folder).rglob("*.png"))


@pytest.mark.parametrize("span", ["90", "d", "-3d", "0d", "999999999w", "1y"])
def test_a_time_that_is_none_erases_nothing(run: Run, path: Path, span: str) -> None:
    """In one line."""
    said = run("expire", f"--older-than={span}", "--memory", path).error
    assert "give a" in said
    assert "timedelta" not in said
    assert len(run("sessions", "--memory", path, "--json").json["sessions"]) == 2


def test_a_backup_says_what_it_holds_and_so_does_what_is_made_of_it(
    run: Run, path: Path, tmp_path: Path
) -> None:
    """The same line three times."""
    file, copy = tmp_path / "store.backup", tmp_path / "copy.db"
    told = run("backup", file, "--memory", path).out
    assert told.startswith(f"{file}: 301 turns in 2 sessions, digest ")
    assert run("restore", file, "--memory", copy).out == run("restore", file, "--check").out == told
    assert run("restore", file, "--check", "--json").json["rows"]["turn"] == 301
    listed = [run("export", "-", "--session", "new", "--memory", one).out for one in (path, copy)]
    assert listed[0] == listed[1] != ""
    assert "holds sessions already" in run("restore", file, "--memory", copy).error
    file.write_bytes(file.read_bytes()[:-20])
    assert "is damaged: it ends too early" in run("restore", file, "--memory", tmp_path / "new.db").error
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("command", [("expire",), ("expire", "--dry-run"), ("backup", "out")])
def test_none_of_them_makes_a_database(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """One that is not there is told of."""
    assert "there is no memory" in run(*command, "--memory", tmp_path / "none.db").error
    assert list(tmp_path.iterdir()) == []
