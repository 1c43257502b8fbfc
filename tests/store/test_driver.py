"""A server's driver breaks, waits, or is told nonsense: each is one line, none is a hang, and the next call goes on."""

from __future__ import annotations

import socket
import ssl
from itertools import count

import pytest
from sqlalchemy.exc import DBAPIError

from glyph_memory.errors import StoreError
from glyph_memory.store import ServerOptions, Store
from glyph_memory.store import driver as driver_module
from glyph_memory.store import schema as schema_module
from glyph_memory.store.address import parse_address
from glyph_memory.store.driver import _parse_settings, wait_for_ever
from glyph_memory.store.failures import translate
from glyph_memory.transcript import Turn
from lib.postgres import make_database, run_statement

HELLO = Turn(role="user", text="hello")
_NUMBERS = count(1)


class Reset:
    """A connection's stream whose other end is gone: what is sent goes nowhere, what is read is the system's error."""

    def write(self, data: bytes) -> int:
        """Send into the void."""
        return len(data)

    def flush(self) -> None:
        """Do nothing."""

    def read(self, size: int) -> bytes:
        """Raise what the system says."""
        raise ConnectionResetError(104, "Connection reset by peer")

    def close(self) -> None:
        """Do nothing."""


def reset_idle(store: Store) -> None:
    """Break the connection that a store keeps for its next call."""
    kept = store._database._engine.raw_connection()
    held = kept.driver_connection
    kept.close()
    held._sock = Reset()  # type: ignore[union-attr]  # pg8000's own


def test_a_kept_connection_that_was_reset_is_made_anew(postgres_url: str) -> None:
    """A restarted server may say so by resetting it, which pg8000 raises as the system's error."""
    with Store.open(postgres_url) as store:
        reset_idle(store)
        assert store.session("chat").append([HELLO])[0].anchor == 1


def test_a_connection_that_is_reset_in_a_call_is_one_line_and_no_traceback(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The message says what to do; the program's log gets nothing from the pool."""
    with Store.open(postgres_url) as store:
        with (
            pytest.raises(
                StoreError, match=r"no connection to .* any more: it broke.*with the same ids"
            ) as caught,
            store._database.begin_write() as connection,
        ):
            connection.connection.driver_connection._sock = Reset()  # type: ignore[union-attr]  # as above
            connection.exec_driver_sql("SELECT 1")
        assert "\n" not in str(caught.value)
        assert store.session("chat").append([HELLO])[0].anchor == 1
    assert caplog.records == []


def test_a_server_that_does_not_answer_is_not_waited_for_without_end() -> None:
    """It takes the connection and says nothing, as when its machine hangs."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreError, match=r"no answer within 0\.2 s"):
            Store.open(f"postgresql://u@127.0.0.1:{port}/d?connect_timeout_s=0.2&sslmode=disable")


def test_a_server_that_goes_silent_in_a_statement_is_given_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moment after it should have ended the statement itself; tables are made without that limit."""
    monkeypatch.setattr(driver_module, "_GRACE_S", 0.2)
    with Store.open(postgres_url, server=ServerOptions(statement_timeout_s=0.1)) as store:
        with store._database.begin_write() as connection, wait_for_ever(connection):
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SELECT pg_sleep(1)")
        with (
            pytest.raises(StoreError, match=r"no connection to .* any more: no answer in time"),
            store._database.begin_write() as connection,
        ):
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SELECT pg_sleep(60)")
        assert store.session("chat").append([HELLO])[0].anchor == 1


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_does_not_hold_all_letters_is_refused(postgres_socket: str, encoding: str) -> None:
    """Before a store is made in it: it would fail with the first letter that is not there."""
    url = make_encoded(postgres_socket, encoding)
    with pytest.raises(
        StoreError, match=rf"is encoded in {encoding}, .* createdb --template=template0 --encoding=UTF8"
    ):
        Store.open(url)


def test_a_store_in_such_a_database_goes_on_with_the_letters_that_it_has(
    postgres_socket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made by an older version; the message says how to move it."""
    monkeypatch.setattr(schema_module, "check_encoding", lambda *_, **__: None)
    with Store.open(make_encoded(postgres_socket, "LATIN1")) as store:
        session = store.session("chat")
        assert session.append([Turn(role="user", text="größer")])[0].anchor == 1
        with pytest.raises(StoreError, match=r"cannot hold all letters: .*Back it up, and restore"):
            session.append([Turn(role="user", text="漢字")])
        assert session.append([HELLO])[0].anchor == 2
        assert [hit.turn.text for hit in session.search("größer", k=1)] == ["größer"]


def test_an_account_s_own_encoding_is_none_of_ours(postgres_socket: str) -> None:
    """The driver would spell everything in it."""
    name = f"account{next(_NUMBERS)}"
    url = make_database(postgres_socket, name)
    run_statement(postgres_socket, f"ALTER DATABASE {name} SET client_encoding = 'LATIN1'")
    with Store.open(url) as store:
        turn = store.session("漢").append([Turn(role="user", text="漢字")])[0]
        assert list(store.session("漢").turns()) == [turn]


def make_encoded(socket: str, encoding: str) -> str:
    """Create a database of an encoding; return its URL."""
    name = f"encoded{next(_NUMBERS)}"
    template = f"{name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    return make_database(socket, template).replace(template, name)


def test_a_password_is_hidden_wherever_a_url_says_it() -> None:
    """In its query as well."""
    url = "postgresql://u:hunter1@127.0.0.1:1/d?password=hunter2"
    with pytest.raises(StoreError, match=r"password=\*\*\*.*Connection refused") as caught:
        Store.open(url)
    assert "hunter" not in str(caught.value)
    assert "hunter" not in parse_address(url).safe_url


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("timeout=soon", "timeout='soon' is no number"),
        ("timeout=-1", "timeout=-1.0 is not above 0"),
        ("tcp_keepalive=perhaps", "tcp_keepalive='perhaps' is neither true nor false"),
        ("sslmode=maybe", "sslmode='maybe' is no mode; give one of allow, disable"),
        ("sslmode=verify-full&sslrootcert=/no/such", "sslrootcert='/no/such' cannot be read: No such file"),
        ("startup_params=x", "no setting of a database's URL is called 'startup_params'"),
        ("user=a&user=b", "says 'user' more than once"),
    ],
)
def test_what_a_driver_takes_as_no_text_is_checked(query: str, said: str) -> None:
    """It would fail with a `TypeError`, or take "false" for true."""
    with pytest.raises(StoreError, match=said):
        Store.open(f"postgresql://u@127.0.0.1:1/d?{query}")


def test_sslmode_is_what_other_programs_take_it_for() -> None:
    """A URL of a hosting service says it."""

    def parse(**told: str) -> object:
        given = dict[str, object](told)
        _parse_settings(given)
        assert "sslmode" not in given
        return given["ssl_context"]

    assert [parse(sslmode=mode) for mode in ("disable", "prefer", "require")] == [False, None, True]
    full, authority = parse(sslmode="verify-full"), parse(sslmode="verify-ca")
    assert isinstance(full, ssl.SSLContext)
    assert isinstance(authority, ssl.SSLContext)
    assert (full.check_hostname, full.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert (authority.check_hostname, authority.verify_mode) == (False, ssl.CERT_REQUIRED)
    assert parse(sslmode="require", unix_sock="/s") is False


def test_a_server_that_becomes_the_primary_takes_writes_at_once(postgres_socket: str) -> None:
    """What a store saw when it was opened is not held against the server."""
    name = f"standby{next(_NUMBERS)}"
    url = make_database(postgres_socket, name)
    Store.open(url).close()
    run_statement(postgres_socket, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with Store.open(url) as store:
        assert store.read_only
        with pytest.raises(StoreError, match=r"is read-only: cannot execute .* Is it a standby"):
            store.session("chat").append([HELLO])
        run_statement(postgres_socket, f"ALTER DATABASE {name} RESET default_transaction_read_only")
        store._database._engine.dispose()  # as a promotion behind one address does
        assert store.session("chat").append([HELLO])[0].anchor == 1


def test_only_a_connection_that_was_there_leaves_a_call_unknown() -> None:
    """Where none was made, nothing was done."""
    cause = ConnectionError("network error")
    broken = DBAPIError("COMMIT", {}, cause, connection_invalidated=True)
    assert "may be stored or not" in str(translate(broken, shown="'pg'", wait_s=1))
    assert "may be stored or not" not in str(translate(DBAPIError("", {}, cause), shown="'pg'", wait_s=1))
