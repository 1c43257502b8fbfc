"""A server is used within limits, which each transaction tells it anew; what is wrong with one is said in one line."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import NullPool, create_engine

from glyph_memory.errors import StoreBusy, StoreError
from glyph_memory.memory import GlyphMemory
from glyph_memory.store import ServerOptions, Store
from glyph_memory.store.address import parse_address
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn

HELLO = Turn(role="user", text="hello")
LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


def read_limits(store: Store) -> list[object]:
    """Return the limits of a transaction of a store, as the server shows them."""
    with store._database.begin_read() as connection:
        return [connection.exec_driver_sql(f"SHOW {limit}").scalar() for limit in LIMITS]


def test_a_url_names_options_and_leaves_the_rest_to_the_driver() -> None:
    """By the names that they have in Python."""
    address = parse_address(
        "postgresql://u@h/d?pool_size=7&unix_sock=/s&statement_timeout_s=none&pool_pre_ping=no",
        server=ServerOptions(pool_size=3, pool_overflow=4),
    )
    assert address.server == ServerOptions(
        pool_size=7, pool_overflow=4, statement_timeout_s=None, pool_pre_ping=False
    )
    assert dict(address.url.query) == {"unix_sock": "/s"}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("pool_size=many", r"pool_size='many' is no number; give one, such as pool_size=30"),
        ("pool_size=0", r"pool_size=0 is below 1; give 1 or more"),
        ("statement_timeout_s=0", r"statement_timeout_s=0\.0 is not above 0; give more than 0"),
        ("lock_timeout_s=nan", r"lock_timeout_s=nan is no finite number"),
        ("idle_timeout_s=1e300", r"idle_timeout_s=1e\+300 is above 2,000,000"),
        ("prepares=perhaps", r"prepares='perhaps' is neither true nor false"),
        ("pool_sizes=4", r"no setting of a database's URL is called 'pool_sizes'\. Did you mean pool_size\?"),
        ("zzz=4", r"is called 'zzz'\. Settings of the store: connect_timeout_s, idle_timeout_s"),
    ],
)
def test_an_option_that_is_none_is_one_line(query: str, said: str) -> None:
    """Before anything is connected to."""
    with pytest.raises(StoreError, match=said) as caught:
        Store.open(f"postgresql://u:hunter2@127.0.0.1:1/d?{query}")
    assert "hunter2" not in str(caught.value)


def test_options_in_python_are_checked_as_well() -> None:
    """A switch is no number."""
    with pytest.raises(StoreError, match="prepares=1 is neither True nor False"):
        ServerOptions(prepares=1)  # type: ignore[arg-type]  # what callers do
    with pytest.raises(StoreError, match="pool_overflow=-1 is below 0"):
        ServerOptions(pool_overflow=-1)


def test_each_transaction_has_its_limits_and_leaves_none(postgres_url: str) -> None:
    """The session is as it was: those who come after it on the same connection meet nothing of ours."""
    server = ServerOptions(statement_timeout_s=7, idle_timeout_s=None, pool_size=1, pool_overflow=0)
    with Store.open(postgres_url, wait_s=3, server=server) as store:
        assert read_limits(store) == ["3s", "7s", "0"]
        with store._database._engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            cursor = driver.cursor()
            cursor.execute("ROLLBACK")
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone()[0] == "0"
    with GlyphMemory.open(f"{postgres_url}&lock_timeout_s=2.5", profile="glyph") as memory:
        assert read_limits(memory._store) == ["2500ms", "2min", "1min"]


def test_a_statement_that_takes_too_long_is_stopped(postgres_url: str) -> None:
    """And may be tried again."""
    with Store.open(postgres_url, server=ServerOptions(statement_timeout_s=0.05)) as store:
        with (
            pytest.raises(
                StoreBusy, match=r"stopped a statement that took too long: .* larger statement_timeout_s"
            ),
            store._database.begin_read() as connection,
        ):
            connection.exec_driver_sql("SELECT pg_sleep(30)")
        assert store.session("chat").append([HELLO])[0].anchor == 1


def test_a_transaction_that_stands_still_lets_go_of_its_locks(postgres_url: str) -> None:
    """As when the client's machine hangs; what it had not committed is not there."""
    with Store.open(f"{postgres_url}&idle_timeout_s=0.5") as hung, Store.open(postgres_url) as store:
        store.session("chat").append([HELLO])
        with (
            pytest.raises(StoreError, match=r"stood still for longer than idle_timeout_s|no connection to"),
            hung._database.begin_write() as connection,
        ):
            connection.exec_driver_sql("SELECT * FROM glyph_sessions FOR UPDATE")
            # It waits for the server to end that one.
            assert store.session("chat").append([HELLO])[0].anchor == 2
            connection.exec_driver_sql("SELECT 1")
        assert hung.session("chat").append([HELLO])[0].anchor == 3


def test_a_pool_without_a_free_connection_says_so(postgres_url: str) -> None:
    """After its time limit, for those who wait; not before."""
    with Store.open(f"{postgres_url}&pool_size=1&pool_overflow=0&pool_wait_s=0.05") as store:
        with (
            store._database.begin_read(),
            pytest.raises(StoreBusy, match=r"all connections to .* were in use"),
        ):
            store.sessions()
        assert store.sessions() == ()


def test_a_small_pool_serves_many_threads(postgres_url: str) -> None:
    """They queue."""
    with Store.open(f"{postgres_url}&pool_size=2&pool_overflow=0", wait_s=60) as store:
        sessions = [store.session(f"chat {number % 3}") for number in range(24)]
        with ThreadPoolExecutor(12) as threads:
            list(threads.map(lambda session: session.append([HELLO]), sessions))
        assert [session.turns for session in store.sessions()] == [8, 8, 8]


def test_one_connection_is_enough_for_all_that_a_memory_does(postgres_url: str) -> None:
    """No call waits for a second one while it holds the first."""
    with GlyphMemory.open(
        f"{postgres_url}&pool_size=1&pool_overflow=0&pool_wait_s=0.2", profile="glyph"
    ) as memory:
        memory.extend(agent_conversation(turns=120))
        assert memory.recall("deploy")
        assert memory.context().messages
        assert memory.fork("copy").delete(3) == 1
        assert len(list(zip(memory.turns(), memory.turns(), strict=True))) == 120
        memory.clear()


def test_a_server_that_takes_no_more_connections_says_so(postgres_url: str) -> None:
    """Its words are those of a full disk, which it is not."""
    with Store.open(postgres_url) as store:
        with store._database.begin_write() as connection:
            connection.exec_driver_sql("CREATE ROLE few LOGIN CONNECTION LIMIT 1")
            connection.exec_driver_sql("GRANT ALL ON SCHEMA public TO few")
            connection.exec_driver_sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO few")
        try:
            few = postgres_url.replace("glyph@", "few@")
            with (
                Store.open(few) as one,
                one._database.begin_read(),
                pytest.raises(StoreError, match=r"takes no more connections: .*smaller pool_size"),
            ):
                Store.open(few)
        finally:
            with store._database.begin_write() as connection:
                connection.exec_driver_sql("DROP OWNED BY few")
                connection.exec_driver_sql("DROP ROLE few")


def test_a_connection_killed_within_a_transaction_does_nothing(postgres_url: str) -> None:
    """All or none; the same store goes on with the next call."""
    with Store.open(postgres_url) as store, Store.open(postgres_url) as other:
        session = store.session("chat")
        session.append([HELLO])
        with (
            pytest.raises(StoreError, match=r"no connection to|is shutting down") as caught,
            store._database.begin_write() as connection,
        ):
            connection.exec_driver_sql("DELETE FROM glyph_turns")
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            with other._database.begin_write() as killer:
                killer.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 9000)")
            connection.exec_driver_sql("SELECT 1")
        assert "\n" not in str(caught.value)
        assert session.append([HELLO])[0].anchor == 2


def test_behind_pgbouncer_transactions_share_sessions_and_leave_nothing_in_them(bounced_url: str) -> None:
    """In transaction mode: many clients, two sessions of the server; each client's own limits hold, and none stays."""
    stores = [Store.open(f"{bounced_url}&statement_timeout_s={limit}", wait_s=60) for limit in range(11, 15)]
    try:

        def work(number: int) -> object:
            store = stores[number % 4]
            store.session(f"chat {number % 3}").append([Turn(role="user", text=f"the port is {number}")])
            return read_limits(store)[1]

        with ThreadPoolExecutor(8) as threads:
            told = list(threads.map(work, range(48)))
        assert told == [f"{11 + number % 4}s" for number in range(48)]
        first = stores[0]
        assert [session.turns for session in first.sessions()] == [16, 16, 16]
        assert [turn.anchor for turn in first.session("chat 1").turns()] == list(range(1, 17))
        assert first.session("chat 1").search("port 4", k=1)[0].turn.text == "the port is 4"
        first.session("chat 1").fork("copy")
        assert first.session("copy").truncate(after=2) == 14
        first.session("chat 2").clear()
        assert [session.name for session in first.sessions()] == ["chat 0", "chat 1", "copy"]
    finally:
        for store in stores:
            store.close()
    engine = create_engine(parse_address(bounced_url).url, poolclass=NullPool)
    for _ in range(4):
        with engine.connect() as connection:
            shown = [connection.exec_driver_sql(f"SHOW {limit}").scalar() for limit in LIMITS]
            assert shown == ["0", "0", "0"]
            assert not connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar()
            assert not connection.exec_driver_sql(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            ).scalar()


def test_stores_behind_pgbouncer_open_a_new_database_together(bounced_url: str) -> None:
    """The lock on making tables ends with its transaction."""
    together = threading.Barrier(4)

    def begin(number: int) -> None:
        together.wait()
        with Store.open(bounced_url, wait_s=60) as store:
            store.session("chat").append([Turn(role="user", text=str(number))])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(begin, range(4)))
    with Store.open(bounced_url) as store:
        assert store.session("chat").state().turns == 4
