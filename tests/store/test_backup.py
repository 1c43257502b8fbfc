"""A backup holds a whole store as it was at one moment; a store made of it is the same, whatever kind it is."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import stat
import threading
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path

import pytest

from glyph_memory.errors import StoreError
from glyph_memory.store import (
    SealRecord,
    Store,
    backup_store,
    check_backup,
    check_store,
    restore_store,
)
from glyph_memory.store.address import parse_address
from glyph_memory.store.backup.lines import SessionDigest, write_line
from glyph_memory.store.backup.session_rows import iter_lines, iter_sessions
from glyph_memory.transcript import Attachment, ToolCall, Turn

CHAINS = ["0" * 32, "a" * 32, "f" * 32]


def fill(url: str | Path) -> None:
    """Write a store that holds something of each kind."""
    with Store.open(url) as store:
        chat = store.session("chat")
        call = ToolCall(name="find", arguments='{"id": "AB-12-cd"}', id="c1")
        chat.append(
            [
                Turn(role="system", text="be brief"),
                Turn(role="user", text="lone \ud800, NUL \0, the port is 8443", images=(b"\x89PNG", b"")),
                Turn(role="assistant", tool_calls=(call,), name="ada"),
                Turn(role="tool", text="found", tool_call_id="c1", pinned=True),
                Turn(role="user", attachments=(Attachment(block="{}", name="a", media_type="b"),)),
            ]
        )
        chat.delete([1])
        edits = chat.state().edits
        chat.add_seals([SealRecord(number=1, digest="d\ud800", body="{}")], edits=edits, looks=["one"])
        for name, parent in (("talk", ""), ("branch", "talk"), ("gone", "")):
            for number in range(3):
                store.keep_conversation(
                    name,
                    turns=[Turn(role="user", text=f"{name} {number}")],
                    marks={} if name == "gone" else {CHAINS[number][:-1] + str(len(name) % 10): number},
                    bookmark=f"B{number}".encode(),
                    report=f"R{number}".encode(),
                    parent=parent,
                    parent_turns=1,
                )
        store.session("gone").clear()
        store.set_lifetime(timedelta(days=30))
        store.set_lifetime(timedelta(days=7), session="empty ü 'quoted'")


def read(url: str | Path) -> object:
    """Return all that a store holds, as it is seen from outside."""
    with Store.open(url) as store:
        with store._database.begin_read() as connection:
            rows = [line for session in iter_sessions(connection) for line in iter_lines(connection, session)]
        sessions = store.sessions()
        return (
            store.key,
            rows,
            sessions,
            [list(store.session(one.name).turns()) for one in sessions],
            [store.session(one.name).identifiers() for one in sessions],
            [store.session(one.name).search("port 8443 found ab-12-cd", k=9) for one in sessions],
            [store.session(one.name).seals() for one in sessions],
            [store.conversation(one.name) for one in sessions],
            [store.find_mark([chain[:-1] + end]) for chain in CHAINS for end in "46"],
            store.session("never").state(),
        )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the backup goes."""
    return tmp_path / "store.backup"


def test_a_backup_is_restored_to_the_same_store(shared_url: str, tmp_path: Path, path: Path) -> None:
    """Counts and digests say so, and so does everything that can be asked of it; the doctor finds nothing."""
    fill(shared_url)
    check = backup_store(shared_url, path)
    assert (check.sessions, check.turns) == (4, 10)
    assert dict(check.rows) == {
        "session": 4,
        "turn": 10,
        "image": 2,
        "seal": 1,
        "bookmark": 8,
        "mark": 6,
        "conversation": 2,
    }
    assert check_backup(path) == restore_store(path, tmp_path / "copy.db") == check
    assert read(tmp_path / "copy.db") == read(shared_url)
    assert check_store(tmp_path / "copy.db").findings == check_store(shared_url).findings
    assert backup_store(tmp_path / "copy.db", tmp_path / "again").digest == check.digest


def test_a_store_moves_from_sqlite_to_postgresql_and_back(
    postgres_url: str, tmp_path: Path, path: Path
) -> None:
    """Nothing is lost on the way, nor does anything else change; both go on from there."""
    fill(tmp_path / "chat.db")
    moved = backup_store(tmp_path / "chat.db", path)
    restore_store(path, postgres_url)
    assert read(postgres_url) == read(tmp_path / "chat.db")
    assert check_store(postgres_url).findings == check_store(tmp_path / "chat.db").findings
    back = backup_store(postgres_url, tmp_path / "second")
    assert back.digest == moved.digest
    restore_store(tmp_path / "second", tmp_path / "back.db")
    assert read(tmp_path / "back.db") == read(tmp_path / "chat.db")
    for url in (postgres_url, tmp_path / "back.db"):
        with Store.open(url) as store:
            (turn,) = store.session("chat").append([Turn(role="user", text="onwards")])
            assert turn.anchor == 6
            assert store.session("chat").search("onwards", k=1)[0].turn == turn


def test_a_backup_is_of_one_moment_while_others_write(shared_url: str, path: Path) -> None:
    """Each pair of turns that is added to two sessions at once is in it in both, or in neither."""
    with Store.open(shared_url) as store:
        stop = threading.Event()
        first, second = store.session("first"), store.session("second")
        first.append([Turn(role="user")])
        second.append([Turn(role="user")])

        def write() -> None:
            number = 0
            while not stop.is_set() and number < 400:
                number += 1
                second.append([Turn(role="user", text=f"{number}")])  # `second` is never behind `first`
                first.append([Turn(role="user", text=f"{number}")])

        writer = threading.Thread(target=write)
        writer.start()
        seen = []
        try:
            for number in range(3):
                copy = path.with_name(f"{number}.db")
                backup_store(shared_url, path)
                restore_store(path, copy)
                with Store.open(copy) as copied:
                    seen.append([one.turns for one in copied.sessions()])
        finally:
            stop.set()
            writer.join()
    assert all(two - one in {0, 1} for one, two in seen)


def test_a_backup_is_its_owner_s_alone_and_tells_the_key_to_no_one_else(tmp_path: Path, path: Path) -> None:
    """What stands there is replaced, but never a database."""
    fill(tmp_path / "chat.db")
    path.write_text("old")
    backup_store(tmp_path / "chat.db", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(StoreError, match=r"cannot write the backup .*chat.db': a database is there"):
        backup_store(tmp_path / "chat.db", tmp_path / "chat.db")
    with pytest.raises(StoreError, match=r"cannot write the backup .*: No such file or directory"):
        backup_store(tmp_path / "chat.db", tmp_path / "no" / "where")
    if Path("/dev/full").exists():
        with pytest.raises(StoreError, match="cannot write the backup '/dev/full': No space left on device"):
            backup_store(tmp_path / "chat.db", "/dev/full")
    with pytest.raises(StoreError, match=r"none\.db"):
        backup_store(tmp_path / "none.db", path)
    assert not (tmp_path / "none.db").exists()


def edit(path: Path, change: Callable[[list[bytes]], object]) -> None:
    """Change a backup's lines."""
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    change(lines)
    path.write_bytes(gzip.compress(b"".join(lines)))


def set_head(name: str, value: object) -> Callable[[list[bytes]], object]:
    """Return what changes a value that a backup begins with."""

    def change(lines: list[bytes]) -> None:
        lines[0] = json.dumps({**json.loads(lines[0]), name: value}).encode() + b"\n"

    return change


DAMAGES: dict[str, tuple[Callable[[list[bytes]], object], str]] = {
    "a word": (
        lambda lines: lines.__setitem__(2, lines[2].replace(b"user", b"tool")),
        "session 'chat' has other rows",
    ),
    "a row is gone": (lambda lines: lines.pop(3), "session 'chat' has other rows"),
    "a session is gone": (lambda lines: lines.__delitem__(slice(-3, -1)), "not all sessions are there"),
    "the end is gone": (lambda lines: lines.pop(), "its end is missing"),
    "half a line": (
        lambda lines: lines.__setitem__(2, lines[2][:9]),
        "what was written is not what is there",
    ),
    "another file": (lambda lines: lines.__setitem__(0, b"{}\n"), "what was written is not what is there"),
    "an empty one": (lambda lines: lines.clear(), "what was written is not what is there"),
    "other columns": (lambda lines: lines.__setitem__(1, b'{"session":[]}\n'), "a session has other columns"),
    "another order": (lambda lines: lines.insert(1, lines[2]), "line 2 stands at a wrong place"),
    "more": (lambda lines: lines.append(lines[1]), "stands behind the end"),
    "deep": (lambda lines: lines.__setitem__(1, b"[" * 200_000), "what was written is not what is there"),
    "newer format": (set_head("format", 99), "of a newer glyph-memory: its format are of version 99"),
    "newer tables": (
        set_head("tables", 99),
        "its tables are of version 99, and this one knows versions up to",
    ),
}


def forge(*sessions: Sequence[tuple[str, list[object]]]) -> Callable[[list[bytes]], object]:
    """Return what puts sessions in place of a backup's, with digests that fit."""

    def change(lines: list[bytes]) -> None:
        total = blake2b(digest_size=20)
        del lines[1:]
        for rows in sessions:
            digest = SessionDigest()
            for kind, values in rows:
                lines.append(write_line({kind: values}))
                digest.add(kind, lines[-1])
            lines.append(write_line({"end": {"rows": dict(digest.rows), "digest": digest.hex}}))
            total.update(digest.hex.encode())
        lines.append(write_line({"total": {"sessions": len(sessions), "digest": total.hexdigest()}}))

    return change


def make_session(name: object, last_anchor: object = 1) -> list[tuple[str, list[object]]]:
    """Return the rows of a session without turns."""
    return [("session", [name, last_anchor, 0, 0, "", 5, None])]


DAMAGES |= {
    "two of a name": (forge(make_session("a"), make_session("a")), "there are two sessions 'a'"),
    "a name that nobody finds": (forge(make_session("")), "a session is called ''"),
    "a name with NUL": (forge(make_session("a\0")), r"a session is called 'a\\x00'"),
    "a name that is none": (forge(make_session(5)), "a session is called 5"),
    "half a character": (forge(make_session("a\ud800")), "line 2 holds text that no database takes"),
    "a huge number": (forge(make_session("a", 2**63)), "line 2 holds a number that no database takes"),
    "a long number": (
        lambda lines: lines.__setitem__(1, b'{"turn":[' + b"9" * 5000 + b"]}\n"),
        "what was written",
    ),
    "two on a line": (lambda lines: lines.__setitem__(1, b'{"a":1,"b":2}\n'), "line 2 is none of a backup"),
    "another key": (set_head("meta", {"key": "\ud800"}), "its first line holds what no store has"),
    "no version": (set_head("format", True), "it does not say of which version it is"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_newer_backup_is_refused_by_name_and_nothing_is_made(
    tmp_path: Path, path: Path, damage: str
) -> None:
    """In one line."""
    change, said = DAMAGES[damage]
    fill(tmp_path / "chat.db")
    backup_store(tmp_path / "chat.db", path)
    edit(path, change)
    with pytest.raises(StoreError, match=said) as caught:
        restore_store(path, tmp_path / "copy.db")
    assert repr(str(path)) in str(caught.value)
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (["x", "d", "user", True, "", 5, b"{}", b"", 2], "anchor is 'x'"),
        ([1, "d", "user", 7, "", 5, b"{}", b"", 2], "pinned is 7"),
        ([1, "d", "user" * 9, True, "", 5, b"{}", b"", 2], "role is 'user"),
        ([1, "d", "user", True, "2020\0", 5, b"{}", b"", 2], r"time is '2020\\x00'"),
    ],
)
def test_what_only_sqlite_takes_is_refused_before_a_server_is_asked(
    postgres_url: str, tmp_path: Path, path: Path, row: list[object], said: str
) -> None:
    """A damaged file of SQLite holds such values; the message says which one, and what mends it."""
    fill(tmp_path / "chat.db")
    backup_store(tmp_path / "chat.db", path)
    spelled = [{"b": b64encode(one).decode()} if isinstance(one, bytes) else one for one in row]
    edit(path, forge([*make_session("a"), ("turn", spelled)]))
    with pytest.raises(StoreError, match=f"cannot take a damaged turn of session 'a': {said}"):
        restore_store(path, postgres_url)
    with Store.open(postgres_url) as store:
        assert store.sessions() == ()


def test_a_damaged_name_is_for_the_doctor(tmp_path: Path, path: Path) -> None:
    """It is no text, and a session has to be called something."""
    fill(tmp_path / "chat.db")
    backup_store(tmp_path / "chat.db", path)
    edit(path, forge(make_session({"b": "/w=="})))
    with pytest.raises(
        StoreError, match=r"the name of session b'\\xff' was damaged .*doctor --repair on the original"
    ):
        check_backup(path)


def test_bytes_that_are_not_there_or_flipped_are_found(tmp_path: Path, path: Path) -> None:
    """Wherever."""
    fill(tmp_path / "chat.db")
    backup_store(tmp_path / "chat.db", path)
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 25):
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]):
            path.write_bytes(data)
            if 3 < place < 10 and len(data) == len(whole):
                continue  # gzip's notes about the file
            with pytest.raises(StoreError, match=r"store\.backup' is (damaged|no backup)"):
                check_backup(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Nothing waits for a pipe."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("hello")
    for name, said in (
        ("none", "there is no backup"),
        ("pipe", "is no file"),
        ("", "is no file"),
        ("text", "import reads"),
    ):
        with pytest.raises(StoreError, match=said):
            restore_store(tmp_path / name, tmp_path / "copy.db")


def test_names_that_are_in_use_are_not_touched(shared_url: str, tmp_path: Path, path: Path) -> None:
    """A restore goes into a database without sessions; one that failed leaves none."""
    fill(tmp_path / "origin.db")
    backup_store(tmp_path / "origin.db", path)
    with Store.open(shared_url) as store:
        store.session("chat").append([Turn(role="user", text="mine")])
    before = read(shared_url)
    with pytest.raises(StoreError, match=r"holds sessions already, such as 'chat'\. Restore into a database"):
        restore_store(path, shared_url)
    assert read(shared_url) == before
    with Store.open(shared_url) as store:
        store.session("chat").clear()
    restore_store(path, shared_url)
    assert [turn.text for turn in _turns(shared_url, "talk")] == ["talk 0", "talk 1", "talk 2"]


def _turns(url: str | Path, session: str) -> list[Turn]:
    with Store.open(url) as store:
        return list(store.session(session).turns())


def test_a_damaged_turn_is_kept_as_it_is_and_refused_by_a_server(
    postgres_url: str, tmp_path: Path, path: Path
) -> None:
    """SQLite holds anything anywhere; the refusal names what to do."""
    fill(tmp_path / "chat.db")
    with closing(sqlite3.connect(tmp_path / "chat.db", isolation_level=None)) as connection:
        connection.execute("UPDATE glyph_turns SET role = CAST(x'ff00' AS TEXT), text = 7 WHERE anchor = 2")
    backup_store(tmp_path / "chat.db", path)
    restore_store(path, tmp_path / "copy.db")
    (damaged, *_) = _turns(tmp_path / "copy.db", "chat")
    assert damaged.is_damaged
    assert damaged == _turns(tmp_path / "chat.db", "chat")[0]
    with pytest.raises(
        StoreError, match=r"cannot take a damaged turn of session 'chat': role is .*--drop-damaged"
    ):
        restore_store(path, postgres_url)
    with Store.open(postgres_url) as store:
        assert store.sessions() == ()


def test_turns_without_a_number_are_for_the_doctor_first(tmp_path: Path, path: Path) -> None:
    """A backup that leaves them out would say that it is whole."""
    fill(tmp_path / "chat.db")
    with closing(sqlite3.connect(tmp_path / "chat.db", isolation_level=None)) as connection:
        connection.execute("UPDATE glyph_turns SET anchor = 'x' WHERE anchor = 5")
    with pytest.raises(
        StoreError, match=r"1 of its turns have no number .* doctor --memory '.*chat\.db' --repair"
    ):
        backup_store(tmp_path / "chat.db", path)
    assert not path.exists()


def test_a_backup_of_a_store_behind_pgbouncer(bounced_url: str, tmp_path: Path, path: Path) -> None:
    """Its snapshot belongs to its transaction alone."""
    fill(bounced_url)
    check = backup_store(bounced_url, path)
    assert restore_store(path, tmp_path / "copy.db").digest == check.digest
    with Store.open(bounced_url) as store, store._database.begin_write() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
    assert parse_address(bounced_url).shown
