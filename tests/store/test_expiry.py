"""Sessions go when their time is over, by the database's clock; whoever is written to meanwhile stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from glyph_memory.context import FolderCache
from glyph_memory.errors import StoreError
from glyph_memory.memory import GlyphMemory
from glyph_memory.memory.seal_records import make_seal_reader
from glyph_memory.store import ExpiredSession, SealRecord, Store, check_store
from glyph_memory.store.schema import MIGRATIONS, Schema, metadata, names, sessions
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn

DAY = timedelta(days=1)
CHAIN = "0123456789abcdef" * 2


def fill(store: Store, name: str, *, turns: int = 3, age: timedelta = timedelta(0)) -> None:
    """Write a session that was last written to so long ago."""
    if turns:
        said = [Turn(role="user", text=f"{name}: the port is {number}") for number in range(turns)]
        store.session(name).append(said)
    with store._database.begin_write() as connection:
        this = sessions.c.id == select(names.c.session_id).where(names.c.name == name).scalar_subquery()
        connection.execute(
            update(sessions).where(this).values(written=sessions.c.written - int(age.total_seconds()))
        )


def list_names(store: Store) -> list[str]:
    """Return the names of all sessions."""
    return [session.name for session in store.sessions()]


def list_gone(gone: Sequence[ExpiredSession]) -> list[tuple[str, int]]:
    """Return the names and lengths of sessions that went."""
    return [(one.name, one.turns) for one in gone]


def test_what_nobody_wrote_to_for_so_long_goes(store: Store) -> None:
    """It is told with its length and its last change; a dry run tells the same, and erases nothing."""
    fill(store, "old", age=91 * DAY)
    fill(store, "new", age=89 * DAY)
    for dry_run in (True, False):
        assert list_names(store) == ["new", "old"]
        (gone,) = store.expire(older_than=90 * DAY, dry_run=dry_run)
        assert (gone.name, gone.turns) == ("old", 3)
        assert gone.last_write is not None
        assert abs(datetime.now(UTC) - 91 * DAY - gone.last_write) < timedelta(hours=1)
    assert list_names(store) == ["new"]
    assert store.session("old").state().turns == 0
    assert store.session("new").search("port", k=9)
    assert store.expire(older_than=90 * DAY) == ()


def test_without_a_lifetime_nothing_goes(store: Store) -> None:
    """However old it is."""
    fill(store, "old", age=9_999 * DAY)
    assert store.expire() == ()


def test_a_session_s_own_lifetime_counts_before_others(store: Store) -> None:
    """Before what is asked for, and that before the store's own; a copy has that of its original."""
    for name in ("short", "long", "plain"):
        fill(store, name, turns=1, age=10 * DAY)
    store.set_lifetime(5 * DAY, session="short")
    store.set_lifetime(500 * DAY, session="long")
    store.set_lifetime(50 * DAY)
    assert {one.name: one.lifetime for one in store.sessions()} == {
        "short": 5 * DAY,
        "long": 500 * DAY,
        "plain": None,
    }
    assert list_gone(store.expire(dry_run=True)) == [("short", 1)]
    assert list_gone(store.expire(older_than=9 * DAY, dry_run=True)) == [("short", 1), ("plain", 1)]
    store.session("short").fork("copy")
    fill(store, "copy", turns=0, age=6 * DAY)
    store.set_lifetime(None, session="short")
    assert list_gone(store.expire()) == [("copy", 1)]
    store.set_lifetime(9 * DAY)
    assert list_gone(store.expire()) == [("short", 1), ("plain", 1)]
    store.set_lifetime(None)
    fill(store, "late", age=99 * DAY)
    assert store.expire() == ()


def test_a_lifetime_may_be_set_before_the_first_turn(store: Store) -> None:
    """The session is made."""
    store.set_lifetime(DAY, session="chat")
    assert [(one.name, one.turns, one.lifetime) for one in store.sessions()] == [("chat", 0, DAY)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (timedelta(0), r"older_than=datetime\.timedelta\(0\) is not above 0; give a longer one"),
        (timedelta(days=-1), "is not above 0"),
        (90, "older_than=90 is no span of time; give one, such as timedelta"),
    ],
)
def test_a_lifetime_that_is_none_is_refused(store: Store, given: timedelta, said: str) -> None:
    """Nothing goes."""
    fill(store, "old", age=999 * DAY)
    with pytest.raises(StoreError, match=said):
        store.expire(older_than=given)
    with pytest.raises(StoreError, match=said.replace("older_than", "lifetime")):
        store.set_lifetime(given)
    assert list_names(store) == ["old"]


def test_clocks_of_clients_say_nothing(store: Store) -> None:
    """Turns may be of any time: what counts is when the database was written to."""
    store.session("past").append([Turn(role="user", time=datetime(1999, 1, 1, tzinfo=UTC))])
    store.session("future").append([Turn(role="user", time=datetime(2999, 1, 1, tzinfo=UTC))])
    fill(store, "future", turns=0, age=91 * DAY)
    assert list_gone(store.expire(older_than=90 * DAY)) == [("future", 1)]


def test_each_change_begins_the_time_anew(store: Store) -> None:
    """A turn, a pin, a deletion, a request of a conversation; looking does not."""
    session = store.session("chat")
    session.append([Turn(role="user", text=str(number)) for number in range(3)])
    changes = (
        lambda: session.append([Turn(role="user")]),
        lambda: session.set_pinned(1, True),
        lambda: session.delete([2]),
        lambda: store.keep_conversation("chat", turns=[], marks={CHAIN: 1}, bookmark=b"B", report=b"R"),
    )
    for change in changes:
        fill(store, "chat", turns=0, age=91 * DAY)
        list(session.turns())
        session.search("1", k=1)
        assert store.expire(older_than=90 * DAY, dry_run=True)
        change()
        assert store.expire(older_than=90 * DAY) == ()


@pytest.mark.parametrize("held", ["'x'", "x'00'", "9223372036854775807", "-5", "NULL"])
def test_a_damaged_time_stops_nobody(tmp_path: Path, held: str) -> None:
    """SQLite holds anything anywhere; sessions are listed, and others go."""
    with Store.open(tmp_path / "chat.db") as store:
        fill(store, "damaged", age=91 * DAY)
        fill(store, "old", age=91 * DAY)
        with store._database.begin_write() as connection:
            connection.exec_driver_sql(f"UPDATE glyph_sessions SET written = {held} WHERE id = 1")  # noqa: S608
        assert [one.last_write is None for one in store.sessions()] == [True, False]
        assert "old" in [one.name for one in store.expire(older_than=90 * DAY, dry_run=True)]
        assert "old" in [one.name for one in store.expire(older_than=90 * DAY)]


def test_all_that_hangs_on_a_session_goes_with_it(store: Store, tmp_path: Path) -> None:
    """No table holds a row of it, nor the folder a page that its seals and bookmarks name."""
    shown, quoted = "a" * 64, "b" * 64
    reader = make_seal_reader(tmp_path)
    session, cache = store.session("chat", seal_reader=reader), FolderCache(tmp_path)
    turns = [Turn(role="user", text="id-4711-b", images=(b"PNG",)) for _ in range(1_050)]
    session.append(turns)
    session.add_seals([SealRecord(number=1, digest="d", body=shown)], edits=0)
    store.keep_conversation("chat", turns=[], marks={CHAIN: 1}, bookmark=quoted.encode(), report=b"R")
    for digest in (shown, quoted):
        cache.put(digest, b"a page")
    fill(store, "chat", turns=0, age=91 * DAY)
    assert list_gone(store.expire(older_than=90 * DAY, seal_reader=reader)) == [("chat", 1_050)]
    assert (cache.get(shown), cache.get(quoted)) == (None, None)
    with store._database.begin_read() as connection:
        for table in metadata.sorted_tables:
            if table.name == "glyph_meta":
                continue
            owner = table.c.id if table is sessions else table.c.get("session_id")
            query = select(func.count()).select_from(table)
            count = connection.execute(query if owner is None else query.where(owner > 0)).scalar()
            if table is names and connection.dialect.name == "sqlite":
                assert connection.execute(select(names.c.name, names.c.key)).all() == [("", b"")]
            elif table.name != "glyph_erasures":
                assert count == 0, table.name
    assert store.session("chat").append([Turn(role="user")])[0].anchor == 1


def test_batches_are_bounded_and_told(store: Store) -> None:
    """Others write between them: what is written to after it was listed stays."""
    for number in range(60):
        store.session(f"s{number:02}").append([Turn(role="user")])
    with store._database.begin_write() as connection:
        connection.execute(update(sessions).values(written=sessions.c.written - 91 * 86_400))
    told: list[int] = []

    def write_on(gone: Sequence[ExpiredSession]) -> None:
        told.append(len(gone))
        store.session("s55").append([Turn(role="user", text="still here")])

    gone = store.expire(older_than=90 * DAY, progress=write_on)
    assert told == [50, 9]
    assert [one.name for one in gone] == [f"s{number:02}" for number in range(60) if number != 55]
    assert list_names(store) == ["s55"]


def test_a_session_that_is_being_written_to_stays(postgres_url: str) -> None:
    """On a server others hold its lock: it is not waited for."""
    with Store.open(postgres_url) as store, Store.open(postgres_url, wait_s=0.05) as other:
        for name in ("one", "two"):
            fill(store, name, age=91 * DAY)
        with store._database.begin_write() as connection:
            connection.execute(update(sessions).where(sessions.c.id == 1).values(looks="x"))
            assert list_gone(other.expire(older_than=90 * DAY)) == [("two", 3)]
        assert list_names(store) == ["one"]


def test_a_long_session_goes_in_steps_and_is_gone_at_once(postgres_url: str) -> None:
    """Who is killed meanwhile leaves a note, and the next one that opens the database goes on."""
    with Store.open(postgres_url) as store:
        fill(store, "long", turns=1_500, age=91 * DAY)
        store._database._empty_session = lambda task: False  # type: ignore[method-assign]  # killed before it
        with pytest.warns(match="its rows, since others were writing"):
            assert list_gone(store.expire(older_than=90 * DAY)) == [("long", 1_500)]
        assert list_names(store) == []
        assert store.session("long").append([Turn(role="user")])[0].anchor == 1
        with store._database.begin_read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM glyph_turns").scalar() == 1_501
    with Store.open(postgres_url) as store, store._database.begin_read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM glyph_turns").scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM glyph_names").scalar() == 1
    assert not check_store(postgres_url).findings


def test_what_was_written_before_there_were_lifetimes_counts_as_written_when_it_was_brought_up_to_date(
    shared_url: str,
) -> None:
    """Nothing goes too early."""
    columns = "(id, name_digest, last_anchor, turns, words, edits) VALUES (1, 'x', 0, 0, 0, 0)"
    older = Schema(migrations=MIGRATIONS[:-1])
    with Store.open(shared_url, schema=older) as store, store._database.begin_write() as connection:
        connection.exec_driver_sql(f"INSERT INTO glyph_sessions {columns}")
    with Store.open(shared_url) as store, store._database.begin_read() as connection:
        (written,) = connection.execute(select(sessions.c.written)).scalars()
        assert abs(datetime.now(UTC) - datetime.fromtimestamp(written, UTC)) < timedelta(hours=1)


def test_pages_of_an_expired_session_go_from_the_folder_beside_the_database(tmp_path: Path) -> None:
    """Those that a memory drew."""
    path = tmp_path / "chat.db"
    with GlyphMemory.open(path, session="chat", profile="glyph") as memory:
        memory.extend(agent_conversation(turns=300))
        memory.context()
    folder = tmp_path / "chat.db.pages"
    drawn = list(folder.rglob("*.png"))
    assert drawn
    with Store.open(path) as store:
        fill(store, "chat", turns=0, age=91 * DAY)
        store.expire(older_than=90 * DAY, seal_reader=make_seal_reader(folder))
    assert not list(folder.rglob("*.png"))
