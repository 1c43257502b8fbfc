"""What is damaged of a conversation is dropped and told; the rest goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from glyph_memory.store import Store, check_store, repair_store
from glyph_memory.transcript import Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database with a conversation of three marks, and one with a branch of it."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        for number in (1, 2, 3):
            store.keep_conversation(
                "chat",
                turns=[Turn(role="user", text=f"{number}", id=f"{number}")],
                marks={f"{number}" * 32: number},
                bookmark=f'{{"at": {number}}}'.encode(),
                report=b'{"tokens": 7}',
            )
        store.keep_conversation(
            "branch", turns=[], marks={"b" * 32: 2}, bookmark=b"B", report=b"R", parent="chat", parent_turns=1
        )
    return path


def change(path: Path, *statements: str) -> None:
    """Change a database behind our back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


DAMAGE = {
    "bookmark": (
        "UPDATE glyph_bookmarks SET body = x'7b' WHERE CAST(body AS TEXT) LIKE '%3%'",
        "1 bookmarks or reports",
    ),
    "no bytes": ("UPDATE glyph_bookmarks SET body = 'x' WHERE session_id = 1", "4 bookmarks or reports"),
    "kind": ("UPDATE glyph_bookmarks SET kind = 'x' WHERE session_id = 2", "2 bookmarks or reports"),
    "digest": ("UPDATE glyph_bookmarks SET digest = x'00' WHERE kind = 'report'", "1 bookmarks or reports"),
    "chain": ("UPDATE glyph_marks SET chain = 'damaged' WHERE turns = 3", "1 marks and the state"),
    "chain of bytes": ("UPDATE glyph_marks SET chain = x'ff' WHERE turns = 3", "1 marks and the state"),
    "length of a mark": ("UPDATE glyph_marks SET turns = 'x' WHERE turns = 3", "1 marks and the state"),
    "length": ("UPDATE glyph_conversations SET turns = -1", "the state"),
    "enormous": ("UPDATE glyph_conversations SET turns = 4611686018427387904", "the state"),
    "time": ("UPDATE glyph_conversations SET updated = x'ff'", "the state"),
    "tip": ("UPDATE glyph_conversations SET tip = 'x'", "the state"),
    "numbers": ("UPDATE glyph_conversations SET bookmark = 'x', report = 'y', parent = 'z'", "the state"),
    "no state": ("DELETE FROM glyph_conversations", "the state"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_is_no_answer_and_is_dropped_by_a_repair(path: Path, name: str) -> None:
    """The store answers before and after; a second check finds nothing."""
    statement, told = DAMAGE[name]
    change(path, statement)
    read_all(path)
    findings = [finding for finding in check_store(path).findings if finding.kind == "conversation"]
    assert findings
    assert all(told in str(finding) and finding.is_repairable for finding in findings)
    repaired = repair_store(path)
    assert any(told in line for line in repaired.done), repaired.done
    assert (repaired.after.findings, repaired.lost) == ((), ())
    read_all(path)
    with Store.open(path) as store:
        assert [turn.text for turn in store.session("chat").turns()] == ["1", "2", "3"]
        longest = store.find_mark([f"{number}" * 32 for number in (3, 2, 1)])
        assert longest is not None
        assert longest.is_tip
        store.keep_conversation("chat", turns=[], marks={"4" * 32: 4}, bookmark=b"N", report=b"N")
        assert [info.turns for info in store.conversations(limit=1)] == [4]


def read_all(path: Path) -> None:
    """Read all that is told of conversations: nothing damaged is handed out, and nothing raises."""
    kept = {b'{"at": 1}', b'{"at": 2}', b'{"at": 3}', b"B", b'{"tokens": 7}', b"R", b"", None}
    with Store.open(path) as store:
        for digit in "123b":
            found = store.find_mark([digit * 32])
            assert found is None or found.bookmark in kept
        told = [*store.conversations(), store.conversation("chat"), store.conversation("branch")]
        assert {info.report for info in told if info} | {info.bookmark for info in told if info} <= kept


def test_rows_of_no_session_are_deleted(path: Path) -> None:
    """As those of other tables are."""
    change(
        path,
        "INSERT INTO glyph_marks VALUES ('cccccccccccccccccccccccccccccccc', 99, 1, NULL)",
        "INSERT INTO glyph_bookmarks VALUES (99, 99, 'bookmark', 'd', x'00')",
        "INSERT INTO glyph_conversations VALUES (99, NULL, 0, 1, '', '', NULL, NULL)",
    )
    assert [finding.kind for finding in check_store(path).findings] == ["orphan"] * 3
    assert repair_store(path).after.is_healthy


def test_of_a_malformed_file_conversations_are_kept_as_turns_are(path: Path) -> None:
    """They are copied to the new file."""
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'glyph_identifiers_digest'"
        (page,) = connection.execute(query).fetchone()
    data = bytearray(path.read_bytes())
    data[4096 * (page - 1) : 4096 * page] = b"\xa5" * 4096
    path.write_bytes(data)
    assert [finding.kind for finding in check_store(path).findings] == ["file"]
    assert repair_store(path).after.is_healthy
    with Store.open(path) as store:
        found = store.find_mark(["3" * 32])
        assert found is not None
        assert (found.session, found.turns, found.bookmark, found.is_tip) == ("chat", 3, b'{"at": 3}', True)
        told = store.conversation("branch")
        assert told is not None
        assert (told.parent, told.bookmark, told.report) == ("chat", b"B", b"R")


def test_page_images_that_a_bookmark_shows_belong_to_it(path: Path) -> None:
    """Only what neither a seal nor a bookmark names is deleted."""
    pages = path.with_name("chat.db.pages")
    pages.mkdir(mode=0o700)
    with Store.open(path) as store:
        store.keep_conversation("chat", turns=[], marks={}, bookmark=b"1" * 64, report=b"")
    for digit in "12":
        (pages / f"{digit * 64}.png").write_bytes(b"page")
    (finding, broken) = check_store(path).findings
    assert "1 files in" in str(finding) and "belong to no seal" in str(finding)
    assert "hold something else" in str(broken)
