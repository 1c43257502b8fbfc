"""`glyph-memory recall`, `report` and `sessions` look at a memory, and change nothing of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory import FoldPolicy, GlyphMemory, ModelProfile
from glyph_memory.testing import agent_conversation

if TYPE_CHECKING:
    from tests.cli.conftest import Run, Terminal

HOSTILE = "\x1b[31m[bold]<script>alert(1)</script>[/bold]"
READERS = (("recall", "word"), ("report",), ("sessions",), ("export", "out.jsonl"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database with a long conversation, most of which is on pages."""
    path = tmp_path / "talk.db"
    with GlyphMemory.open(path, session="ops") as memory:
        memory.extend(agent_conversation(turns=300))
        assert memory.report().pages
    return path


def test_a_passage_stands_under_its_number_word_for_word(run: Run, path: Path) -> None:
    """With who said it, where it is shown, and how well it fits; best first."""
    result = run("recall", "deploy", "key", "checkout", "--memory", path, "--session", "ops", "-k", 2)
    assert result.code == 0
    first = result.out.splitlines()
    assert first[0].startswith("§22 user  page 1 · ")
    assert "score" in first[0]
    assert first[1] == "  Remember: the deploy key of checkout is 5c2a3ce7a5d69f871f8ba3a10d9488a021c735a7."
    assert result.out.count("\n§") == 1


def test_passages_can_be_had_as_json(run: Run, path: Path) -> None:
    """The text to the letter, with its place in the turn."""
    result = run("recall", "deploy key checkout", "--memory", path, "--session", "ops", "--json")
    best = result.json["passages"][0]
    assert (best["anchor"], best["role"], best["place"], best["page"]) == (22, "user", "page", 1)
    assert best["text"] == "Remember: the deploy key of checkout is 5c2a3ce7a5d69f871f8ba3a10d9488a021c735a7."
    assert best["stop"] - best["start"] == len(best["text"])
    scores = [passage["score"] for passage in result.json["passages"]]
    assert scores == sorted(scores, reverse=True)


def test_finding_nothing_is_said_and_no_error(run: Run, path: Path) -> None:
    """On standard error, so that what reads standard output gets nothing."""
    result = run("recall", "xylophone", "--memory", path, "--session", "ops")
    assert (result.code, result.out) == (0, "")
    assert "Nothing that was said holds any of: xylophone" in result.err
    assert run("recall", "xylophone", "--memory", path, "--session", "ops", "--json").json["passages"] == []


def test_words_are_no_syntax(run: Run, path: Path) -> None:
    """Neither of a search engine nor of a regular expression nor of markup."""
    for query in ('"', "a OR b*", "NEAR(", "[bold]", "(", "'; drop table turns"):
        assert run("recall", "--memory", path, "--session", "ops", "--", query).code == 0


@pytest.mark.parametrize(
    "time",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))),
        datetime(1, 1, 1),
    ],
)
def test_times_that_no_clock_shows_are_shown(run: Run, tmp_path: Path, time: datetime) -> None:
    """A local time may be none of the years that Python knows."""
    with GlyphMemory.open(tmp_path / "old.db") as memory:
        memory.add("user", "hello", time=time)
    for command in (("recall", "hello"), ("sessions",), ("report",)):
        assert run(*command, "--memory", tmp_path / "old.db").code == 0


def test_found_words_are_marked_at_a_terminal(at_terminal: Callable[..., Terminal], path: Path) -> None:
    """As whole pieces of the query, in any case; control characters are shown, not obeyed."""
    with GlyphMemory.open(path, session="ops") as memory:
        memory.add("user", f"The xylophone is at 14:05. {HOSTILE}")
    shown = at_terminal("recall", "XYLOPHONE", "14:05", "--memory", path, "--session", "ops", "-k", 1)
    assert shown.leave() == 0
    assert (
        "The \x1b[1;7mxylophone\x1b[0m is at \x1b[1;7m14:05\x1b[0m. \\u{1b}[31m[bold]<script>" in shown.shown
    )
    assert "\x1b[31m" not in shown.shown


def test_the_report_adds_up(run: Run, path: Path) -> None:
    """Every turn is in one row, the last row is all of them, and what is saved follows."""
    report = run("report", "--memory", path, "--session", "ops", "--json").json
    kinds = ("head_turns", "recent_turns", "page_turns", "quoted_turns", "evicted_turns")
    assert sum(report[kind] for kind in kinds) == report["turns"] == 300
    assert report["saved_tokens"] == report["plain_tokens"] - report["context_tokens"] > 0
    table = run("report", "--memory", path, "--session", "ops").out
    assert f"on {report['pages']} pages" in table
    assert f"{report['context_tokens']:,}" in table
    assert f"Saved ≈ {report['saved_tokens']:,} tokens" in table
    assert f"{report['identifiers_listed']:,} beside the pages" in table


def test_the_report_is_that_of_the_memory(run: Run, path: Path) -> None:
    """The same figures that a program gets."""
    with GlyphMemory.open(path, session="ops") as memory:
        expected = memory.report().to_json()
    shown = run("report", "--memory", path, "--session", "ops", "--json").json
    assert shown == json.loads(json.dumps(expected))


def test_the_report_as_a_file_shows_pages_and_runs_nothing(run: Run, path: Path, tmp_path: Path) -> None:
    """All pages that are shown, their text, ledgers and recent turns; whatever was said is text there."""
    with GlyphMemory.open(path, session=HOSTILE) as memory:
        memory.extend(agent_conversation(turns=250, seed=1))
        memory.add("user", HOSTILE)
        pages = memory.report().pages
    file = tmp_path / "memory.html"
    result = run("report", "--memory", path, "--session", HOSTILE, "--html", file)
    assert (result.code, str(file) in result.out) == (0, True)
    html = file.read_text()
    assert file.stat().st_mode & 0o077 == 0  # it holds what was said
    assert html.count("<img") == pages > 0
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "\x1b" not in html
    assert "Its ledger" in html


def test_sessions_are_listed(run: Run, path: Path) -> None:
    """By name, with turns and times; names are shown, not obeyed."""
    with GlyphMemory.open(path, session=HOSTILE) as memory:
        memory.add("user", "Hello.")
    listed = {
        session["session"]: session
        for session in run("sessions", "--memory", path, "--json").json["sessions"]
    }
    assert set(listed) == {"ops", HOSTILE}
    assert listed["ops"]["turns"] == 300
    assert listed["ops"]["first"] < listed["ops"]["last"]
    table = run("sessions", "--memory", path).out
    assert "ops" in table
    assert "\\u{1b}[31m[bold]" in table
    assert "\x1b" not in table


@pytest.mark.parametrize("command", READERS)
def test_looking_makes_no_database(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """One that is not there is told of in one line, and is not there afterwards either."""
    missing = tmp_path / "missing.db"
    assert "there is no memory" in run(*command, "--memory", missing).error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [*READERS[:2], READERS[3]])
def test_a_session_that_is_not_there_is_told_of(run: Run, path: Path, command: tuple[str, ...]) -> None:
    """With those that are."""
    said = run(*command, "--memory", path, "--session", "typo").error
    assert "no session 'typo'" in said
    assert "it has 'ops'" in said


def test_looking_changes_nothing(run: Run, tmp_path: Path) -> None:
    """Not even where a program folded the conversation by another policy than commands would."""
    path = tmp_path / "own.db"
    small = FoldPolicy.for_profile(ModelProfile.from_name("glyph"))
    policy = FoldPolicy(
        window_tokens=small.window_tokens, tools_tokens=0, keep_recent_tokens=300, max_images=9
    )
    with GlyphMemory.open(path, policy=policy) as memory:
        memory.extend(agent_conversation(turns=200))
        before = memory.fold()
    run("report", "--memory", path)
    run("recall", "deploy", "--memory", path)
    with GlyphMemory.open(path, policy=policy) as memory:
        assert memory.fold() == before


def test_a_read_only_database_can_be_looked_at(run: Run, path: Path) -> None:
    """Recall and report need not write."""
    closed = f"sqlite:///{path}?mode=ro"
    assert "5c2a3ce7" in run("recall", "deploy key checkout", "--memory", closed, "--session", "ops").out
    assert run("report", "--memory", closed, "--session", "ops", "--json").json["turns"] == 300


def test_what_is_no_database_is_told_in_one_line(run: Run, notes: Path) -> None:
    """A text file, a folder, a URL of nothing."""
    assert "not an SQLite database" in run("recall", "x", "--memory", notes).error
    assert run("recall", "x", "--memory", notes.parent).error
    assert run("recall", "x", "--memory", "nonsense://x").error


def test_settings_that_make_no_sense_any_more_cost_no_recall(run: Run, path: Path) -> None:
    """A tokenizer that has moved, a file that somebody wrote into: it is warned about, and the words are found."""
    settings = path.with_name("talk.db.settings")
    for content in ("no json", "[]", '{"x": 1}'):
        settings.write_text(content)
        assert run("recall", "deploy", "--memory", path, "--session", "ops").code == 0
    from glyph_memory.cli.settings import Settings, save_settings

    settings.unlink()
    save_settings(path, "ops", Settings(tokenizer="/gone/tokenizer.json"))
    result = run("recall", "deploy key checkout", "--memory", path, "--session", "ops")
    assert "5c2a3ce7" in result.out
    assert "cannot be used" in result.err


def test_the_settings_beside_a_database_do_not_name_sessions(path: Path) -> None:
    """A session that is erased is not to be found in another file."""
    from glyph_memory.cli.settings import Settings, load_settings, save_settings

    save_settings(path, "a secret name", Settings(window=8192))
    assert "secret" not in path.with_name("talk.db.settings").read_text()
    assert load_settings(path, "a secret name") == Settings(window=8192)
    assert load_settings(path, "another") == Settings()


def test_a_database_can_be_named_by_the_environment(
    run: Run, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a shell in which one memory is used again and again."""
    monkeypatch.setenv("GLYPH_MEMORY_DB", str(path))
    assert run("sessions", "--json").json["sessions"][0]["session"] == "ops"


def test_a_database_of_another_kind_is_left_alone(run: Run, tmp_path: Path) -> None:
    """Somebody's own SQLite database, or an empty file, is no memory; looking at it does not make it one."""
    path, empty = tmp_path / "other.db", tmp_path / "empty.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table mine (x)")
    empty.touch()
    before = path.read_bytes()
    for other in (path, empty):
        assert "holds no memory of this version" in run("recall", "x", "--memory", other).error
    assert path.read_bytes() == before
    assert empty.stat().st_size == 0


def test_what_a_chat_says_meanwhile_is_found(run: Run, path: Path) -> None:
    """Another process may have the database open, and may not have written it all into its file yet."""
    with GlyphMemory.open(path, session="ops") as memory:
        memory.add("user", "The xylophone is tuned.")
        found = run("recall", "xylophone", "--memory", path, "--session", "ops", "--json").json["passages"]
    assert [passage["text"] for passage in found] == ["The xylophone is tuned."]
