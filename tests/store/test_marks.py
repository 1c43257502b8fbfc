"""A conversation is found by its longest known beginning, and goes on from the bookmark that was kept there."""

from __future__ import annotations

import multiprocessing
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, event, func, select

from glyph_memory import GlyphMemory
from glyph_memory.errors import StoreError
from glyph_memory.store import ConversationInfo, ConversationMark, SealReader, SealRecord, Store
from glyph_memory.store.schema import SCHEMA, Schema, bookmarks, marks
from glyph_memory.transcript import Turn
from lib.forks import Child, check_file

_fork = multiprocessing.get_context("forkserver")


def chain(said: str) -> str:
    """Return a chain that stands for what was said last."""
    return blake2b(said.encode(), digest_size=16).hexdigest()


def keep(
    store: Store,
    session: str,
    *said: str,
    after: int = 0,
    bookmark: bytes | None = b"{}",
    report: bytes = b"{}",
    replaces: bool = False,
) -> None:
    """Keep a conversation in which something was said after so many turns."""
    store.keep_conversation(
        session,
        turns=[Turn(role="user", text=text, id=f"id of {text}") for text in said],
        marks={chain(text): place for place, text in enumerate(said, after + 1)},
        bookmark=bookmark,
        report=report,
        replaces=replaces,
    )


def find(store: Store, *said: str, prefix: str = "") -> ConversationMark:
    """Return the mark of the first that is known."""
    found = store.find_mark([chain(text) for text in said], prefix=prefix)
    assert found is not None
    return found


def count(store: Store, table: Table) -> int:
    """Return how many rows of sessions a table has, without those that are emptied."""
    with store._database.begin_read() as connection:
        query = select(func.count()).select_from(table).where(table.c.session_id > 0)
        return int(connection.execute(query).scalar_one())


def test_a_known_mark_gets_another_bookmark_where_the_first_was_of_no_use(store: Store) -> None:
    """Of this session alone, and only where that is asked for."""
    keep(store, "chat", "a", bookmark=b"1")
    keep(store, "chat", "a", bookmark=b"2")
    assert find(store, "a").bookmark == b"1"
    keep(store, "other", "a", bookmark=b"3", replaces=True)
    assert find(store, "a").bookmark == b"1"
    keep(store, "chat", "a", bookmark=b"4", replaces=True)
    assert find(store, "a").bookmark == b"4"


def test_the_longest_known_beginning_is_found_with_its_bookmark(store: Store) -> None:
    """Whatever comes first among those that are asked for; only the last of a session is its tip."""
    assert store.find_mark([chain("a")]) is None
    assert store.find_mark([]) is None
    keep(store, "chat", "a", "b", bookmark=b'{"at": 2}')
    keep(store, "chat", "c", after=2, bookmark=b'{"at": 3}')
    assert find(store, "e", "d", "c", "b", "a") == ConversationMark(
        session="chat", chain=chain("c"), turns=3, bookmark=b'{"at": 3}', is_tip=True, longest=3
    )
    assert find(store, "x", "b", "c") == ConversationMark(
        session="chat", chain=chain("b"), turns=2, bookmark=b'{"at": 2}', is_tip=False, longest=3
    )
    assert [turn.text for turn in store.session("chat").turns()] == ["a", "b", "c"]


def test_a_known_beginning_is_found_among_thousands_of_unknown_ones(store: Store) -> None:
    """In its order, wherever it stands."""
    keep(store, "chat", "first", "last")
    unknown = [chain(f"unknown {number}") for number in range(3_000)]
    for place in (0, 15, 16, 515, 516, 2_999):
        asked = [*unknown[:place], chain("last"), *unknown[place:], chain("first")]
        found = store.find_mark(asked)
        assert found is not None
        assert found.turns == 2
    assert store.find_mark(unknown) is None


def test_a_conversation_is_found_under_its_own_prefix_alone(store: Store) -> None:
    """To the letter: what is a wildcard elsewhere is none here."""
    keep(store, "ada/1", "a")
    keep(store, "ada/2", "b")
    keep(store, "a_a/1", "c")
    assert find(store, "a", "b", prefix="ada/").session == "ada/1"
    assert find(store, "c", "b", "a", prefix="ada/").session == "ada/2"
    for prefix in ("bob/", "ADA/", "ada/1/", "%", "a_a"):
        assert store.find_mark([chain("a"), chain("b")], prefix=prefix) is None
    assert [info.session for info in store.conversations(prefix="a_a/")] == ["a_a/1"]
    assert [info.session for info in store.conversations(prefix="ada/")] == ["ada/2", "ada/1"]
    assert store.conversations(prefix="ADA/") == ()


def test_the_same_again_changes_nothing(store: Store) -> None:
    """A request is sent again, or two workers get it: one turn, one mark, one bookmark."""
    for _ in range(3):
        keep(store, "chat", "a", "b", bookmark=b"B", report=b"R")
    assert [turn.text for turn in store.session("chat").turns()] == ["a", "b"]
    assert (count(store, marks), count(store, bookmarks)) == (2, 2)
    assert find(store, "b").is_tip


def test_a_mark_stays_in_the_session_that_had_it_first(store: Store) -> None:
    """A branch gives its marks from the beginning on: those it shares lead to its parent."""
    keep(store, "chat", "a", "b", bookmark=b"chat")
    store.keep_conversation(
        "branch",
        turns=[],
        marks={chain("a"): 1, chain("c"): 2},
        bookmark=b"branch",
        report=b"",
        parent="chat",
        parent_turns=1,
    )
    keep(store, "branch", "d", after=2, bookmark=None)
    assert (find(store, "a").session, find(store, "a").bookmark) == ("chat", b"chat")
    assert (find(store, "c").session, find(store, "c").is_tip) == ("branch", False)
    assert (find(store, "d").bookmark, find(store, "d").is_tip, find(store, "b").is_tip) == (None, True, True)
    told = store.conversation("branch")
    assert told is not None
    assert (told.parent, told.parent_turns, told.turns, told.bookmark) == ("chat", 1, 3, b"branch")
    store.session("chat").clear()
    told = store.conversation("branch")
    assert told is not None
    assert told.parent == ""


def test_of_two_ends_of_one_length_neither_but_the_later_is_the_tip(store: Store) -> None:
    """Two workers may append to one tip: whoever comes third goes on from one of them alone."""
    keep(store, "chat", "a", "b", "c")
    keep(store, "chat", "b too", after=1)
    assert [find(store, text).is_tip for text in ("a", "b", "c", "b too")] == [False] * 4
    keep(store, "chat", "c too", after=2)
    assert [find(store, text).is_tip for text in ("c", "c too")] == [False, True]


def test_conversations_are_listed_the_latest_first(store: Store) -> None:
    """With the latest report; the bookmark comes where one is asked for."""
    begin = datetime.now(UTC)
    keep(store, "one", "a", report=b'{"a": 1}')
    keep(store, "two", "b", "c", report=b"")
    store.session("plain").append([Turn(role="user", text="no conversation")])
    keep(store, "one", "d", after=1, report=b'{"a": 2}')
    one, two = store.conversations()
    assert begin <= two.updated <= one.updated <= datetime.now(UTC) + timedelta(seconds=1)
    assert one == ConversationInfo(
        session="one",
        parent="",
        parent_turns=0,
        turns=2,
        updated=one.updated,
        report=b'{"a": 2}',
        bookmark=None,
    )
    assert (two.session, two.turns, two.report) == ("two", 2, b"")
    assert store.conversations(limit=1) == (one,)
    told = store.conversation("one")
    assert told is not None
    assert told.bookmark == b"{}"
    assert store.conversation("plain") is store.conversation("nobody") is None
    assert [info.name for info in store.sessions()] == ["one", "plain", "two"]


def test_only_the_newest_bookmarks_are_kept(store: Store) -> None:
    """Older marks are still found; one that is kept again gets the bookmark of then."""
    for number in range(20):
        keep(store, "chat", f"{number}", after=number, bookmark=f"at {number}".encode())
    held = [find(store, f"{number}").bookmark for number in range(20)]
    assert held == [None] * 4 + [f"at {number}".encode() for number in range(4, 20)]
    assert (count(store, bookmarks), find(store, "19").is_tip) == (17, True)
    keep(store, "chat", "1", after=1, bookmark=b"again")
    assert find(store, "1").bookmark == b"again"
    keep(store, "chat", "2", after=2, bookmark=b"at 18")
    assert find(store, "2").bookmark == b"at 18"
    assert find(store, "19").is_tip


def test_page_images_leave_with_the_last_bookmark_that_shows_them(shared_url: str, tmp_path: Path) -> None:
    """Those of a server lie in a folder, and no seal of the store names them."""
    pages = tmp_path / "chat.db.pages"
    pages.mkdir(mode=0o700)
    reader = SealReader(find_range=lambda _: None, find_images=read_names, folder=pages)
    with Store.open(shared_url) as store:
        for number in range(18):
            (pages / f"{number:064x}.png").write_bytes(b"page")
            shown = [f"{0:064x}", f"{number:064x}"] if number < 17 else [f"{number:064x}"]
            store.keep_conversation(
                "chat",
                turns=[],
                marks={chain(f"{number}"): number},
                bookmark=" ".join(shown).encode(),
                report=b"",
                seal_reader=reader,
            )
        left = {int(page.stem, 16) for page in pages.iterdir()}
        assert left == {0, *range(2, 18)}
        store.session("chat", seal_reader=reader).clear()
        assert not list(pages.iterdir())


def read_names(record: SealRecord) -> list[str]:
    """Return the names of images in a seal or a bookmark."""
    return re.findall(r"[0-9a-f]{64}", record.body)


def keep_many(url: str, session: str, order: int) -> None:
    """Keep the same conversation as others do, as a process of its own."""
    with Store.open(url, wait_s=60) as store:
        for number in range(5):
            said = [f"{number} {part}" for part in range(3)]
            for text in said[::order]:
                keep(store, session, text, after=3 * number, bookmark=f"{number}".encode())


@pytest.mark.parametrize("names", [("chat", "chat"), ("a", "b")], ids=["one", "two"])
def test_processes_that_keep_the_same_conversation_all_succeed(
    shared_url: str, names: tuple[str, ...]
) -> None:
    """In one session or in two, from the very first request on: each mark is there once."""
    children = [
        _fork.Process(target=keep_many, args=(shared_url, name, 1 if place % 2 else -1))
        for place, name in enumerate(names)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0] * len(names)
    with Store.open(shared_url) as store:
        assert count(store, marks) == 15
        for name in set(names):
            assert len(list(store.session(name).turns())) == 15
            assert len(store.conversations(prefix=name)) == 1
        assert find(store, "4 2").bookmark == b"4"


_KILLED = """
import os, sys
from glyph_memory.store import Store, conversations
from glyph_memory.transcript import Turn
def keep(text, mark):
    turn = Turn(role="user", text=text, id=text)
    marks, bookmark = {mark * 32: int(mark)}, b"B" + text.encode()
    store.keep_conversation("chat", turns=[turn], marks=marks, bookmark=bookmark, report=b"R")
store = Store.open(sys.argv[1])
keep("kept", "1")
conversations._store = lambda *_args, **_told: os._exit(9)
keep("lost", "2")
"""


def test_a_process_that_is_killed_keeps_all_of_a_request_or_nothing(shared_url: str) -> None:
    """What was acknowledged is there; of what was not, neither turn nor mark nor bookmark."""
    assert subprocess.run([sys.executable, "-c", _KILLED, shared_url], check=False).returncode == 9
    with Store.open(shared_url) as store:
        assert [turn.text for turn in store.session("chat").turns()] == ["kept"]
        found = store.find_mark(["2" * 32, "1" * 32])
        assert found == ConversationMark(
            session="chat", chain="1" * 32, turns=1, bookmark=b"Bkept", is_tip=True, longest=1
        )
        assert count(store, bookmarks) == 2


def test_a_forked_child_keeps_conversations_and_so_does_its_parent(shared_url: str) -> None:
    """As servers fork their workers; the file is whole."""
    with Store.open(shared_url) as store:
        keep(store, "chat", "a")
        child = Child(lambda: keep(store, "chat", "b", after=1))
        keep(store, "other", "c")
        child.result()
        assert (find(store, "b").is_tip, find(store, "c").session) == (True, "other")
        assert check_file(store) == []


def test_copies_of_a_session_carry_no_marks(store: Store) -> None:
    """A conversation is found where its client goes on with it."""
    keep(store, "chat", "a", "b")
    store.session("chat").fork("copy")
    assert [turn.text for turn in store.session("copy").turns()] == ["a", "b"]
    assert store.conversation("copy") is None
    assert find(store, "b").session == "chat"


def test_a_conversation_is_a_session_as_others_are(tmp_path: Path) -> None:
    """A memory opens it, finds what was said, and writes it out; marks stay where they are."""
    with Store.open(tmp_path / "chat.db") as store:
        keep(store, "ada/1", "The port is 8443.", "The build is 7f3a9c21.")
    with GlyphMemory.open(tmp_path / "chat.db", session="ada/1", window_tokens=2048) as memory:
        assert memory.recall("port")
        assert memory.identifiers("7f3a9c21")
        assert memory.report()
        assert memory.export(tmp_path / "out.jsonl") == 2
    with GlyphMemory.open(tmp_path / "new.db") as memory:
        memory.import_(tmp_path / "out.jsonl")
    with Store.open(tmp_path / "new.db") as store:
        assert store.conversations() == ()


def test_a_database_of_the_version_before_gets_the_tables(shared_url: str) -> None:
    """Conversations are kept there from then on."""
    Store.open(shared_url, schema=Schema(migrations=SCHEMA.migrations[:3])).close()
    with Store.open(shared_url) as store:
        keep(store, "old", "new")
        assert [turn.text for turn in store.session("old").turns()] == ["new"]
        assert find(store, "new").session == "old"


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"marks": {"short": 1}}, "a mark is called 'short'; give its chain as 32 hex digits"),
        ({"marks": {"A" * 32: 1}}, "32 hex digits, in lower case"),
        ({"marks": {"a" * 32: -1}}, "turns=-1 is below 0"),
        ({"bookmark": "text"}, "the bookmark is 'text'; give it as bytes"),
        ({"report": None}, "the report is None; give it as bytes"),
        ({"parent_turns": 0.5}, r"parent_turns=0\.5 is no whole number"),
        ({"session": ""}, "a session's name is empty"),
    ],
)
def test_what_cannot_be_kept_is_refused(store: Store, told: dict[str, object], match: str) -> None:
    """In one line; nothing is stored."""
    given: dict[str, object] = {"session": "chat", "turns": [], "marks": {}, "bookmark": None, "report": b""}
    with pytest.raises(StoreError, match=match):
        store.keep_conversation(**given | told)  # type: ignore[arg-type] # wrong on purpose
    assert store.sessions() == ()


def test_a_request_of_a_long_conversation_reads_no_other_turns(tmp_path: Path) -> None:
    """SQLite looks each thing up by an index that leads to it: no table is read through, no session's turns either."""
    plans = dict[str, list[str]]()
    with Store.open(tmp_path / "chat.db") as store:
        keep(store, "chat", *(f"{number}" for number in range(40)))

        @event.listens_for(store._database._engine, "before_cursor_execute")
        def explain(*told: object) -> None:
            connection, statement, values = told[0], str(told[2]), told[3]
            assert isinstance(connection, Connection)
            assert isinstance(values, tuple | list)
            if (
                statement.startswith(("SELECT", "UPDATE", "DELETE"))
                and connection.connection.dbapi_connection
            ):
                cursor = connection.connection.dbapi_connection.cursor()
                cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
                plans[statement] = [str(row[3]) for row in cursor.fetchall()]

        keep(
            store,
            "chat",
            *(f"{number}" for number in range(38, 42)),
            after=38,
            bookmark=b"next",
            report=b"next",
        )
        find(store, "42", "41")
    steps = [step for plan in plans.values() for step in plan]
    assert len(plans) > 10
    assert not [step for step in steps if step.startswith("SCAN")]
    of_turns = {step for step in steps if re.search(r"glyph_(turns|images|words|marks) ", step)}
    assert not [step for step in of_turns if step.endswith("(session_id=?)")]


@pytest.mark.parametrize("parent", [7, b"chat", None, "\0"])
def test_a_parent_whose_name_is_none_is_refused(store: Store, parent: str) -> None:
    """Nothing is kept then."""
    with pytest.raises(StoreError, match="session"):
        store.keep_conversation(
            "chat", turns=[], marks={chain("a"): 1}, bookmark=None, report=b"", parent=parent
        )
    assert store.find_mark([chain("a")]) is None
