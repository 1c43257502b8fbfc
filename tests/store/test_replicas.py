"""Recall that is read from a replica shows what the primary does: nothing is missing, nothing erased is there.

The replica is a real one, which follows the tests' server; its lag is made with `pg_wal_replay_pause`.
"""

from __future__ import annotations

import gc
import socket as sockets
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Connection

from glyph_memory.errors import GlyphMemoryWarning, StoreError
from glyph_memory.memory import GlyphMemory
from glyph_memory.store import ServerOptions, SessionStore, Store, repair_store
from glyph_memory.store import replicas as replicas_module
from glyph_memory.store.address import parse_address
from glyph_memory.store.sessions import SessionRow
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn
from lib.forks import Child
from lib.pgbouncer import MISSING_BOUNCER, has_pgbouncer, make_bounced_url, run_pgbouncer
from lib.postgres import Server, make_database, make_url, run_replica, run_server, run_statement

_NAMES = count(1)
PAUSE, RESUME = "SELECT pg_wal_replay_pause()", "SELECT pg_wal_replay_resume()"
LEAST_S, MOST_S = 1.0, 60.0
"""How long is written and read under fire: until enough was read from the replica, on a slow machine too."""


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what came of asking replicas, as the metric does; one that failed rests for the whole test."""
    counted = Counter[str]()
    monkeypatch.setattr(replicas_module, "FIRST_REST_S", 3600.0)
    monkeypatch.setattr(replicas_module, "count", lambda _, *, read_from: counted.update([read_from]))
    return counted


@pytest.fixture(scope="module")
def shared_database(postgres_socket: str) -> str:
    """Make the database of this module's tests."""
    make_database(postgres_socket, "replicated")
    return "replicated"


@pytest.fixture
def database(postgres_socket: str, replica_server: Server, shared_database: str) -> Iterator[str]:
    """Empty the database, and give its name; the replica replays again at the end, whatever the test left."""
    for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
        run_statement(postgres_socket, statement, database=shared_database)
    yield shared_database
    replica_server.run(RESUME)


@contextmanager
def open_store(socket: str, database: str, *replicas: Server | str, wait_s: float = 30.0) -> Iterator[Store]:
    """Open a store with replicas, each a server or a URL; they are waited for as long as it takes."""
    urls = tuple(one if isinstance(one, str) else make_url(one.socket, database) for one in replicas)
    options = ServerOptions(replicas=urls, replica_wait_s=wait_s, replica_timeout_s=60)
    with Store.open(make_url(socket, database), server=options) as store:
        yield store


def get_replica(store: Store) -> replicas_module.Replica:
    """Return the store's only replica."""
    assert store._database.replicas
    (replica,) = store._database.replicas._replicas
    return replica


def say(session: SessionStore, *texts: str) -> None:
    """Append turns of the user."""
    session.append([Turn(role="user", text=text) for text in texts])


def find(session: SessionStore, query: str) -> list[str]:
    """Return the texts of what is found, the oldest first."""
    hits = session.search(query, k=100)
    return [hit.turn.text for hit in sorted(hits, key=lambda hit: hit.turn.anchor or 0)]


def call_within(session: SessionStore, event: Callable[[Connection], object]) -> int | None:
    """Read a session's count of turns; while a replica is read, have something happen."""

    def read(connection: Connection, row: SessionRow) -> int:
        if connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on":
            event(connection)
        return row.turns

    return session._read_replica(read)


# How replicas are named.


def test_a_replica_is_a_host_or_a_url_and_takes_the_rest_from_its_primary() -> None:
    """In Python and in the URL's query."""
    url = "postgresql://u:pw@h:5/d?pool_size=7&unix_sock=/s&replicas=r1,r2:5433&replica_wait_s=0.5"
    address = parse_address(url)
    assert [(one.url.host, one.url.port) for one in address.replicas] == [("r1", 5), ("r2", 5433)]
    assert {(one.url.username, one.url.password, one.url.database) for one in address.replicas} == {
        ("u", "pw", "d")
    }
    assert not any(one.url.query for one in address.replicas)
    assert all(one.is_replica and one.read_only and one.server.pool_size == 7 for one in address.replicas)
    whole = "postgresql%3A%2F%2Fx%3Asecret%40r3%2Fe%3Fpool_size%3D2"
    told = parse_address(f"postgresql://u@h/d?replicas={whole}&replicas=[::1]:5433")
    assert [one.url.render_as_string(hide_password=False) for one in told.replicas] == [
        "postgresql+pg8000://x:secret@r3/e",
        "postgresql+pg8000://u@[::1]:5433/d",
    ]
    assert [one.server.pool_size for one in told.replicas] == [2, 5]
    assert "secret" not in f"{told.shown}{told.server!r}"


@pytest.mark.parametrize(
    ("replicas", "said"),
    [
        ("r1", r"the replicas are no list of texts; give replicas=\('host:port', …\)"),
        ((3,), "the replicas are no list of texts"),
        (("u:hunter2@r1",), r"one of the replicas is no host and no URL\. Give 'host', 'host:5433'"),
        (("r1:x",), "one of the replicas is no host and no URL"),
        (("mysql+pymysql://u:hunter2@r1/d",), r"\*\*\*@r1/d' is no PostgreSQL server"),
        (("postgresql://u@r1/d?replicas=r2",), "is no PostgreSQL server"),
    ],
)
def test_a_replica_that_is_none_is_one_line(replicas: tuple[str, ...], said: str) -> None:
    """Before anything is connected to, and without the password."""
    with pytest.raises(StoreError, match=said) as caught:
        parse_address("postgresql://u@h/d", server=ServerOptions(replicas=replicas))
    assert "hunter2" not in str(caught.value)


def test_other_databases_have_no_replicas(tmp_path: Path) -> None:
    """SQLite takes no notice, as of all options of a server; another server's would not be read exactly."""
    with Store.open(tmp_path / "chat.db", server=ServerOptions(replicas=("r1",))) as store:
        assert store._database.replicas is None
    with pytest.raises(StoreError, match="can have no replicas here; only PostgreSQL's are read"):
        parse_address("mysql+pymysql://u@h/d?replicas=r1")


# What is read where.


def test_recall_is_read_from_the_replica(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """Search, identifiers and long reads; not what costs the primary no more than the comparison."""
    with open_store(postgres_socket, database, replica_server) as store:
        session = store.session("chat")
        say(session, *(f"build-{number}.internal has port {number}" for number in range(300)))
        assert find(session, "42") == ["build-42.internal has port 42"]
        assert len(session.identifiers(limit=20)) == 20
        assert [*session.turns()][-1].anchor == 300
        assert session.measure(after=0, upto=300).turns == 300
        assert [*session.anchors(after=100, upto=300)] == [*range(101, 301)]
        assert len([*session.sizes(after=0, upto=300)]) == 300
        assert outcomes == {"replica": 6}  # the last few of `turns` cost the primary no more
        assert len([*session.turns(after=280)]) == 20
        assert session.turn(300) is not None
        session.state(), session.head(), session.last_user(upto=300), session.list_pinned(upto=300)
        assert store.session("nobody").search("port", k=1) == ()
        assert store.session("nobody").turn(1) is None
        assert outcomes == {"replica": 6}


def test_a_memory_is_opened_and_asked_by_way_of_the_replica(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """What it says is the same; the replica is named in the URL."""
    with open_store(postgres_socket, database, replica_server) as store:
        GlyphMemory.open(store, session="chat", profile="glyph").extend(agent_conversation(turns=300))
    with Store.open(make_url(postgres_socket, database)) as alone:
        memory = GlyphMemory.open(alone, session="chat", profile="glyph")
        expected = (memory.recall("deploy"), memory.context().to_openai(), memory.identifiers())
    outcomes.clear()
    replica = quote(make_url(replica_server.socket, database), safe="")
    url = f"{make_url(postgres_socket, database)}&replicas={replica}&replica_wait_s=30"
    with GlyphMemory.open(url, session="chat", profile="glyph") as memory:
        assert (memory.recall("deploy"), memory.context().to_openai(), memory.identifiers()) == expected
    assert {*outcomes} == {"replica"}
    assert outcomes["replica"] >= 3


def test_a_replica_can_be_opened_by_itself(
    postgres_socket: str, database: str, replica_server: Server
) -> None:
    """Read-only, as it then is: as late as it is."""
    with Store.open(make_url(postgres_socket, database)) as store:
        say(store.session("chat"), "the port is 8443")
        replica_server.catch_up(postgres_socket)
    with Store.open(make_url(replica_server.socket, database)) as store:
        assert store.read_only
        assert find(store.session("chat"), "port") == ["the port is 8443"]
        with pytest.raises(StoreError, match="is read-only"):
            say(store.session("chat"), "no")
        memory = GlyphMemory.open(store, session="chat", profile="glyph")
        assert memory.recall("port")
        assert memory.context().messages


def test_a_reading_on_a_replica_sees_one_moment(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """What is replayed meanwhile is not in it: else the turns could be newer than the row that was compared."""
    with open_store(postgres_socket, database, replica_server) as store:
        session, seen = store.session("chat"), list[object]()
        say(session, "one", "two")

        def erase(connection: Connection) -> None:
            session.delete([1])
            replica_server.catch_up(postgres_socket)
            seen.append(connection.exec_driver_sql("SELECT count(*) FROM glyph_turns").scalar())

        assert call_within(session, erase) == 2
        assert seen == [2]
        assert outcomes == {"replica": 1}


# Lag.


def test_a_replica_that_lags_never_misses_nor_shows_too_much(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """Whoever wrote, through whatever store: what was acknowledged is there, what was erased is not."""
    with (
        open_store(postgres_socket, database, replica_server, wait_s=0) as store,
        Store.open(make_url(postgres_socket, database)) as other,
    ):
        session, theirs = store.session("chat"), other.session("chat")
        say(session, "first port", "second port", "third port")
        say(store.session("quiet"), "the port is 8443")
        say(store.session("cleared"), "old port")
        replica_server.catch_up(postgres_socket)
        assert find(session, "port") == ["first port", "second port", "third port"]
        assert outcomes == {"replica": 1}
        replica_server.run(PAUSE)

        say(theirs, "fourth port")
        assert find(session, "port") == ["first port", "second port", "third port", "fourth port"]
        theirs.delete([2])
        assert find(session, "port") == ["first port", "third port", "fourth port"]
        assert session.turn(2) is None
        theirs.set_pinned(1, True)
        assert session.search("first", k=1)[0].turn.pinned
        theirs.truncate(after=3)
        assert find(session, "port") == ["first port", "third port"]
        theirs.fork("copy")
        assert find(store.session("copy"), "port") == ["first port", "third port"]
        other.session("cleared").clear()
        assert find(store.session("cleared"), "port") == []
        assert store.session("cleared").turn(1) is None
        say(other.session("cleared"), "new port")
        assert find(store.session("cleared"), "port") == ["new port"]
        assert [turn.text for turn in store.session("cleared").turns()] == ["new port"]
        say(other.session("new"), "born port")
        assert find(store.session("new"), "port") == ["born port"]
        assert outcomes["replica"] == 1

        # What nobody wrote to is read from the replica, however late that is.
        assert find(store.session("quiet"), "port") == ["the port is 8443"]
        assert outcomes["replica"] == 2
        replica_server.run(RESUME)
        replica_server.catch_up(postgres_socket)
        assert find(session, "port") == ["first port", "third port"]
        assert outcomes["replica"] == 3


def test_an_index_made_again_by_the_doctor_is_not_missed(
    postgres_socket: str, database: str, replica_server: Server
) -> None:
    """It changes no turn, and no count: the session's row is written anew for replicas alone."""
    with open_store(postgres_socket, database, replica_server, wait_s=0) as store:
        session = store.session("chat")
        say(session, "first port", "second port")
        with store._database.begin_write() as connection:
            connection.exec_driver_sql("UPDATE glyph_words SET words = 'lost lost' WHERE anchor = 1")
        replica_server.catch_up(postgres_socket)
        assert find(session, "port") == ["second port"]
        replica_server.run(PAUSE)
        repair_store(make_url(postgres_socket, database), backup=False)
        assert find(session, "port") == ["first port", "second port"]


def test_a_replica_is_waited_for_a_moment(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """It is behind by milliseconds as a rule; once that was in vain, nobody waits for the next second."""
    with open_store(postgres_socket, database, replica_server) as store:
        session = store.session("chat")
        replica_server.run(PAUSE)
        say(session, "the port is 8443")
        threading.Timer(0.2, replica_server.run, [RESUME]).start()
        assert find(session, "port") == ["the port is 8443"]
        assert outcomes == {"replica": 1}
        replica = get_replica(store)
        replica.patience_s = 0.05
        replica_server.run(PAUSE)
        say(session, "another port")
        assert len(find(session, "port")) == 2
        assert replica.is_lagging()
        replica.patience_s = 3600
        assert len(find(session, "port")) == 2
        assert outcomes == {"replica": 1, "behind": 2}


def test_a_replica_that_lags_for_long_is_told_once(
    postgres_socket: str, database: str, replica_server: Server
) -> None:
    """By the age of what it lacks."""
    with open_store(postgres_socket, database, replica_server, wait_s=0) as store:
        session = store.session("chat")
        replica_server.run(PAUSE)
        say(session, "the port is 8443")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            find(session, "port")
        with store._database.begin_write() as connection:
            connection.exec_driver_sql("UPDATE glyph_sessions SET written = written - 100")
        with pytest.warns(
            GlyphMemoryWarning, match=r"lacks a change that is 1\d\d s old.*pg_stat_rep"
        ) as told:
            for _ in range(3):
                assert find(session, "port")
        assert len(told) == 1


# Failures.


def test_a_replica_that_is_killed_in_the_middle_is_replaced_by_the_primary(
    postgres_socket: str, database: str, outcomes: Counter[str]
) -> None:
    """It is told once, left alone for a while, and asked again once it is back."""
    with run_replica(postgres_socket) as server, open_store(postgres_socket, database, server) as store:
        session = store.session("chat")
        say(session, "one", "two")
        assert call_within(session, lambda _: None) == 2
        assert outcomes == {"replica": 1}

        def kill(connection: Connection) -> None:
            server.kill()
            connection.exec_driver_sql("SELECT 1")

        with pytest.warns(GlyphMemoryWarning, match=r"is passed over.*(no connection to|shutting)") as told:
            assert call_within(session, kill) == 2
            for _ in range(20):
                assert find(session, "two") == ["two"]
        assert len(told) == 1
        assert outcomes == {"replica": 1, "cancelled": 1, "down": 1}
        (server.home / "data" / "postmaster.pid").unlink(missing_ok=True)
        with run_server(server.home):
            get_replica(store)._rests_until_s = 0.0
            assert find(session, "two") == ["two"]
            assert outcomes == {"replica": 2, "cancelled": 1, "down": 1}


def test_a_replica_that_lacks_the_tables_of_a_new_store_lags(
    postgres_socket: str, replica_server: Server, database: str, outcomes: Counter[str]
) -> None:
    """It is no other store's, so nothing is said; once it has them, it is read."""
    replica_server.catch_up(postgres_socket)
    replica_server.run(PAUSE)
    with open_store(postgres_socket, database, replica_server, wait_s=0.05) as store:
        session = store.session("chat")
        say(session, "one")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert find(session, "one") == ["one"]
        assert outcomes == {"behind": 1}
        replica_server.run(RESUME)
        replica_server.catch_up(postgres_socket)
        get_replica(store)._lags_until_s = 0.0
        assert find(session, "one") == ["one"]
        assert outcomes == {"behind": 1, "replica": 1}


def test_a_promoted_replica_is_refused(postgres_socket: str, database: str, outcomes: Counter[str]) -> None:
    """It goes its own way from now on, whatever it shows of this session; its own reading is not told so before."""
    with (
        run_replica(postgres_socket, max_standby_streaming_delay=0) as server,
        open_store(postgres_socket, database, server) as store,
    ):
        session = store.session("chat")
        say(session, "one", "two", "three")
        assert find(session, "two") == ["two"]

        # First: what it shows is wanted by nobody on the primary any more, and it cancels its reader.
        def conflict(connection: Connection) -> None:
            connection.exec_driver_sql("SELECT count(*) FROM glyph_turns")
            session.delete([3])
            run_statement(postgres_socket, "VACUUM glyph_turns", database=database)
            connection.exec_driver_sql("SELECT pg_sleep(30)")

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert call_within(session, conflict) == 2
        assert outcomes == {"replica": 1, "cancelled": 1}

        server.run("SELECT pg_promote()")
        with pytest.warns(GlyphMemoryWarning, match="it follows no server. Was it promoted") as told:
            for _ in range(3):
                assert find(session, "two") == ["two"]
        assert len(told) == 1
        assert outcomes["refused"] == 1


@pytest.mark.parametrize("which", ["primary", "empty", "other store"])
def test_a_server_that_is_no_replica_of_this_store_is_refused_by_name(
    which: str, postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """The primary itself, a database without a store, the replica of another one; the primary answers."""
    other = f"other{next(_NAMES)}"
    url = make_database(postgres_socket, other)
    if which == "other store":
        with Store.open(url) as store:
            say(store.session("chat"), "another port")
    replica_server.catch_up(postgres_socket)
    wrong = (
        make_url(postgres_socket, database) if which == "primary" else make_url(replica_server.socket, other)
    )
    said = {
        "primary": "it follows no server",
        "empty": "glyph_meta|glyph_sessions",
        "other store": "it belongs to another server or database",
    }
    with open_store(postgres_socket, database, wrong) as store:
        say(store.session("chat"), "the port is 8443")
        with pytest.warns(GlyphMemoryWarning, match=rf"no replica of this store: .*{said[which]}") as told:
            for _ in range(3):
                assert find(store.session("chat"), "port") == ["the port is 8443"]
    assert len(told) == 1
    assert outcomes == {"refused": 1}


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # pg8000's, when it gives up
def test_a_server_that_does_not_answer_costs_its_time_limit_once(
    tmp_path: Path, postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """Others are asked meanwhile."""
    silent = tmp_path / "silent"
    with sockets.socket(sockets.AF_UNIX) as door:
        door.bind(str(silent))
        door.listen()
        mute = f"postgresql+pg8000://glyph@/{database}?unix_sock={silent}&replica_timeout_s=0.2"
        with open_store(postgres_socket, database, mute, replica_server) as store:
            say(store.session("chat"), "the port is 8443")
            with pytest.warns(GlyphMemoryWarning, match="is passed over"):
                for _ in range(10):
                    assert find(store.session("chat"), "port") == ["the port is 8443"]
            gc.collect()  # what it leaves, while that is no error
    assert outcomes == {"down": 1, "replica": 10}


def test_what_is_wrong_with_the_question_is_no_fault_of_the_replica(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """The primary answers it in its own words, and the replica is asked on."""
    with open_store(postgres_socket, database, replica_server) as store:
        session = store.session("chat")
        say(session, "the port is 8443")
        with pytest.raises(StoreError, match="is no whole number"):
            session.search("port", k=1.5)  # type: ignore[arg-type]  # what callers do
        assert outcomes.pop("cancelled") == 1
        assert find(session, "port") == ["the port is 8443"]
        assert outcomes == {"replica": 1}


def test_a_forked_child_asks_the_replica_by_itself(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """Neither takes the other's connection."""
    with open_store(postgres_socket, database, replica_server) as store:
        session = store.session("chat")
        say(session, "the port is 8443")
        assert find(session, "port") == ["the port is 8443"]
        child = Child(lambda: [*find(session, "port"), outcomes["replica"]])
        assert child.result() == ["the port is 8443", 2]
        assert find(session, "port") == ["the port is 8443"]
        assert outcomes == {"replica": 2}


@pytest.mark.skipif(not has_pgbouncer(), reason=MISSING_BOUNCER)
def test_pgbouncer_may_stand_before_both(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """In transaction mode; on the replica as on the primary nothing is left in a session."""
    with run_pgbouncer(postgres_socket) as front, run_pgbouncer(replica_server.socket) as back:
        url = make_bounced_url(front, make_url(postgres_socket, database))
        options = ServerOptions(replicas=(make_bounced_url(back, url),), replica_wait_s=30)
        with Store.open(url, server=options) as store:
            session = store.session("chat")
            for number in range(20):
                say(session, f"the port is {number}")
                assert find(session, f"{number}") == [f"the port is {number}"]
            assert outcomes == {"replica": 20}
        with Store.open(make_bounced_url(back, url)) as store, store._database.begin_read() as connection:
            assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "2min"


def test_under_fire_each_recall_shows_all_that_was_acknowledged_before(
    postgres_socket: str, database: str, replica_server: Server, outcomes: Counter[str]
) -> None:
    """Writers add and erase, the replica stops and goes on, and readers compare; nothing is missing or too much."""
    begun_s, faults = time.monotonic(), list[str]()

    def goes_on() -> bool:
        enough = outcomes["replica"] > 10 and all(state.total() > 10 for state in there)
        passed_s = time.monotonic() - begun_s
        return passed_s < LEAST_S or (passed_s < MOST_S and not enough)

    with (
        open_store(postgres_socket, database, replica_server, wait_s=0.02) as store,
        Store.open(make_url(postgres_socket, database)) as other,
    ):
        there = [Counter[str]() for _ in range(2)]
        """By session, each text: 1 once it is stored, 2 once it is about to be erased, 3 once it is."""

        def write(number: int) -> None:
            session, state, numbers = other.session(f"chat {number}"), there[number], count(1)
            while goes_on():
                text = f"port {next(numbers)}"
                anchor = session.append([Turn(role="user", text=text)])[0].anchor or 0
                state[text] = 1
                if anchor % 3 == 0:
                    state[text] = 2
                    session.delete([anchor])
                    state[text] = 3
                time.sleep(0.03)

        def read(number: int) -> None:
            session, state = store.session(f"chat {number}"), there[number]
            while goes_on():
                before = Counter(dict(state))
                texts = {turn.text for turn in session.turns()}
                after = Counter(dict(state))
                found = {hit.turn.text for hit in session.search("port", k=10_000)}
                again = Counter(dict(state))
                for seen, early, late in ((texts, before, after), (found, after, again)):
                    must = {text for text, state in early.items() if state == 1 and late[text] == 1}
                    never = {text for text, state in early.items() if state == 3}
                    if must - seen or seen & never:
                        faults.append(f"missing {must - seen}, too much {seen & never}")

        def stutter() -> None:
            while goes_on():
                replica_server.run(PAUSE)
                time.sleep(0.05)
                replica_server.run(RESUME)
                time.sleep(0.15)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
        threads += [threading.Thread(target=read, args=(number % 2,)) for number in range(4)]
        threads += [threading.Thread(target=stutter)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not faults
    assert outcomes["replica"] > 10
    assert {*outcomes} <= {"replica", "behind", "cancelled"}
    assert all(state.total() > 10 for state in there)
