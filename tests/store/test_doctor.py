"""The doctor finds what is damaged, repairs what can be after a backup, and says what was lost."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from glyph_memory import GlyphMemory
from glyph_memory.errors import StoreBusy, StoreError
from glyph_memory.store import Store, StoreRepair, check_store, repair_store
from glyph_memory.store.schema import SCHEMA, Schema
from glyph_memory.transcript import Turn

LINE = "The deploy of build 7f3a9c21 went to port 8443 and was signed off by Ada. "


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database with two sessions; the first has seals and pages."""
    path = tmp_path / "chat.db"
    with GlyphMemory.open(path, window_tokens=2048) as memory:
        for number in range(6):
            memory.add("user", f"{number} {LINE * 20}")
            memory.add("assistant", f"Noted as /srv/{number}.")
        memory.context()
    with Store.open(path) as store:
        store.session("other").append(
            [Turn(role="user", text="a"), Turn(role="user", text="b", images=(b"png",))]
        )
    return path


def change(path: Path, *statements: str) -> None:
    """Change a database behind our back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def texts(path: Path, session: str = "default") -> list[str]:
    """Return what a session says."""
    with Store.open(path) as store:
        return [turn.text for turn in store.session(session).turns()]


def test_nothing_is_found_in_a_sound_database_and_nothing_is_done(path: Path) -> None:
    """Not even a backup is made."""
    check = check_store(path)
    assert (check.is_healthy, check.sessions, check.turns) == (True, 2, 14)
    assert repair_store(path) == StoreRepair(before=check, after=check, backup=None)
    assert not list(path.parent.glob("*.backup-*"))


DAMAGE: dict[str, tuple[str, str, str]] = {
    "key": ("DELETE FROM glyph_meta WHERE name = 'key'", "the store has no key", "made a new key"),
    "version": (
        "DELETE FROM glyph_meta WHERE name = 'version'",
        "the database does not say of which version its tables are; they are today's",
        "wrote the tables' version",
    ),
    "edits": (
        "UPDATE glyph_meta SET value = 'x' WHERE name = 'edits'",
        "the store counts edits as 'x'",
        "counted the store's edits again",
    ),
    "far too many edits": (
        "UPDATE glyph_meta SET value = '9999999999999999999999' WHERE name = 'edits'",
        "the store counts edits as '9999999999999999999999'",
        "counted the store's edits again",
    ),
    "turns": (
        "UPDATE glyph_sessions SET turns = 99 WHERE id = 2",
        "session 'other' counts turns as 99; its rows say 2",
        "counted session 'other' again: 2 turns, the last §2",
    ),
    "words": (
        "UPDATE glyph_sessions SET words = -1 WHERE id = 2",
        "session 'other' counts words as -1; its rows say 2",
        "counted session 'other' again",
    ),
    "last anchor": (
        "UPDATE glyph_sessions SET last_anchor = 9223372036854775807 WHERE id = 2",
        "session 'other' counts last_anchor as 9223372036854775807; its rows say 2",
        "counted session 'other' again",
    ),
    "name": (
        "UPDATE glyph_sessions SET name_digest = 'x' WHERE id = 2",
        "session 'other' cannot be found by its name, or has no key",
        "session 'other' can be found again",
    ),
    "no name": (
        "DELETE FROM glyph_names WHERE session_id = 2",
        "session '' cannot be found by its name, or has no key",
        "session 'recovered-2' can be found again",
    ),
    "another key": (
        "UPDATE glyph_names SET key = X'07'",
        "the search index does not hold 14 turns as it should",
        "made the search index anew",
    ),
    "no words": (
        "DELETE FROM glyph_words WHERE anchor = 3",
        "1 turns of session 'default' are not found by their words",
        "made the search index anew, 1 turns read again for it",
    ),
    "no identifiers": (
        "DELETE FROM glyph_identifiers WHERE anchor = 3",
        "1 turns of session 'default' are not found by their words",
        "made the search index anew, 1 turns read again for it",
    ),
    "an id": (
        "UPDATE glyph_turns SET id_digest = 'x' WHERE anchor = 3",
        "1 turns of session 'default' are not found by their words, identifiers or ids",
        "made the search index anew, 1 turns read again for it",
    ),
    "characters": (
        "UPDATE glyph_turns SET characters = 7 WHERE anchor = 3",
        "1 turns of session 'default' are not found by their words",
        "made the search index anew, 1 turns read again for it",
    ),
    "index": (
        "INSERT INTO glyph_search (glyph_search) VALUES ('delete-all')",
        "the search index does not hold 14 turns as it should",
        "made the search index anew",
    ),
    "index's own tables": (
        "UPDATE glyph_search_data SET block = X'00ff00ff00ff' WHERE id > 9",
        "the search index is damaged, and cannot be read",
        "made the search index anew",
    ),
    "orphan": (
        "INSERT INTO glyph_images VALUES (1, 77, 0, X'00')",
        "1 rows of glyph_images belong to no turn",
        "deleted 1 rows of glyph_images that belonged to nothing",
    ),
    "lost session": (
        "DELETE FROM glyph_sessions WHERE id = 2",
        "2 rows of glyph_turns belong to no session",
        "put turns that had no session into 'other'",
    ),
    "seal": (
        "UPDATE glyph_seals SET body = replace(body, 'pages', 'pagez') WHERE number = 2",
        "seals of session 'default' are damaged",
        "their turns are sealed again",
    ),
    "sealed turn": (
        "UPDATE glyph_turns SET text = X'61' WHERE anchor = 1",
        "seals of session 'default' are damaged, or their turns changed",
        "dropped",
    ),
    "erasure": (
        "INSERT INTO glyph_erasures (kind, folder, names) VALUES ('log', '', '')",
        "an erasure is not finished",
        "finished the erasure",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_follows_from_the_turns_is_made_again(path: Path, name: str) -> None:
    """It is found, with what a repair does; the repair does it, and finds nothing more. The backup is as it was."""
    statement, found, done = DAMAGE[name]
    before = texts(path)
    change(path, statement)
    damaged = sqlite_dump(path)
    check = check_store(path)
    assert any(found in str(finding) and finding.is_repairable for finding in check.findings), check
    assert sqlite_dump(path) == damaged  # looking changes nothing
    repaired = repair_store(path)
    assert repaired.before == check
    assert any(done in line for line in repaired.done), repaired.done
    assert (repaired.after.findings, repaired.lost) == ((), ())
    assert repaired.backup is not None
    assert sqlite_dump(repaired.backup) == damaged
    assert texts(path)[1:] == before[1:]
    with GlyphMemory.open(path, window_tokens=2048) as memory:
        assert memory.add("user", "And now?").anchor == 13
        assert memory.recall("Noted")
        assert memory.identifiers("7f3a9c21")
        assert memory.report().page_turns


def sqlite_dump(path: Path) -> list[str]:
    """Return a database's content as statements."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = (
            "meta",
            "sessions",
            "names",
            "turns",
            "images",
            "identifiers",
            "words",
            "seals",
            "search_data",
        )
        return [str(row) for name in names for row in connection.execute(f"SELECT * FROM glyph_{name}")]  # noqa: S608


def test_a_damaged_turn_stays_until_it_is_to_be_dropped(path: Path) -> None:
    """It is named, with what cannot be read; nothing else is done. What is dropped is said to be lost."""
    change(path, "UPDATE glyph_turns SET text = X'ff' WHERE anchor = 12")
    repaired = repair_store(path)
    (finding,) = repaired.after.findings
    assert (finding.kind, finding.session, finding.anchor, finding.is_repairable) == (
        "turn",
        "default",
        12,
        False,
    )
    assert str(finding) == "§12 of session 'default': parts of its text cannot be read"
    assert (repaired.done, repaired.lost, repaired.backup) == ((), (), None)
    repaired = repair_store(path, drop_damaged=True)
    assert repaired.after.is_healthy
    assert repaired.lost == ("1 damaged turns of session 'default', erased as you asked: §12",)
    assert len(texts(path)) == 11


def test_a_seal_with_a_damaged_turn_is_kept(path: Path) -> None:
    """Its pages were drawn before, and still show what was said."""
    with Store.open(path) as store:
        seals = store.session("default").seals()
    change(
        path,
        "UPDATE glyph_turns SET text = X'ff' WHERE anchor = 1",
        "DELETE FROM glyph_words WHERE anchor = 3",
    )
    assert repair_store(path).done
    with Store.open(path) as store:
        assert store.session("default").seals() == seals


def test_a_turn_whose_number_is_none_gets_one_after_the_last(path: Path) -> None:
    """With its pictures; no text is lost."""
    change(path, "UPDATE glyph_turns SET anchor = 'abc' WHERE session_id = 2 AND anchor = 2",
           "UPDATE glyph_images SET anchor = 'abc' WHERE session_id = 2")  # fmt: skip
    assert texts(path, "other") == ["a"]
    repaired = repair_store(path)
    assert "numbered 1 turns of session 'other' anew, from §3 on" in repaired.done
    assert repaired.after.is_healthy
    with Store.open(path) as store:
        assert [(turn.anchor, turn.images) for turn in store.session("other").turns()] == [
            (1, ()),
            (3, (b"png",)),
        ]


def test_emptied_rows_without_their_session_are_no_turns(path: Path) -> None:
    """What is left of erased turns comes back as none; a turn whose session is no number of one does."""
    with Store.open(path) as store:
        store.session("other").delete([1])
    change(
        path,
        "DELETE FROM glyph_sessions WHERE id < 1",
        "UPDATE glyph_turns SET session_id = -9 WHERE session_id = 1 AND anchor = 12",
    )
    repaired = repair_store(path)
    assert (repaired.after.is_healthy, repaired.lost) == (True, ())
    with Store.open(path) as store:
        assert [(one.name, one.turns) for one in store.sessions()] == [
            ("default", 11),
            ("other", 1),
            ("recovered-3", 1),
        ]
        assert [turn.text for turn in store.session("recovered-3").turns()] == ["Noted as /srv/5."]


def test_files_of_pages_that_no_seal_names_are_deleted(path: Path) -> None:
    """So are those that hold something else; files of other names are nobody's business."""
    folder = path.with_name("chat.db.pages")
    pages = sorted(folder.glob("*.png"))
    pages[0].write_bytes(b"something else")
    (folder / f"{'0' * 64}.png").write_bytes(b"nobody's")
    (folder / f"{'1' * 64}.new").write_bytes(b"half")
    (folder / "notes.txt").write_text("mine")
    assert [str(finding).split(" in ")[0] for finding in check_store(path).findings] == ["2 files", "1 files"]
    assert "deleted 3 files of pages" in repair_store(path).done
    assert sorted(folder.iterdir()) == [*pages[1:], folder / "notes.txt"]


def test_the_backup_is_its_owners_alone_and_replaces_nothing(path: Path) -> None:
    """Two repairs in one second make two."""
    backups = set()
    for _ in range(2):
        change(path, "UPDATE glyph_sessions SET turns = 99")
        backup = repair_store(path).backup
        assert backup is not None
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        assert backup.name.startswith("chat.db.backup-")
        backups.add(backup)
    assert len(backups) == 2
    change(path, "UPDATE glyph_sessions SET turns = 99")
    assert repair_store(path, backup=False).backup is None


def garble(path: Path, pages: Callable[[int], bool]) -> None:
    """Overwrite pages of a file by garbage."""
    data = bytearray(path.read_bytes())
    for page in range(len(data) // 4096):
        if pages(page):
            data[4096 * page : 4096 * (page + 1)] = b"\xa5" * 4096
    path.write_bytes(data)


def test_of_a_malformed_file_what_can_be_read_is_kept_and_what_cannot_is_named(tmp_path: Path) -> None:
    """Row by row, past the first that cannot be read; the file from before is the backup."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        key = store.key
        store.session("chat").append(
            [Turn(role="user", text=f"{number} " + "word " * 400) for number in range(60)]
        )
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    leaves = [
        page for page in range(len(before) // 4096) if b'{"id": "' in before[4096 * page : 4096 * page + 4096]
    ]
    garble(path, lambda page: page in leaves[5:8])
    check = check_store(path)
    assert [finding.kind for finding in check.findings] == ["file"]
    repaired = repair_store(path)
    assert repaired.after.is_healthy
    assert repaired.backup is not None
    assert repaired.backup.read_bytes() != before
    kept = texts(path, "chat")
    lost = 60 - len(kept)
    assert 0 < lost < 20
    assert repaired.lost[0].startswith(f"{lost} of 60 turns of session 'chat', among them of §")
    with Store.open(path) as store:
        assert store.key == key
        assert store.session("chat").append([Turn(role="user", text="And now?")])[0].anchor == 61
        assert store.session("chat").search("word", k=1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".*"))


def test_a_broken_description_of_a_table_loses_nothing(path: Path) -> None:
    """Tables are the same in every database."""
    before = texts(path)
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE glyph_turns (", b"CREATE TABLE glyph_turns )"))
    repaired = repair_store(path)
    assert repaired.after.is_healthy
    assert repaired.lost == ()
    assert texts(path) == before


def test_a_file_without_a_turn_that_can_be_read_stays_as_it_is(path: Path) -> None:
    """The message says where to look for another one."""
    garble(path, lambda page: page > 0)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"no turn can be read in .* Restore a backup"):
        repair_store(path)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".*"))


def test_a_file_that_others_have_open_is_not_replaced(tmp_path: Path) -> None:
    """They would go on writing into one that has no name any more."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        store.session("chat").append([Turn(role="user", text="a")])
        for number in range(60):
            store.session("chat").append([Turn(role="user", text=f"{number} " + "word " * 400)])
    data = bytearray(path.read_bytes())
    data[-4096:] = b"\xa5" * 4096
    path.write_bytes(data)
    with closing(sqlite3.connect(path)) as other:
        other.execute("SELECT count(*) FROM glyph_meta").fetchone()
        if check_store(path).is_healthy:
            pytest.skip("the last page is free in this SQLite")
        with pytest.raises(StoreBusy, match=r"another process has .* open\. End it"):
            repair_store(path)
    repair_store(path)


def test_older_tables_are_brought_up_to_date(tmp_path: Path) -> None:
    """As opening does it; an empty file becomes an empty memory."""
    path = tmp_path / "old.db"
    path.touch()
    (finding,) = check_store(path).findings
    assert str(finding).startswith("it holds no memory yet")
    assert repair_store(path).after.is_healthy


@pytest.mark.parametrize("given", [":memory:", "nowhere.db"])
def test_what_is_not_there_is_refused(given: str) -> None:
    """Nothing is made."""
    for call in (check_store, repair_store):
        with pytest.raises(StoreError, match="memory"):
            call(given)
    assert not Path("nowhere.db").exists()


def test_progress_tells_how_many_turns_are_checked(path: Path) -> None:
    """And how many there are."""
    told: list[tuple[int, int]] = []
    check_store(path, progress=lambda done, total: told.append((done, total)))
    assert told == [(12, 14), (14, 14)]


def test_a_newer_database_is_left_alone(path: Path) -> None:
    """A newer glyph-memory has to look at it."""
    newer = Schema(migrations=(*SCHEMA.migrations, lambda _: None))
    Store.open(path, schema=newer).close()
    (finding,) = check_store(path).findings
    assert (finding.kind, finding.is_repairable) == ("version", False)
    assert "pip install --upgrade" in finding.remedy


def test_a_servers_database_is_repaired_without_a_backup_of_ours(postgres_url: str) -> None:
    """Its own tools make one."""
    with Store.open(postgres_url) as store:
        store.session("chat").append([Turn(role="user", text="build 7f3a9c21"), Turn(role="user", text="b")])
    assert check_store(postgres_url).is_healthy
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE glyph_sessions SET turns = 99, words = -5"))
        connection.execute(text("UPDATE glyph_turns SET text = decode('ff', 'hex') WHERE anchor = 2"))
        connection.execute(text("DELETE FROM glyph_identifiers"))
    engine.dispose()
    assert {finding.kind for finding in check_store(postgres_url).findings} == {"counters", "search", "turn"}
    with pytest.raises(StoreError, match="pg_dump; then this again with --no-backup"):
        repair_store(postgres_url)
    repaired = repair_store(postgres_url, backup=False, drop_damaged=True)
    assert repaired.after.is_healthy
    assert repaired.lost == ("1 damaged turns of session 'chat', erased as you asked: §2",)


@pytest.mark.parametrize("kind", ["text", "tables"])
def test_what_is_none_of_ours_is_refused_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    """A text, another program's database: neither gets our tables, and nothing is copied beside it."""
    path = tmp_path / "other.db"
    if kind == "text":
        path.write_text("How to write the tables of glyph_memory, such as glyph_turns. " * 500)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE said (text)")
    before = path.read_bytes()
    for look in (check_store, repair_store):
        with pytest.raises(StoreError, match="is not a glyph-memory database"):
            look(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["other.db"]
